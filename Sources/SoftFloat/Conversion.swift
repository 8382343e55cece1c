extension FP {
  /// FPConvert: a number in another format, NaNs with the upper part of their payload.
  ///
  /// - Parameters:
  ///   - operand: The number.
  ///   - rounding: How to round; FCVT takes FPCR's mode, FCVTXN rounds to odd.
  ///   - fpcr: The controls.
  ///   - fpsr: Gets the exceptions.
  /// - Returns: The number, rounded.
  @inlinable @inline(never) public static func convert<From: FloatFormat, To: FloatFormat>(
    _ operand: From, _ rounding: RoundingMode, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> To {
    if let widened: To = widened(operand) { return widened }
    if rounding == .tieEven && fpcr.isHostLike, let narrowed: To = narrowed(operand, mayBeInexact: fpsr.ixc) {
      return narrowed
    }
    let sign = operand.signBit
    // The alternative half-precision format has numbers with the largest exponent, too.
    if !(From.bitWidth == 16 && fpcr.ahp) {
      let makesAlternativeHalf = To.bitWidth == 16 && fpcr.ahp
      if operand.isNaN {
        if operand.isSignalingNaN || makesAlternativeHalf { fpsr.process(.invalidOp) }
        if makesAlternativeHalf { return To.zero(sign) }
        return fpcr.dn ? To.defaultNaN : convertNaN(operand)
      }
      if operand.isInfinite {
        guard makesAlternativeHalf else { return To.infinity(sign) }
        fpsr.process(.invalidOp)
        return To.signed(To.signMask - 1, sign)
      }
    }
    // FPUnpackCV: half-precision denormals are not flushed here.
    let value = real(From.bitWidth == 16 ? operand : flushed(operand, fpcr, &fpsr))
    return value.isZero ? To.zero(sign) : roundCV(value, rounding, fpcr, &fpsr)
  }

  /// A normal number in a larger format, where it is a normal number with the same fraction; else nil.
  @inlinable @inline(__always) public static func widened<From: FloatFormat, To: FloatFormat>(_ operand: From) -> To? {
    let exponent = operand.biasedExponent
    guard To.bitWidth > From.bitWidth && exponent > 0 && exponent < From.maximumBiasedExponent else { return nil }
    let rebias = To(truncatingIfNeeded: From.minimumExponent - To.minimumExponent) << To.fractionBits
    let magnitude = To(truncatingIfNeeded: operand.withoutSign) << (To.fractionBits - From.fractionBits)
    return To.signed(magnitude &+ rebias, operand.signBit)
  }

  /// A double as a single by the host's arithmetic, as `FloatFormat.hostSum`; nil for other formats.
  @inlinable @inline(__always) public static func narrowed<From: FloatFormat, To: FloatFormat>(
    _ operand: From, mayBeInexact: Bool
  ) -> To? {
    guard From.bitWidth == 64 && To.bitWidth == 32 else { return nil }
    let number = Double(bitPattern: UInt64(operand))
    let result = Float(number)
    guard result.bitPattern.isCertainlyNormal && (mayBeInexact || Double(result) == number) else { return nil }
    return To(result.bitPattern)
  }

  /// FPConvertNaN.
  @inlinable static func convertNaN<From: FloatFormat, To: FloatFormat>(_ nan: From) -> To {
    let payload = (UInt64(nan.fraction) << (64 - From.fractionBits)) >> (64 - To.fractionBits)
    return To.signed(To.defaultNaN | To(truncatingIfNeeded: payload), nan.signBit)
  }

  /// FPRoundInt: rounded to an integer in the same format.
  ///
  /// - Parameters:
  ///   - operand: The number.
  ///   - rounding: How to round.
  ///   - signalsInexact: A result that is another number sets IXC (FRINTX).
  ///   - fpcr: The controls.
  ///   - fpsr: Gets the exceptions.
  /// - Returns: The integer, with the operand's sign where it is zero.
  @inlinable public static func roundInt<F: FloatFormat>(
    _ operand: F, _ rounding: RoundingMode, signalsInexact: Bool, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> F {
    if operand.isNaN { return processNaN(operand, fpcr, &fpsr) }
    let operand = flushed(operand, fpcr, &fpsr)
    let value = real(operand)
    // Infinities and large numbers, whose last bit counts ones or more.
    if value.isZero || value.exponent >= F.fractionBits { return operand }
    var (integer, error) = value.cut(toUnit: 0)
    if rounding.roundsUp(isOdd: integer & 1 != 0, error, isNegative: value.sign) { integer += 1 }
    if signalsInexact && error != .none { fpsr.process(.inexact) }
    if integer == 0 { return F.zero(value.sign) }
    return round(Real(sign: value.sign, magnitude: integer, unit: 0), .zero, fpcr, &fpsr)
  }

  /// FPToFixed: an integer or fixed-point number, saturated; NaNs give zero.
  ///
  /// - Parameters:
  ///   - operand: The number.
  ///   - fractionBits: How many bits of the result are behind the point, 0 up to 64.
  ///   - rounding: How to round.
  ///   - fpcr: The controls.
  ///   - fpsr: Gets the exceptions.
  /// - Returns: The number in units of 2^-`fractionBits`.
  @inlinable public static func toFixed<F: FloatFormat, I: FixedWidthInteger>(
    _ operand: F, fractionBits: Int = 0, _ rounding: RoundingMode, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> I {
    if fractionBits == 0 && rounding == .zero && fpcr.isHostLike,
      let integer = F.hostInteger(operand, mayBeInexact: fpsr.ixc), let result = I(exactly: integer)
    {
      return result
    }
    return exactFixed(operand, fractionBits: fractionBits, rounding, fpcr, &fpsr)
  }

  @inlinable @inline(never) static func exactFixed<F: FloatFormat, I: FixedWidthInteger>(
    _ operand: F, fractionBits: Int, _ rounding: RoundingMode, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> I {
    let number = flushed(operand, fpcr, &fpsr)
    if number.isNaN {
      fpsr.process(.invalidOp)
      return 0
    }
    let value = real(number)
    guard value.isZero || !number.isInfinite && value.exponent + fractionBits < 64 else {
      fpsr.process(.invalidOp)
      return value.sign ? I.min : I.max
    }
    var (magnitude, error) = value.cut(toUnit: -fractionBits)
    if rounding.roundsUp(isOdd: magnitude & 1 != 0, error, isNegative: value.sign) { magnitude += 1 }
    let integer = value.sign ? 0 - Int128(magnitude) : Int128(magnitude)
    guard let result = I(exactly: integer) else {
      fpsr.process(.invalidOp)
      return I(clamping: integer)
    }
    if error != .none { fpsr.process(.inexact) }
    return result
  }

  /// FixedToFP: the number that an integer or fixed-point number is.
  ///
  /// - Parameters:
  ///   - operand: The number in units of 2^-`fractionBits`.
  ///   - fractionBits: How many bits of the operand are behind the point, 0 up to 64.
  ///   - rounding: How to round.
  ///   - fpcr: The controls.
  ///   - fpsr: Gets the exceptions.
  /// - Returns: The number, rounded.
  @inlinable public static func fixedToFP<I: FixedWidthInteger, F: FloatFormat>(
    _ operand: I, fractionBits: Int = 0, _ rounding: RoundingMode, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> F {
    if fractionBits == 0 && rounding == .tieEven, let integer = Int(exactly: operand),
      let result = F.hostNumber(integer, mayBeInexact: fpsr.ixc)
    {
      return result
    }
    return exactNumber(operand, fractionBits: fractionBits, rounding, fpcr, &fpsr)
  }

  @inlinable @inline(never) static func exactNumber<I: FixedWidthInteger, F: FloatFormat>(
    _ operand: I, fractionBits: Int, _ rounding: RoundingMode, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> F {
    if operand == 0 { return F.zero(false) }
    let magnitude = UInt128(truncatingIfNeeded: operand.magnitude)
    return round(Real(sign: operand < 0, magnitude: magnitude, unit: -fractionBits), rounding, fpcr, &fpsr)
  }

  /// FPToFixedJS: JavaScript's conversion to 32 bits, which wraps around (FJCVTZS).
  ///
  /// - Parameters:
  ///   - operand: The number.
  ///   - fpcr: The controls.
  ///   - fpsr: Gets the exceptions.
  /// - Returns: The low 32 bits of the integer, and whether that is the number (PSTATE.Z).
  @inlinable public static func toFixedJS(
    _ operand: UInt64, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> (integer: UInt32, isExact: Bool) {
    let number = flushed(operand, fpcr, &fpsr)
    if number.isNaN || number.isInfinite {
      fpsr.process(.invalidOp)
      return (0, false)
    }
    let value = real(number)
    // A number of 2⁸⁴ and more has no bits below 2³².
    if value.exponent >= 84 {
      fpsr.process(.invalidOp)
      return (0, false)
    }
    let (magnitude, error) = value.cut(toUnit: 0)
    let integer = value.sign ? 0 - Int128(magnitude) : Int128(magnitude)
    let fits = Int32(exactly: integer) != nil
    if !fits { fpsr.process(.invalidOp) } else if error != .none { fpsr.process(.inexact) }
    // Minus zero and a flushed denormal count as other numbers than zero.
    let isExact = fits && error == .none && (integer != 0 || operand == 0)
    return (UInt32(truncatingIfNeeded: integer), isExact)
  }
}
