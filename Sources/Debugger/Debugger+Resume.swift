import Architecture
import Bits
import CPUEngine
import Devices
public import GDBRemote
import GuestMemory
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
    if let event = takeHeldEvent() { return event }
    if let event = try goOnFromEnd() {
      noteStop(event)
      return event
    }
    // The client may have looked elsewhere since the last stop, or the guest was just reset.
    if let news = newsForFollower(of: currentThread) { return news }
    // After a reset the kernel is unpacked anew.
    try machine.finishLoading()
    do throws(EngineError) {
      var run = Run(self, request)
      return report(try run.untilStop(attention))
    } catch {
      invalidateTranslations()
      throw MachineError(error.description)
    }
  }

  /// What going on means for a guest that came to its end; nil where it lives, or lives again.
  private func goOnFromEnd() throws(MachineError) -> StopEvent? {
    guard let end else { return nil }
    if let status = end.exitStatus {
      return StopEvent(thread: currentThread, signal: .none, reason: .exited(status))
    }
    if case .request(.reset) = end {
      try resetMachine()
      // Nobody was told of a stop at the first instruction: a breakpoint there is to be hit.
      reportedAddresses[0] = nil
      return nil
    }
    announce(end, of: currentThread)
    return lastStop
  }

  /// Starts the kernel again; the client's breakpoints stay.
  func resetMachine() throws(MachineError) {
    try machine.reset()
    end = nil
    kernel = KernelLocator(of: machine.kernel)
    follower.heldEvent = nil
    modules = KernelModules()
    hasAnnouncedSlide = false
    hasMarkedExits = false
    for index in caughtBreakpoints.indices { caughtBreakpoints[index] = nil }
    invalidateTranslations()
    noteStop(StopEvent(thread: ThreadID(1), signal: .trap))
  }

  func announce(_ end: GuestEnd, of thread: ThreadID) {
    let address = cpu(of: thread).flatMap { instructionAddress(of: $0) }?.description ?? "an unknown address"
    let explanation = end.explanation(cpu: thread.rawValue - 1, at: address)
    announce(hasClient ? "\(explanation); \(end.advice)" : explanation)
  }
}

extension CaughtException {
  /// Whether both are the same exception; the address is nobody's where the syndrome is of none that has one.
  fileprivate func hasSyndrome(of other: CaughtException) -> Bool {
    guard case .synchronous(let syndrome, _) = kind, case .synchronous(let otherSyndrome, _) = other.kind else {
      return false
    }
    return syndrome == otherSyndrome
  }
}

/// One resumption: from the client's request to the stop that it is told.
private struct Run {
  private let debugger: Debugger
  private let actions: [ThreadAction?]
  /// What the run control is told, in the same order.
  private let plan: [CPUAction]
  /// Whether one CPU alone runs, and that by single steps.
  private let isOneStepping: Bool
  /// Whether the next step makes an access that was reported before it was made: nothing is watched then.
  private var makesReportedAccess: Bool
  /// Whether the client wants the guest stopped; it is told of that stop unless it is told of another one.
  private var isInterrupted = false
  private var compared: [ComparedMemory] = []
  private var control = DebugControl.none

  init(_ debugger: Debugger, _ request: ResumeRequest) {
    self.debugger = debugger
    actions = debugger.threads.map { request.action(for: $0) }
    plan = actions.map { $0 == nil ? .stay : .run }
    let given = actions.compactMap { $0 }
    isOneStepping = given.count == 1 && given != [.resume]
    let runner = plan.firstIndex(of: .run).map { debugger.cpus[$0] }
    makesReportedAccess = isOneStepping && runner.map(debugger.standsBeforeReportedAccess) == true
  }

  mutating func untilStop(_ attention: () -> Bool) throws(EngineError) -> StopEvent {
    guard plan.contains(.run) else { return StopEvent(thread: debugger.currentThread, signal: .none) }
    // These are judged by what was placed when they happened, which the first step below replaces.
    while let report = debugger.machine.runControl.takePendingReport(for: plan) {
      if let event = try judge(report, attention) { return event }
    }
    if let event = try takeCaughtBreakpoints() { return event }
    try prepareComparison()
    if let event = try stepOffReported(attention) { return event }
    while !isInterrupted {
      if let report = try runOnce(attention), let event = try judge(report, attention) { return event }
    }
    return StopEvent(thread: debugger.currentThread, signal: .interrupt)
  }

  // MARK: Running

  /// Runs from one stop of the CPUs to the next, with everything placed that the client set; nil where it was only to
  /// place a pending breakpoint.
  private mutating func runOnce(_ attention: () -> Bool) throws(EngineError) -> StopReport? {
    let debugger = debugger
    if let report = debugger.machine.runControl.takePendingReport(for: plan) { return report }
    // A step executes the instruction at hand whatever is set there, so that no breakpoint needs to be placed for it.
    control = isOneStepping ? debugger.placements.placeWatches(pieces) : try place()
    if debugger.mayMeetMovedExit { control.trapsSoftwareBreakpoints = true }
    control.exceptions = debugger.caughtExceptions
    for (index, action) in actions.enumerated() where plan[index] == .run {
      try debugger.cpus[index].setDebug(debugControl(for: action))
    }
    debugger.invalidateTranslations()
    let retry = isOneStepping ? nil : debugger.placements.restTime.map { RetryTimer(every: $0) }
    defer { retry?.cancel() }
    var isInterrupted = false
    var mustPlaceAgain = false
    defer {
      takeOut()
      makesReportedAccess = false
    }
    let report = try debugger.machine.runControl.run(plan) {
      isInterrupted = isInterrupted || attention()
      mustPlaceAgain = retry?.hasExpired == true && debugger.placements.wantsPlacing(in: debugger.memory)
      return isInterrupted || mustPlaceAgain
    }
    self.isInterrupted = isInterrupted
    return mustPlaceAgain && report.cause == .requested ? nil : report
  }

  private func debugControl(for action: ThreadAction?) -> DebugControl {
    var control = control
    // A guest that is only compared goes on as ever, interrupts and all.
    control.singleStep = action != .resume || !compared.isEmpty
    if action != .resume {
      control.blocksInterrupts = debugger.machine.virtualMachine.capabilities.blocksInterruptsWhileStepping
      // The instruction that is stepped is executed even where a breakpoint is.
      control.breakpoints = []
    }
    return control
  }

  private func place() throws(EngineError) -> DebugControl {
    let debugger = debugger
    let cpu = debugger.cpus[plan.firstIndex(of: .run) ?? 0]
    let translator = try debugger.translator(of: cpu)
    let milestones = debugger.milestones
    debugger.hasMarkedExits = debugger.hasMarkedExits || debugger.kernel == nil && !milestones.isEmpty
    return debugger.placements.place(
      in: debugger.machine.virtualMachine.capabilities.debugRegisters, pieces: pieces, isBound: debugger.isBound,
      milestones: milestones, translate: { debugger.place(of: $0, by: translator) }, debugger.machine.virtualMachine)
  }

  private func pieces(of watch: Breakpoints.Watch) -> [HardwareWatchpoint] {
    makesReportedAccess ? [] : debugger.hardwarePieces(of: watch) ?? []
  }

  private func takeOut() {
    for address in debugger.placements.takeOut(of: debugger.machine.virtualMachine) {
      debugger.announce("the guest wrote over the breakpoint at \(address); it is placed again when the guest goes on")
    }
  }

  /// Executes the instruction under each breakpoint, and each access, that was reported, so that going on does not
  /// report it again, and that of each CPU that shall step where a breakpoint is, so that the step is one.
  private mutating func stepOffReported(_ attention: () -> Bool) throws(EngineError) -> StopEvent? {
    guard !isOneStepping, !debugger.placements.isEmpty else { return nil }
    for (index, action) in actions.enumerated() {
      guard let action, action != .resume || debugger.reportedAddresses[index] != nil,
        let address = debugger.instructionAddress(of: debugger.cpus[index]),
        action != .resume || debugger.reportedAddresses[index] == address,
        debugger.placements.reason(at: address) != nil
          || debugger.standsBeforeReportedAccess(debugger.cpus[index])
      else { continue }
      if let event = try stepAlone(ThreadID(index + 1), attention) { return event }
    }
    return nil
  }

  /// Has each CPU that goes on take the exception of its breakpoint instruction that was told as caught.
  ///
  /// The engine does not know of every one of them: what it met may have been a breakpoint instruction like ours.
  private mutating func takeCaughtBreakpoints() throws(EngineError) -> StopEvent? {
    for (index, cpu) in debugger.cpus.enumerated() where plan[index] == .run {
      guard let address = debugger.caughtBreakpoints[index].take(), debugger.instructionAddress(of: cpu) == address,
        try breakpointException(at: address, of: cpu) != nil
      else { continue }
      let handler = try cpu.reflect(DebugEvent(programCounter: address, isSoftwareBreakpoint: true))
      debugger.invalidateTranslations()
      if let handler, let event = try judgeStep(to: handler, ThreadID(index + 1)) { return event }
    }
    return nil
  }

  /// Executes one instruction of one CPU while every other one stays and no breakpoint is placed.
  ///
  /// - Parameters:
  ///   - thread: the CPU's thread.
  ///   - attention: as of `resume`.
  /// - Returns: what is to be reported, or nil where the guest simply goes on.
  /// - Throws: what the engine could not do.
  private mutating func stepAlone(
    _ thread: ThreadID, _ attention: () -> Bool
  ) throws(EngineError) -> StopEvent? {
    let index = thread.rawValue - 1
    var step = Run(debugger, ResumeRequest([.init(.step, thread)]))
    step.compared = compared
    let event = try step.untilStop(attention)
    compared = step.compared
    isInterrupted = isInterrupted || step.isInterrupted
    guard event.reason == .signal, event.signal == .trap,
      let address = debugger.instructionAddress(of: debugger.cpus[index])
    else { return event }
    debugger.reportedAddresses[index] = nil
    return try judgeStep(to: address, thread)
  }

  // MARK: Judging

  /// What a stop of the CPUs means to the client; nil where the guest simply goes on.
  private mutating func judge(
    _ report: StopReport, _ attention: () -> Bool
  ) throws(EngineError) -> StopEvent? {
    let thread = ThreadID(report.cpu + 1)
    switch report.cause {
    case .requested: return StopEvent(thread: debugger.currentThread, signal: .interrupt)
    case .failure(let failure): return conclude(.failure(failure), thread)
    case .request(let request): return conclude(.request(request), thread)
    case .unmapped(let access): return stop(at: access, thread)
    case .debug(let event): return try judge(event, thread, attention)
    }
  }

  private func conclude(_ end: GuestEnd, _ thread: ThreadID) -> StopEvent {
    debugger.end = end
    debugger.announce(end, of: thread)
    return StopEvent(thread: thread, signal: end.signal)
  }

  /// The stop at an access that is complete: the guest can go on from it.
  private func stop(at access: UnmappedAccess, _ thread: ThreadID) -> StopEvent {
    debugger.announce("CPU \(thread.rawValue - 1) \(access), where the board has nothing")
    return StopEvent(thread: thread, signal: .bus)
  }

  private mutating func judge(
    _ event: DebugEvent, _ thread: ThreadID, _ attention: () -> Bool
  ) throws(EngineError) -> StopEvent? {
    let cpu = debugger.cpus[thread.rawValue - 1]
    if let exception = event.exception { return try stop(before: exception, at: event.programCounter, cpu) }
    if event.isSoftwareBreakpoint { return try judgeInstruction(event, thread, attention) }
    if let index = event.watchpoint {
      return debugger.placements.watch(ofRegister: index).map { stop(at: $0, thread) }
    }
    // What the step changed comes before what stands at the next instruction: that is met again, the change is not.
    if event.isSingleStep, let watch = try changedWatch(cpu) { return stop(at: watch, thread) }
    if event.breakpoint != nil {
      if let stop = try breakpointStop(at: event.programCounter, thread) { return stop }
      return try stepAlone(thread, attention)
    }
    guard event.isSingleStep else {
      // Not ours: the guest uses the debug hardware by itself.
      _ = try cpu.reflect(event)
      return nil
    }
    return try judgeStep(to: event.programCounter, thread)
  }

  /// The stop before an exception that the client wants to see.
  private func stop(
    before exception: CaughtException, at address: GuestVirtual, _ cpu: any VirtualCPU
  ) throws(EngineError) -> StopEvent {
    if let instruction = try breakpointException(at: address, of: cpu), instruction.hasSyndrome(of: exception) {
      debugger.caughtBreakpoints[cpu.index] = address
    }
    let words = debugger.support.words(for: exception)
    debugger.announce("CPU \(cpu.index) at \(address) is about to take \(words)")
    // SIGTRAP would be the end of a step, to the client as to `stepAlone`.
    return StopEvent(thread: ThreadID(cpu.index + 1), signal: debugger.support.signal(for: exception))
  }

  /// The exception of the guest's own breakpoint instruction at an address; nil where none is.
  private func breakpointException(
    at address: GuestVirtual, of cpu: any VirtualCPU
  ) throws(EngineError) -> CaughtException? {
    let translator = try debugger.translator(of: cpu)
    guard let place = try? translator.translate(address).physical else { return nil }
    return debugger.support.breakpointException(at: place, debugger.memory)
  }

  /// Judges a breakpoint instruction; one that was not placed for this run is the guest's own.
  private mutating func judgeInstruction(
    _ event: DebugEvent, _ thread: ThreadID, _ attention: () -> Bool
  ) throws(EngineError) -> StopEvent? {
    if let stop = try breakpointStop(at: event.programCounter, thread) { return stop }
    let cpu = debugger.cpus[thread.rawValue - 1]
    let translator = try debugger.translator(of: cpu)
    let place = try? translator.translate(event.programCounter).physical
    if let place, debugger.placements.hadBoundInstruction(at: place) {
      return StopEvent(thread: thread, signal: .trap, reason: .softwareBreakpoint)
    }
    if let place, try debugger.leaveDecompressor(cpu, at: place) {
      // The jump is made: where it was a step, that ends here.
      let stop = try debugger.instructionAddress(of: cpu).flatMap { entry throws(EngineError) in
        try judgeStep(to: entry, thread)
      }
      return stop ?? debugger.newsForFollower(of: thread)
    }
    if let place, debugger.milestones.contains(where: { $0.place == place }) {
      debugger.follow(thread)
      if let news = debugger.newsForFollower(of: thread) { return news }
      return try stepAlone(thread, attention)
    }
    if let place, debugger.placements.hadInstruction(at: place) {
      // One of ours, met at another virtual address of its place: the client has set none there.
      return try stepAlone(thread, attention)
    }
    if let exception = try breakpointException(at: event.programCounter, of: cpu),
      debugger.support.catches(exception, debugger.caughtExceptions)
    {
      return try stop(before: exception, at: event.programCounter, cpu)
    }
    // Where the CPU is at its handler already, a step ends there.
    return try cpu.reflect(event).flatMap { handler throws(EngineError) in try judgeStep(to: handler, thread) }
  }

  private func judgeStep(to address: GuestVirtual, _ thread: ThreadID) throws(EngineError) -> StopEvent? {
    switch actions[thread.rawValue - 1] {
    case .step: return StopEvent(thread: thread, signal: .trap)
    case .rangeStep(let range):
      if let stop = try breakpointStop(at: address, thread) { return stop }
      return range.contains(address.rawValue) ? nil : StopEvent(thread: thread, signal: .trap)
    case .resume, nil:
      // It was stepped to compare memory or to leave a breakpoint: another one here is hit by looking.
      return try breakpointStop(at: address, thread)
    }
  }

  /// The stop at a breakpoint of the client's; nil where it has none.
  ///
  /// A client looks for its breakpoint at the program counter. Where a segment's base stands between that and the
  /// instruction's address it would find none, and go on without a word: there the stop is a plain trap.
  private func breakpointStop(at address: GuestVirtual, _ thread: ThreadID) throws(EngineError) -> StopEvent? {
    guard let reason = debugger.placements.reason(at: address) else { return nil }
    let cpu = debugger.cpus[thread.rawValue - 1]
    if let space = debugger.placements.space(of: address),
      try debugger.support.addressSpace(of: cpu, debugger.memory) != space
    {
      return nil
    }
    let counter = try cpu.value(of: debugger.registers.programCounter)
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
        "the guest's data accesses are not reported here: hvgdb steps and compares, which is slow")
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
