import Bits
import SoftFloat

// Floating-point arithmetic on vectors, and the scalar instructions that are the same on one lane (Arm ARM, section
// C4.1.96: the Advanced SIMD classes). Half precision has encodings of its own, whose operations have the same numbers.
extension DecodeTable {
  static let vectorFloat =
    floatThreeSame + floatTwoRegisters + floatPairsAndReductions + floatByElement + floatFixedPoint

  private static let floatThreeSame: [InstructionPattern] = [
    InstructionPattern("FMLA/FADD/FMUL/… (vector)", "0 Q u 01110 a z 1 mmmmm 11 ooo 1 nnnnn ddddd") { word in
      translateThreeSame(word, word.arrangement)
    },
    InstructionPattern("FMLA/FADD/FMUL/… (vector, half)", "0 Q u 01110 a 10 mmmmm 00 ooo 1 nnnnn ddddd", .fp16) {
      word in translateThreeSame(word, word.halfArrangement)
    },
    InstructionPattern("FMULX/FCMEQ/FABD/… (scalar)", "01 u 11110 a z 1 mmmmm 11 ooo 1 nnnnn ddddd") { word in
      translateScalarThreeSame(word, word.scalarType)
    },
    InstructionPattern("FMULX/FCMEQ/FABD/… (scalar, half)", "01 u 11110 a 10 mmmmm 00 ooo 1 nnnnn ddddd", .fp16) {
      word in translateScalarThreeSame(word, .half)
    },
  ]

  private static let floatTwoRegisters: [InstructionPattern] = [
    InstructionPattern("FCMGT/FCMEQ/…/FABS/FNEG (vector, zero)", "0 Q u 01110 1 z 10000 011 oo 10 nnnnn ddddd") {
      word in
      translateTwoRegisters(word, word.arrangement)
    },
    InstructionPattern("FRINT/FCVT/SCVTF/FRECPE/FSQRT/… (vector)", "0 Q u 01110 a z 10000 11 ooo 10 nnnnn ddddd") {
      word in translateTwoRegisters(word, word.arrangement)
    },
    InstructionPattern("FRINT/FCVT/FCMGT/… (vector, half)", "0 Q u 01110 a 111100 ooooo 10 nnnnn ddddd", .fp16) {
      word in translateTwoRegisters(word, word.halfArrangement)
    },
    InstructionPattern("FCMGT/FCMEQ/… (scalar, zero)", "01 u 11110 1 z 10000 011 oo 10 nnnnn ddddd") { word in
      translateScalarTwoRegisters(word, word.scalarType)
    },
    InstructionPattern("FCVT/SCVTF/FRECPE/FRECPX/… (scalar)", "01 u 11110 a z 10000 11 ooo 10 nnnnn ddddd") { word in
      translateScalarTwoRegisters(word, word.scalarType)
    },
    InstructionPattern("FCVT/FCMGT/FRECPE/… (scalar, half)", "01 u 11110 a 111100 ooooo 10 nnnnn ddddd", .fp16) {
      word in translateScalarTwoRegisters(word, .half)
    },
    InstructionPattern("FCVTN", "0 Q 0 01110 0 z 10000 10110 10 nnnnn ddddd") { word in
      Slot(
        word[bit: 22]
          ? { floatNarrow(UInt64.self, UInt32.self, $0, $1, $2) }
          : { floatNarrow(UInt32.self, UInt16.self, $0, $1, $2) },
        Operands(rd: word.rd, rn: word.rn, ra: word[bit: 30] ? 1 : 0))
    },
    InstructionPattern("FCVTXN (vector)", "0 Q 1 01110 01 10000 10110 10 nnnnn ddddd") { word in
      Slot(
        { floatNarrow(UInt64.self, UInt32.self, $0, $1, $2, rounding: .odd) },
        Operands(rd: word.rd, rn: word.rn, ra: word[bit: 30] ? 1 : 0))
    },
    InstructionPattern("FCVTXN (scalar)", "01 1 11110 01 10000 10110 10 nnnnn ddddd") { word in
      Slot(
        { exactFloatConvert(UInt64.self, UInt32.self, $0, $1, $2, rounding: .odd) }, Operands(rd: word.rd, rn: word.rn))
    },
    InstructionPattern("FCVTL", "0 Q 0 01110 0 z 10000 10111 10 nnnnn ddddd") { word in
      let isDouble = word[bit: 22]
      return Slot(
        isDouble
          ? { floatLengthen(UInt32.self, UInt64.self, $0, $1, $2) }
          : { floatLengthen(UInt16.self, UInt32.self, $0, $1, $2) },
        Operands(rd: word.rd, rn: word.rn, ra: !word[bit: 30] ? 0 : isDouble ? 2 : 4))
    },
  ]

  private static let floatPairsAndReductions: [InstructionPattern] = [
    InstructionPattern("FMAXNMP/FADDP/… (scalar)", "01 1 11110 s z 11000 011 oo 10 nnnnn ddddd") { word in
      translateReduction(word, word.scalarType, lanes: 2)
    },
    InstructionPattern("FMAXNMP/FADDP/… (scalar, half)", "01 0 11110 s 0 11000 011 oo 10 nnnnn ddddd", .fp16) { word in
      translateReduction(word, .half, lanes: 2)
    },
    InstructionPattern("FMAXNMV/FMAXV/…", "0 1 1 01110 s 0 11000 011 oo 10 nnnnn ddddd") { word in
      translateReduction(word, .single, lanes: 4)
    },
    InstructionPattern("FMAXNMV/FMAXV/… (half)", "0 Q 0 01110 s 0 11000 011 oo 10 nnnnn ddddd", .fp16) { word in
      translateReduction(word, .half, lanes: word[bit: 30] ? 8 : 4)
    },
  ]

  private static let floatByElement: [InstructionPattern] = [
    InstructionPattern("FMLA/FMLS (by element)", "0 Q 0 01111 zz l m mmmm 0 s 01 h 0 nnnnn ddddd") {
      translateByElement($0)
    },
    InstructionPattern("FMUL/FMULX (by element)", "0 Q u 01111 zz l m mmmm 1001 h 0 nnnnn ddddd") {
      translateByElement($0)
    },
    InstructionPattern("FMLA/FMLS (scalar, by element)", "01 0 11111 zz l m mmmm 0 s 01 h 0 nnnnn ddddd") {
      translateByElement($0)
    },
    InstructionPattern("FMUL/FMULX (scalar, by element)", "01 u 11111 zz l m mmmm 1001 h 0 nnnnn ddddd") {
      translateByElement($0)
    },
  ]

  private static let floatFixedPoint: [InstructionPattern] = [
    InstructionPattern("SCVTF/… (vector, fixed-point, half)", "0 Q u 011110 001 bbbb 111 oo 1 nnnnn ddddd", .fp16) {
      word in translateFixedPoint(word, word.halfArrangement)
    },
    InstructionPattern("SCVTF/… (vector, fixed-point, single)", "0 Q u 011110 01 bbbbb 111 oo 1 nnnnn ddddd") { word in
      translateFixedPoint(word, Arrangement(.single, isFull: word[bit: 30]))
    },
    InstructionPattern("SCVTF/… (vector, fixed-point, double)", "0 Q u 011110 1 bbbbbb 111 oo 1 nnnnn ddddd") { word in
      translateFixedPoint(word, Arrangement(.double, isFull: word[bit: 30]))
    },
    InstructionPattern("SCVTF/… (scalar, fixed-point, half)", "01 u 111110 001 bbbb 111 oo 1 nnnnn ddddd", .fp16) {
      word in translateFixedPoint(word, Arrangement(scalar: .half))
    },
    InstructionPattern("SCVTF/… (scalar, fixed-point, single)", "01 u 111110 01 bbbbb 111 oo 1 nnnnn ddddd") { word in
      translateFixedPoint(word, Arrangement(scalar: .single))
    },
    InstructionPattern("SCVTF/… (scalar, fixed-point, double)", "01 u 111110 1 bbbbbb 111 oo 1 nnnnn ddddd") { word in
      translateFixedPoint(word, Arrangement(scalar: .double))
    },
  ]
}

/// The format and number of lanes.
private struct Arrangement {
  let type: FloatType
  let laneCount: Int

  init(scalar type: FloatType) {
    self.type = type
    laneCount = 1
  }

  /// Lanes in all of a register or its lower half; nil for a double alone, which is reserved.
  init?(_ type: FloatType, isFull: Bool) {
    if type == .double && !isFull { return nil }
    self.type = type
    laneCount = (isFull ? 128 : 64) / type.bitWidth
  }
}

extension InstructionWord {
  /// The format by sz, bit 22.
  fileprivate var scalarType: FloatType { self[bit: 22] ? .double : .single }
  /// The arrangement by sz, bit 22, and Q, bit 30.
  fileprivate var arrangement: Arrangement? { Arrangement(scalarType, isFull: self[bit: 30]) }
  /// Half precision by Q, bit 30.
  fileprivate var halfArrangement: Arrangement? { Arrangement(.half, isFull: self[bit: 30]) }

  fileprivate func slot(
    _ handler: Handler?, _ arrangement: Arrangement, _ rounding: LaneControl.Rounding = .current, fractionBits: Int = 0
  ) -> Slot? {
    handler.map {
      Slot($0, lanes(arrangement.laneCount, LaneControl(arrangement.type, rounding, fractionBits: fractionBits)))
    }
  }
}

// MARK: - Three registers

/// U, a and the lower three bits of the opcode.
private func threeSameOperation(_ word: InstructionWord) -> UInt32 {
  word[bits: 29...29] << 4 | word[bits: 23...23] << 3 | word[bits: 11...13]
}

private func translateThreeSame(_ word: InstructionWord, _ arrangement: Arrangement?) -> Slot? {
  guard let arrangement else { return nil }
  return word.slot(threeSameHandler(threeSameOperation(word)), arrangement)
}

/// Of the operations, FMULX, FRECPS, FRSQRTS, FABD and the comparisons have a scalar form.
private func translateScalarThreeSame(_ word: InstructionWord, _ type: FloatType) -> Slot? {
  switch threeSameOperation(word) {
  case 0b00_011, 0b00_100, 0b00_111, 0b01_111, 0b10_100, 0b10_101, 0b11_010, 0b11_100, 0b11_101:
    translateThreeSame(word, Arrangement(scalar: type))
  default: nil
  }
}

private func threeSameHandler(_ operation: UInt32) -> Handler? {
  switch operation {
  case 0b00_000: { floatBinary(FloatOperation.MaximumNumber.self, $0, $1, $2) }
  case 0b00_001: { floatTernary(FloatOperation.MultiplyAdd.self, $0, $1, $2) }
  case 0b00_010: { floatBinary(FloatOperation.Add.self, $0, $1, $2) }
  case 0b00_011: { floatBinary(FloatOperation.MultiplyExtended.self, $0, $1, $2) }
  case 0b00_100: { floatBinary(FloatOperation.IsEqual.self, $0, $1, $2) }
  case 0b00_110: { floatBinary(FloatOperation.Maximum.self, $0, $1, $2) }
  case 0b00_111: { floatBinary(FloatOperation.ReciprocalStep.self, $0, $1, $2) }
  case 0b01_000: { floatBinary(FloatOperation.MinimumNumber.self, $0, $1, $2) }
  case 0b01_001: { floatTernary(FloatOperation.MultiplySubtract.self, $0, $1, $2) }
  case 0b01_010: { floatBinary(FloatOperation.Subtract.self, $0, $1, $2) }
  case 0b01_110: { floatBinary(FloatOperation.Minimum.self, $0, $1, $2) }
  case 0b01_111: { floatBinary(FloatOperation.ReciprocalSquareRootStep.self, $0, $1, $2) }
  case 0b10_000: { floatPairwise(FloatOperation.MaximumNumber.self, $0, $1, $2) }
  case 0b10_010: { floatPairwise(FloatOperation.Add.self, $0, $1, $2) }
  case 0b10_011: { floatBinary(FloatOperation.Multiply.self, $0, $1, $2) }
  case 0b10_100: { floatBinary(FloatOperation.IsGreaterOrEqual.self, $0, $1, $2) }
  case 0b10_101: { floatBinary(FloatOperation.IsAbsoluteGreaterOrEqual.self, $0, $1, $2) }
  case 0b10_110: { floatPairwise(FloatOperation.Maximum.self, $0, $1, $2) }
  case 0b10_111: { floatBinary(FloatOperation.Divide.self, $0, $1, $2) }
  case 0b11_000: { floatPairwise(FloatOperation.MinimumNumber.self, $0, $1, $2) }
  case 0b11_010: { floatBinary(FloatOperation.AbsoluteDifference.self, $0, $1, $2) }
  case 0b11_100: { floatBinary(FloatOperation.IsGreater.self, $0, $1, $2) }
  case 0b11_101: { floatBinary(FloatOperation.IsAbsoluteGreater.self, $0, $1, $2) }
  case 0b11_110: { floatPairwise(FloatOperation.Minimum.self, $0, $1, $2) }
  default: nil
  }
}

// MARK: - Two registers

/// U, a and the opcode.
private func twoRegistersOperation(_ word: InstructionWord) -> UInt32 {
  word[bits: 29...29] << 6 | word[bits: 23...23] << 5 | word[bits: 12...16]
}

private func translateTwoRegisters(_ word: InstructionWord, _ arrangement: Arrangement?) -> Slot? {
  guard let arrangement else { return translateEstimate(word) }
  let operation = twoRegistersOperation(word)
  return word.slot(
    twoRegistersHandler(operation), arrangement, twoRegistersRounding(operation)) ?? translateEstimate(word)
}

/// Of the operations, the comparisons, conversions to and from integers, and estimates have a scalar form; so has FRECPX
/// alone.
private func translateScalarTwoRegisters(_ word: InstructionWord, _ type: FloatType) -> Slot? {
  let operation = twoRegistersOperation(word)
  let arrangement = Arrangement(scalar: type)
  switch operation & 0b11111 {
  case 0b01111, 0b11000, 0b11001: return nil
  case 0b11111:
    guard operation == 0b01_11111 else { return nil }
    return word.slot({ floatUnary(FloatOperation.ReciprocalExponent.self, $0, $1, $2) }, arrangement)
  default: return word.slot(twoRegistersHandler(operation), arrangement, twoRegistersRounding(operation))
  }
}

/// URECPE and URSQRTE, which are there for lanes of 32 bits alone.
private func translateEstimate(_ word: InstructionWord) -> Slot? {
  guard !word[bit: 22], let arrangement = word.arrangement else { return nil }
  switch twoRegistersOperation(word) {
  case 0b01_11100:
    return word.slot({ floatUnary(FloatOperation.UnsignedReciprocalEstimate.self, $0, $1, $2) }, arrangement)
  case 0b11_11100:
    return word.slot({ floatUnary(FloatOperation.UnsignedReciprocalSquareRootEstimate.self, $0, $1, $2) }, arrangement)
  default: return nil
  }
}

private func twoRegistersHandler(_ operation: UInt32) -> Handler? {
  switch operation {
  case 0b01_01100: { floatUnary(FloatOperation.IsPositive.self, $0, $1, $2) }
  case 0b01_01101: { floatUnary(FloatOperation.IsZero.self, $0, $1, $2) }
  case 0b01_01110: { floatUnary(FloatOperation.IsNegative.self, $0, $1, $2) }
  case 0b11_01100: { floatUnary(FloatOperation.IsNotNegative.self, $0, $1, $2) }
  case 0b11_01101: { floatUnary(FloatOperation.IsNotPositive.self, $0, $1, $2) }
  case 0b01_01111: { floatUnary(FloatOperation.Absolute.self, $0, $1, $2) }
  case 0b11_01111: { floatUnary(FloatOperation.Negate.self, $0, $1, $2) }
  case 0b00_11000, 0b00_11001, 0b01_11000, 0b01_11001, 0b10_11000, 0b11_11001:
    { floatUnary(FloatOperation.RoundToInteger.self, $0, $1, $2) }
  case 0b10_11001: { floatUnary(FloatOperation.RoundToIntegerExactly.self, $0, $1, $2) }
  case 0b00_11010, 0b00_11011, 0b00_11100, 0b01_11010, 0b01_11011:
    { floatUnary(FloatOperation.ToSigned.self, $0, $1, $2) }
  case 0b10_11010, 0b10_11011, 0b10_11100, 0b11_11010, 0b11_11011:
    { floatUnary(FloatOperation.ToUnsigned.self, $0, $1, $2) }
  case 0b00_11101: { floatUnary(FloatOperation.FromSigned.self, $0, $1, $2) }
  case 0b10_11101: { floatUnary(FloatOperation.FromUnsigned.self, $0, $1, $2) }
  case 0b01_11101: { floatUnary(FloatOperation.ReciprocalEstimate.self, $0, $1, $2) }
  case 0b11_11101: { floatUnary(FloatOperation.ReciprocalSquareRootEstimate.self, $0, $1, $2) }
  case 0b11_11111: { floatUnary(FloatOperation.SquareRoot.self, $0, $1, $2) }
  default: nil
  }
}

/// The rounding that an operation's name ends in, for FRINT and FCVT.
private func twoRegistersRounding(_ operation: UInt32) -> LaneControl.Rounding {
  switch operation {
  case 0b00_11000, 0b00_11010, 0b10_11010: .tieEven
  case 0b01_11000, 0b01_11010, 0b11_11010: .plusInfinity
  case 0b00_11001, 0b00_11011, 0b10_11011: .minusInfinity
  case 0b01_11001, 0b01_11011, 0b11_11011: .zero
  case 0b10_11000, 0b00_11100, 0b10_11100: .tieAway
  default: .current
  }
}

// MARK: - Pairs, reductions

/// Pairs of scalars, and across lanes.
///
/// A pair is all the lanes that there are; pairs alone can be added.
private func translateReduction(_ word: InstructionWord, _ type: FloatType, lanes: Int) -> Slot? {
  let handler: Handler
  switch (word[bits: 12...13], word[bit: 23]) {
  case (0, false): handler = { floatReduction(FloatOperation.MaximumNumber.self, $0, $1, $2) }
  case (0, true): handler = { floatReduction(FloatOperation.MinimumNumber.self, $0, $1, $2) }
  case (1, false) where lanes == 2: handler = { floatReduction(FloatOperation.Add.self, $0, $1, $2) }
  case (3, false): handler = { floatReduction(FloatOperation.Maximum.self, $0, $1, $2) }
  case (3, true): handler = { floatReduction(FloatOperation.Minimum.self, $0, $1, $2) }
  default: return nil
  }
  return Slot(handler, word.lanes(lanes, LaneControl(type)))
}

// MARK: - By element

private func translateByElement(_ word: InstructionWord) -> Slot? {
  let (l, m, h) = (word[bits: 21...21], word[bits: 20...20], word[bits: 11...11])
  let (type, element): (FloatType, UInt32)
  switch word[bits: 22...23] {
  case 0 where Feature.announced.contains(.fp16): (type, element) = (.half, h << 2 | l << 1 | m)
  case 2: (type, element) = (.single, h << 1 | l)
  case 3 where l == 0: (type, element) = (.double, h)
  default: return nil
  }
  let isScalar = word[bit: 28]
  guard let arrangement = isScalar ? Arrangement(scalar: type) : Arrangement(type, isFull: word[bit: 30]) else {
    return nil
  }
  let handler: Handler
  switch (word[bits: 12...15], word[bit: 29]) {
  case (1, _): handler = { floatTernary(FloatOperation.MultiplyAdd.self, $0, $1, $2) }
  case (5, _): handler = { floatTernary(FloatOperation.MultiplySubtract.self, $0, $1, $2) }
  case (_, false): handler = { floatBinary(FloatOperation.Multiply.self, $0, $1, $2) }
  case (_, true): handler = { floatBinary(FloatOperation.MultiplyExtended.self, $0, $1, $2) }
  }
  var control = LaneControl(type)
  control.element = Int(element)
  var operands = word.lanes(arrangement.laneCount, control)
  // M is a bit of the element's number in half precision, of the register's else.
  if type == .half { operands.rm &= 15 }
  return Slot(handler, operands)
}

// MARK: - Fixed point

private func translateFixedPoint(_ word: InstructionWord, _ arrangement: Arrangement?) -> Slot? {
  guard let arrangement else { return nil }
  let fractionBits = 2 * arrangement.type.bitWidth - Int(word[bits: 16...22])
  let handler: Handler
  switch (word[bits: 11...12], word[bit: 29]) {
  case (0, false): handler = { floatUnary(FloatOperation.FromSigned.self, $0, $1, $2) }
  case (0, true): handler = { floatUnary(FloatOperation.FromUnsigned.self, $0, $1, $2) }
  case (3, false): handler = { floatUnary(FloatOperation.ToSigned.self, $0, $1, $2) }
  case (3, true): handler = { floatUnary(FloatOperation.ToUnsigned.self, $0, $1, $2) }
  default: return nil
  }
  return word.slot(handler, arrangement, .zero, fractionBits: fractionBits)
}
