public import CPUEngine
public import Devices
import Host
import Synchronization

/// What one CPU does when the machine goes on.
public enum CPUAction: Sendable, Equatable {
  case stay
  case run
}

/// Why a CPU, and with it the machine, came to a stop.
public struct StopReport: Sendable, Equatable {
  /// What happened.
  public enum Cause: Sendable, Equatable {
    /// The debug hardware or a software breakpoint.
    case debug(DebugEvent)
    /// The guest came to its end by a fault.
    case failure(GuestFailure)
    /// The guest asked for it, through a device or a firmware call.
    case request(MachineRequest)
    /// An access went where the board has nothing, and the board was told to stop at such; it is complete.
    case unmapped(UnmappedAccess)
    /// Somebody wanted the machine stopped.
    case requested
  }

  /// The CPU that it happened to.
  public let cpu: Int
  /// What happened to it.
  public let cause: Cause

  /// Makes a report.
  public init(cpu: Int, cause: Cause) {
    self.cpu = cpu
    self.cause = cause
  }
}

/// Runs and stops a machine's CPUs, all together.
///
/// The control thread, which is the one that calls `run`, drives CPU 0 by itself, so that with one CPU a step or a
/// breakpoint costs no change of thread. Every other CPU has a thread of its own, parked while the machine is stopped.
/// The control thread is called back by a signal (see `HostThread.signal`), from other CPUs' threads as from descriptors.
///
/// Where the engine has its CPUs take turns, the control thread drives them all, and there are no other threads.
public final class RunControl: @unchecked Sendable {
  // SAFETY: (@unchecked Sendable) `shared` is touched only inside `changes`; the rest is constant or atomic.

  /// Why the CPUs came back from the guest, by CPU.
  public let exitCounts: [ExitCounts]

  private let cpus: [any VirtualCPU]
  private let turns: (any TurnTakingMachine)?
  private let board: any Board
  private let changes = WaitQueue()
  private let isStopRequested = Atomic<Bool>(false)
  private var shared: Shared

  private struct Shared {
    /// Which CPUs' threads are to run.
    var isRunning: [Bool]
    /// Which of them have been woken for it.
    var isUnderWay: [Bool]
    /// Counts the runs of several CPUs.
    var runCount = 0
    /// The stops that nobody was told yet, in the order in which they happened.
    var reports: [StopReport] = []
    var failure: EngineError?
    var controlThread: HostThread?
  }

  /// Makes the threads of all CPUs but number 0, unless `turns` has the CPUs take turns.
  public init(
    cpus: [any VirtualCPU], turns: (any TurnTakingMachine)? = nil, board: any Board
  ) throws(EngineError) {
    self.cpus = cpus
    self.turns = turns
    self.board = board
    exitCounts = cpus.map { _ in ExitCounts() }
    let nobody = Array(repeating: false, count: cpus.count)
    shared = Shared(isRunning: nobody, isUnderWay: nobody)
    guard turns == nil else { return }
    for cpu in cpus.dropFirst() {
      guard HostThread.start("vcpu \(cpu.index)", { [self] in park(cpu) }) != nil else {
        throw EngineError("the host has no thread for CPU \(cpu.index)")
      }
    }
  }

  /// Lets the CPUs run until one of them stops; then all are stopped.
  ///
  /// - Parameters:
  ///   - actions: what each CPU does.
  ///   - attention: asked on the calling thread whenever it was signalled; true stops the machine.
  /// - Returns: the first stop that happened; `takePendingReport` has others of the same moment, except those that
  ///   happen again by themselves.
  /// - Throws: what the engine could not do; all CPUs are stopped then too.
  public func run(_ actions: [CPUAction], attention: () -> Bool) throws(EngineError) -> StopReport {
    isStopRequested.store(false, ordering: .sequentiallyConsistent)
    if let turns { return try drive(turns, actions.map { $0 == .run }, attention) }
    let isAlone = actions.dropFirst().allSatisfy { $0 == .stay }
    if !isAlone { start(actions) }

    var own: StopReport?
    var failure: EngineError?
    do throws(EngineError) {
      own = actions.first == .stay ? waitForOthers(attention) : try drive(cpus[0], attention)
    } catch { failure = error }

    if !isAlone {
      stopOthers()
      let others = changes.update { shared.failure.take() }
      failure = failure ?? others
      // The signal that told of another CPU's stop may have told of more.
      if own == nil, failure == nil, attention() { own = StopReport(cpu: 0, cause: .requested) }
      if own == nil || own?.cause == .requested, let report = takePendingReport(for: actions) { own = report }
      discardRepeatingReports()
    }
    if let failure { throw failure }
    return own ?? StopReport(cpu: 0, cause: .requested)
  }

  /// The oldest stop that happened together with one that `run` returned, of a CPU that is to run now.
  ///
  /// It is to be judged by the debug control of that `run`, so before a new one is set.
  public func takePendingReport(for actions: [CPUAction]) -> StopReport? {
    guard cpus.count > 1 else { return nil }
    return changes.update {
      let position = shared.reports.firstIndex { actions.indices.contains($0.cpu) && actions[$0.cpu] != .stay }
      return position.map { shared.reports.remove(at: $0) }
    }
  }

  /// Forgets the stops that were not returned yet: the machine was reset.
  public func discardReports() { changes.update { shared.reports.removeAll() } }

  // MARK: One CPU

  /// Runs a CPU until it stops, or until a stop is wanted: nil.
  private func drive(_ cpu: any VirtualCPU, _ attention: () -> Bool) throws(EngineError) -> StopReport? {
    while true {
      let exit = try cpu.run()
      if case .interrupted = exit, isStopRequested.load(ordering: .acquiring) {
        exitCounts[cpu.index].count(exit.cause)
        return try settled(cpu, nil)
      }
      if let report = try report(of: exit, on: cpu, attention) { return report }
    }
  }

  /// Runs CPUs in turns until one of them stops.
  private func drive(
    _ machine: any TurnTakingMachine, _ isRunning: [Bool], _ attention: () -> Bool
  ) throws(EngineError) -> StopReport {
    while true {
      let (index, exit) = try machine.run(isRunning)
      if let report = try report(of: exit, on: cpus[index], attention) { return report }
    }
  }

  /// The stop that an exit is; nil where it was the board's business and the CPU goes on.
  private func report(
    of exit: Exit, on cpu: any VirtualCPU, _ attention: () -> Bool
  ) throws(EngineError) -> StopReport? {
    exitCounts[cpu.index].count(exit.cause)
    switch exit {
    case .port(let access):
      return try board.port(access).flatMap { cause throws(EngineError) in try settled(cpu, cause) }
    case .mmio(let access):
      return try board.mmio(access).flatMap { cause throws(EngineError) in try settled(cpu, cause) }
    case .debug(let event): return StopReport(cpu: cpu.index, cause: .debug(event))
    case .failure(let failure): return StopReport(cpu: cpu.index, cause: .failure(failure))
    case .system(.powerOff): return StopReport(cpu: cpu.index, cause: .request(.powerOff))
    case .system(.reset): return StopReport(cpu: cpu.index, cause: .request(.reset))
    case .system(.crash): return StopReport(cpu: cpu.index, cause: .failure(.reportedCrash))
    case .halted: return nil
    case .interrupted: return attention() ? try settled(cpu, .requested) : nil
    }
  }

  /// Completes the instruction that an access interrupted, so that the registers are whole.
  ///
  /// - Parameters:
  ///   - cpu: the CPU that stops.
  ///   - cause: why; what the rest of the instruction asks of the machine comes before a mere wish to stop.
  /// - Returns: the stop, or nil where there is no cause for one.
  /// - Throws: what the engine could not do.
  private func settled(_ cpu: any VirtualCPU, _ cause: StopReport.Cause?) throws(EngineError) -> StopReport? {
    var asked: StopReport.Cause?
    settling: while true {
      switch try cpu.settle() {
      case .port(let access): asked = board.port(access) ?? asked
      case .mmio(let access): asked = board.mmio(access) ?? asked
      case .failure(let failure):
        asked = .failure(failure)
        break settling
      default: break settling
      }
    }
    let isMereWish = cause == nil || cause == .requested
    return ((isMereWish ? asked : nil) ?? cause).map { StopReport(cpu: cpu.index, cause: $0) }
  }

  // MARK: The other CPUs

  /// Wakes the other CPUs' threads.
  ///
  /// Where every CPU meets a breakpoint at once, the first one under way stops all others before they have done
  /// anything. So another CPU is the first one each time, and none is held up forever.
  private func start(_ actions: [CPUAction]) {
    let running = actions.indices.filter { actions[$0] == .run }
    let first = changes.update {
      shared.controlThread = .current
      for index in running where index != 0 { shared.isRunning[index] = true }
      shared.runCount &+= 1
      return running[shared.runCount % running.count]
    }
    // It may have come to its stop already.
    if first != 0 { changes.wait { shared.isUnderWay[first] || !shared.isRunning[first] ? () : nil } }
  }

  private func stopOthers() {
    isStopRequested.store(true, ordering: .sequentiallyConsistent)
    for cpu in cpus.dropFirst() { cpu.kick() }
    changes.wait { shared.isRunning.contains(true) ? nil : () }
  }

  private func waitForOthers(_ attention: () -> Bool) -> StopReport? {
    while !isStopRequested.load(ordering: .acquiring) {
      HostThread.waitForSignal()
      if isStopRequested.load(ordering: .acquiring) { break }
      if attention() { return StopReport(cpu: 0, cause: .requested) }
    }
    return nil
  }

  private func park(_ cpu: any VirtualCPU) {
    while true {
      changes.wait { shared.isRunning[cpu.index] ? () : nil }
      changes.update { shared.isUnderWay[cpu.index] = true }
      var report: StopReport?
      var failure: EngineError?
      do throws(EngineError) { report = try drive(cpu) { false } } catch { failure = error }
      changes.update {
        if let report { shared.reports.append(report) }
        if let failure { shared.failure = failure }
        shared.isRunning[cpu.index] = false
        shared.isUnderWay[cpu.index] = false
        isStopRequested.store(true, ordering: .sequentiallyConsistent)
        shared.controlThread?.signal()
      }
      cpus[0].kick()
    }
  }

  /// Forgets the breakpoints and steps that another CPU's stop overtook.
  ///
  /// A CPU that stands before a breakpoint meets it again, if it is still there; a step that was done is no news. What
  /// is neither, nor a watchpoint, is the guest's own and would be lost to it.
  private func discardRepeatingReports() {
    changes.update {
      shared.reports.removeAll {
        guard case .debug(let event) = $0.cause, event.watchpoint == nil else { return false }
        return event.isSingleStep || event.isSoftwareBreakpoint || event.breakpoint != nil
      }
    }
  }
}

extension Exit {
  /// What it is counted as.
  fileprivate var cause: ExitCounts.Cause {
    switch self {
    case .port: .port
    case .mmio: .mmio
    case .debug: .debug
    case .halted: .halted
    case .system: .system
    case .failure: .failure
    case .interrupted: .interrupted
    }
  }
}
