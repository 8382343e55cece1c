extension FP {
  /// FPAdd.
  @inlinable public static func add<F: FloatFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
    if fpcr.isHostLike, let sum = F.hostSum(a, b, mayBeInexact: fpsr.ixc) { return sum }
    return exactSum(a, b, subtracts: false, fpcr, &fpsr)
  }

  /// FPSub.
  @inlinable public static func sub<F: FloatFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
    if fpcr.isHostLike, let difference = F.hostDifference(a, b, mayBeInexact: fpsr.ixc) { return difference }
    return exactSum(a, b, subtracts: true, fpcr, &fpsr)
  }

  @inlinable @inline(never) static func exactSum<F: FloatFormat>(
    _ a: F, _ b: F, subtracts: Bool, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> F {
    let first = unpack(a, fpcr, &fpsr)
    var second = unpack(b, fpcr, &fpsr)
    if let nan = processNaNs(a, b, fpcr, &fpsr) { return nan }
    if subtracts { second = second.negated }
    if first.isInfinite && second.isInfinite && first.sign != second.sign { return invalid(&fpsr) }
    if first.isInfinite { return F.infinity(first.sign) }
    if second.isInfinite { return F.infinity(second.sign) }
    if first.isZero && second.isZero && first.sign == second.sign { return F.zero(first.sign) }
    return roundedSum(first.value + second.value, fpcr, &fpsr)
  }

  /// FPMul.
  @inlinable public static func mul<F: FloatFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
    if fpcr.isHostLike, let product = F.hostProduct(a, b, mayBeInexact: fpsr.ixc) { return product }
    return exactProduct(a, b, fpcr, &fpsr)
  }

  @inlinable @inline(never) static func exactProduct<F: FloatFormat>(
    _ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> F {
    let (first, second) = (unpack(a, fpcr, &fpsr), unpack(b, fpcr, &fpsr))
    if let nan = processNaNs(a, b, fpcr, &fpsr) { return nan }
    if first.isInfinite && second.isZero || first.isZero && second.isInfinite { return invalid(&fpsr) }
    return product(first, second, fpcr, &fpsr)
  }

  /// FPMulX: the product, but ±2 for infinity times zero.
  @inlinable @inline(never) public static func mulX<F: FloatFormat>(
    _ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> F {
    let (first, second) = (unpack(a, fpcr, &fpsr), unpack(b, fpcr, &fpsr))
    if let nan = processNaNs(a, b, fpcr, &fpsr) { return nan }
    if first.isInfinite && second.isZero || first.isZero && second.isInfinite {
      return F.two(first.sign != second.sign)
    }
    return product(first, second, fpcr, &fpsr)
  }

  @inlinable static func product<F: FloatFormat>(
    _ a: Unpacked, _ b: Unpacked, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> F {
    let sign = a.sign != b.sign
    if a.isInfinite || b.isInfinite { return F.infinity(sign) }
    if a.isZero || b.isZero { return F.zero(sign) }
    return round(a.value * b.value, fpcr.rMode, fpcr, &fpsr)
  }

  /// FPDiv.
  @inlinable public static func div<F: FloatFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
    if fpcr.isHostLike, let quotient = F.hostQuotient(a, b, mayBeInexact: fpsr.ixc) { return quotient }
    return exactQuotient(a, b, fpcr, &fpsr)
  }

  @inlinable @inline(never) static func exactQuotient<F: FloatFormat>(
    _ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> F {
    let (dividend, divisor) = (unpack(a, fpcr, &fpsr), unpack(b, fpcr, &fpsr))
    if let nan = processNaNs(a, b, fpcr, &fpsr) { return nan }
    if dividend.isInfinite && divisor.isInfinite || dividend.isZero && divisor.isZero { return invalid(&fpsr) }
    let sign = dividend.sign != divisor.sign
    if dividend.isInfinite { return F.infinity(sign) }
    if divisor.isZero {
      fpsr.process(.divideByZero)
      return F.infinity(sign)
    }
    if dividend.isZero || divisor.isInfinite { return F.zero(sign) }
    return round(dividend.value.divided(by: divisor.value), fpcr.rMode, fpcr, &fpsr)
  }

  /// FPSqrt.
  @inlinable public static func sqrt<F: FloatFormat>(_ a: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
    if fpcr.isHostLike, let root = F.hostSquareRoot(a, mayBeInexact: fpsr.ixc) { return root }
    return exactSquareRoot(a, fpcr, &fpsr)
  }

  @inlinable @inline(never) static func exactSquareRoot<F: FloatFormat>(
    _ a: F, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> F {
    let operand = unpack(a, fpcr, &fpsr)
    if a.isNaN { return processNaN(a, fpcr, &fpsr) }
    if operand.isZero { return F.zero(operand.sign) }
    if operand.sign { return invalid(&fpsr) }
    if operand.isInfinite { return F.infinity(false) }
    return round(operand.value.squareRoot, fpcr.rMode, fpcr, &fpsr)
  }

  /// FPAbs.
  @inlinable public static func abs<F: FloatFormat>(_ a: F) -> F { a.withoutSign }

  /// FPNeg.
  @inlinable public static func neg<F: FloatFormat>(_ a: F) -> F { a ^ F.signMask }
}
