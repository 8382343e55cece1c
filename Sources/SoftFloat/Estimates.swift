public import Bits

extension FP {
  /// FPRecipEstimate: about 1 / `operand`, good to 8 bits.
  @inlinable public static func recipEstimate<F: FloatFormat>(_ operand: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
    let number = flushed(operand, fpcr, &fpsr)
    if number.isNaN { return processNaN(number, fpcr, &fpsr) }
    let sign = number.signBit
    if number.isInfinite { return F.zero(sign) }
    if number.isZeroNumber {
      fpsr.process(.divideByZero)
      return F.infinity(sign)
    }
    // Below a quarter of the smallest normal number, the reciprocal is too large.
    if number.withoutSign < F.quietBit >> 1 {
      fpsr.process(.overflow)
      fpsr.process(.inexact)
      return fpcr.rMode.overflowsToInfinity(isNegative: sign) ? F.infinity(sign) : F.maxNormal(sign)
    }
    let (exponent, fraction) = normalized(number)
    let resultExponent = F.maximumBiasedExponent - 2 - exponent
    if resultExponent <= 0 && F.flushesDenormals(fpcr) {
      fpsr.process(.underflow)
      return F.zero(sign)
    }
    let estimate = recipEstimate(256 | fraction)
    let significand = F(estimate) << (F.fractionBits - 8)
    if resultExponent <= 0 { return F.signed(significand >> (1 - resultExponent), sign) }
    return F.signed(F(resultExponent) << F.fractionBits | significand & F.fractionMask, sign)
  }

  /// FPRSqrtEstimate: about 1 / √`operand`, good to 8 bits.
  @inlinable public static func rsqrtEstimate<F: FloatFormat>(_ operand: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
    let number = flushed(operand, fpcr, &fpsr)
    if number.isNaN { return processNaN(number, fpcr, &fpsr) }
    if number.isZeroNumber {
      fpsr.process(.divideByZero)
      return F.infinity(number.signBit)
    }
    if number.signBit { return invalid(&fpsr) }
    if number.isInfinite { return F.zero(false) }
    let (exponent, fraction) = normalized(number)
    let scaled = exponent & 1 == 0 ? 256 | fraction : 128 | fraction >> 1
    let resultExponent = (3 * (F.maximumBiasedExponent >> 1) - 1 - exponent) >> 1
    let estimate = F(rsqrtEstimate(scaled)) << (F.fractionBits - 8)
    return F(resultExponent) << F.fractionBits | estimate & F.fractionMask
  }

  /// The biased exponent of a number, which goes on below 1 for denormals, and the upper 8 bits of its fraction.
  @inlinable static func normalized<F: FloatFormat>(_ number: F) -> (exponent: Int, fraction: UInt32) {
    let value = real(number)
    return (value.exponent - F.minimumExponent + 1, UInt32(truncatingIfNeeded: value.highWord >> 55) & 0xff)
  }

  /// FPRecpX: a number with about the reciprocal's exponent, to scale by.
  @inlinable public static func recpX<F: FloatFormat>(_ operand: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
    if operand.isNaN { return processNaN(operand, fpcr, &fpsr) }
    let exponent = flushed(operand, fpcr, &fpsr).biasedExponent
    let result = exponent == 0 ? F.maximumBiasedExponent - 1 : F.maximumBiasedExponent ^ exponent
    return F.signed(F(result) << F.fractionBits, operand.signBit)
  }

  /// UnsignedRecipEstimate: about 1 / `operand` of a fixed-point number from 0.5 up to 1, all ones for a lesser one.
  @inlinable public static func unsignedRecipEstimate(_ operand: UInt32) -> UInt32 {
    operand[bit: 31] ? recipEstimate(operand >> 23) << 23 : .max
  }

  /// UnsignedRSqrtEstimate: about 1 / √`operand` of a fixed-point number from 0.25 up to 1, all ones for a lesser one.
  @inlinable public static func unsignedRSqrtEstimate(_ operand: UInt32) -> UInt32 {
    operand[bits: 30...31] != 0 ? rsqrtEstimate(operand >> 23) << 23 : .max
  }

  /// RecipEstimate.
  ///
  /// - Parameter scaled: 256 up to 511, for 0.5 up to 1.
  /// - Returns: 256 up to 511, for 1 up to 2.
  @inlinable static func recipEstimate(_ scaled: UInt32) -> UInt32 {
    ((1 << 19) / (scaled * 2 + 1) + 1) / 2
  }

  /// RecipSqrtEstimate.
  ///
  /// - Parameter scaled: 128 up to 511, for 0.25 up to 1.
  /// - Returns: 256 up to 511, for 1 up to 2.
  @inlinable static func rsqrtEstimate(_ scaled: UInt32) -> UInt32 {
    let midpoint = scaled < 256 ? scaled * 2 + 1 : (scaled | 1) * 2
    // The largest root with midpoint × root² below 2²⁸; doubles are precise enough for the cut to be right.
    let root = UInt32((Double(1 << 28 - 1) / Double(midpoint)).squareRoot())
    return (root + 1) / 2
  }
}
