/// A binary floating-point format, by the unsigned integer that carries its bits: half, single or double precision.
public protocol FloatFormat: FixedWidthInteger, UnsignedInteger, Sendable {
  /// How many bits the fraction has.
  static var fractionBits: Int { get }

  /// Whether FPCR has denormals of this format flushed to zero.
  static func flushesDenormals(_ fpcr: FPCR) -> Bool

  /// `a + b` by the host's arithmetic; nil where bits or flags could differ from Arm's.
  ///
  /// - Parameters:
  ///   - a: The first operand.
  ///   - b: The second operand.
  ///   - mayBeInexact: IXC is set already; otherwise the result is shown to be exact.
  /// - Returns: The sum, which sets no flag.
  static func hostSum(_ a: Self, _ b: Self, mayBeInexact: Bool) -> Self?
  /// `a - b`, as `hostSum`.
  static func hostDifference(_ a: Self, _ b: Self, mayBeInexact: Bool) -> Self?
  /// `a * b`, as `hostSum`.
  static func hostProduct(_ a: Self, _ b: Self, mayBeInexact: Bool) -> Self?
  /// `a / b`, as `hostSum`.
  static func hostQuotient(_ a: Self, _ b: Self, mayBeInexact: Bool) -> Self?
  /// The square root, as `hostSum`.
  static func hostSquareRoot(_ a: Self, mayBeInexact: Bool) -> Self?
  /// `addend + a * b` rounded once, as `hostSum`.
  static func hostSumOfProduct(_ addend: Self, _ a: Self, _ b: Self, mayBeInexact: Bool) -> Self?
  /// The number that an integer is, rounded to nearest, as `hostSum`.
  static func hostNumber(_ integer: Int, mayBeInexact: Bool) -> Self?
  /// The integer that a number is, cut off, as `hostSum`.
  static func hostInteger(_ a: Self, mayBeInexact: Bool) -> Int?
  /// How two numbers compare; nil where one is a NaN.
  static func hostRelation(_ a: Self, _ b: Self) -> FPRelation?
}

extension UInt16: FloatFormat {
  /// How many bits the fraction has.
  @inlinable public static var fractionBits: Int { 10 }
  /// Whether FPCR has denormals of this format flushed to zero.
  @inlinable public static func flushesDenormals(_ fpcr: FPCR) -> Bool { fpcr.fz16 }
}

extension UInt32: FloatFormat {
  /// How many bits the fraction has.
  @inlinable public static var fractionBits: Int { 23 }
  /// Whether FPCR has denormals of this format flushed to zero.
  @inlinable public static func flushesDenormals(_ fpcr: FPCR) -> Bool { fpcr.fz }
}

extension UInt64: FloatFormat {
  /// How many bits the fraction has.
  @inlinable public static var fractionBits: Int { 52 }
  /// Whether FPCR has denormals of this format flushed to zero.
  @inlinable public static func flushesDenormals(_ fpcr: FPCR) -> Bool { fpcr.fz }
}

// The format's own numbers; the names that the shared pseudocode has for them stand in the comments.
extension FloatFormat {
  @inlinable static var exponentBits: Int { bitWidth - 1 - fractionBits }
  /// The exponent of the smallest normal number.
  @inlinable static var minimumExponent: Int { 2 - 1 << (exponentBits - 1) }
  /// The biased exponent of infinities and NaNs.
  @inlinable static var maximumBiasedExponent: Int { 1 << exponentBits - 1 }

  @inlinable static var signMask: Self { 1 << (bitWidth - 1) }
  @inlinable static var fractionMask: Self { 1 << fractionBits - 1 }
  @inlinable static var quietBit: Self { 1 << (fractionBits - 1) }

  @inlinable static func signed(_ magnitude: Self, _ sign: Bool) -> Self { sign ? magnitude | signMask : magnitude }

  /// FPZero.
  @inlinable static func zero(_ sign: Bool) -> Self { signed(0, sign) }
  /// FPInfinity.
  @inlinable static func infinity(_ sign: Bool) -> Self { signed(signMask - quietBit << 1, sign) }
  /// FPMaxNormal.
  @inlinable static func maxNormal(_ sign: Bool) -> Self { infinity(sign) - 1 }
  /// FPTwo.
  @inlinable static func two(_ sign: Bool) -> Self { signed(quietBit << exponentBits, sign) }
  /// FPOnePointFive.
  @inlinable static func onePointFive(_ sign: Bool) -> Self { two(sign) - quietBit }
  /// FPDefaultNaN.
  @inlinable static var defaultNaN: Self { infinity(false) | quietBit }

  @inlinable var signBit: Bool { self & Self.signMask != 0 }
  @inlinable var withoutSign: Self { self & ~Self.signMask }
  @inlinable var biasedExponent: Int { Int(withoutSign >> Self.fractionBits) }
  @inlinable var fraction: Self { self & Self.fractionMask }

  @inlinable var isZeroNumber: Bool { withoutSign == 0 }
  @inlinable var isDenormal: Bool { biasedExponent == 0 && fraction != 0 }
  @inlinable var isInfinite: Bool { withoutSign == Self.infinity(false) }
  @inlinable var isNaN: Bool { withoutSign > Self.infinity(false) }
  @inlinable var isSignalingNaN: Bool { isNaN && self & Self.quietBit == 0 }

  /// Orders numbers; both zeros are equal.
  @inlinable var orderKey: Int64 {
    let magnitude = Int64(truncatingIfNeeded: withoutSign)
    return signBit ? 0 &- magnitude : magnitude
  }
}
