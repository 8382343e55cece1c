// One vector (Arm ARM, section C4.1.96, "Advanced SIMD two-register miscellaneous" and "scalar two-register
// miscellaneous").
extension DecodeTable {
  static let twoRegisterMiscellaneous: [InstructionPattern] = [
    .vector("REV64", "0Q0 01110 zz 10000 00000 10 nnnnn ddddd", .rev64),
    .vector("REV32", "0Q1 01110 zz 10000 00000 10 nnnnn ddddd", .rev32),
    .vector("REV16 (vector)", "0Q0 01110 zz 10000 00001 10 nnnnn ddddd", .rev16),
    .vector("SADDLP", "0Q0 01110 zz 10000 00010 10 nnnnn ddddd", .saddlp),
    .vector("UADDLP", "0Q1 01110 zz 10000 00010 10 nnnnn ddddd", .uaddlp),
    .vector("SUQADD", "0Q0 01110 zz 10000 00011 10 nnnnn ddddd", .suqadd),
    .vector("USQADD", "0Q1 01110 zz 10000 00011 10 nnnnn ddddd", .usqadd),
    .vector("CLS (vector)", "0Q0 01110 zz 10000 00100 10 nnnnn ddddd", .cls),
    .vector("CLZ (vector)", "0Q1 01110 zz 10000 00100 10 nnnnn ddddd", .clz),
    .vector("CNT", "0Q0 01110 zz 10000 00101 10 nnnnn ddddd", .cnt),
    .bitwise("NOT", "0Q1 01110 00 10000 00101 10 nnnnn ddddd", not),
    .bitwise("RBIT (vector)", "0Q1 01110 01 10000 00101 10 nnnnn ddddd", reversingBytes),
    .vector("SADALP", "0Q0 01110 zz 10000 00110 10 nnnnn ddddd", .sadalp),
    .vector("UADALP", "0Q1 01110 zz 10000 00110 10 nnnnn ddddd", .uadalp),
    .vector("SQABS", "0Q0 01110 zz 10000 00111 10 nnnnn ddddd", .sqabs),
    .vector("SQNEG", "0Q1 01110 zz 10000 00111 10 nnnnn ddddd", .sqneg),
    .vector("CMGT (zero)", "0Q0 01110 zz 10000 01000 10 nnnnn ddddd", .cmgt),
    .vector("CMGE (zero)", "0Q1 01110 zz 10000 01000 10 nnnnn ddddd", .cmge),
    .vector("CMEQ (zero)", "0Q0 01110 zz 10000 01001 10 nnnnn ddddd", .cmeq),
    .vector("CMLE (zero)", "0Q1 01110 zz 10000 01001 10 nnnnn ddddd", .cmle),
    .vector("CMLT (zero)", "0Q0 01110 zz 10000 01010 10 nnnnn ddddd", .cmlt),
    .vector("ABS", "0Q0 01110 zz 10000 01011 10 nnnnn ddddd", .abs),
    .vector("NEG (vector)", "0Q1 01110 zz 10000 01011 10 nnnnn ddddd", .neg),
    .narrow("XTN", "0Q0 01110 zz 10000 10010 10 nnnnn ddddd", .xtn),
    .narrow("SQXTUN", "0Q1 01110 zz 10000 10010 10 nnnnn ddddd", .sqxtun),
    .long("SHLL", "0Q1 01110 zz 10000 10011 10 nnnnn ddddd", .shll),
    .narrow("SQXTN", "0Q0 01110 zz 10000 10100 10 nnnnn ddddd", .sqxtn),
    .narrow("UQXTN", "0Q1 01110 zz 10000 10100 10 nnnnn ddddd", .uqxtn),

    // Scalars.
    .scalar("SUQADD (scalar)", "010 11110 zz 10000 00011 10 nnnnn ddddd", .suqadd),
    .scalar("USQADD (scalar)", "011 11110 zz 10000 00011 10 nnnnn ddddd", .usqadd),
    .scalar("SQABS (scalar)", "010 11110 zz 10000 00111 10 nnnnn ddddd", .sqabs),
    .scalar("SQNEG (scalar)", "011 11110 zz 10000 00111 10 nnnnn ddddd", .sqneg),
    .scalar("CMGT (scalar, zero)", "010 11110 11 10000 01000 10 nnnnn ddddd", .cmgt),
    .scalar("CMGE (scalar, zero)", "011 11110 11 10000 01000 10 nnnnn ddddd", .cmge),
    .scalar("CMEQ (scalar, zero)", "010 11110 11 10000 01001 10 nnnnn ddddd", .cmeq),
    .scalar("CMLE (scalar, zero)", "011 11110 11 10000 01001 10 nnnnn ddddd", .cmle),
    .scalar("CMLT (scalar, zero)", "010 11110 11 10000 01010 10 nnnnn ddddd", .cmlt),
    .scalar("ABS (scalar)", "010 11110 11 10000 01011 10 nnnnn ddddd", .abs),
    .scalar("NEG (scalar)", "011 11110 11 10000 01011 10 nnnnn ddddd", .neg),
    .scalar("SQXTUN (scalar)", "011 11110 zz 10000 10010 10 nnnnn ddddd", .sqxtun),
    .scalar("SQXTN (scalar)", "010 11110 zz 10000 10100 10 nnnnn ddddd", .sqxtn),
    .scalar("UQXTN (scalar)", "011 11110 zz 10000 10100 10 nnnnn ddddd", .uqxtn),
  ]
}

// MARK: - By size of element

extension SizedHandlers {
  fileprivate static let abs = SizedHandlers(
    b: { unary($0, $1, $2, Int8.self, absolute) }, h: { unary($0, $1, $2, Int16.self, absolute) },
    s: { unary($0, $1, $2, Int32.self, absolute) }, d: { unary($0, $1, $2, Int64.self, absolute) })
  fileprivate static let neg = SizedHandlers(
    b: { unary($0, $1, $2, UInt8.self, negated) }, h: { unary($0, $1, $2, UInt16.self, negated) },
    s: { unary($0, $1, $2, UInt32.self, negated) }, d: { unary($0, $1, $2, UInt64.self, negated) })
  fileprivate static let cls = SizedHandlers(
    b: { unary($0, $1, $2, Int8.self, leadingSignBits) }, h: { unary($0, $1, $2, Int16.self, leadingSignBits) },
    s: { unary($0, $1, $2, Int32.self, leadingSignBits) })
  fileprivate static let clz = SizedHandlers(
    b: { unary($0, $1, $2, UInt8.self, leadingZeros) }, h: { unary($0, $1, $2, UInt16.self, leadingZeros) },
    s: { unary($0, $1, $2, UInt32.self, leadingZeros) })
  fileprivate static let cnt = SizedHandlers(b: { unary($0, $1, $2, UInt8.self, ones) })

  // Comparisons with zero
  fileprivate static let cmgt = SizedHandlers(
    b: { unary($0, $1, $2, Int8.self, isPositive) }, h: { unary($0, $1, $2, Int16.self, isPositive) },
    s: { unary($0, $1, $2, Int32.self, isPositive) }, d: { unary($0, $1, $2, Int64.self, isPositive) })
  fileprivate static let cmge = SizedHandlers(
    b: { unary($0, $1, $2, Int8.self, isNotNegative) }, h: { unary($0, $1, $2, Int16.self, isNotNegative) },
    s: { unary($0, $1, $2, Int32.self, isNotNegative) }, d: { unary($0, $1, $2, Int64.self, isNotNegative) })
  fileprivate static let cmeq = SizedHandlers(
    b: { unary($0, $1, $2, Int8.self, isZero) }, h: { unary($0, $1, $2, Int16.self, isZero) },
    s: { unary($0, $1, $2, Int32.self, isZero) }, d: { unary($0, $1, $2, Int64.self, isZero) })
  fileprivate static let cmle = SizedHandlers(
    b: { unary($0, $1, $2, Int8.self, isNotPositive) }, h: { unary($0, $1, $2, Int16.self, isNotPositive) },
    s: { unary($0, $1, $2, Int32.self, isNotPositive) }, d: { unary($0, $1, $2, Int64.self, isNotPositive) })
  fileprivate static let cmlt = SizedHandlers(
    b: { unary($0, $1, $2, Int8.self, isNegative) }, h: { unary($0, $1, $2, Int16.self, isNegative) },
    s: { unary($0, $1, $2, Int32.self, isNegative) }, d: { unary($0, $1, $2, Int64.self, isNegative) })

  // Saturation
  fileprivate static let sqabs = SizedHandlers(
    b: { saturatingUnary($0, $1, $2, Int8.self, saturatingAbsolute) },
    h: { saturatingUnary($0, $1, $2, Int16.self, saturatingAbsolute) },
    s: { saturatingUnary($0, $1, $2, Int32.self, saturatingAbsolute) },
    d: { saturatingUnary($0, $1, $2, Int64.self, saturatingAbsolute) })
  fileprivate static let sqneg = SizedHandlers(
    b: { saturatingUnary($0, $1, $2, Int8.self, saturatingNegated) },
    h: { saturatingUnary($0, $1, $2, Int16.self, saturatingNegated) },
    s: { saturatingUnary($0, $1, $2, Int32.self, saturatingNegated) },
    d: { saturatingUnary($0, $1, $2, Int64.self, saturatingNegated) })
  fileprivate static let suqadd = SizedHandlers(
    b: { saturatingAccumulating($0, $1, $2, Int8.self, saturatingAddingUnsigned) },
    h: { saturatingAccumulating($0, $1, $2, Int16.self, saturatingAddingUnsigned) },
    s: { saturatingAccumulating($0, $1, $2, Int32.self, saturatingAddingUnsigned) },
    d: { saturatingAccumulating($0, $1, $2, Int64.self, saturatingAddingUnsigned) })
  fileprivate static let usqadd = SizedHandlers(
    b: { saturatingAccumulating($0, $1, $2, UInt8.self, saturatingAddingSigned) },
    h: { saturatingAccumulating($0, $1, $2, UInt16.self, saturatingAddingSigned) },
    s: { saturatingAccumulating($0, $1, $2, UInt32.self, saturatingAddingSigned) },
    d: { saturatingAccumulating($0, $1, $2, UInt64.self, saturatingAddingSigned) })

  // Sums of pairs, of twice the size
  fileprivate static let saddlp = SizedHandlers(
    b: { longPairwise($0, $1, $2, Int8.self, accumulates: false) },
    h: { longPairwise($0, $1, $2, Int16.self, accumulates: false) },
    s: { longPairwise($0, $1, $2, Int32.self, accumulates: false) })
  fileprivate static let uaddlp = SizedHandlers(
    b: { longPairwise($0, $1, $2, UInt8.self, accumulates: false) },
    h: { longPairwise($0, $1, $2, UInt16.self, accumulates: false) },
    s: { longPairwise($0, $1, $2, UInt32.self, accumulates: false) })
  fileprivate static let sadalp = SizedHandlers(
    b: { longPairwise($0, $1, $2, Int8.self, accumulates: true) },
    h: { longPairwise($0, $1, $2, Int16.self, accumulates: true) },
    s: { longPairwise($0, $1, $2, Int32.self, accumulates: true) })
  fileprivate static let uadalp = SizedHandlers(
    b: { longPairwise($0, $1, $2, UInt8.self, accumulates: true) },
    h: { longPairwise($0, $1, $2, UInt16.self, accumulates: true) },
    s: { longPairwise($0, $1, $2, UInt32.self, accumulates: true) })

  // The order of elements in 64, 32 and 16 bits
  fileprivate static let rev64 = SizedHandlers(
    b: { reversingOrder($0, $1, $2, UInt8.self, of: 8) }, h: { reversingOrder($0, $1, $2, UInt16.self, of: 4) },
    s: { reversingOrder($0, $1, $2, UInt32.self, of: 2) })
  fileprivate static let rev32 = SizedHandlers(
    b: { reversingOrder($0, $1, $2, UInt8.self, of: 4) }, h: { reversingOrder($0, $1, $2, UInt16.self, of: 2) })
  fileprivate static let rev16 = SizedHandlers(b: { reversingOrder($0, $1, $2, UInt8.self, of: 2) })

  // Elements of half the size, which is the one that the encoding names
  fileprivate static let xtn = SizedHandlers(
    b: { narrow($0, $1, $2, UInt8.self) { left, _ in left } },
    h: { narrow($0, $1, $2, UInt16.self) { left, _ in left } },
    s: { narrow($0, $1, $2, UInt32.self) { left, _ in left } })
  fileprivate static let sqxtn = SizedHandlers(
    b: { extractNarrow($0, $1, $2, Int16.self, Int8.self) }, h: { extractNarrow($0, $1, $2, Int32.self, Int16.self) },
    s: { extractNarrow($0, $1, $2, Int64.self, Int32.self) })
  fileprivate static let uqxtn = SizedHandlers(
    b: { extractNarrow($0, $1, $2, UInt16.self, UInt8.self) },
    h: { extractNarrow($0, $1, $2, UInt32.self, UInt16.self) },
    s: { extractNarrow($0, $1, $2, UInt64.self, UInt32.self) })
  fileprivate static let sqxtun = SizedHandlers(
    b: { extractNarrow($0, $1, $2, Int16.self, UInt8.self) }, h: { extractNarrow($0, $1, $2, Int32.self, UInt16.self) },
    s: { extractNarrow($0, $1, $2, Int64.self, UInt32.self) })

  // Elements of twice the size
  fileprivate static let shll = SizedHandlers(
    b: { long($0, $1, $2, UInt8.self, shiftedByItsSize) }, h: { long($0, $1, $2, UInt16.self, shiftedByItsSize) },
    s: { long($0, $1, $2, UInt32.self, shiftedByItsSize) })
}

@inline(__always) private func shiftedByItsSize<E: NarrowLane>(_: E.Wide, _ value: E, _: E) -> E.Wide {
  E.Wide(truncatingIfNeeded: value) << E.bitWidth
}

/// Half of Vd = Vn, saturated to elements of half the size.
@inline(__always)
private func extractNarrow<E: Lane, Narrow: Lane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type, _ narrow: Narrow.Type
) {
  vector(cpu, slot, limit) { cpu, op in
    cpu.narrowing(op, type, narrow) { value, _ in narrowed(value, to: narrow) }
  }
}

/// Vd, or Vd + the sums of the next two elements of Vn.
@inline(__always)
private func longPairwise<E: NarrowLane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type, accumulates: Bool
) {
  vector(cpu, slot, limit) { cpu, op in
    let source = cpu.lanes(op.rn, of: E.self)
    var result = accumulates ? cpu.lanes(op.rd, of: E.Wide.self) : E.Wide.Vector()
    for index in 0..<E.Wide.count {
      let left = E.Wide(truncatingIfNeeded: source[2 &* index])
      result[index] = result[index] &+ left &+ E.Wide(truncatingIfNeeded: source[2 &* index &+ 1])
    }
    cpu.setVector(op, result)
  }
}

// MARK: - The order of elements and bits

/// Reverses the elements in each container of `count` elements, a power of two.
@inline(__always)
private func reversingOrder<E: Lane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type, of count: Int
) {
  vector(cpu, slot, limit) { cpu, op in
    let source = cpu.lanes(op.rn, of: type)
    var result = E.Vector()
    for index in 0..<E.count { result[index] = source[index ^ (count &- 1)] }
    cpu.setVector(op, result)
  }
}

private let reversingBytes: Handler = { unary($0, $1, $2, UInt8.self, reversed) }

private let not: Handler = { unary($0, $1, $2, UInt64.self) { ~$0 } }
