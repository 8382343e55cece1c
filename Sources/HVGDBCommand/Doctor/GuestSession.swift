import Architecture
import Bits
import CPUEngine

/// A CPU that stands at the first instruction of a tiny guest, and the time that it has.
final class GuestSession {
  let machine: any VirtualMachine
  let cpu: any VirtualCPU
  let kit: any GuestKit
  let program: GuestProgram
  private let deadline: Deadline

  /// Puts a program into a machine.
  ///
  /// - Parameters:
  ///   - role: what the program does.
  ///   - machine: the machine, in any state; its memory is `GuestKit.ram`.
  ///   - kit: its architecture's programs.
  ///   - privilege: what the program runs with.
  ///   - seconds: how long it may take in all.
  /// - Throws: what the engine refused.
  init(
    _ role: GuestProgram.Role, in machine: any VirtualMachine, _ kit: any GuestKit,
    privilege: GuestPrivilege = .kernel, seconds: Double
  ) throws(EngineError) {
    self.machine = machine
    self.kit = kit
    cpu = machine.cpus[0]
    program = try kit.load(role, into: machine, on: cpu, privilege: privilege)
    try cpu.setDebug(.none)
    deadline = Deadline(seconds: seconds, for: cpu)
  }

  /// Whether the time is over.
  var isOver: Bool { deadline.hasPassed }

  /// Runs until the guest comes back by itself; nil where the time is over before.
  func run() throws(EngineError) -> Exit? {
    while !isOver {
      let exit = try cpu.run()
      if case .interrupted = exit { continue }
      return exit
    }
    return nil
  }

  /// Runs until the debug hardware sees something; nil where something else ends it.
  func runToDebugEvent(_ control: DebugControl) throws(EngineError) -> DebugEvent? {
    try cpu.setDebug(control)
    guard case .debug(let event)? = try run() else { return nil }
    return event
  }

  /// Runs until the guest rings the doorbell; nil where something else ends it.
  ///
  /// - Returns: what it stored there.
  func runToDoorbell() throws(EngineError) -> UInt64? {
    guard case .mmio(let access)? = try run(), access.isWrite, access.address == kit.doorbell.rawValue else {
      return nil
    }
    return UnsafeRawBufferPointer(access.data).littleEndian(at: 0, as: UInt64.self)
  }

  /// Executes one instruction; nil where something else ends it.
  func step(blockingInterrupts: Bool = false) throws(EngineError) -> DebugEvent? {
    var control = DebugControl()
    control.singleStep = true
    control.blocksInterrupts = blockingInterrupts
    guard let event = try runToDebugEvent(control), event.isSingleStep else { return nil }
    return event
  }

  /// Where the program's instruction number `index` stands, counted round its loop.
  func address(_ index: Int) -> GuestVirtual { kit.address(program.instructions[index % program.instructions.count]) }

  var counter: UInt64 { get throws(EngineError) { try cpu.value(of: kit.counter) } }
  var value: UInt64 { get throws(EngineError) { try cpu.value(of: kit.value) } }
  var programCounter: GuestVirtual {
    get throws(EngineError) { GuestVirtual(try cpu.value(of: machine.registers.programCounter)) }
  }
}
