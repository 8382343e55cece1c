import Bits

// A vector and one element of another (Arm ARM, section C4.1.96, "Advanced SIMD vector x indexed element" and "scalar x
// indexed element").
extension DecodeTable {
  static let byElement: [InstructionPattern] = [
    .byElement("MLA (by element)", "0Q1 01111 zz LM mmmm 0000 H 0 nnnnn ddddd", .mla),
    .byElement("MLS (by element)", "0Q1 01111 zz LM mmmm 0100 H 0 nnnnn ddddd", .mls),
    .byElement("MUL (by element)", "0Q0 01111 zz LM mmmm 1000 H 0 nnnnn ddddd", .mul),
    .byElement("SMLAL (by element)", "0Q0 01111 zz LM mmmm 0010 H 0 nnnnn ddddd", .smlal, isLong: true),
    .byElement("UMLAL (by element)", "0Q1 01111 zz LM mmmm 0010 H 0 nnnnn ddddd", .umlal, isLong: true),
    .byElement("SMLSL (by element)", "0Q0 01111 zz LM mmmm 0110 H 0 nnnnn ddddd", .smlsl, isLong: true),
    .byElement("UMLSL (by element)", "0Q1 01111 zz LM mmmm 0110 H 0 nnnnn ddddd", .umlsl, isLong: true),
    .byElement("SMULL (by element)", "0Q0 01111 zz LM mmmm 1010 H 0 nnnnn ddddd", .smull, isLong: true),
    .byElement("UMULL (by element)", "0Q1 01111 zz LM mmmm 1010 H 0 nnnnn ddddd", .umull, isLong: true),
    .byElement("SQDMLAL (by element)", "0Q0 01111 zz LM mmmm 0011 H 0 nnnnn ddddd", .sqdmlal, isLong: true),
    .byElement("SQDMLSL (by element)", "0Q0 01111 zz LM mmmm 0111 H 0 nnnnn ddddd", .sqdmlsl, isLong: true),
    .byElement("SQDMULL (by element)", "0Q0 01111 zz LM mmmm 1011 H 0 nnnnn ddddd", .sqdmull, isLong: true),
    .byElement("SQDMULH (by element)", "0Q0 01111 zz LM mmmm 1100 H 0 nnnnn ddddd", .sqdmulh),
    .byElement("SQRDMULH (by element)", "0Q0 01111 zz LM mmmm 1101 H 0 nnnnn ddddd", .sqrdmulh),
    .byElement("SQRDMLAH (by element)", "0Q1 01111 zz LM mmmm 1101 H 0 nnnnn ddddd", .sqrdmlah, .rdm),
    .byElement("SQRDMLSH (by element)", "0Q1 01111 zz LM mmmm 1111 H 0 nnnnn ddddd", .sqrdmlsh, .rdm),
    .byElement("SDOT (by element)", "0Q0 01111 10 LM mmmm 1110 H 0 nnnnn ddddd", .sdot, .dotProd),
    .byElement("UDOT (by element)", "0Q1 01111 10 LM mmmm 1110 H 0 nnnnn ddddd", .udot, .dotProd),

    // Scalars.
    .byElement("SQDMLAL (scalar, by element)", "010 11111 zz LM mmmm 0011 H 0 nnnnn ddddd", .sqdmlal, isLong: true),
    .byElement("SQDMLSL (scalar, by element)", "010 11111 zz LM mmmm 0111 H 0 nnnnn ddddd", .sqdmlsl, isLong: true),
    .byElement("SQDMULL (scalar, by element)", "010 11111 zz LM mmmm 1011 H 0 nnnnn ddddd", .sqdmull, isLong: true),
    .byElement("SQDMULH (scalar, by element)", "010 11111 zz LM mmmm 1100 H 0 nnnnn ddddd", .sqdmulh),
    .byElement("SQRDMULH (scalar, by element)", "010 11111 zz LM mmmm 1101 H 0 nnnnn ddddd", .sqrdmulh),
    .byElement("SQRDMLAH (scalar, by element)", "011 11111 zz LM mmmm 1101 H 0 nnnnn ddddd", .sqrdmlah, .rdm),
    .byElement("SQRDMLSH (scalar, by element)", "011 11111 zz LM mmmm 1111 H 0 nnnnn ddddd", .sqrdmlsh, .rdm),
  ]
}

extension InstructionPattern {
  /// An instruction with an element of Vm: of 16 bits by H:L:M, of 32 bits by H:L.
  ///
  /// `ra` is the byte of Vm where it begins.
  fileprivate static func byElement(
    _ name: String, _ bits: StaticString, _ handlers: SizedHandlers, isLong: Bool = false, _ feature: Feature? = nil
  ) -> InstructionPattern {
    InstructionPattern(name, bits, feature) { word in
      let size = word[bits: 22...23]
      guard let handler = handlers[size] else { return nil }
      let isScalar = word[bit: 28]
      let form: VectorForm =
        switch (isScalar, isLong) {
        case (true, true): .scalar(bits: 16 << Int(size))
        case (true, false): .scalar(bits: 8 << Int(size))
        case (false, true): .quadword.upper(word.isQuadword)
        case (false, false): word.form
        }
      let (h, l, m) = (word.number(11...11), word.number(21...21), word.number(20...20))
      let rm = size == 1 ? word.number(16...19) : word.rm
      let offset = size == 1 ? (h << 2 | l << 1 | m) << 1 : (h << 1 | l) << 2
      return Slot(handler, Operands(rd: word.rd, rn: word.rn, rm: rm, ra: offset, form))
    }
  }
}

extension SizedHandlers {
  fileprivate static let mul = SizedHandlers(
    h: { binary($0, $1, $2, UInt16.self, byElement: true, product) },
    s: { binary($0, $1, $2, UInt32.self, byElement: true, product) })
  fileprivate static let mla = SizedHandlers(
    h: { accumulating($0, $1, $2, UInt16.self, byElement: true, addingProduct) },
    s: { accumulating($0, $1, $2, UInt32.self, byElement: true, addingProduct) })
  fileprivate static let mls = SizedHandlers(
    h: { accumulating($0, $1, $2, UInt16.self, byElement: true, subtractingProduct) },
    s: { accumulating($0, $1, $2, UInt32.self, byElement: true, subtractingProduct) })
  fileprivate static let smlal = SizedHandlers(
    h: { long($0, $1, $2, Int16.self, byElement: true, addingLongProduct) },
    s: { long($0, $1, $2, Int32.self, byElement: true, addingLongProduct) })
  fileprivate static let smlsl = SizedHandlers(
    h: { long($0, $1, $2, Int16.self, byElement: true, subtractingLongProduct) },
    s: { long($0, $1, $2, Int32.self, byElement: true, subtractingLongProduct) })
  fileprivate static let smull = SizedHandlers(
    h: { long($0, $1, $2, Int16.self, byElement: true, longProduct) },
    s: { long($0, $1, $2, Int32.self, byElement: true, longProduct) })
  fileprivate static let umlal = SizedHandlers(
    h: { long($0, $1, $2, UInt16.self, byElement: true, addingLongProduct) },
    s: { long($0, $1, $2, UInt32.self, byElement: true, addingLongProduct) })
  fileprivate static let umlsl = SizedHandlers(
    h: { long($0, $1, $2, UInt16.self, byElement: true, subtractingLongProduct) },
    s: { long($0, $1, $2, UInt32.self, byElement: true, subtractingLongProduct) })
  fileprivate static let umull = SizedHandlers(
    h: { long($0, $1, $2, UInt16.self, byElement: true, longProduct) },
    s: { long($0, $1, $2, UInt32.self, byElement: true, longProduct) })
  fileprivate static let sqdmlal = SizedHandlers(
    h: { saturatingLong($0, $1, $2, Int16.self, byElement: true, addingDoublingProduct) },
    s: { saturatingLong($0, $1, $2, Int32.self, byElement: true, addingDoublingProduct) })
  fileprivate static let sqdmlsl = SizedHandlers(
    h: { saturatingLong($0, $1, $2, Int16.self, byElement: true, subtractingDoublingProduct) },
    s: { saturatingLong($0, $1, $2, Int32.self, byElement: true, subtractingDoublingProduct) })
  fileprivate static let sqdmull = SizedHandlers(
    h: { saturatingLong($0, $1, $2, Int16.self, byElement: true, doublingLongProduct) },
    s: { saturatingLong($0, $1, $2, Int32.self, byElement: true, doublingLongProduct) })
  fileprivate static let sqdmulh = SizedHandlers(
    h: { saturating($0, $1, $2, Int16.self, byElement: true, saturatingDoublingHigh) },
    s: { saturating($0, $1, $2, Int32.self, byElement: true, saturatingDoublingHigh) })
  fileprivate static let sqrdmulh = SizedHandlers(
    h: { saturating($0, $1, $2, Int16.self, byElement: true, saturatingRoundingDoublingHigh) },
    s: { saturating($0, $1, $2, Int32.self, byElement: true, saturatingRoundingDoublingHigh) })
  fileprivate static let sqrdmlah = SizedHandlers(
    h: { saturatingAccumulating($0, $1, $2, Int16.self, byElement: true, addingRoundingDoublingHigh) },
    s: { saturatingAccumulating($0, $1, $2, Int32.self, byElement: true, addingRoundingDoublingHigh) })
  fileprivate static let sqrdmlsh = SizedHandlers(
    h: { saturatingAccumulating($0, $1, $2, Int16.self, byElement: true, subtractingRoundingDoublingHigh) },
    s: { saturatingAccumulating($0, $1, $2, Int32.self, byElement: true, subtractingRoundingDoublingHigh) })

  fileprivate static let sdot = SizedHandlers(s: { dotProduct($0, $1, $2, Int8.self, byElement: true) })
  fileprivate static let udot = SizedHandlers(s: { dotProduct($0, $1, $2, UInt8.self, byElement: true) })
}
