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
      let value = UInt32(expandedFloat(word.imm8, exponent: 5, fraction: 10))
      return Slot({ setImmediate($0, $1, $2, words) }, word.immediate(value << 16 | value))
    },
  ]
}

private func translateModifiedImmediate(_ word: InstructionWord) -> Slot? {
  let op = word[bit: 29]
  let cmode = word[bits: 12...15]
  let imm8 = word.imm8
  switch (cmode, op) {
  case (14, true): return Slot({ setImmediate($0, $1, $2, byteMask) }, word.immediate(imm8))
  case (15, true):
    // Not allocated with 64 bits, where it were a scalar.
    guard word.isQuadword else { return nil }
    let value = expandedFloat(imm8, exponent: 11, fraction: 52)
    return Slot({ setImmediate($0, $1, $2, upperWords) }, word.immediate(UInt32(value >> 32)))
  default: break
  }
  let value = expandedWord(imm8, cmode)
  let combines = cmode < 12 && cmode & 1 == 1
  let handler: Handler =
    switch (combines, op) {
    case (false, _): { setImmediate($0, $1, $2, words) }
    case (true, false): { combineImmediate($0, $1, $2) { $0 | $1 } }
    case (true, true): { combineImmediate($0, $1, $2) { $0 & $1 } }
    }
  return Slot(handler, word.immediate(op ? ~value : value))
}

extension InstructionWord {
  /// The field a:b:c:d:e:f:g:h.
  fileprivate var imm8: UInt32 { self[bits: 16...18] << 5 | self[bits: 5...9] }

  /// Vd, Q in `ra`, and 32 bits of which the value is made.
  fileprivate func immediate(_ value: UInt32) -> Operands { Operands(rd: rd, ra: isQuadword ? 1 : 0, word: value) }
}

// MARK: - Expansion

/// The 32 bits that imm8 stands for where cmode is none of the 64-bit forms (Arm ARM, J1.3, `AdvSIMDExpandImm`).
private func expandedWord(_ imm8: UInt32, _ cmode: UInt32) -> UInt32 {
  switch cmode {
  case 0...7: imm8 << (cmode / 2 * 8)
  case 8...11: 0x0001_0001 &* (imm8 << (cmode / 2 % 2 * 8))
  case 12: imm8 << 8 | 0xff
  case 13: imm8 << 16 | 0xffff
  case 14: 0x0101_0101 &* imm8
  default: UInt32(expandedFloat(imm8, exponent: 8, fraction: 23))
  }
}

/// A floating-point number (`VFPExpandImm`): its sign, an exponent of -3 to 4 and four bits of its fraction.
private func expandedFloat(_ imm8: UInt32, exponent: Int, fraction: Int) -> UInt64 {
  let imm8 = UInt64(imm8)
  let sign = (imm8 >> 7) << UInt64(exponent + fraction)
  let bias = imm8[bit: 6] ? UInt64.lowMask(exponent - 3) << 2 : 1 << UInt64(exponent - 1)
  return sign | (bias | imm8[bits: 4...5]) << UInt64(fraction) | imm8[bits: 0...3] << UInt64(fraction - 4)
}

/// Twice the 32 bits.
@inline(__always) private func words(_ value: UInt32) -> UInt64 { UInt64(value) &* 0x1_0000_0001 }

/// The 32 bits above zeros.
@inline(__always) private func upperWords(_ value: UInt32) -> UInt64 { UInt64(value) << 32 }

/// A byte of ones for each bit of eight.
@inline(__always) private func byteMask(_ value: UInt32) -> UInt64 {
  // Each bit in the byte of its number, moved up to that byte's highest bit.
  let bits = UInt64(value) &* 0x0101_0101_0101_0101 & 0x8040_2010_0804_0201
  let highest = (bits &+ 0x7f7f_7f7f_7f7f_7f7f) & 0x8080_8080_8080_8080
  return (highest &>> 7) &* 0xff
}

@inline(__always)
private func setImmediate(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ expand: (UInt32) -> UInt64
) {
  vector(cpu, slot, limit) { cpu, op in
    let value = expand(op.word)
    cpu[v: op.rd] = SIMD2(value, value &* UInt64(op.ra))
  }
}

@inline(__always)
private func combineImmediate(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ combine: (UInt64, UInt64) -> UInt64
) {
  vector(cpu, slot, limit) { cpu, op in
    let value = words(op.word)
    let old = cpu[v: op.rd]
    cpu[v: op.rd] = SIMD2(combine(old[0], value), combine(old[1], value) &* UInt64(op.ra))
  }
}
