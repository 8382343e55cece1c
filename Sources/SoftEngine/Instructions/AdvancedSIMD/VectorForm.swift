/// How wide an instruction's result is, and which half of a register it works on; in `Operands.immediate`.
///
/// Handlers compute all 128 bits and then clear what is not in the result, so that an operation has one handler for the
/// 128-bit, the 64-bit and the scalar form.
struct VectorForm: Equatable {
  /// The form as it stands in the operands.
  ///
  /// Bit 31: the result has 128 bits. Bits [5:0]: how many of the low 64 it has not. Bit 6: the upper half.
  private(set) var rawValue: Int32

  static let quadword = VectorForm(rawValue: .min)
  static let doubleword = VectorForm(rawValue: 0)

  private init(rawValue: Int32) { self.rawValue = rawValue }

  /// A scalar's of 8, 16, 32 or 64 bits.
  static func scalar(bits: Int) -> VectorForm { VectorForm(rawValue: Int32(64 - bits)) }

  /// The same with a source or result in the upper half of its register.
  func upper(_ isUpper: Bool) -> VectorForm { VectorForm(rawValue: rawValue | (isUpper ? 1 << 6 : 0)) }
}

extension Operands {
  init(rd: UInt8, rn: UInt8, rm: UInt8, ra: UInt8 = 0, _ form: VectorForm) {
    self.init(rd: rd, rn: rn, rm: rm, ra: ra, immediate: form.rawValue)
  }

  /// The bits of the result, the others clear.
  @inline(__always) var kept: SIMD2<UInt64> {
    SIMD2(UInt64.max &>> UInt64(word), UInt64(bitPattern: Int64(immediate) &>> 63))
  }

  /// The result has 128 bits.
  @inline(__always) var isQuadword: Bool { immediate < 0 }

  /// Where the half begins that the instruction works on: byte 0 or 8.
  @inline(__always) var half: Int { Int(word >> 3 & 8) }
}

extension InstructionWord {
  /// Q, bit 30: the vectors have 128 bits.
  var isQuadword: Bool { self[bit: 30] }

  /// The form of a vector instruction by Q.
  var form: VectorForm { isQuadword ? .quadword : .doubleword }

  /// Rd, Rn and Rm.
  func vectors(ra: UInt8 = 0, _ form: VectorForm) -> Operands { Operands(rd: rd, rn: rn, rm: rm, ra: ra, form) }
}
