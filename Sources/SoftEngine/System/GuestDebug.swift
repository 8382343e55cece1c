import ARM64
import Bits

/// What a guest's own debug registers hold (Arm ARM, sections D2.9 and D2.10); follows from them.
struct GuestDebug {
  /// When a breakpoint or watchpoint counts.
  struct Condition {
    /// PMC or PAC: the exception levels.
    let isForEL1: Bool
    let isForEL0: Bool
    /// The context that it is for, as CONTEXTIDR_EL1 has it; nil for every one.
    let context: UInt64?

    init(levels: UInt64, context: UInt64?) {
      isForEL1 = levels[bit: 0]
      isForEL0 = levels[bit: 1]
      self.context = context
    }

    /// Whether it does for an instruction or an access as one of an exception level's.
    func holds(at level: ExceptionLevel, in state: CPUState) -> Bool {
      let current = state.system.contextidr
      return (level == .el0 ? isForEL0 : isForEL1) && context ?? current == current
    }
  }

  var breakpoints: [(address: UInt64, condition: Condition)] = []
  var watchpoints: [(watchpoint: ARM64DebugRegisters.Watchpoint, condition: Condition)] = []
  /// The breakpoints on every instruction of a context.
  var contexts: [Condition] = []

  init() {}

  init(_ system: SystemState) {
    for number in 0..<Identification.breakpointCount {
      let control = DBGBCR(rawValue: system.dbgbcr[number])
      let value = system.dbgbvr[number]
      guard control.isEnabled else { continue }
      switch control.type {
      case .address: breakpoints.append((value & ~0b11, Condition(levels: control.privilegeControl, context: nil)))
      case .linkedAddress:
        guard let context = Self.linkedContext(control.linkedBreakpoint, system) else { continue }
        breakpoints.append((value & ~0b11, Condition(levels: control.privilegeControl, context: context)))
      case .context where number >= Self.firstContextAware:
        contexts.append(Condition(levels: control.privilegeControl, context: value & Self.contextMask))
      default: continue
      }
    }
    for number in 0..<Identification.watchpointCount {
      let control = DBGWCR(rawValue: system.dbgwcr[number])
      guard let watchpoint = ARM64DebugRegisters.Watchpoint(value: system.dbgwvr[number], control: control) else {
        continue
      }
      let context = control.isLinked ? Self.linkedContext(control.linkedBreakpoint, system) : nil
      if control.isLinked && context == nil { continue }
      watchpoints.append((watchpoint, Condition(levels: control.privilegeControl, context: context)))
    }
  }

  /// The last breakpoints are those that can compare contexts.
  private static let firstContextAware = Identification.breakpointCount - Identification.contextBreakpointCount
  /// The bits of CONTEXTIDR_EL1 and of DBGBVR that are a context.
  private static let contextMask: UInt64 = 0xffff_ffff

  /// The context of a breakpoint that others are linked to; nil where it is none: they then are never hit.
  private static func linkedContext(_ number: Int, _ system: SystemState) -> UInt64? {
    guard (firstContextAware..<Identification.breakpointCount).contains(number) else { return nil }
    let control = DBGBCR(rawValue: system.dbgbcr[number])
    return control.isEnabled && control.type == .linkedContext ? system.dbgbvr[number] & contextMask : nil
  }
}

extension SoftCore {
  /// The guest's own breakpoints, watchpoints or steps changed.
  func noteGuestDebugChange() {
    let system = context.pointee.state.system
    let hadBreakpoints = !debug.guest.breakpoints.isEmpty
    let hadWatchpoints = !debug.guest.watchpoints.isEmpty
    let isEnabled = MDSCR(rawValue: system.mdscr).enablesMonitorDebug && !system.isOSLocked
    debug.guest = isEnabled ? GuestDebug(system) : GuestDebug()
    if hadBreakpoints || !debug.guest.breakpoints.isEmpty { needsRearming = true }
    if hadWatchpoints || !debug.guest.watchpoints.isEmpty { tables.clear() }
    noteMaskedEvents()
    needsAttention = true
  }

  /// Has instructions that clear masks ask the core to look, as far as there is anything to see.
  func noteMaskedEvents() {
    context.pointee.run.awaitsUnmasking =
      irq || fiq || MDSCR(rawValue: context.pointee.state.system.mdscr).enablesSoftwareStep
  }

  /// Whether debug exceptions are taken from an exception level; there the process state's D does not count for EL0.
  private func takesDebugExceptions(from level: ExceptionLevel, isMasked: Bool) -> Bool {
    let system = context.pointee.state.system
    guard !system.isOSLocked else { return false }
    return level == .el0 || MDSCR(rawValue: system.mdscr).enablesKernelDebug && !isMasked
  }

  private var takesDebugExceptions: Bool {
    let state = PSTATE(rawValue: context.pointee.state.mode)
    return takesDebugExceptions(from: state.exceptionLevel, isMasked: state.masksDebug)
  }

  // MARK: Breakpoints and watchpoints

  /// Whether the guest's own breakpoint at an address is hit, which then is raised.
  func hitsGuestBreakpoint(at address: UInt64) -> Bool {
    let state = context.pointee.state
    guard takesDebugExceptions,
      debug.guest.breakpoints.contains(where: {
        $0.address == address && $0.condition.holds(at: state.exceptionLevel, in: state)
      })
    else { return false }
    cpu.raise(Syndrome.debug(.breakpointLower))
    return true
  }

  /// Whether the guest's own breakpoint on the context is hit, which then is raised.
  func hitsGuestContext() -> Bool {
    let state = context.pointee.state
    guard takesDebugExceptions,
      debug.guest.contexts.contains(where: { $0.holds(at: state.exceptionLevel, in: state) })
    else { return false }
    cpu.raise(Syndrome.debug(.breakpointLower))
    return true
  }

  /// Whether an access hits none of the guest's own watchpoints; where it does, that is raised.
  ///
  /// `tag` is what the pointer had beside the address, which FAR_EL1 has too.
  func passGuestWatchpoints(
    _ address: UInt64, _ size: Int, tag: UInt64, isWrite: Bool, at level: ExceptionLevel
  ) -> Bool {
    guard !debug.guest.watchpoints.isEmpty, takesDebugExceptions else { return true }
    let state = context.pointee.state
    for (watchpoint, condition) in debug.guest.watchpoints where condition.holds(at: level, in: state) {
      let start = watchpoint.address.rawValue
      guard watchpoint.access.rawValue & (isWrite ? 2 : 1) != 0,
        address &- start < UInt64(watchpoint.length) || start &- address < UInt64(size)
      else { continue }
      return cpu.raise(Syndrome.debug(.watchpointLower, isWrite: isWrite), at: max(address, start) &+ tag)
    }
    return true
  }

  // MARK: Software step (section D2.12)

  /// Whether instructions are stepped at the current exception level.
  var stepsSoftware: Bool {
    MDSCR(rawValue: context.pointee.state.system.mdscr).enablesSoftwareStep && takesDebugExceptions
  }

  /// Whether an instruction was stepped, after which the exception is raised; else that at PC is yet to be.
  func completesSoftwareStep() -> Bool {
    guard !PSTATE(rawValue: context.pointee.state.mode).softwareStep else { return false }
    cpu.raise(Syndrome.softwareStep(context.pointee.state.system.steppedLoadExclusive))
    return true
  }

  /// An instruction was stepped, unless it raised an exception.
  ///
  /// - Parameter time: the time before it.
  func noteSoftwareStep(since time: UInt64) {
    guard context.pointee.state.time != time else { return }
    context.pointee.state.mode[bit: 21] = false
    context.pointee.state.system.steppedLoadExclusive = context.pointee.state.exclusiveSize != 0
  }

  /// Whether ERET to a process state sets PSTATE.SS as SPSR has it: where steps are taken there, but not here.
  func armsSoftwareStep(returningTo saved: UInt64) -> Bool {
    let target = PSTATE(rawValue: saved)
    return MDSCR(rawValue: context.pointee.state.system.mdscr).enablesSoftwareStep && !takesDebugExceptions
      && takesDebugExceptions(from: target.exceptionLevel, isMasked: target.masksDebug)
  }
}

extension Syndrome {
  /// A breakpoint or watchpoint.
  static func debug(_ exceptionClass: ExceptionClass, isWrite: Bool = false) -> UInt64 {
    make(exceptionClass, 0b100010 | (isWrite ? 1 << 6 : 0))
  }

  /// A software step; whether the instruction was a load-exclusive, nil where none was stepped.
  static func softwareStep(_ isLoadExclusive: Bool?) -> UInt64 {
    let specific: UInt64 = isLoadExclusive.map { 1 << 24 | ($0 ? 1 << 6 : 0) } ?? 0
    return make(.softwareStepLower, specific | 0b100010)
  }
}
