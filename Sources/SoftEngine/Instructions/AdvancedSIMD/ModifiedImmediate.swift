import Bits

// Immediates for whole vectors (Arm ARM, section C4.1.96, "Advanced SIMD modified immediate").
extension DecodeTable {
  /// In the place of these immediates' fixed zeros shifts have the size of elements, which is not zero.
  static let modifiedImmediate: [InstructionPattern] = [
    InstructionPattern(
      "MOVI/MVNI/ORR/BIC/FMOV (vector, immediate)", "0Qo 0111100000 abc cccc 01 defgh ddddd",
      specializes: shiftByImmediate.map(\.name)
    ) { translateModifiedImmediate($0) },
    InstructionPattern("FMOV (vector, immediate, half)", "0Q0 0111100000 abc 1111 11 defgh ddddd", .fp16) { word in
      Slot(move, word.expanding(ExpandedImmediate.half | word.imm8))
    },
  ]
}

private func translateModifiedImmediate(_ word: InstructionWord) -> Slot? {
  let isInverted = word[bit: 29]
  let cmode = word[bits: 12...15]
  // FMOV of a double into 64 bits is not allocated.
  if isInverted && cmode == 15 && !word.isQuadword { return nil }
  let combines = cmode < 12 && cmode & 1 == 1
  let handler = !combines ? move : isInverted ? and : or
  return Slot(handler, word.expanding((isInverted ? 1 << 12 : 0) | cmode << 8 | word.imm8))
}

extension InstructionWord {
  /// The field a:b:c:d:e:f:g:h.
  fileprivate var imm8: UInt32 { self[bits: 16...18] << 5 | self[bits: 5...9] }

  /// Operands with the place of an immediate in `ExpandedImmediate.table`.
  fileprivate func expanding(_ index: UInt32) -> Operands { Operands(rd: rd, rn: 0, rm: 0, form.with(index)) }
}

private let move: Handler = { vector($0, $1, $2) { $0.setVector($1, $1.expanded) } }
private let or: Handler = { vector($0, $1, $2) { $0.setVector($1, $0[v: $1.rd] | $1.expanded) } }
private let and: Handler = { vector($0, $1, $2) { $0.setVector($1, $0[v: $1.rd] & $1.expanded) } }

extension Operands {
  @inline(__always) fileprivate var expanded: SIMD2<UInt64> { SIMD2(repeating: ExpandedImmediate.table[detail]) }
}

/// The 64 bits that an immediate stands for (Arm ARM, J1.3, `AdvSIMDExpandImm`).
private enum ExpandedImmediate {
  /// By op:cmode:imm8, inverted for MVNI and BIC; behind them the floating-point numbers of 16 bits, by imm8.
  static let table = ConstantTable<UInt64>(count: 1 << 13 | 1 << 8) { index in
    let imm8 = UInt64(index & 0xff)
    if index >= half { return UInt64(0x0001_0001_0001_0001) &* floatingPoint(imm8, exponent: 5, fraction: 10) }
    let isInverted = index >> 12 == 1
    let cmode = index >> 8 & 15
    let value = expand(imm8, cmode, isInverted)
    return isInverted && cmode < 14 ? ~value : value
  }

  /// Where the numbers of 16 bits begin.
  static let half: UInt32 = 1 << 13

  private static func expand(_ imm8: UInt64, _ cmode: Int, _ op: Bool) -> UInt64 {
    let words: UInt64 = 0x0000_0001_0000_0001
    let halfwords: UInt64 = 0x0001_0001_0001_0001
    let bytes: UInt64 = 0x0101_0101_0101_0101
    switch (cmode, op) {
    case (0...7, _): return words &* (imm8 << UInt64(cmode / 2 * 8))
    case (8...11, _): return halfwords &* (imm8 << UInt64(cmode / 2 % 2 * 8))
    case (12, _): return words &* (imm8 << 8 | 0xff)
    case (13, _): return words &* (imm8 << 16 | 0xffff)
    case (14, false): return bytes &* imm8
    case (14, true): return (0..<8).reduce(0) { $0 | (imm8[bit: $1] ? 0xff << UInt64($1 * 8) : 0) }
    case (_, false): return words &* floatingPoint(imm8, exponent: 8, fraction: 23)
    case (_, true): return floatingPoint(imm8, exponent: 11, fraction: 52)
    }
  }

  /// A floating-point number (`VFPExpandImm`): its sign, an exponent of -3 to 4 and four bits of its fraction.
  private static func floatingPoint(_ imm8: UInt64, exponent: Int, fraction: Int) -> UInt64 {
    let sign = (imm8 >> 7) << UInt64(exponent + fraction)
    let bias = imm8[bit: 6] ? UInt64.lowMask(exponent - 3) << 2 : 1 << UInt64(exponent - 1)
    return sign | (bias | imm8[bits: 4...5]) << UInt64(fraction) | imm8[bits: 0...3] << UInt64(fraction - 4)
  }
}
