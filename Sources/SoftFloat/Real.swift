/// A real number of the shared pseudocode: sign × significand / 2¹²⁷ × 2^exponent, kept with as many bits as a rounding to
/// any format needs.
///
/// Sums, quotients and roots that have no end are cut, with the last bit set for what was cut off (a sticky bit); it is so
/// far from the bits that a format keeps that the one rounding sees exactly what the true number would make it see.
/// Operands of `*`, `/` and `squareRoot` have at most 63 significant bits, operands of `+` at most 127, which holds for
/// numbers out of a format and for products of two of these.
@usableFromInline
struct Real {
  @usableFromInline var sign: Bool
  @usableFromInline var exponent: Int
  /// Bit 127 is set, or all are clear: zero.
  @usableFromInline var significand: UInt128

  /// A number that may still have leading zeros.
  @inlinable init(sign: Bool, exponent: Int, significand: UInt128) {
    let zeros = significand.leadingZeroBitCount
    self.sign = sign
    self.exponent = exponent - zeros
    self.significand = significand << zeros
  }

  /// An integer, in units of 2^`unit`.
  @inlinable init(sign: Bool, magnitude: UInt128, unit: Int) {
    self.init(sign: sign, exponent: 127 + unit, significand: magnitude)
  }

  @inlinable var isZero: Bool { significand == 0 }

  @inlinable var highWord: UInt64 { UInt64(truncatingIfNeeded: significand >> 64) }

  @inlinable var negated: Real {
    var negated = self
    negated.sign.toggle()
    return negated
  }

  /// This number times a power of two.
  @inlinable func scaled(by power: Int) -> Real {
    var scaled = self
    scaled.exponent += power
    return scaled
  }

  @inlinable static func + (a: Real, b: Real) -> Real {
    if a.isZero { return b }
    if b.isZero { return a }
    let (large, small) = a.exponent >= b.exponent ? (a, b) : (b, a)
    // A bit of room for the carry.
    let minuend = large.significand >> 1
    let other = (small.significand >> 1).shiftedRightSticky(by: large.exponent - small.exponent)
    let exponent = large.exponent + 1
    if large.sign == small.sign { return Real(sign: large.sign, exponent: exponent, significand: minuend &+ other) }
    if minuend < other { return Real(sign: small.sign, exponent: exponent, significand: other &- minuend) }
    return Real(sign: large.sign, exponent: exponent, significand: minuend &- other)
  }

  @inlinable static func * (a: Real, b: Real) -> Real {
    let product = UInt128(a.highWord) &* UInt128(b.highWord)
    return Real(sign: a.sign != b.sign, exponent: a.exponent + b.exponent + 1, significand: product)
  }

  /// The quotient; the divisor is not zero.
  @inlinable func divided(by divisor: Real) -> Real {
    // The quotient fits its word: the dividend's high half is below 2⁶³, the divisor's is not.
    let (quotient, remainder) = divisor.highWord.dividingFullWidth((highWord >> 1, 0))
    let significand = UInt128(quotient) << 64 | (remainder == 0 ? 0 : 1)
    return Real(sign: sign != divisor.sign, exponent: exponent - divisor.exponent, significand: significand)
  }

  /// The square root of a number that is not negative.
  @inlinable var squareRoot: Real {
    let isOdd = exponent & 1 != 0
    var remainder = isOdd ? significand : significand >> 1
    var root: UInt128 = 0
    var bit: UInt128 = 1 << 126
    while bit != 0 {
      let trial = root | bit
      root >>= 1
      if remainder >= trial {
        remainder &-= trial
        root |= bit
      }
      bit >>= 2
    }
    return Real(sign: false, exponent: exponent >> 1, significand: root << 64 | (remainder == 0 ? 0 : 1))
  }

  /// The magnitude in units of 2^`unit`, cut to an integer, and what was cut off.
  ///
  /// - Parameter unit: At least `exponent` - 126.
  /// - Returns: The integer, and how the part that was cut off compares with half a unit.
  @inlinable func cut(toUnit unit: Int) -> (integer: UInt128, error: RoundingError) {
    let places = 127 - exponent + unit
    let integer = significand >> places
    let half: UInt128 = 1 << 127
    let tail =
      places <= 128
      ? significand << (128 - places) : significand.shiftedRightSticky(by: places - 128)
    return (integer, tail == 0 ? .none : tail < half ? .belowHalf : tail == half ? .half : .aboveHalf)
  }
}

extension UInt128 {
  /// Shifted right; the last bit is set as well where a bit that was set is lost.
  ///
  /// - Parameter places: Not negative.
  /// - Returns: The shifted value.
  @inlinable func shiftedRightSticky(by places: Int) -> UInt128 {
    let shifted = self >> places
    return shifted << places == self ? shifted : shifted | 1
  }
}
