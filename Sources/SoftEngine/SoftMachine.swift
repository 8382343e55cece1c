public import ARM64
public import Architecture
public import Bits
public import CPUEngine
import Devices
public import GuestMemory
import Host
import Synchronization

/// A virtual machine whose AArch64 CPUs are software: the same run on every host, to the last instruction.
///
/// Its time is the count of executed instructions. CPUs run in rounds: each in turn as long as the round is, so that their
/// clocks are together at the end of each. What comes from outside (a line that a device drives) enters between turns.
public final class SoftMachine: TurnTakingMachine, @unchecked Sendable {
  // SAFETY: (@unchecked Sendable) one thread at a time runs the machine or looks at it, as `VirtualCPU` demands; what other
  // threads may do goes through `arrivals`.

  /// What a machine is like.
  public struct Options: Sendable {
    /// How many CPUs, 1 or more.
    public var cpuCount: Int
    /// Where the board has its interrupt controller, a GICv3; nil for none.
    public var gic: GICPlacement?
    /// How many instructions a CPU executes in a second of the guest's time.
    public var instructionsPerSecond: UInt64
    /// Whether a digest of the run is made.
    public var tracesRun = false

    /// The rate where none is given: about what a host does, so that the guest's time goes by as the host's.
    public static let defaultRate: UInt64 = 500_000_000

    /// Puts the options together.
    public init(cpuCount: Int, gic: GICPlacement? = nil, instructionsPerSecond: UInt64 = defaultRate) {
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
  public static let capabilities = EngineCapabilities(
    debugRegisters: .unlimited, blocksInterruptsWhileStepping: true,
    watchpointsFire: true, reportsSoftwareBreakpoints: true, catchesExceptions: true)
  /// What this engine does for a debugger.
  public var capabilities: EngineCapabilities { Self.capabilities }

  /// Whether the CPUs have performance monitors (PMUv3), whose interrupt is INTID 23.
  public static let hasPerformanceMonitors = Feature.announced.contains(.pmuv3)

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
    /// The CPU whose turn it is; one more than there are at the end of the round.
    var turn = 0
    /// The time at which the round ends.
    var roundEnd: UInt64 = 0
  }

  private let kicked = Atomic<Bool>(false)
  private let runner = Atomic<UInt>(0)
  private let arrivals = Mutex<[Arrival]>([])
  private var receive: @Sendable ([UInt8]) -> Void = { _ in }
  /// The devices' clocks, each with the call that it is to make.
  private var clocks: [SoftClock] = []

  /// What came from another thread and the guest has not seen yet.
  private enum Arrival {
    case line(UInt32, Bool)
    case typing([UInt8])
  }

  /// What was typed on the console, and when it was.
  public struct Typing: Sendable, Equatable {
    /// The guest's time in instructions.
    public let time: UInt64
    /// The CPU before whose turn it was at that time; one more than there are for the end of a round.
    public let turn: Int
    /// How many accesses of the instruction at hand the board had been asked for; 0 between two instructions.
    public let accessCount: Int
    /// The bytes.
    public let bytes: [UInt8]
  }

  /// All that was typed since power-on: with it the same command gives the same run.
  public internal(set) var typings: [Typing] = []

  /// How the guest's time goes with the host's.
  var pace = Pace()
  /// The digest of the run so far, if one is wanted.
  var digest: RunDigest?

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
    digest = options.tracesRun ? RunDigest() : nil
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
    if isRunner {
      setSharedInterrupt(line, asserted)
    } else {
      arrivals.withLock { $0.append(.line(line, asserted)) }
      wake()
    }
  }

  /// Sets what takes what is typed.
  public func connectConsole(_ receive: @escaping @Sendable ([UInt8]) -> Void) { self.receive = receive }

  /// Has bytes be typed between two turns; when that was is noted.
  public func type(_ bytes: [UInt8]) {
    arrivals.withLock { $0.append(.typing(bytes)) }
    wake()
  }

  /// A clock of the guest's time.
  public func makeClock() -> any GuestClock {
    let clock = SoftClock(self)
    clocks.append(clock)
    return clock
  }

  /// A digest of all that the guest has done up to now and of its memory, and how many instructions it has executed; nil
  /// where `Options.tracesRun` does not want one.
  ///
  /// It is the same on every host for the same command and the same typing, and, but by chance, for no other run.
  public var trace: (digest: UInt64, instructions: UInt64)? {
    guard var digest else { return nil }
    for core in cores { digest.mix(core.state) }
    for region in memory.regions {
      guard let bytes = memory.bytes(at: region.start) else { continue }
      digest.mix(UnsafeRawBufferPointer(bytes))
    }
    let instructions = cores.reduce(UInt64(0)) { $0 &+ $1.state.time &- $1.state.idleTime }
    return (digest.value, instructions)
  }

  /// The guest's time in nanoseconds since power-on, by its time in instructions.
  func nanoseconds(_ time: UInt64) -> UInt64 {
    let (high, low) = time.multipliedFullWidth(by: 1_000_000_000)
    let rate = options.instructionsPerSecond
    // 584 years of time are more than a run has.
    return high < rate ? rate.dividingFullWidth((high, low)).quotient : .max
  }

  /// The guest's time in instructions: that of the CPU whose turn it is.
  var time: UInt64 { cores[turn].context.pointee.state.time }

  /// The CPU whose turn it is, or the last one at the end of a round.
  private var turn: Int { min(schedule.turn, cores.count - 1) }

  /// Whether the calling thread is the one that runs the machine.
  private var isRunner: Bool { runner.load(ordering: .relaxed) == HostThread.current.rawValue }

  /// Puts every CPU, the interrupt controller and the timers back to the state after power-on.
  public func reset() throws(EngineError) {
    schedule = Schedule()
    latestCounter = 0
    interruptController = Self.makeInterruptController(cpuCount: options.cpuCount)
    arrivals.withLock { $0.removeAll() }
    typings.removeAll()
    digest = digest.map { _ in RunDigest() }
    pace.jump(to: 0)
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
    pace.resume()
    defer { pace.look() }
    while true {
      if takeKick() { return (turn, .interrupted) }
      takeArrivals()
      for clock in clocks { clock.ring() }
      guard let core = nextCore(isRunning) else {
        // All may wait for something from outside, or the host's time to come to the guest's: a signal ends that.
        if !startRound(isRunning) { waitForInput() }
        continue
      }
      let end = min(schedule.roundEnd, nextAlarm ?? .max)
      if let exit = softCPUs[core.index].advance(until: end) { return (core.index, exit) }
    }
  }

  /// The core that runs next, with time left in the round; nil where the round is over.
  ///
  /// It may be left and come back to at any point: where it stands is in `schedule` alone.
  private func nextCore(_ isRunning: [Bool]) -> SoftCore? {
    while schedule.turn < cores.count {
      let core = cores[schedule.turn]
      if runs(core, isRunning), core.wakes(before: schedule.roundEnd),
        core.context.pointee.state.time < schedule.roundEnd
      {
        return core
      }
      core.idle(until: schedule.roundEnd)
      // What others store from now on is not compared with the monitor's address: it is opened.
      if cores.count > 1 { core.context.pointee.state.exclusiveSize = 0 }
      schedule.turn += 1
    }
    return nil
  }

  /// The time at which the first of the devices' clocks makes its call.
  private var nextAlarm: UInt64? { clocks.lazy.compactMap(\.alarmTime).min() }

  /// A time that never comes.
  private static let farthest = UInt64.max >> 1

  private func runs(_ core: SoftCore, _ isRunning: [Bool]) -> Bool {
    core.index < isRunning.count && isRunning[core.index] && core.context.pointee.state.isOn
  }

  /// Goes on to the next round; false where nothing will happen before something comes from outside, or too early for the
  /// host.
  private func startRound(_ isRunning: [Bool]) -> Bool {
    // The time of the round's end is the clocks' too.
    for clock in clocks { clock.ring() }
    let length = cores.count == 1 ? Self.loneRound : Self.round
    var end = schedule.roundEnd &+ length
    let running = cores.filter { runs($0, isRunning) }
    if running.allSatisfy({ $0.context.pointee.state.wait != .none && !$0.irq && !$0.fiq }) {
      // Nobody has anything to do: on to the first interrupt of a timer or a clock.
      let next = min(running.compactMap(\.nextTimer).min() ?? .max, nextAlarm ?? .max)
      let stepped = running.filter(\.debug.control.singleStep)
      if next < Self.farthest {
        // Who steps waits for no time to go by.
        guard !stepped.isEmpty || pace.wait(for: nanoseconds(next)) else { return false }
        end = max(next, schedule.roundEnd) &+ 1
      } else {
        // A wait may end at any time; one that nothing else ends is ended by a step.
        if stepped.isEmpty { return false }
        for core in stepped { core.context.pointee.state.wait = .none }
      }
    }
    if digest != nil { for core in cores where core.context.pointee.state.isOn { digest?.mix(core.state) } }
    schedule = Schedule(turn: 0, roundEnd: end)
    return true
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

  private func takeArrivals() {
    let arrivals = arrivals.withLock { arrivals in
      defer { if !arrivals.isEmpty { arrivals.removeAll(keepingCapacity: true) } }
      return arrivals
    }
    for arrival in arrivals {
      switch arrival {
      case .line(let line, let isHigh): setSharedInterrupt(line, isHigh)
      case .typing(let bytes):
        typings.append(Typing(time: time, turn: schedule.turn, accessCount: cores[turn].access.count, bytes: bytes))
        receive(bytes)
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
