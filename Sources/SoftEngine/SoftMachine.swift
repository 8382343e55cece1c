public import ARM64
public import Architecture
public import Bits
public import CPUEngine
public import GuestMemory
import Devices
import Host
import Synchronization

/// A virtual machine whose AArch64 CPUs are software: the same run on every host, to the last instruction.
///
/// Its time is the count of executed instructions. CPUs run in rounds: each in turn as long as the round is, so that their
/// clocks are together at the end of each. What comes from outside (a line that a device drives) enters between turns.
public final class SoftMachine: TurnTakingMachine, @unchecked Sendable {
  // SAFETY: (@unchecked Sendable) one thread at a time runs the machine or looks at it, as `VirtualCPU` demands; what other
  // threads may do goes through `inputs`.

  /// What a machine is like.
  public struct Options: Sendable {
    /// How many CPUs, 1 or more.
    public var cpuCount: Int
    /// Where the board has its interrupt controller, a GICv3; nil for none.
    public var gic: GICPlacement?
    /// How many instructions a CPU executes in a second of the guest's time.
    public var instructionsPerSecond: UInt64

    /// Puts the options together.
    public init(cpuCount: Int, gic: GICPlacement? = nil, instructionsPerSecond: UInt64 = 1_000_000_000) {
      self.cpuCount = cpuCount
      self.gic = gic
      self.instructionsPerSecond = instructionsPerSecond
    }
  }

  /// arm64.
  public let architecture = GuestArchitecture.arm64
  /// The guest's RAM.
  public let memory: GuestRAM
  /// The CPUs; number 0 boots and turns the others on by PSCI.
  public var cpus: [any VirtualCPU] { softCPUs }
  /// The CPUs' registers.
  public var registers: RegisterTable { registerFile.table }
  /// The CPUs' registers, by their names.
  public let registerFile: ARM64RegisterFile
  /// The affinity of each CPU, by which the device tree and PSCI name it.
  public var affinities: [UInt64] { cores.indices.map { MPIDR(cpuIndex: $0).affinity } }
  /// What this engine does for a debugger: breakpoints and watchpoints without limit.
  public let capabilities = EngineCapabilities(
    debugRegisters: .separate(breakpoints: 1 << 20, watchpoints: 1 << 20), blocksInterruptsWhileStepping: true,
    watchpointsFire: true, reportsSoftwareBreakpoints: true)

  let options: Options
  let code: CodeCache
  private(set) var cores: [SoftCore] = []
  private(set) var softCPUs: [SoftCPU] = []
  var schedule = Schedule()
  /// The GICv3.
  var interruptController: GICv3
  /// The greatest value of the counter that any CPU has read: it goes backwards for nobody.
  var latestCounter: UInt64 = 0

  /// Whose turn it is, and in which round.
  struct Schedule: Equatable {
    /// The CPU whose turn it is.
    var turn = 0
    /// The time at which the round ends.
    var roundEnd: UInt64 = 0
  }

  private let kicked = Atomic<Bool>(false)
  private let runner = Atomic<UInt>(0)
  private let inputs = Mutex<[Input]>([])

  /// What came from another thread and the guest has not seen yet.
  private enum Input {
    case line(UInt32, Bool)
  }

  /// Makes a machine in its state after power-on.
  ///
  /// - Parameters:
  ///   - memory: the guest's RAM.
  ///   - options: what it is like.
  /// - Throws: one sentence that says what does not fit.
  public init(memory: GuestRAM, options: Options) throws(EngineError) {
    guard (1...Self.mostCPUs).contains(options.cpuCount) else {
      throw EngineError("the software engine makes machines of 1 to \(Self.mostCPUs) CPUs, not of \(options.cpuCount)")
    }
    guard (1...Self.greatestRate).contains(options.instructionsPerSecond) else {
      throw EngineError(
        "the software engine executes 1 to \(Self.greatestRate) instructions in a second of the guest's time, not "
          + "\(options.instructionsPerSecond)")
    }
    self.memory = memory
    self.options = options
    interruptController = Self.makeInterruptController(cpuCount: options.cpuCount)
    code = CodeCache(memory: memory)
    registerFile = ARM64RegisterFile(systemRegisters: SystemRegisterFile.readable)
    cores = (0..<options.cpuCount).map { SoftCore(index: $0, machine: self) }
    softCPUs = cores.map { SoftCPU($0, of: self) }
    try reset()
  }

  /// How many CPUs a machine has at most: as many as the board has room for.
  public static let mostCPUs = 123

  /// The most instructions a second: 64 bits have room for a second's counter times this.
  private static let greatestRate: UInt64 = 100_000_000_000

  // MARK: VirtualMachine

  /// Drives a shared peripheral interrupt's line; the guest sees it between two turns.
  public func setInterruptLine(_ line: UInt32, asserted: Bool) throws(EngineError) {
    inputs.withLock { $0.append(.line(line, asserted)) }
    wake()
  }

  /// Puts every CPU, the interrupt controller and the timers back to the state after power-on.
  public func reset() throws(EngineError) {
    schedule = Schedule()
    latestCounter = 0
    interruptController = Self.makeInterruptController(cpuCount: options.cpuCount)
    inputs.withLock { $0.removeAll() }
    dropCode()
    for core in cores { core.reset() }
    updateInterrupts()
  }

  /// Has the CPUs decode anew what was written.
  public func synchronizeMemory(at address: GuestPhysical, count: Int) {
    cores.first?.noteStore(address.rawValue, count)
  }

  // MARK: Running

  /// How long a round is, in instructions.
  static let round: UInt64 = 1 << 14
  /// How long it is where there is one CPU.
  private static let loneRound: UInt64 = 1 << 18

  /// Runs CPUs in turns until one of them is to be attended to.
  public func run(_ isRunning: [Bool]) throws(EngineError) -> (cpu: Int, exit: Exit) {
    let me = HostThread.current.rawValue
    if runner.load(ordering: .relaxed) != me { runner.store(me, ordering: .sequentiallyConsistent) }
    while true {
      if takeKick() { return (schedule.turn, .interrupted) }
      applyInputs()
      guard let core = nextCore(isRunning) else {
        waitForInput()
        continue
      }
      if let exit = softCPUs[core.index].advance(until: schedule.roundEnd) { return (core.index, exit) }
    }
  }

  /// The core that runs next, with time left in the round; nil where all wait for something from outside.
  private func nextCore(_ isRunning: [Bool]) -> SoftCore? {
    let isRunning = { (index: Int) in index < isRunning.count && isRunning[index] }
    var idle = 0
    while true {
      let core = cores[schedule.turn]
      if isRunning(schedule.turn), core.context.pointee.state.isOn, core.wakes(before: schedule.roundEnd) {
        if core.context.pointee.state.time < schedule.roundEnd { return core }
      } else {
        idle += 1
      }
      core.idle(until: schedule.roundEnd)
      // What others store from now on is not compared with the monitor's address: it is opened.
      if cores.count > 1 { core.context.pointee.state.exclusiveSize = 0 }
      schedule.turn += 1
      guard schedule.turn == cores.count else { continue }
      schedule.turn = 0
      if idle < cores.count {
        schedule.roundEnd &+= cores.count == 1 ? Self.loneRound : Self.round
      } else {
        // Nobody has anything to do: on to the first timer's interrupt.
        let times = cores.filter { isRunning($0.index) && $0.context.pointee.state.isOn }.compactMap(\.nextTimer)
        guard let next = times.min() else { return nil }
        schedule.roundEnd = max(next, schedule.roundEnd) &+ 1
      }
      idle = 0
    }
  }

  // MARK: Calls from outside

  /// Ends a run, now or the next time.
  func kick() {
    kicked.store(true, ordering: .sequentiallyConsistent)
    wake()
  }

  private func wake() { HostThread(rawValue: runner.load(ordering: .sequentiallyConsistent))?.signal() }

  /// Whether somebody wants the run to end; the kick is taken.
  private func takeKick() -> Bool {
    let isSignalled = HostThread.waitForSignal(until: 0)
    return kicked.exchange(false, ordering: .sequentiallyConsistent) || isSignalled
  }

  private func waitForInput() {
    HostThread.waitForSignal()
    HostThread.current.signal()
  }

  private func applyInputs() {
    let inputs = inputs.withLock { inputs in
      defer { inputs.removeAll(keepingCapacity: true) }
      return inputs
    }
    for input in inputs {
      switch input {
      case .line(let line, let isHigh): setSharedInterrupt(line, isHigh)
      }
    }
  }

  // MARK: Memory that changes under the CPUs

  /// Drops all decoded instructions.
  func dropCode() {
    for core in cores { core.tables.clear() }
    code.removeAll()
  }

  /// Drops the decoded instructions of a page.
  func dropCode(page number: UInt64) {
    for core in cores { core.tables.clear() }
    code.remove(number)
  }

  /// Has the slots with breakpoints be those that the debugger wants now.
  func rearmBreakpoints() {
    code.disarmAll()
    for core in cores { core.tables.clearCode() }
  }

  /// Has stores to a page go the slow way from now on.
  func denyStores(toHostPage host: UInt) {
    for core in cores { core.tables.denyStores(toHostPage: host) }
  }
}
