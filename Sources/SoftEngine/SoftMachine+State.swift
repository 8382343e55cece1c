import Devices

extension SoftMachine {
  /// Everything that a machine's next instructions follow from, but its memory and what the board has.
  ///
  /// With the guest's RAM and the board's state beside it, it is put back exactly, in this machine or in another one with
  /// the same options: what follows is the same, to the last instruction.
  public struct State: Sendable, Equatable {
    /// A CPU, with the access that the board is to answer.
    struct CPU: Sendable, Equatable {
      var state: CPUState
      var access: BoardAccess
      var answer: UInt64
    }

    var cpus: [CPU]
    var interruptController: GICv3
    var schedule: Schedule
    var latestCounter: UInt64
    var digest: RunDigest?
    /// All that was typed up to then.
    public internal(set) var typings: [Typing]
  }

  /// The state between two runs.
  ///
  /// To take it forgets translations, as to put it back does. So the machine that goes on and the one that comes back
  /// later are alike, even to a guest that changes tables and does not say so.
  public var state: State {
    get {
      for core in cores { core.noteTranslationChange() }
      return State(
        cpus: softCPUs.map { State.CPU(state: $0.core.state, access: $0.core.access, answer: $0.answer) },
        interruptController: interruptController, schedule: schedule, latestCounter: latestCounter, digest: digest,
        typings: typings)
    }
    set {
      precondition(newValue.cpus.count == cores.count, "a state of a machine with another count of CPUs")
      schedule = newValue.schedule
      latestCounter = newValue.latestCounter
      interruptController = newValue.interruptController
      digest = newValue.digest
      typings = newValue.typings
      dropCode()
      for (cpu, its) in zip(softCPUs, newValue.cpus) {
        cpu.core.state = its.state
        cpu.core.access = its.access
        cpu.answer = its.answer
      }
      for core in cores { core.noteStateChange() }
      updateInterrupts()
      pace.jump(to: nanoseconds(time))
    }
  }
}
