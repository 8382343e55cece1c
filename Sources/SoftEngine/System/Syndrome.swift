import ARM64
import Bits

/// Syndromes as instructions raise them (Arm ARM, D19.2, `ESR_EL1`).
///
/// Where a class is one of a pair, it is the one of an exception from a lower level; taking the exception makes it
/// the other one where that is right.
enum Syndrome {
  static func make(_ exceptionClass: ExceptionClass, _ specific: UInt64 = 0) -> UInt64 {
    UInt64(exceptionClass.rawValue) << 26 | 1 << 25 | specific & UInt64.lowMask(25)
  }

  /// An undefined instruction.
  static let unknown = make(.unknown)

  /// An instruction of the floating-point and vector unit where CPACR_EL1 traps it: CV is set, COND is "always".
  static let vectorAccess = make(.vectorAccess, 1 << 24 | 0b1110 << 20)

  /// A data abort: ISV is clear, as for every abort that is not stage 2's.
  static func dataAbort(_ status: FaultStatus, isWrite: Bool, isCacheMaintenance: Bool = false) -> UInt64 {
    var specific = UInt64(status.rawValue)
    specific[bit: 6] = isWrite
    specific[bit: 8] = isCacheMaintenance
    return make(.dataAbortLower, specific)
  }

  static func instructionAbort(_ status: FaultStatus) -> UInt64 {
    make(.instructionAbortLower, UInt64(status.rawValue))
  }
}
