import ARM64
import Bits

/// What a guest's own debug registers hold (Arm ARM, sections D2.9 and D2.10); follows from them.
///
/// Breakpoints are those on addresses; what compares contexts is not there.
struct GuestDebug {
  /// The exception levels that a breakpoint or watchpoint is for: PMC or PAC.
  struct Levels: Equatable {
    let isForEL1: Bool
    let isForEL0: Bool

    init(_ bits: UInt64) {
      isForEL1 = bits[bit: 0]
      isForEL0 = bits[bit: 1]
    }

    func include(_ level: ExceptionLevel) -> Bool { level == .el0 ? isForEL0 : isForEL1 }
  }

  var breakpoints: [(address: UInt64, levels: Levels)] = []
  var watchpoints: [(watchpoint: ARM64DebugRegisters.Watchpoint, levels: Levels)] = []
}

extension SoftCore {
  /// The guest's own breakpoints, watchpoints or steps changed.
  func noteGuestDebugChange() {
    let system = context.pointee.state.system
    let hadBreakpoints = !debug.guest.breakpoints.isEmpty
    let hadWatchpoints = !debug.guest.watchpoints.isEmpty
    debug.guest = GuestDebug()
    if MDSCR(rawValue: system.mdscr).enablesMonitorDebug && !system.isOSLocked {
      debug.guest.breakpoints = (0..<Identification.breakpointCount).compactMap { number in
        let control = DBGBCR(rawValue: system.dbgbcr[number])
        // BT: an address, not linked to a context.
        guard control.isEnabled, control.rawValue[bits: 20...23] == 0 else { return nil }
        return (system.dbgbvr[number] & ~0b11, GuestDebug.Levels(control.rawValue[bits: 1...2]))
      }
      debug.guest.watchpoints = (0..<Identification.watchpointCount).compactMap { number in
        let control = DBGWCR(rawValue: system.dbgwcr[number])
        return ARM64DebugRegisters.Watchpoint(value: system.dbgwvr[number], control: control)
          .map { ($0, GuestDebug.Levels(control.privilegeControl)) }
      }
    }
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
    let level = context.pointee.state.exceptionLevel
    guard takesDebugExceptions,
      debug.guest.breakpoints.contains(where: { $0.address == address && $0.levels.include(level) })
    else { return false }
    cpu.raise(Syndrome.debug(.breakpointLower))
    return true
  }

  /// Whether an access hits none of the guest's own watchpoints; where it does, that is raised.
  func passGuestWatchpoints(_ address: UInt64, _ size: Int, isWrite: Bool) -> Bool {
    guard !debug.guest.watchpoints.isEmpty, takesDebugExceptions else { return true }
    let level = context.pointee.state.exceptionLevel
    for (watchpoint, levels) in debug.guest.watchpoints where levels.include(level) {
      let start = watchpoint.address.rawValue
      guard watchpoint.access.rawValue & (isWrite ? 2 : 1) != 0,
        address &- start < UInt64(watchpoint.length) || start &- address < UInt64(size)
      else { continue }
      return cpu.raise(Syndrome.debug(.watchpointLower, isWrite: isWrite), at: max(address, start))
    }
    return true
  }

  // MARK: Software step (section D2.12)

  /// Whether instructions are stepped at the current exception level.
  var stepsSoftware: Bool {
    MDSCR(rawValue: context.pointee.state.system.mdscr).enablesSoftwareStep && takesDebugExceptions
  }

  /// Takes the exception after a stepped instruction; false where the instruction at PC is yet to be stepped.
  func takeSoftwareStep() -> Bool {
    guard !PSTATE(rawValue: context.pointee.state.mode).softwareStep else { return false }
    cpu.raise(Syndrome.softwareStep(context.pointee.state.system.steppedLoadExclusive))
    context.pointee.state.system.steppedLoadExclusive = nil
    takeException()
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
