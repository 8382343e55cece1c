extension FP {
  /// FPMulAdd: `addend + a * b`, rounded once.
  @inlinable public static func mulAdd<F: FloatFormat>(
    _ addend: F, _ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> F {
    if fpcr.isHostLike, let sum = F.hostSumOfProduct(addend, a, b, mayBeInexact: fpsr.ixc) { return sum }
    return exactSumOfProduct(addend, a, b, fpcr, &fpsr)
  }

  @inlinable @inline(never) static func exactSumOfProduct<F: FloatFormat>(
    _ addend: F, _ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> F {
    let term = unpack(addend, fpcr, &fpsr)
    let (first, second) = (unpack(a, fpcr, &fpsr), unpack(b, fpcr, &fpsr))
    let isInfiniteByZero =
      !a.isNaN && !b.isNaN && (first.isInfinite && second.isZero || first.isZero && second.isInfinite)
    if let nan = processNaNs(addend, a, b, fpcr, &fpsr) {
      return isInfiniteByZero && !addend.isSignalingNaN ? invalid(&fpsr) : nan
    }

    let productSign = first.sign != second.sign
    let isInfiniteProduct = first.isInfinite || second.isInfinite
    if isInfiniteByZero || term.isInfinite && isInfiniteProduct && term.sign != productSign { return invalid(&fpsr) }
    if term.isInfinite { return F.infinity(term.sign) }
    if isInfiniteProduct { return F.infinity(productSign) }
    if term.isZero && (first.isZero || second.isZero) && term.sign == productSign { return F.zero(productSign) }
    return roundedSum(term.value + first.value * second.value, fpcr, &fpsr)
  }

  /// FPRecipStepFused: `2 - a * b`, the correction that a step towards a reciprocal multiplies with.
  @inlinable @inline(never) public static func recipStepFused<F: FloatFormat>(
    _ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> F {
    stepFused(neg(a), b, from: F.two(false), halvings: 0, fpcr, &fpsr)
  }

  /// FPRSqrtStepFused: `(3 - a * b) / 2`, the same towards a reciprocal square root.
  @inlinable @inline(never) public static func rsqrtStepFused<F: FloatFormat>(
    _ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> F {
    stepFused(neg(a), b, from: F.onePointFive(false), halvings: 1, fpcr, &fpsr)
  }

  /// The start plus the product halved so often.
  @inlinable static func stepFused<F: FloatFormat>(
    _ a: F, _ b: F, from start: F, halvings: Int, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> F {
    let (first, second) = (unpack(a, fpcr, &fpsr), unpack(b, fpcr, &fpsr))
    if let nan = processNaNs(a, b, fpcr, &fpsr) { return nan }
    if first.isInfinite && second.isZero || first.isZero && second.isInfinite { return start }
    if first.isInfinite || second.isInfinite { return F.infinity(first.sign != second.sign) }
    return roundedSum(real(start) + (first.value * second.value).scaled(by: -halvings), fpcr, &fpsr)
  }
}
