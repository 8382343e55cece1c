/// The floating-point arithmetic of AArch64 to the bit: the functions of the Arm ARM's shared pseudocode (`FPAdd` is
/// `FP.add`), for half, single and double precision, results and cumulative exception flags.
///
/// Numbers go in and come out as their bits. There is one implementation for all formats, which follows the pseudocode:
/// unpack, compute in wide integers, round once; where the host's own arithmetic gives the same, that is taken. It is
/// written here because neither Debian nor the Swift packages have a soft-float library; the one that is well known,
/// Berkeley's, would come as C sources to keep.
public enum FP {}

/// A number as FPUnpack tells it, if it is one; NaNs are looked for first (`FP.processNaNs`).
@usableFromInline
struct Unpacked {
  /// The number; zero where it is infinite.
  @usableFromInline var value: Real
  @usableFromInline var isInfinite: Bool

  @inlinable init(_ value: Real, isInfinite: Bool = false) {
    self.value = value
    self.isInfinite = isInfinite
  }

  @inlinable var sign: Bool { value.sign }
  @inlinable var isZero: Bool { value.isZero && !isInfinite }
  @inlinable var negated: Unpacked { Unpacked(value.negated, isInfinite: isInfinite) }
}

extension FP {
  /// FPUnpack's flush to zero: an operand as arithmetic sees it.
  @inlinable static func flushed<F: FloatFormat>(_ operand: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
    guard operand.isDenormal && F.flushesDenormals(fpcr) else { return operand }
    // Half-precision operands are flushed silently.
    if F.bitWidth != 16 { fpsr.process(.inputDenorm) }
    return F.zero(operand.signBit)
  }

  /// FPUnpack, for what is not a NaN.
  @inlinable static func unpack<F: FloatFormat>(_ operand: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> Unpacked {
    let operand = flushed(operand, fpcr, &fpsr)
    return operand.isInfinite
      ? Unpacked(Real(sign: operand.signBit, magnitude: 0, unit: 0), isInfinite: true) : Unpacked(real(operand))
  }

  /// A finite number's value; the largest exponent is read as if it were one of numbers.
  @inlinable static func real<F: FloatFormat>(_ operand: F) -> Real {
    let exponent = operand.biasedExponent
    let magnitude = exponent == 0 ? operand.fraction : operand.fraction | (1 << F.fractionBits)
    let unit = (exponent == 0 ? 0 : exponent - 1) + F.minimumExponent - F.fractionBits
    return Real(sign: operand.signBit, magnitude: UInt128(magnitude), unit: unit)
  }

  /// FPProcessNaN, for a NaN.
  @inlinable static func processNaN<F: FloatFormat>(_ operand: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
    if operand.isSignalingNaN { fpsr.process(.invalidOp) }
    return fpcr.dn ? F.defaultNaN : operand | F.quietBit
  }

  /// FPProcessNaNs: the result that NaNs among the operands lead to, nil if none is one.
  @inlinable static func processNaNs<F: FloatFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F? {
    guard a.isNaN || b.isNaN else { return nil }
    let chosen = a.isSignalingNaN ? a : b.isSignalingNaN ? b : a.isNaN ? a : b
    return processNaN(chosen, fpcr, &fpsr)
  }

  /// FPProcessNaNs3: the same of three operands.
  @inlinable static func processNaNs<F: FloatFormat>(
    _ a: F, _ b: F, _ c: F, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> F? {
    guard a.isNaN || b.isNaN || c.isNaN else { return nil }
    let signaling = a.isSignalingNaN ? a : b.isSignalingNaN ? b : c
    let quiet = a.isNaN ? a : b.isNaN ? b : c
    return processNaN(signaling.isSignalingNaN ? signaling : quiet, fpcr, &fpsr)
  }

  /// The result of an invalid operation.
  @inlinable static func invalid<F: FloatFormat>(_ fpsr: inout FPSR) -> F {
    fpsr.process(.invalidOp)
    return F.defaultNaN
  }

  /// FPRound, and FPZero for an exact zero, which is negative only when rounding towards minus infinity.
  @inlinable static func roundedSum<F: FloatFormat>(_ value: Real, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
    value.isZero
      ? F.zero(fpcr.rMode == .minusInfinity) : round(value, fpcr.rMode, fpcr, &fpsr)
  }

  /// FPRound: the number of a format for a real one that is not zero.
  @inlinable static func round<F: FloatFormat>(
    _ value: Real, _ rounding: RoundingMode, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> F {
    var fpcr = fpcr
    fpcr.ahp = false
    return roundBase(value, rounding, fpcr, &fpsr)
  }

  /// FPRoundCV: rounding in conversions between formats, where FZ16 does not count and AHP does.
  @inlinable static func roundCV<F: FloatFormat>(
    _ value: Real, _ rounding: RoundingMode, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> F {
    var fpcr = fpcr
    fpcr.fz16 = false
    return roundBase(value, rounding, fpcr, &fpsr)
  }

  /// FPRoundBase.
  @inlinable static func roundBase<F: FloatFormat>(
    _ value: Real, _ rounding: RoundingMode, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> F {
    let isTiny = value.exponent < F.minimumExponent
    if isTiny && F.flushesDenormals(fpcr) {
      fpsr.process(.underflow)
      return F.zero(value.sign)
    }
    let lowestExponent = Swift.max(value.exponent, F.minimumExponent)
    let (cut, error) = value.cut(toUnit: lowestExponent - F.fractionBits)
    if isTiny && error != .none { fpsr.process(.underflow) }

    var integer = UInt64(truncatingIfNeeded: cut)
    if rounding.roundsUp(isOdd: integer & 1 != 0, error, isNegative: value.sign) { integer += 1 }
    if rounding == .odd && error != .none { integer |= 1 }

    // The leading one of a normal number, and a carry out of the fraction, add to the exponent's field.
    let exponentField = Swift.min(lowestExponent - F.minimumExponent, 1 << F.exponentBits)
    let magnitude = UInt64(exponentField) << UInt64(F.fractionBits) + integer

    if F.bitWidth == 16 && fpcr.ahp {
      guard magnitude <= UInt64(F.signMask - 1) else {
        fpsr.process(.invalidOp)
        return F.signed(F.signMask - 1, value.sign)
      }
    } else if magnitude >= UInt64(F.infinity(false)) {
      fpsr.process(.overflow)
      fpsr.process(.inexact)
      return rounding.overflowsToInfinity(isNegative: value.sign) ? F.infinity(value.sign) : F.maxNormal(value.sign)
    }
    if error != .none { fpsr.process(.inexact) }
    return F.signed(F(truncatingIfNeeded: magnitude), value.sign)
  }
}
