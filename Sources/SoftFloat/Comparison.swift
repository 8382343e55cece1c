/// How two operands compare; the raw value is N, Z, C and V as the instructions set them (Arm ARM, `FPCompare`).
public enum FPRelation: UInt8, Sendable {
  /// The first is less.
  case less = 0b1000
  /// They are equal, as the zeros are.
  case equal = 0b0110
  /// The first is greater.
  case greater = 0b0010
  /// One is a NaN.
  case unordered = 0b0011
}

extension FP {
  /// FPCompare.
  ///
  /// - Parameters:
  ///   - a: The first operand.
  ///   - b: The second operand.
  ///   - signalsNaNs: Quiet NaNs are invalid too.
  ///   - fpcr: The controls.
  ///   - fpsr: Gets the exceptions.
  /// - Returns: The relation of `a` to `b`.
  @inlinable public static func compare<F: FloatFormat>(
    _ a: F, _ b: F, signalsNaNs: Bool, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> FPRelation {
    if fpcr.isHostLike, let relation = F.hostRelation(a, b) { return relation }
    return exactRelation(a, b, signalsNaNs: signalsNaNs, fpcr, &fpsr)
  }

  @inlinable @inline(never) static func exactRelation<F: FloatFormat>(
    _ a: F, _ b: F, signalsNaNs: Bool, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> FPRelation {
    let first = flushed(a, fpcr, &fpsr).orderKey
    let second = flushed(b, fpcr, &fpsr).orderKey
    if a.isNaN || b.isNaN {
      if signalsNaNs || a.isSignalingNaN || b.isSignalingNaN { fpsr.process(.invalidOp) }
      return .unordered
    }
    return first < second ? .less : first == second ? .equal : .greater
  }

  /// FPCompareEQ.
  @inlinable public static func compareEQ<F: FloatFormat>(
    _ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> Bool {
    compare(a, b, signalsNaNs: false, fpcr, &fpsr) == .equal
  }

  /// FPCompareGE.
  @inlinable public static func compareGE<F: FloatFormat>(
    _ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> Bool {
    let relation = compare(a, b, signalsNaNs: true, fpcr, &fpsr)
    return relation == .greater || relation == .equal
  }

  /// FPCompareGT.
  @inlinable public static func compareGT<F: FloatFormat>(
    _ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR
  ) -> Bool {
    compare(a, b, signalsNaNs: true, fpcr, &fpsr) == .greater
  }

  /// FPMax: the greater operand; plus zero is greater than minus zero.
  @inlinable public static func max<F: FloatFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
    let (first, second) = (flushed(a, fpcr, &fpsr), flushed(b, fpcr, &fpsr))
    if let nan = processNaNs(a, b, fpcr, &fpsr) { return nan }
    if first.isZeroNumber && second.isZeroNumber { return first & second }
    return first.orderKey > second.orderKey ? first : second
  }

  /// FPMin: the lesser operand; minus zero is less than plus zero.
  @inlinable public static func min<F: FloatFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
    let (first, second) = (flushed(a, fpcr, &fpsr), flushed(b, fpcr, &fpsr))
    if let nan = processNaNs(a, b, fpcr, &fpsr) { return nan }
    if first.isZeroNumber && second.isZeroNumber { return first | second }
    return first.orderKey < second.orderKey ? first : second
  }

  /// FPMaxNum: the greater operand, a number rather than a quiet NaN.
  @inlinable public static func maxNum<F: FloatFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
    let (first, second) = preferringNumbers(a, b, over: F.infinity(true))
    return max(first, second, fpcr, &fpsr)
  }

  /// FPMinNum: the lesser operand, a number rather than a quiet NaN.
  @inlinable public static func minNum<F: FloatFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
    let (first, second) = preferringNumbers(a, b, over: F.infinity(false))
    return min(first, second, fpcr, &fpsr)
  }

  /// The operands, the only quiet NaN of them replaced by what any number wins over.
  @inlinable static func preferringNumbers<F: FloatFormat>(_ a: F, _ b: F, over loser: F) -> (F, F) {
    let aIsQuiet = a.isNaN && !a.isSignalingNaN
    let bIsQuiet = b.isNaN && !b.isSignalingNaN
    return (aIsQuiet && !bIsQuiet ? loser : a, bIsQuiet && !aIsQuiet ? loser : b)
  }
}
