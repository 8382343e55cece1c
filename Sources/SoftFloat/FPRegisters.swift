public import Bits

/// The floating-point control register, as far as it steers arithmetic (Arm ARM, C5.2, `FPCR`).
///
/// Trapped exceptions are not supported: the trap enable bits count as clear, whatever they hold.
public struct FPCR: Hashable, Sendable {
  /// The register's bits.
  public var rawValue: UInt64
  /// Takes the register's bits.
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// RMode: how results are rounded.
  @inlinable public var rMode: RoundingMode {
    switch rawValue[bits: 22...23] {
    case 0: .tieEven
    case 1: .plusInfinity
    case 2: .minusInfinity
    default: .zero
    }
  }
  /// FZ16: half-precision denormals are flushed to zero, but in conversions.
  @inlinable public var fz16: Bool {
    get { rawValue[bit: 19] }
    set { rawValue[bit: 19] = newValue }
  }
  /// FZ: single- and double-precision denormals are flushed to zero.
  @inlinable public var fz: Bool { rawValue[bit: 24] }
  /// DN: every NaN that arithmetic returns is the default NaN.
  @inlinable public var dn: Bool { rawValue[bit: 25] }
  /// AHP: conversions take and make half-precision numbers in Arm's alternative format, without infinities and NaNs.
  @inlinable public var ahp: Bool {
    get { rawValue[bit: 26] }
    set { rawValue[bit: 26] = newValue }
  }

  /// RMode and FZ are clear: rounding to nearest and gradual underflow, which is what hosts' arithmetic does.
  @inlinable public var isHostLike: Bool { rawValue[bits: 22...24] == 0 }
}

/// The floating-point status register (Arm ARM, C5.2, `FPSR`).
public struct FPSR: Hashable, Sendable {
  /// The register's bits.
  public var rawValue: UInt64
  /// Takes the register's bits.
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// IXC: a result was inexact since the bit was cleared.
  @inlinable public var ixc: Bool { rawValue & FPException.inexact.rawValue != 0 }

  /// Sets an exception's cumulative bit.
  @inlinable public mutating func process(_ exception: FPException) { rawValue |= exception.rawValue }
}

/// The floating-point exceptions by their cumulative bits in FPSR (Arm ARM, shared pseudocode, `FPExc`).
public enum FPException: UInt64, Sendable {
  /// IOC: an operation without a usable result.
  case invalidOp = 0x01
  /// DZC: an exact infinity out of finite operands.
  case divideByZero = 0x02
  /// OFC: the rounded result is too large.
  case overflow = 0x04
  /// UFC: the result is tiny before it is rounded, and inexact or flushed to zero.
  case underflow = 0x08
  /// IXC: the result is not the exact one.
  case inexact = 0x10
  /// IDC: a denormal operand was flushed to zero.
  case inputDenorm = 0x80
}

/// How a real number becomes one that a format has (Arm ARM, shared pseudocode, `FPRounding`).
public enum RoundingMode: Sendable {
  /// To the nearest, a tie to the even one.
  case tieEven
  /// Towards plus infinity.
  case plusInfinity
  /// Towards minus infinity.
  case minusInfinity
  /// Towards zero.
  case zero
  /// To the nearest, a tie away from zero; for integers alone.
  case tieAway
  /// Towards zero, an inexact result made odd so that it can be rounded once more; for FCVTXN alone.
  case odd

  /// Whether a magnitude cut to an integer is to be one larger.
  @inlinable func roundsUp(isOdd: Bool, _ error: RoundingError, isNegative: Bool) -> Bool {
    switch self {
    case .tieEven: error == .aboveHalf || error == .half && isOdd
    case .tieAway: error == .aboveHalf || error == .half
    case .plusInfinity: error != .none && !isNegative
    case .minusInfinity: error != .none && isNegative
    case .zero, .odd: false
    }
  }

  /// Whether a result that is too large becomes infinity and not the largest number.
  @inlinable func overflowsToInfinity(isNegative: Bool) -> Bool {
    switch self {
    case .tieEven, .tieAway: true
    case .plusInfinity: !isNegative
    case .minusInfinity: isNegative
    case .zero, .odd: false
    }
  }
}

/// What is cut off a magnitude to make it an integer, beside a half.
@usableFromInline enum RoundingError { case none, belowHalf, half, aboveHalf }
