import Bits

/// An entry of the vector table at VBAR_EL1 for synchronous exceptions (Arm ARM, section D1.3.1.5, "Vector tables").
public enum ExceptionVector: UInt64, Sendable, CaseIterable {
  /// From EL1 with SP_EL0.
  case currentLevelWithSP0 = 0x000
  /// From EL1 with SP_EL1.
  case currentLevel = 0x200
  /// From EL0 in AArch64.
  case lowerLevel = 0x400
  /// From EL0 in AArch32.
  case lowerLevelAArch32 = 0x600

  /// The entry that an exception to EL1 takes.
  public init(from state: PSTATE) {
    switch (state.exceptionLevel, state.isAArch32) {
    case (.el0, true): self = .lowerLevelAArch32
    case (.el0, false): self = .lowerLevel
    default: self = state.mode?.usesOwnStackPointer == true ? .currentLevel : .currentLevelWithSP0
    }
  }

  /// The entry's distance from VBAR_EL1 in bytes.
  public var offset: UInt64 { rawValue }
}

extension PSTATE {
  /// The process state that an exception to EL1 leaves (Arm ARM, section J1.3, `AArch64.TakeException`).
  ///
  /// - Parameter control: SCTLR_EL1.
  /// - Returns: EL1h with all exceptions masked; the condition flags and DIT stay.
  public func onEntryToEL1(_ control: SCTLR) -> PSTATE {
    let kept = UInt64(0b1111) << 28 | 1 << 24 | 1 << 22
    var state = PSTATE(rawValue: rawValue & kept | PSTATE.kernelEntry.rawValue)
    // SPAN clear: privileged code may not touch what user code may; DSSBS gives SSBS.
    if !control.rawValue[bit: 23] { state.rawValue[bit: 22] = true }
    state.rawValue[bit: 12] = control.rawValue[bit: 44]
    return state
  }
}
