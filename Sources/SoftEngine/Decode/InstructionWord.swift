import Bits

/// The 32 bits of an A64 instruction, with the fields that stand in the same place in most encodings (Arm ARM, chapter C4).
struct InstructionWord: Equatable {
  let rawValue: UInt32
  /// Which of its page's instructions it is, 0 up to `CodePage.instructionCount`: a branch inside the page needs no lookup.
  let index: Int

  init(rawValue: UInt32, index: Int = 0) {
    self.rawValue = rawValue
    self.index = index
  }

  /// A field, its lowest bit first: `[bits: 5...9]` is the manual's `[9:5]`.
  subscript(bits range: ClosedRange<Int>) -> UInt32 { rawValue[bits: range] }
  subscript(bit index: Int) -> Bool { rawValue[bit: index] }

  /// A field as a signed number.
  func signed(_ range: ClosedRange<Int>) -> Int32 {
    Int32(bitPattern: rawValue << UInt32(31 - range.upperBound)) >> Int32(31 - range.upperBound + range.lowerBound)
  }

  /// A field as a number of a register, vector or otherwise, without regard to SP or XZR.
  func number(_ range: ClosedRange<Int>) -> UInt8 { UInt8(truncatingIfNeeded: rawValue[bits: range]) }

  /// Rd or Rt, bits [4:0].
  var rd: UInt8 { number(0...4) }
  /// Rn, bits [9:5].
  var rn: UInt8 { number(5...9) }
  /// Rm, bits [20:16].
  var rm: UInt8 { number(16...20) }
  /// Ra or Rt2, bits [14:10].
  var ra: UInt8 { number(10...14) }

  /// sf, bit 31: the operands have 64 bits.
  var is64Bit: Bool { self[bit: 31] }
}

extension UInt8 {
  /// A register number as a source: 31 is XZR.
  var orZero: UInt8 { self == 31 ? RegisterNumber.zero : self }
  /// A register number as a destination: 31 is XZR.
  var orDiscard: UInt8 { self == 31 ? RegisterNumber.discard : self }
}
