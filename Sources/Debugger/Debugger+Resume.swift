import Architecture
import Bits
import CPUEngine
import Devices
public import GDBRemote
public import Machine

extension Debugger {
  /// Lets the guest go on as the client wants, until something is to be reported.
  ///
  /// - Parameters:
  ///   - request: what each thread does; one without an action stays stopped.
  ///   - attention: asked on the calling thread when it was signalled while the guest runs; true stops the guest.
  /// - Returns: why it stopped.
  /// - Throws: what the engine or the loader could not do; the machine is broken.
  public func resume(_ request: ResumeRequest, attention: () -> Bool) throws(MachineError) -> StopEvent {
    do throws(EngineError) {
      if let event = try goOnFromEnd() {
        noteStop(event)
        return event
      }
    } catch {
      throw MachineError(error.description)
    }
    // Only now: going on from a reset has started to load the kernel again.
    try machine.finishLoading()
    do throws(EngineError) {
      var run = Run(self, request)
      let event = try run.untilStop(attention)
      noteStop(event)
      return event
    } catch {
      invalidateTranslations()
      throw MachineError(error.description)
    }
  }

  /// What going on means for a guest that came to its end; nil where it lives, or lives again.
  private func goOnFromEnd() throws(EngineError) -> StopEvent? {
    guard let end else { return nil }
    if let status = end.exitStatus {
      return StopEvent(thread: currentThread, signal: .none, reason: .exited(status))
    }
    if case .request(.reset) = end {
      try resetMachine()
      return nil
    }
    announce(end, of: currentThread)
    return lastStop
  }

  /// Starts the kernel again; the client's breakpoints stay.
  func resetMachine() throws(EngineError) {
    do throws(MachineError) { try machine.reset() } catch { throw EngineError(error.description) }
    end = nil
    invalidateTranslations()
    noteStop(StopEvent(thread: ThreadID(1), signal: .trap))
  }

  func announce(_ end: GuestEnd, of thread: ThreadID) {
    let address = cpu(of: thread).flatMap { instructionAddress(of: $0) }?.description ?? "an unknown address"
    let explanation = end.explanation(cpu: thread.rawValue - 1, at: address)
    announce(hasClient ? "\(explanation); \(end.advice)" : explanation)
  }
}

/// One resumption: from the client's request to the stop that it is told.
private struct Run {
  private let debugger: Debugger
  private let actions: [ThreadAction?]
  /// What the run control is told, in the same order.
  private let plan: [CPUAction]
  private var compared: [ComparedMemory] = []
  private var control = DebugControl.none

  init(_ debugger: Debugger, _ request: ResumeRequest) {
    self.debugger = debugger
    actions = debugger.threads.map { request.action(for: $0) }
    plan = actions.map { $0 == nil ? .stay : .run }
  }

  mutating func untilStop(_ attention: () -> Bool) throws(EngineError) -> StopEvent {
    guard plan.contains(.run) else { return StopEvent(thread: debugger.currentThread, signal: .none) }
    try prepareComparison()
    if let event = try stepOffReportedBreakpoints(attention) { return event }
    while true {
      if let report = try runOnce(attention), let event = try judge(report) { return event }
    }
  }

  // MARK: Running

  /// Runs from one stop of the CPUs to the next, with everything placed that the client set; nil where it was only to
  /// place a pending breakpoint.
  private mutating func runOnce(_ attention: () -> Bool) throws(EngineError) -> StopReport? {
    let debugger = debugger
    let isStepAlone = compared.isEmpty && plan.count == 1 && actions.first != .resume
    if isStepAlone && debugger.placements.watches.isEmpty {
      // A step executes the instruction at hand whatever is set there, so nothing needs to be placed.
      control = .none
    } else {
      control = try place()
    }
    for (index, action) in actions.enumerated() where plan[index] == .run {
      try debugger.cpus[index].setDebug(debugControl(for: action))
    }
    debugger.invalidateTranslations()
    let retry = debugger.placements.pending.isEmpty ? nil : RetryTimer()
    defer { retry?.cancel() }
    var mustPlaceAgain = false
    let report = try debugger.machine.runControl.run(plan) {
      if attention() { return true }
      mustPlaceAgain = retry?.hasExpired == true
      return mustPlaceAgain
    }
    takeOut()
    // The page of a pending breakpoint may have come by now.
    return mustPlaceAgain && report.cause == .requested ? nil : report
  }

  private func debugControl(for action: ThreadAction?) -> DebugControl {
    var control = control
    if action != .resume || !compared.isEmpty {
      control.singleStep = true
      control.blocksInterrupts = debugger.machine.virtualMachine.capabilities.blocksInterruptsWhileStepping
    }
    if action != .resume {
      // The instruction that is stepped is executed even where a breakpoint is.
      control.breakpoints = []
    }
    return control
  }

  private func place() throws(EngineError) -> DebugControl {
    let debugger = debugger
    let cpu = debugger.cpus[plan.firstIndex(of: .run) ?? 0]
    let translator = try debugger.translator(of: cpu)
    return debugger.placements.place(
      in: debugger.machine.virtualMachine.capabilities.debugRegisters,
      pieces: { debugger.hardwarePieces(of: $0) ?? [] },
      translate: { try? translator.translate($0).physical },
      debugger.memory)
  }

  private func takeOut() {
    for address in debugger.placements.takeOut(of: debugger.memory) {
      debugger.announce("the guest wrote over the breakpoint at \(address); it is placed again when the guest goes on")
    }
  }

  /// Executes the instruction under each breakpoint that was reported, so that going on does not report it again.
  private mutating func stepOffReportedBreakpoints(_ attention: () -> Bool) throws(EngineError) -> StopEvent? {
    for (index, cpu) in debugger.cpus.enumerated() where actions[index] == .resume {
      guard let reported = debugger.reportedAddresses[index], reported == debugger.instructionAddress(of: cpu),
        debugger.placements.reason(at: reported) != nil
      else { continue }
      var step = Run(debugger, ResumeRequest([.init(.step, ThreadID(index + 1))]))
      step.compared = compared
      let event = try step.untilStop(attention)
      compared = step.compared
      if event.reason != .signal || event.signal != .trap { return event }
      debugger.reportedAddresses[index] = nil
    }
    return nil
  }

  // MARK: Judging

  /// What a stop of the CPUs means to the client; nil where the guest simply goes on.
  private mutating func judge(_ report: StopReport) throws(EngineError) -> StopEvent? {
    let thread = ThreadID(report.cpu + 1)
    switch report.cause {
    case .requested: return StopEvent(thread: debugger.currentThread, signal: .interrupt)
    case .failure(let failure): return conclude(.failure(failure), thread)
    case .request(let request): return conclude(.request(request), thread)
    case .debug(let event): return try judge(event, thread)
    }
  }

  private func conclude(_ end: GuestEnd, _ thread: ThreadID) -> StopEvent {
    debugger.end = end
    debugger.announce(end, of: thread)
    return StopEvent(thread: thread, signal: end.signal)
  }

  private mutating func judge(_ event: DebugEvent, _ thread: ThreadID) throws(EngineError) -> StopEvent? {
    let cpu = debugger.cpus[thread.rawValue - 1]
    if event.isSoftwareBreakpoint {
      if let stop = try breakpointStop(at: event.programCounter, thread) { return stop }
      try cpu.reflect(event)
      return nil
    }
    if let index = event.watchpoint, let watch = debugger.placements.watch(ofRegister: index) {
      return stop(at: watch, thread)
    }
    if event.breakpoint != nil, let stop = try breakpointStop(at: event.programCounter, thread) { return stop }
    guard event.isSingleStep else {
      // Not ours: the guest uses the debug hardware by itself.
      try cpu.reflect(event)
      return nil
    }
    if let watch = try changedWatch(cpu) { return stop(at: watch, thread) }
    return try judgeStep(to: event.programCounter, thread)
  }

  private func judgeStep(to address: GuestVirtual, _ thread: ThreadID) throws(EngineError) -> StopEvent? {
    switch actions[thread.rawValue - 1] {
    case .step: return StopEvent(thread: thread, signal: .trap)
    case .rangeStep(let range):
      if let stop = try breakpointStop(at: address, thread) { return stop }
      return range.contains(address.rawValue) ? nil : StopEvent(thread: thread, signal: .trap)
    case .resume, nil:
      // It is stepped only to compare memory; a breakpoint there is hit by looking, as none is placed for a step.
      return try breakpointStop(at: address, thread)
    }
  }

  /// The stop at a breakpoint of the client's; nil where it has none.
  ///
  /// A client looks for its breakpoint at the program counter. Where a segment's base stands between that and the
  /// instruction's address it would find none, and go on without a word: there the stop is a plain trap.
  private func breakpointStop(at address: GuestVirtual, _ thread: ThreadID) throws(EngineError) -> StopEvent? {
    guard let reason = debugger.placements.reason(at: address) else { return nil }
    let counter = try debugger.cpus[thread.rawValue - 1].value(of: debugger.registers.programCounter)
    return StopEvent(thread: thread, signal: .trap, reason: counter == address.rawValue ? reason : .signal)
  }

  private func stop(at watch: Breakpoints.Watch, _ thread: ThreadID) -> StopEvent {
    StopEvent(thread: thread, signal: .trap, reason: .watchpoint(watch.kind, address: watch.address.rawValue))
  }

  // MARK: Watchpoints without hardware

  private mutating func prepareComparison() throws(EngineError) {
    let debugger = debugger
    guard compared.isEmpty, !debugger.machine.virtualMachine.capabilities.watchpointsFire,
      !debugger.placements.watches.isEmpty
    else { return }
    if !debugger.hasSaidThatItCompares {
      debugger.hasSaidThatItCompares = true
      debugger.announce(
        "this host's KVM does not report data accesses of a guest's kernel: hvgdb steps and compares, which is slow")
    }
    let translator = try debugger.translator(of: debugger.cpus[plan.firstIndex(of: .run) ?? 0])
    compared = debugger.placements.watches.map { ComparedMemory($0, translator, debugger.memory) }
  }

  private mutating func changedWatch(_ cpu: any VirtualCPU) throws(EngineError) -> Breakpoints.Watch? {
    guard !compared.isEmpty else { return nil }
    let translator = try debugger.translator(of: cpu)
    var changed: Breakpoints.Watch?
    for index in compared.indices where compared[index].hasChanged(translator, debugger.memory) {
      changed = changed ?? compared[index].watch
    }
    return changed
  }
}
