// Three vectors of the same size (Arm ARM, section C4.1.96, "Advanced SIMD three same", "three same (extra)", and the
// scalar ones of both).
extension DecodeTable {
  static let threeSame: [InstructionPattern] = [
    .vector("SHADD", "0Q0 01110 zz 1 mmmmm 00000 1 nnnnn ddddd", .shadd),
    .vector("UHADD", "0Q1 01110 zz 1 mmmmm 00000 1 nnnnn ddddd", .uhadd),
    .vector("SQADD", "0Q0 01110 zz 1 mmmmm 00001 1 nnnnn ddddd", .sqadd),
    .vector("UQADD", "0Q1 01110 zz 1 mmmmm 00001 1 nnnnn ddddd", .uqadd),
    .vector("SRHADD", "0Q0 01110 zz 1 mmmmm 00010 1 nnnnn ddddd", .srhadd),
    .vector("URHADD", "0Q1 01110 zz 1 mmmmm 00010 1 nnnnn ddddd", .urhadd),
    .vector("SHSUB", "0Q0 01110 zz 1 mmmmm 00100 1 nnnnn ddddd", .shsub),
    .vector("UHSUB", "0Q1 01110 zz 1 mmmmm 00100 1 nnnnn ddddd", .uhsub),
    .vector("SQSUB", "0Q0 01110 zz 1 mmmmm 00101 1 nnnnn ddddd", .sqsub),
    .vector("UQSUB", "0Q1 01110 zz 1 mmmmm 00101 1 nnnnn ddddd", .uqsub),
    .vector("CMGT (register)", "0Q0 01110 zz 1 mmmmm 00110 1 nnnnn ddddd", .cmgt),
    .vector("CMHI (register)", "0Q1 01110 zz 1 mmmmm 00110 1 nnnnn ddddd", .cmhi),
    .vector("CMGE (register)", "0Q0 01110 zz 1 mmmmm 00111 1 nnnnn ddddd", .cmge),
    .vector("CMHS (register)", "0Q1 01110 zz 1 mmmmm 00111 1 nnnnn ddddd", .cmhs),
    .vector("SSHL", "0Q0 01110 zz 1 mmmmm 01000 1 nnnnn ddddd", .sshl),
    .vector("USHL", "0Q1 01110 zz 1 mmmmm 01000 1 nnnnn ddddd", .ushl),
    .vector("SQSHL (register)", "0Q0 01110 zz 1 mmmmm 01001 1 nnnnn ddddd", .sqshl),
    .vector("UQSHL (register)", "0Q1 01110 zz 1 mmmmm 01001 1 nnnnn ddddd", .uqshl),
    .vector("SRSHL", "0Q0 01110 zz 1 mmmmm 01010 1 nnnnn ddddd", .srshl),
    .vector("URSHL", "0Q1 01110 zz 1 mmmmm 01010 1 nnnnn ddddd", .urshl),
    .vector("SQRSHL", "0Q0 01110 zz 1 mmmmm 01011 1 nnnnn ddddd", .sqrshl),
    .vector("UQRSHL", "0Q1 01110 zz 1 mmmmm 01011 1 nnnnn ddddd", .uqrshl),
    .vector("SMAX", "0Q0 01110 zz 1 mmmmm 01100 1 nnnnn ddddd", .smax),
    .vector("UMAX", "0Q1 01110 zz 1 mmmmm 01100 1 nnnnn ddddd", .umax),
    .vector("SMIN", "0Q0 01110 zz 1 mmmmm 01101 1 nnnnn ddddd", .smin),
    .vector("UMIN", "0Q1 01110 zz 1 mmmmm 01101 1 nnnnn ddddd", .umin),
    .vector("SABD", "0Q0 01110 zz 1 mmmmm 01110 1 nnnnn ddddd", .sabd),
    .vector("UABD", "0Q1 01110 zz 1 mmmmm 01110 1 nnnnn ddddd", .uabd),
    .vector("SABA", "0Q0 01110 zz 1 mmmmm 01111 1 nnnnn ddddd", .saba),
    .vector("UABA", "0Q1 01110 zz 1 mmmmm 01111 1 nnnnn ddddd", .uaba),
    .vector("ADD (vector)", "0Q0 01110 zz 1 mmmmm 10000 1 nnnnn ddddd", .add),
    .vector("SUB (vector)", "0Q1 01110 zz 1 mmmmm 10000 1 nnnnn ddddd", .sub),
    .vector("CMTST", "0Q0 01110 zz 1 mmmmm 10001 1 nnnnn ddddd", .cmtst),
    .vector("CMEQ (register)", "0Q1 01110 zz 1 mmmmm 10001 1 nnnnn ddddd", .cmeq),
    .vector("MLA (vector)", "0Q0 01110 zz 1 mmmmm 10010 1 nnnnn ddddd", .mla),
    .vector("MLS (vector)", "0Q1 01110 zz 1 mmmmm 10010 1 nnnnn ddddd", .mls),
    .vector("MUL (vector)", "0Q0 01110 zz 1 mmmmm 10011 1 nnnnn ddddd", .mul),
    .vector("PMUL", "0Q1 01110 zz 1 mmmmm 10011 1 nnnnn ddddd", .pmul),
    .vector("SMAXP", "0Q0 01110 zz 1 mmmmm 10100 1 nnnnn ddddd", .smaxp),
    .vector("UMAXP", "0Q1 01110 zz 1 mmmmm 10100 1 nnnnn ddddd", .umaxp),
    .vector("SMINP", "0Q0 01110 zz 1 mmmmm 10101 1 nnnnn ddddd", .sminp),
    .vector("UMINP", "0Q1 01110 zz 1 mmmmm 10101 1 nnnnn ddddd", .uminp),
    .vector("SQDMULH (vector)", "0Q0 01110 zz 1 mmmmm 10110 1 nnnnn ddddd", .sqdmulh),
    .vector("SQRDMULH (vector)", "0Q1 01110 zz 1 mmmmm 10110 1 nnnnn ddddd", .sqrdmulh),
    .vector("ADDP (vector)", "0Q0 01110 zz 1 mmmmm 10111 1 nnnnn ddddd", .addp),

    // Bits, whatever the elements.
    .bitwise("AND (vector)", "0Q0 01110 00 1 mmmmm 00011 1 nnnnn ddddd", Bitwise.and),
    .bitwise("BIC (vector, register)", "0Q0 01110 01 1 mmmmm 00011 1 nnnnn ddddd", Bitwise.bic),
    .bitwise("ORR (vector, register)", "0Q0 01110 10 1 mmmmm 00011 1 nnnnn ddddd", Bitwise.orr),
    .bitwise("ORN (vector)", "0Q0 01110 11 1 mmmmm 00011 1 nnnnn ddddd", Bitwise.orn),
    .bitwise("EOR (vector)", "0Q1 01110 00 1 mmmmm 00011 1 nnnnn ddddd", Bitwise.eor),
    .bitwise("BSL", "0Q1 01110 01 1 mmmmm 00011 1 nnnnn ddddd", Bitwise.bsl),
    .bitwise("BIT", "0Q1 01110 10 1 mmmmm 00011 1 nnnnn ddddd", Bitwise.bit),
    .bitwise("BIF", "0Q1 01110 11 1 mmmmm 00011 1 nnnnn ddddd", Bitwise.bif),

    // Scalars.
    .scalar("SQADD (scalar)", "010 11110 zz 1 mmmmm 00001 1 nnnnn ddddd", .sqadd),
    .scalar("UQADD (scalar)", "011 11110 zz 1 mmmmm 00001 1 nnnnn ddddd", .uqadd),
    .scalar("SQSUB (scalar)", "010 11110 zz 1 mmmmm 00101 1 nnnnn ddddd", .sqsub),
    .scalar("UQSUB (scalar)", "011 11110 zz 1 mmmmm 00101 1 nnnnn ddddd", .uqsub),
    .scalar("CMGT (register, scalar)", "010 11110 11 1 mmmmm 00110 1 nnnnn ddddd", .cmgt),
    .scalar("CMHI (register, scalar)", "011 11110 11 1 mmmmm 00110 1 nnnnn ddddd", .cmhi),
    .scalar("CMGE (register, scalar)", "010 11110 11 1 mmmmm 00111 1 nnnnn ddddd", .cmge),
    .scalar("CMHS (register, scalar)", "011 11110 11 1 mmmmm 00111 1 nnnnn ddddd", .cmhs),
    .scalar("SSHL (scalar)", "010 11110 11 1 mmmmm 01000 1 nnnnn ddddd", .sshl),
    .scalar("USHL (scalar)", "011 11110 11 1 mmmmm 01000 1 nnnnn ddddd", .ushl),
    .scalar("SQSHL (register, scalar)", "010 11110 zz 1 mmmmm 01001 1 nnnnn ddddd", .sqshl),
    .scalar("UQSHL (register, scalar)", "011 11110 zz 1 mmmmm 01001 1 nnnnn ddddd", .uqshl),
    .scalar("SRSHL (scalar)", "010 11110 11 1 mmmmm 01010 1 nnnnn ddddd", .srshl),
    .scalar("URSHL (scalar)", "011 11110 11 1 mmmmm 01010 1 nnnnn ddddd", .urshl),
    .scalar("SQRSHL (scalar)", "010 11110 zz 1 mmmmm 01011 1 nnnnn ddddd", .sqrshl),
    .scalar("UQRSHL (scalar)", "011 11110 zz 1 mmmmm 01011 1 nnnnn ddddd", .uqrshl),
    .scalar("ADD (scalar)", "010 11110 11 1 mmmmm 10000 1 nnnnn ddddd", .add),
    .scalar("SUB (scalar)", "011 11110 11 1 mmmmm 10000 1 nnnnn ddddd", .sub),
    .scalar("CMTST (scalar)", "010 11110 11 1 mmmmm 10001 1 nnnnn ddddd", .cmtst),
    .scalar("CMEQ (register, scalar)", "011 11110 11 1 mmmmm 10001 1 nnnnn ddddd", .cmeq),
    .scalar("SQDMULH (scalar)", "010 11110 zz 1 mmmmm 10110 1 nnnnn ddddd", .sqdmulh),
    .scalar("SQRDMULH (scalar)", "011 11110 zz 1 mmmmm 10110 1 nnnnn ddddd", .sqrdmulh),

    // Extra.
    .vector("SQRDMLAH (vector)", "0Q1 01110 zz 0 mmmmm 1 0000 1 nnnnn ddddd", .sqrdmlah, .rdm),
    .vector("SQRDMLSH (vector)", "0Q1 01110 zz 0 mmmmm 1 0001 1 nnnnn ddddd", .sqrdmlsh, .rdm),
    .scalar("SQRDMLAH (scalar)", "011 11110 zz 0 mmmmm 1 0000 1 nnnnn ddddd", .sqrdmlah, .rdm),
    .scalar("SQRDMLSH (scalar)", "011 11110 zz 0 mmmmm 1 0001 1 nnnnn ddddd", .sqrdmlsh, .rdm),
    .vector("SDOT (vector)", "0Q0 01110 10 0 mmmmm 1 0010 1 nnnnn ddddd", .sdot, .dotProd),
    .vector("UDOT (vector)", "0Q1 01110 10 0 mmmmm 1 0010 1 nnnnn ddddd", .udot, .dotProd),
  ]
}

// MARK: - By size of element

extension SizedHandlers {
  // Arithmetic
  fileprivate static let add = SizedHandlers(
    b: { binary($0, $1, $2, UInt8.self, sum) }, h: { binary($0, $1, $2, UInt16.self, sum) },
    s: { binary($0, $1, $2, UInt32.self, sum) }, d: { binary($0, $1, $2, UInt64.self, sum) })
  fileprivate static let sub = SizedHandlers(
    b: { binary($0, $1, $2, UInt8.self, difference) }, h: { binary($0, $1, $2, UInt16.self, difference) },
    s: { binary($0, $1, $2, UInt32.self, difference) }, d: { binary($0, $1, $2, UInt64.self, difference) })
  fileprivate static let mul = SizedHandlers(
    b: { binary($0, $1, $2, UInt8.self, product) }, h: { binary($0, $1, $2, UInt16.self, product) },
    s: { binary($0, $1, $2, UInt32.self, product) })
  fileprivate static let mla = SizedHandlers(
    b: { accumulating($0, $1, $2, UInt8.self, addingProduct) },
    h: { accumulating($0, $1, $2, UInt16.self, addingProduct) },
    s: { accumulating($0, $1, $2, UInt32.self, addingProduct) })
  fileprivate static let mls = SizedHandlers(
    b: { accumulating($0, $1, $2, UInt8.self, subtractingProduct) },
    h: { accumulating($0, $1, $2, UInt16.self, subtractingProduct) },
    s: { accumulating($0, $1, $2, UInt32.self, subtractingProduct) })
  fileprivate static let pmul = SizedHandlers(b: { binary($0, $1, $2, UInt8.self, polynomialProduct) })
  fileprivate static let shadd = SizedHandlers(
    b: { binary($0, $1, $2, Int8.self, halvingSum) }, h: { binary($0, $1, $2, Int16.self, halvingSum) },
    s: { binary($0, $1, $2, Int32.self, halvingSum) })
  fileprivate static let uhadd = SizedHandlers(
    b: { binary($0, $1, $2, UInt8.self, halvingSum) }, h: { binary($0, $1, $2, UInt16.self, halvingSum) },
    s: { binary($0, $1, $2, UInt32.self, halvingSum) })
  fileprivate static let srhadd = SizedHandlers(
    b: { binary($0, $1, $2, Int8.self, roundingHalvingSum) },
    h: { binary($0, $1, $2, Int16.self, roundingHalvingSum) },
    s: { binary($0, $1, $2, Int32.self, roundingHalvingSum) })
  fileprivate static let urhadd = SizedHandlers(
    b: { binary($0, $1, $2, UInt8.self, roundingHalvingSum) },
    h: { binary($0, $1, $2, UInt16.self, roundingHalvingSum) },
    s: { binary($0, $1, $2, UInt32.self, roundingHalvingSum) })
  fileprivate static let shsub = SizedHandlers(
    b: { binary($0, $1, $2, Int8.self, halvingDifference) }, h: { binary($0, $1, $2, Int16.self, halvingDifference) },
    s: { binary($0, $1, $2, Int32.self, halvingDifference) })
  fileprivate static let uhsub = SizedHandlers(
    b: { binary($0, $1, $2, UInt8.self, halvingDifference) },
    h: { binary($0, $1, $2, UInt16.self, halvingDifference) },
    s: { binary($0, $1, $2, UInt32.self, halvingDifference) })
  fileprivate static let smax = SizedHandlers(
    b: { binary($0, $1, $2, Int8.self, maximum) }, h: { binary($0, $1, $2, Int16.self, maximum) },
    s: { binary($0, $1, $2, Int32.self, maximum) })
  fileprivate static let umax = SizedHandlers(
    b: { binary($0, $1, $2, UInt8.self, maximum) }, h: { binary($0, $1, $2, UInt16.self, maximum) },
    s: { binary($0, $1, $2, UInt32.self, maximum) })
  fileprivate static let smin = SizedHandlers(
    b: { binary($0, $1, $2, Int8.self, minimum) }, h: { binary($0, $1, $2, Int16.self, minimum) },
    s: { binary($0, $1, $2, Int32.self, minimum) })
  fileprivate static let umin = SizedHandlers(
    b: { binary($0, $1, $2, UInt8.self, minimum) }, h: { binary($0, $1, $2, UInt16.self, minimum) },
    s: { binary($0, $1, $2, UInt32.self, minimum) })
  fileprivate static let sabd = SizedHandlers(
    b: { binary($0, $1, $2, Int8.self, absoluteDifference) },
    h: { binary($0, $1, $2, Int16.self, absoluteDifference) },
    s: { binary($0, $1, $2, Int32.self, absoluteDifference) })
  fileprivate static let uabd = SizedHandlers(
    b: { binary($0, $1, $2, UInt8.self, absoluteDifference) },
    h: { binary($0, $1, $2, UInt16.self, absoluteDifference) },
    s: { binary($0, $1, $2, UInt32.self, absoluteDifference) })
  fileprivate static let saba = SizedHandlers(
    b: { accumulating($0, $1, $2, Int8.self, addingAbsoluteDifference) },
    h: { accumulating($0, $1, $2, Int16.self, addingAbsoluteDifference) },
    s: { accumulating($0, $1, $2, Int32.self, addingAbsoluteDifference) })
  fileprivate static let uaba = SizedHandlers(
    b: { accumulating($0, $1, $2, UInt8.self, addingAbsoluteDifference) },
    h: { accumulating($0, $1, $2, UInt16.self, addingAbsoluteDifference) },
    s: { accumulating($0, $1, $2, UInt32.self, addingAbsoluteDifference) })

  // Saturating arithmetic
  fileprivate static let sqadd = SizedHandlers(
    b: { saturating($0, $1, $2, Int8.self, saturatingSum) }, h: { saturating($0, $1, $2, Int16.self, saturatingSum) },
    s: { saturating($0, $1, $2, Int32.self, saturatingSum) }, d: { saturating($0, $1, $2, Int64.self, saturatingSum) })
  fileprivate static let uqadd = SizedHandlers(
    b: { saturating($0, $1, $2, UInt8.self, saturatingSum) },
    h: { saturating($0, $1, $2, UInt16.self, saturatingSum) },
    s: { saturating($0, $1, $2, UInt32.self, saturatingSum) },
    d: { saturating($0, $1, $2, UInt64.self, saturatingSum) })
  fileprivate static let sqsub = SizedHandlers(
    b: { saturating($0, $1, $2, Int8.self, saturatingDifference) },
    h: { saturating($0, $1, $2, Int16.self, saturatingDifference) },
    s: { saturating($0, $1, $2, Int32.self, saturatingDifference) },
    d: { saturating($0, $1, $2, Int64.self, saturatingDifference) })
  fileprivate static let uqsub = SizedHandlers(
    b: { saturating($0, $1, $2, UInt8.self, saturatingDifference) },
    h: { saturating($0, $1, $2, UInt16.self, saturatingDifference) },
    s: { saturating($0, $1, $2, UInt32.self, saturatingDifference) },
    d: { saturating($0, $1, $2, UInt64.self, saturatingDifference) })
  fileprivate static let sqdmulh = SizedHandlers(
    h: { saturating($0, $1, $2, Int16.self, saturatingDoublingHigh) },
    s: { saturating($0, $1, $2, Int32.self, saturatingDoublingHigh) })
  fileprivate static let sqrdmulh = SizedHandlers(
    h: { saturating($0, $1, $2, Int16.self, saturatingRoundingDoublingHigh) },
    s: { saturating($0, $1, $2, Int32.self, saturatingRoundingDoublingHigh) })
  fileprivate static let sqrdmlah = SizedHandlers(
    h: { saturatingAccumulating($0, $1, $2, Int16.self, addingRoundingDoublingHigh) },
    s: { saturatingAccumulating($0, $1, $2, Int32.self, addingRoundingDoublingHigh) })
  fileprivate static let sqrdmlsh = SizedHandlers(
    h: { saturatingAccumulating($0, $1, $2, Int16.self, subtractingRoundingDoublingHigh) },
    s: { saturatingAccumulating($0, $1, $2, Int32.self, subtractingRoundingDoublingHigh) })

  // Comparisons
  fileprivate static let cmgt = SizedHandlers(
    b: { binary($0, $1, $2, Int8.self, isGreater) }, h: { binary($0, $1, $2, Int16.self, isGreater) },
    s: { binary($0, $1, $2, Int32.self, isGreater) }, d: { binary($0, $1, $2, Int64.self, isGreater) })
  fileprivate static let cmhi = SizedHandlers(
    b: { binary($0, $1, $2, UInt8.self, isGreater) }, h: { binary($0, $1, $2, UInt16.self, isGreater) },
    s: { binary($0, $1, $2, UInt32.self, isGreater) }, d: { binary($0, $1, $2, UInt64.self, isGreater) })
  fileprivate static let cmge = SizedHandlers(
    b: { binary($0, $1, $2, Int8.self, isGreaterOrEqual) }, h: { binary($0, $1, $2, Int16.self, isGreaterOrEqual) },
    s: { binary($0, $1, $2, Int32.self, isGreaterOrEqual) }, d: { binary($0, $1, $2, Int64.self, isGreaterOrEqual) })
  fileprivate static let cmhs = SizedHandlers(
    b: { binary($0, $1, $2, UInt8.self, isGreaterOrEqual) }, h: { binary($0, $1, $2, UInt16.self, isGreaterOrEqual) },
    s: { binary($0, $1, $2, UInt32.self, isGreaterOrEqual) }, d: { binary($0, $1, $2, UInt64.self, isGreaterOrEqual) })
  fileprivate static let cmtst = SizedHandlers(
    b: { binary($0, $1, $2, UInt8.self, hasCommonBits) }, h: { binary($0, $1, $2, UInt16.self, hasCommonBits) },
    s: { binary($0, $1, $2, UInt32.self, hasCommonBits) }, d: { binary($0, $1, $2, UInt64.self, hasCommonBits) })
  fileprivate static let cmeq = SizedHandlers(
    b: { binary($0, $1, $2, UInt8.self, isEqual) }, h: { binary($0, $1, $2, UInt16.self, isEqual) },
    s: { binary($0, $1, $2, UInt32.self, isEqual) }, d: { binary($0, $1, $2, UInt64.self, isEqual) })

  // Shifts by a register
  fileprivate static let sshl = SizedHandlers(
    b: { binary($0, $1, $2, Int8.self, shifted) }, h: { binary($0, $1, $2, Int16.self, shifted) },
    s: { binary($0, $1, $2, Int32.self, shifted) }, d: { binary($0, $1, $2, Int64.self, shifted) })
  fileprivate static let ushl = SizedHandlers(
    b: { binary($0, $1, $2, UInt8.self, shifted) }, h: { binary($0, $1, $2, UInt16.self, shifted) },
    s: { binary($0, $1, $2, UInt32.self, shifted) }, d: { binary($0, $1, $2, UInt64.self, shifted) })
  fileprivate static let srshl = SizedHandlers(
    b: { binary($0, $1, $2, Int8.self, roundingShifted) }, h: { binary($0, $1, $2, Int16.self, roundingShifted) },
    s: { binary($0, $1, $2, Int32.self, roundingShifted) }, d: { binary($0, $1, $2, Int64.self, roundingShifted) })
  fileprivate static let urshl = SizedHandlers(
    b: { binary($0, $1, $2, UInt8.self, roundingShifted) }, h: { binary($0, $1, $2, UInt16.self, roundingShifted) },
    s: { binary($0, $1, $2, UInt32.self, roundingShifted) }, d: { binary($0, $1, $2, UInt64.self, roundingShifted) })
  fileprivate static let sqshl = SizedHandlers(
    b: { saturating($0, $1, $2, Int8.self, saturatingShifted) },
    h: { saturating($0, $1, $2, Int16.self, saturatingShifted) },
    s: { saturating($0, $1, $2, Int32.self, saturatingShifted) },
    d: { saturating($0, $1, $2, Int64.self, saturatingShifted) })
  fileprivate static let uqshl = SizedHandlers(
    b: { saturating($0, $1, $2, UInt8.self, saturatingShifted) },
    h: { saturating($0, $1, $2, UInt16.self, saturatingShifted) },
    s: { saturating($0, $1, $2, UInt32.self, saturatingShifted) },
    d: { saturating($0, $1, $2, UInt64.self, saturatingShifted) })
  fileprivate static let sqrshl = SizedHandlers(
    b: { saturating($0, $1, $2, Int8.self, saturatingRoundingShifted) },
    h: { saturating($0, $1, $2, Int16.self, saturatingRoundingShifted) },
    s: { saturating($0, $1, $2, Int32.self, saturatingRoundingShifted) },
    d: { saturating($0, $1, $2, Int64.self, saturatingRoundingShifted) })
  fileprivate static let uqrshl = SizedHandlers(
    b: { saturating($0, $1, $2, UInt8.self, saturatingRoundingShifted) },
    h: { saturating($0, $1, $2, UInt16.self, saturatingRoundingShifted) },
    s: { saturating($0, $1, $2, UInt32.self, saturatingRoundingShifted) },
    d: { saturating($0, $1, $2, UInt64.self, saturatingRoundingShifted) })

  // Pairs
  fileprivate static let addp = SizedHandlers(
    b: { pairwise($0, $1, $2, UInt8.self, sum) }, h: { pairwise($0, $1, $2, UInt16.self, sum) },
    s: { pairwise($0, $1, $2, UInt32.self, sum) }, d: { pairwise($0, $1, $2, UInt64.self, sum) })
  fileprivate static let smaxp = SizedHandlers(
    b: { pairwise($0, $1, $2, Int8.self, maximum) }, h: { pairwise($0, $1, $2, Int16.self, maximum) },
    s: { pairwise($0, $1, $2, Int32.self, maximum) })
  fileprivate static let umaxp = SizedHandlers(
    b: { pairwise($0, $1, $2, UInt8.self, maximum) }, h: { pairwise($0, $1, $2, UInt16.self, maximum) },
    s: { pairwise($0, $1, $2, UInt32.self, maximum) })
  fileprivate static let sminp = SizedHandlers(
    b: { pairwise($0, $1, $2, Int8.self, minimum) }, h: { pairwise($0, $1, $2, Int16.self, minimum) },
    s: { pairwise($0, $1, $2, Int32.self, minimum) })
  fileprivate static let uminp = SizedHandlers(
    b: { pairwise($0, $1, $2, UInt8.self, minimum) }, h: { pairwise($0, $1, $2, UInt16.self, minimum) },
    s: { pairwise($0, $1, $2, UInt32.self, minimum) })

  // Sums of four products
  fileprivate static let sdot = SizedHandlers(s: { dotProduct($0, $1, $2, Int8.self) })
  fileprivate static let udot = SizedHandlers(s: { dotProduct($0, $1, $2, UInt8.self) })
}

/// Adds to each 32-bit element of Vd the four products of the 8-bit elements in the same place in Vn and Vm.
@inline(__always)
func dotProduct<E: NarrowLane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type,
  byElement: Bool = false
) {
  vector(cpu, slot, limit) { cpu, op in
    let addend = cpu.lanes(op.rd, of: UInt32.self)
    let left = cpu.lanes(op.rn, of: E.self)
    let right =
      byElement
      ? unsafeBitCast(SIMD4(repeating: cpu.element(op.rm, at: op.ra, of: UInt32.self)), to: E.Vector.self)
      : cpu.lanes(op.rm, of: E.self)
    var result = addend
    for index in 0..<E.count {
      result[index / 4] &+= UInt32(truncatingIfNeeded: wideProduct(left[index], right[index]))
    }
    cpu.setVector(op, result)
  }
}

// MARK: - Bits

private enum Bitwise {
  static let and: Handler = { bitwise($0, $1, $2) { _, n, m in n & m } }
  static let bic: Handler = { bitwise($0, $1, $2) { _, n, m in n & ~m } }
  static let orr: Handler = { bitwise($0, $1, $2) { _, n, m in n | m } }
  static let orn: Handler = { bitwise($0, $1, $2) { _, n, m in n | ~m } }
  static let eor: Handler = { bitwise($0, $1, $2) { _, n, m in n ^ m } }
  static let bsl: Handler = { bitwise($0, $1, $2) { d, n, m in m ^ (m ^ n) & d } }
  static let bit: Handler = { bitwise($0, $1, $2) { d, n, m in d ^ (d ^ n) & m } }
  static let bif: Handler = { bitwise($0, $1, $2) { d, n, m in d ^ (d ^ n) & ~m } }
}

/// Vd = operation(Vd, Vn, Vm).
@inline(__always)
private func bitwise(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int,
  _ operation: (SIMD2<UInt64>, SIMD2<UInt64>, SIMD2<UInt64>) -> SIMD2<UInt64>
) {
  vector(cpu, slot, limit) { $0.setVector($1, operation($0[v: $1.rd], $0[v: $1.rn], $0[v: $1.rm])) }
}
