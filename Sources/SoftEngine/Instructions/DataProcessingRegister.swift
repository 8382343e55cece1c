import Bits

// Data processing with registers (Arm ARM, section C4.1.95).
extension DecodeTable {
  static let dataProcessingRegister: [InstructionPattern] = [
    InstructionPattern(
      "AND/ORR/EOR/ANDS, BIC/ORN/EON/BICS (shifted register)", "soo 01010 tt N mmmmm iiiiii nnnnn ddddd"
    ) {
      translateLogical($0)
    },
    InstructionPattern("ADD/SUB (shifted register)", "soS 01011 tt 0 mmmmm iiiiii nnnnn ddddd") {
      translateAddShifted($0)
    },
    InstructionPattern("ADD/SUB (extended register)", "soS 01011 00 1 mmmmm ttt iii nnnnn ddddd") {
      translateAddExtended($0)
    },
    InstructionPattern("ADC/SBC", "soS 11010000 mmmmm 000000 nnnnn ddddd") { translateAddWithCarry($0) },
    InstructionPattern("CCMN/CCMP (register)", "so1 11010010 mmmmm cccc 0 0 nnnnn 0 ffff") {
      translateConditionalCompare($0, isImmediate: false)
    },
    InstructionPattern("CCMN/CCMP (immediate)", "so1 11010010 iiiii cccc 1 0 nnnnn 0 ffff") {
      translateConditionalCompare($0, isImmediate: true)
    },
    InstructionPattern("CSEL/CSINC/CSINV/CSNEG", "so0 11010100 mmmmm cccc 0 o nnnnn ddddd") {
      translateConditionalSelect($0)
    },
    InstructionPattern("UDIV/SDIV/LSLV/LSRV/ASRV/RORV", "s00 11010110 mmmmm 00oooo nnnnn ddddd") {
      translateTwoSources($0)
    },
    InstructionPattern("CRC32/CRC32C", "s00 11010110 mmmmm 010 C zz nnnnn ddddd", .crc32) { translateChecksum($0) },
    InstructionPattern("RBIT/REV16/REV32/REV/CLZ/CLS", "s10 11010110 00000 000ooo nnnnn ddddd") {
      translateOneSource($0)
    },
    InstructionPattern("MADD/MSUB/SMADDL/…/SMULH/UMULH", "s00 11011 ooo mmmmm o aaaaa nnnnn ddddd") {
      translateThreeSources($0)
    },
  ]
}

extension InstructionWord {
  /// Rd, Rn and Rm without SP.
  fileprivate func registers(ra: UInt8 = 0, immediate: Int32 = 0) -> Operands {
    Operands(rd: rd.orDiscard, rn: rn.orZero, rm: rm.orZero, ra: ra, immediate: immediate)
  }
}

// MARK: - Shifted registers

/// Rm shifted by an amount of less than the width; `ra` is the sort of shift, `immediate` the amount.
@inline(__always) private func shifted64(_ cpu: CPU, _ op: Operands) -> UInt64 {
  let value = cpu[x: op.rm]
  let amount = UInt64(op.word & 63)
  switch op.ra & 3 {
  case 0: return value << amount
  case 1: return value >> amount
  case 2: return UInt64(bitPattern: Int64(bitPattern: value) >> Int64(amount))
  default: return value &>> amount | value &<< (0 &- amount)
  }
}

@inline(__always) private func shifted32(_ cpu: CPU, _ op: Operands) -> UInt32 {
  let value = cpu[w: op.rm]
  let amount = op.word & 31
  switch op.ra & 3 {
  case 0: return value << amount
  case 1: return value >> amount
  case 2: return UInt32(bitPattern: Int32(bitPattern: value) >> Int32(amount))
  default: return value &>> amount | value &<< (0 &- amount)
  }
}

private func translateLogical(_ word: InstructionWord) -> Slot? {
  let amount = Int32(word[bits: 10...15])
  guard word.is64Bit || amount < 32 else { return nil }
  let operands = word.registers(ra: word.number(22...23), immediate: amount)
  let isPlain = amount == 0
  let handler: Handler =
    switch (word[bits: 29...30] << 1 | word[bits: 21...21], word.is64Bit, isPlain) {
    case (0, true, true): { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] & $0[x: $1.rm] } }
    case (1, true, true): { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] & ~$0[x: $1.rm] } }
    case (2, true, true): { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] | $0[x: $1.rm] } }
    case (3, true, true): { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] | ~$0[x: $1.rm] } }
    case (4, true, true): { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] ^ $0[x: $1.rm] } }
    case (6, true, true): { execute($0, $1, $2) { $0[x: $1.rd] = $0.setLogicalFlags($0[x: $1.rn] & $0[x: $1.rm]) } }
    case (0, true, _): { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] & shifted64($0, $1) } }
    case (1, true, _): { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] & ~shifted64($0, $1) } }
    case (2, true, _): { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] | shifted64($0, $1) } }
    case (3, true, _): { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] | ~shifted64($0, $1) } }
    case (4, true, _): { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] ^ shifted64($0, $1) } }
    case (5, true, _): { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] ^ ~shifted64($0, $1) } }
    case (6, true, _): { execute($0, $1, $2) { $0[x: $1.rd] = $0.setLogicalFlags($0[x: $1.rn] & shifted64($0, $1)) } }
    case (7, true, _): { execute($0, $1, $2) { $0[x: $1.rd] = $0.setLogicalFlags($0[x: $1.rn] & ~shifted64($0, $1)) } }
    case (0, false, true): { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] & $0[w: $1.rm] } }
    case (2, false, true): { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] | $0[w: $1.rm] } }
    case (4, false, true): { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] ^ $0[w: $1.rm] } }
    case (6, false, true): { execute($0, $1, $2) { $0[w: $1.rd] = $0.setLogicalFlags($0[w: $1.rn] & $0[w: $1.rm]) } }
    case (0, false, _): { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] & shifted32($0, $1) } }
    case (1, false, _): { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] & ~shifted32($0, $1) } }
    case (2, false, _): { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] | shifted32($0, $1) } }
    case (3, false, _): { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] | ~shifted32($0, $1) } }
    case (4, false, _): { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] ^ shifted32($0, $1) } }
    case (5, false, _): { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] ^ ~shifted32($0, $1) } }
    case (6, false, _): { execute($0, $1, $2) { $0[w: $1.rd] = $0.setLogicalFlags($0[w: $1.rn] & shifted32($0, $1)) } }
    default: { execute($0, $1, $2) { $0[w: $1.rd] = $0.setLogicalFlags($0[w: $1.rn] & ~shifted32($0, $1)) } }
    }
  return Slot(handler, operands)
}

private func translateAddShifted(_ word: InstructionWord) -> Slot? {
  let amount = Int32(word[bits: 10...15])
  let sort = word.number(22...23)
  guard sort != 3, word.is64Bit || amount < 32 else { return nil }
  let operands = word.registers(ra: sort, immediate: amount)
  let isPlain = amount == 0
  let handler: Handler =
    switch (word[bits: 29...30], word.is64Bit, isPlain) {
    case (0, true, true): { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] &+ $0[x: $1.rm] } }
    case (1, true, true): { execute($0, $1, $2) { $0[x: $1.rd] = $0.addSettingFlags($0[x: $1.rn], $0[x: $1.rm]) } }
    case (2, true, true): { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] &- $0[x: $1.rm] } }
    case (3, true, true): { execute($0, $1, $2) { $0[x: $1.rd] = $0.subtractSettingFlags($0[x: $1.rn], $0[x: $1.rm]) } }
    case (0, true, _) where sort == 0:
      { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] &+ $0[x: $1.rm] << UInt64($1.word & 63) } }
    case (0, true, _): { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] &+ shifted64($0, $1) } }
    case (1, true, _): { execute($0, $1, $2) { $0[x: $1.rd] = $0.addSettingFlags($0[x: $1.rn], shifted64($0, $1)) } }
    case (2, true, _): { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] &- shifted64($0, $1) } }
    case (3, true, _):
      { execute($0, $1, $2) { $0[x: $1.rd] = $0.subtractSettingFlags($0[x: $1.rn], shifted64($0, $1)) } }
    case (0, false, true): { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] &+ $0[w: $1.rm] } }
    case (1, false, true): { execute($0, $1, $2) { $0[w: $1.rd] = $0.addSettingFlags($0[w: $1.rn], $0[w: $1.rm]) } }
    case (2, false, true): { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] &- $0[w: $1.rm] } }
    case (3, false, true):
      { execute($0, $1, $2) { $0[w: $1.rd] = $0.subtractSettingFlags($0[w: $1.rn], $0[w: $1.rm]) } }
    case (0, false, _): { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] &+ shifted32($0, $1) } }
    case (1, false, _): { execute($0, $1, $2) { $0[w: $1.rd] = $0.addSettingFlags($0[w: $1.rn], shifted32($0, $1)) } }
    case (2, false, _): { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] &- shifted32($0, $1) } }
    default: { execute($0, $1, $2) { $0[w: $1.rd] = $0.subtractSettingFlags($0[w: $1.rn], shifted32($0, $1)) } }
    }
  return Slot(handler, operands)
}

// MARK: - Extended registers

/// Rm extended as `ra` says, the manual's option, and shifted by `immediate`, 0 to 4 (Arm ARM, J1.3, `ExtendReg`).
@inline(__always)
func extended(_ cpu: CPU, _ op: Operands) -> UInt64 {
  let value = cpu[x: op.rm]
  let wide: UInt64
  switch op.ra & 7 {
  case 0: wide = value & 0xff
  case 1: wide = value & 0xffff
  case 2: wide = value & 0xffff_ffff
  case 3, 7: wide = value
  case 4: wide = UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: value)))
  case 5: wide = UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: value)))
  default: wide = UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value)))
  }
  return wide << UInt64(op.word & 7)
}

private func translateAddExtended(_ word: InstructionWord) -> Slot? {
  let amount = Int32(word[bits: 10...12])
  guard amount <= 4 else { return nil }
  let setsFlags = word[bit: 29]
  let operands = Operands(
    rd: setsFlags ? word.rd.orDiscard : word.rd, rn: word.rn, rm: word.rm.orZero, ra: word.number(13...15),
    immediate: amount)
  let handler: Handler =
    switch (word[bits: 29...30], word.is64Bit) {
    case (0, true): { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] &+ extended($0, $1) } }
    case (1, true): { execute($0, $1, $2) { $0[x: $1.rd] = $0.addSettingFlags($0[x: $1.rn], extended($0, $1)) } }
    case (2, true): { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] &- extended($0, $1) } }
    case (3, true): { execute($0, $1, $2) { $0[x: $1.rd] = $0.subtractSettingFlags($0[x: $1.rn], extended($0, $1)) } }
    case (0, false):
      { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] &+ UInt32(truncatingIfNeeded: extended($0, $1)) } }
    case (1, false):
      {
        execute($0, $1, $2) {
          $0[w: $1.rd] = $0.addSettingFlags($0[w: $1.rn], UInt32(truncatingIfNeeded: extended($0, $1)))
        }
      }
    case (2, false):
      { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] &- UInt32(truncatingIfNeeded: extended($0, $1)) } }
    default:
      {
        execute($0, $1, $2) {
          $0[w: $1.rd] = $0.subtractSettingFlags($0[w: $1.rn], UInt32(truncatingIfNeeded: extended($0, $1)))
        }
      }
    }
  return Slot(handler, operands)
}

// MARK: - Carry and conditions

private func translateAddWithCarry(_ word: InstructionWord) -> Slot? {
  let handler: Handler =
    switch (word[bits: 29...30], word.is64Bit) {
    case (0, true):
      { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] &+ $0[x: $1.rm] &+ ($0.state.pointee.c ? 1 : 0) } }
    case (1, true): { execute($0, $1, $2) { $0[x: $1.rd] = $0.addWithCarrySettingFlags($0[x: $1.rn], $0[x: $1.rm]) } }
    case (2, true):
      { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] &+ ~$0[x: $1.rm] &+ ($0.state.pointee.c ? 1 : 0) } }
    case (3, true): { execute($0, $1, $2) { $0[x: $1.rd] = $0.addWithCarrySettingFlags($0[x: $1.rn], ~$0[x: $1.rm]) } }
    case (0, false):
      { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] &+ $0[w: $1.rm] &+ ($0.state.pointee.c ? 1 : 0) } }
    case (1, false): { execute($0, $1, $2) { $0[w: $1.rd] = $0.addWithCarrySettingFlags($0[w: $1.rn], $0[w: $1.rm]) } }
    case (2, false):
      { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] &+ ~$0[w: $1.rm] &+ ($0.state.pointee.c ? 1 : 0) } }
    default: { execute($0, $1, $2) { $0[w: $1.rd] = $0.addWithCarrySettingFlags($0[w: $1.rn], ~$0[w: $1.rm]) } }
    }
  return Slot(handler, word.registers())
}

/// The condition's truth table is in the high half of `immediate`, an immediate in the low half; the flags are in `ra`.
private func translateConditionalCompare(_ word: InstructionWord, isImmediate: Bool) -> Slot? {
  let operands = Operands(
    rn: word.rn.orZero, rm: isImmediate ? RegisterNumber.zero : word.rm.orZero, ra: word.number(0...3),
    word: TruthTable(of: word.number(12...15)).rawValue << 16 | (isImmediate ? UInt32(word.rm) : 0))
  // One of the register and the immediate is zero.
  let handler: Handler =
    switch (word[bit: 30], word.is64Bit) {
    case (false, true):
      {
        execute($0, $1, $2) {
          if $0.holds(TruthTable(rawValue: $1.word >> 16)) {
            _ = $0.addSettingFlags($0[x: $1.rn], $0[x: $1.rm] | UInt64($1.word & 0xffff))
          } else {
            $0.setFlags($1.ra)
          }
        }
      }
    case (true, true):
      {
        execute($0, $1, $2) {
          if $0.holds(TruthTable(rawValue: $1.word >> 16)) {
            _ = $0.subtractSettingFlags($0[x: $1.rn], $0[x: $1.rm] | UInt64($1.word & 0xffff))
          } else {
            $0.setFlags($1.ra)
          }
        }
      }
    case (false, false):
      {
        execute($0, $1, $2) {
          if $0.holds(TruthTable(rawValue: $1.word >> 16)) {
            _ = $0.addSettingFlags($0[w: $1.rn], $0[w: $1.rm] | $1.word & 0xffff)
          } else {
            $0.setFlags($1.ra)
          }
        }
      }
    case (true, false):
      {
        execute($0, $1, $2) {
          if $0.holds(TruthTable(rawValue: $1.word >> 16)) {
            _ = $0.subtractSettingFlags($0[w: $1.rn], $0[w: $1.rm] | $1.word & 0xffff)
          } else {
            $0.setFlags($1.ra)
          }
        }
      }
    }
  return Slot(handler, operands)
}

extension Operands {
  /// The condition's truth table, in `immediate`.
  @inline(__always) fileprivate var truth: TruthTable { TruthTable(rawValue: word) }
}

private func translateConditionalSelect(_ word: InstructionWord) -> Slot? {
  let handler: Handler =
    switch (word[bits: 30...30] << 1 | word[bits: 10...10], word.is64Bit) {
    case (0, true): { execute($0, $1, $2) { $0[x: $1.rd] = $0.holds($1.truth) ? $0[x: $1.rn] : $0[x: $1.rm] } }
    case (1, true): { execute($0, $1, $2) { $0[x: $1.rd] = $0.holds($1.truth) ? $0[x: $1.rn] : $0[x: $1.rm] &+ 1 } }
    case (2, true): { execute($0, $1, $2) { $0[x: $1.rd] = $0.holds($1.truth) ? $0[x: $1.rn] : ~$0[x: $1.rm] } }
    case (3, true): { execute($0, $1, $2) { $0[x: $1.rd] = $0.holds($1.truth) ? $0[x: $1.rn] : 0 &- $0[x: $1.rm] } }
    case (0, false): { execute($0, $1, $2) { $0[w: $1.rd] = $0.holds($1.truth) ? $0[w: $1.rn] : $0[w: $1.rm] } }
    case (1, false): { execute($0, $1, $2) { $0[w: $1.rd] = $0.holds($1.truth) ? $0[w: $1.rn] : $0[w: $1.rm] &+ 1 } }
    case (2, false): { execute($0, $1, $2) { $0[w: $1.rd] = $0.holds($1.truth) ? $0[w: $1.rn] : ~$0[w: $1.rm] } }
    default: { execute($0, $1, $2) { $0[w: $1.rd] = $0.holds($1.truth) ? $0[w: $1.rn] : 0 &- $0[w: $1.rm] } }
    }
  return Slot(handler, word.registers(immediate: Int32(TruthTable(of: word.number(12...15)).rawValue)))
}

// MARK: - One, two and three sources

private func translateOneSource(_ word: InstructionWord) -> Slot? {
  let handler: Handler
  switch (word[bits: 10...12], word.is64Bit) {
  case (0, true): handler = { execute($0, $1, $2) { $0[x: $1.rd] = reversingBits($0[x: $1.rn]) } }
  case (0, false):
    handler = { execute($0, $1, $2) { $0[x: $1.rd] = reversingBits(UInt64($0[w: $1.rn])) >> 32 } }
  case (1, true):
    handler = {
      execute($0, $1, $2) {
        let value = $0[x: $1.rn]
        $0[x: $1.rd] = value >> 8 & 0x00ff_00ff_00ff_00ff | value << 8 & 0xff00_ff00_ff00_ff00
      }
    }
  case (1, false):
    handler = {
      execute($0, $1, $2) {
        let value = $0[w: $1.rn]
        $0[w: $1.rd] = value >> 8 & 0x00ff_00ff | value << 8 & 0xff00_ff00
      }
    }
  case (2, true):
    handler = {
      execute($0, $1, $2) {
        let value = $0[x: $1.rn].byteSwapped
        $0[x: $1.rd] = value >> 32 | value << 32
      }
    }
  case (2, false): handler = { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn].byteSwapped } }
  case (3, true): handler = { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn].byteSwapped } }
  case (4, true): handler = { execute($0, $1, $2) { $0[x: $1.rd] = UInt64($0[x: $1.rn].leadingZeroBitCount) } }
  case (4, false): handler = { execute($0, $1, $2) { $0[x: $1.rd] = UInt64($0[w: $1.rn].leadingZeroBitCount) } }
  case (5, true):
    handler = {
      execute($0, $1, $2) {
        let value = Int64(bitPattern: $0[x: $1.rn])
        $0[x: $1.rd] = UInt64((value ^ (value >> 63)).leadingZeroBitCount &- 1)
      }
    }
  case (5, false):
    handler = {
      execute($0, $1, $2) {
        let value = Int32(bitPattern: $0[w: $1.rn])
        $0[x: $1.rd] = UInt64((value ^ (value >> 31)).leadingZeroBitCount &- 1)
      }
    }
  default: return nil
  }
  return Slot(handler, Operands(rd: word.rd.orDiscard, rn: word.rn.orZero))
}

/// The 64 bits in the opposite order.
@inline(__always)
func reversingBits(_ value: UInt64) -> UInt64 {
  var value = value.byteSwapped
  value = value >> 4 & 0x0f0f_0f0f_0f0f_0f0f | (value & 0x0f0f_0f0f_0f0f_0f0f) << 4
  value = value >> 2 & 0x3333_3333_3333_3333 | (value & 0x3333_3333_3333_3333) << 2
  return value >> 1 & 0x5555_5555_5555_5555 | (value & 0x5555_5555_5555_5555) << 1
}

/// Division as the architecture has it: by zero gives zero, and the one overflow wraps.
@inline(__always)
private func quotient<Value: FixedWidthInteger>(_ left: Value, _ right: Value) -> Value {
  right == 0 ? 0 : left.dividedReportingOverflow(by: right).partialValue
}

private func translateTwoSources(_ word: InstructionWord) -> Slot? {
  let handler: Handler
  switch (word[bits: 10...13], word.is64Bit) {
  case (2, true): handler = { execute($0, $1, $2) { $0[x: $1.rd] = quotient($0[x: $1.rn], $0[x: $1.rm]) } }
  case (2, false): handler = { execute($0, $1, $2) { $0[w: $1.rd] = quotient($0[w: $1.rn], $0[w: $1.rm]) } }
  case (3, true):
    handler = {
      execute($0, $1, $2) {
        $0[x: $1.rd] = UInt64(
          bitPattern: quotient(Int64(bitPattern: $0[x: $1.rn]), Int64(bitPattern: $0[x: $1.rm])))
      }
    }
  case (3, false):
    handler = {
      execute($0, $1, $2) {
        $0[w: $1.rd] = UInt32(
          bitPattern: quotient(Int32(bitPattern: $0[w: $1.rn]), Int32(bitPattern: $0[w: $1.rm])))
      }
    }
  case (8, true): handler = { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] &<< $0[x: $1.rm] } }
  case (8, false): handler = { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] &<< $0[w: $1.rm] } }
  case (9, true): handler = { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] &>> $0[x: $1.rm] } }
  case (9, false): handler = { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] &>> $0[w: $1.rm] } }
  case (10, true):
    handler = {
      execute($0, $1, $2) {
        $0[x: $1.rd] = UInt64(bitPattern: Int64(bitPattern: $0[x: $1.rn]) &>> Int64(bitPattern: $0[x: $1.rm]))
      }
    }
  case (10, false):
    handler = {
      execute($0, $1, $2) {
        $0[w: $1.rd] = UInt32(bitPattern: Int32(bitPattern: $0[w: $1.rn]) &>> Int32(bitPattern: $0[w: $1.rm]))
      }
    }
  case (11, true):
    handler = {
      execute($0, $1, $2) {
        let (value, amount) = ($0[x: $1.rn], $0[x: $1.rm])
        $0[x: $1.rd] = value &>> amount | value &<< (0 &- amount)
      }
    }
  case (11, false):
    handler = {
      execute($0, $1, $2) {
        let (value, amount) = ($0[w: $1.rn], $0[w: $1.rm])
        $0[w: $1.rd] = value &>> amount | value &<< (0 &- amount)
      }
    }
  default: return nil
  }
  return Slot(handler, word.registers())
}

private func translateThreeSources(_ word: InstructionWord) -> Slot? {
  let operands = word.registers(ra: word.ra.orZero)
  let handler: Handler
  switch (word[bits: 21...23] << 1 | word[bits: 15...15], word.is64Bit) {
  case (0, true): handler = { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.ra] &+ $0[x: $1.rn] &* $0[x: $1.rm] } }
  case (1, true): handler = { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.ra] &- $0[x: $1.rn] &* $0[x: $1.rm] } }
  case (0, false): handler = { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.ra] &+ $0[w: $1.rn] &* $0[w: $1.rm] } }
  case (1, false): handler = { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.ra] &- $0[w: $1.rn] &* $0[w: $1.rm] } }
  case (2, true): handler = { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.ra] &+ signedProduct($0, $1) } }
  case (3, true): handler = { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.ra] &- signedProduct($0, $1) } }
  case (4, true):
    handler = {
      execute($0, $1, $2) {
        let product = Int64(bitPattern: $0[x: $1.rn]).multipliedFullWidth(by: Int64(bitPattern: $0[x: $1.rm]))
        $0[x: $1.rd] = UInt64(bitPattern: product.high)
      }
    }
  case (10, true): handler = { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.ra] &+ unsignedProduct($0, $1) } }
  case (11, true): handler = { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.ra] &- unsignedProduct($0, $1) } }
  case (12, true):
    handler = { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn].multipliedFullWidth(by: $0[x: $1.rm]).high } }
  default: return nil
  }
  return Slot(handler, operands)
}

@inline(__always) private func signedProduct(_ cpu: CPU, _ op: Operands) -> UInt64 {
  UInt64(bitPattern: Int64(Int32(bitPattern: cpu[w: op.rn])) &* Int64(Int32(bitPattern: cpu[w: op.rm])))
}

@inline(__always) private func unsignedProduct(_ cpu: CPU, _ op: Operands) -> UInt64 {
  UInt64(cpu[w: op.rn]) &* UInt64(cpu[w: op.rm])
}

// MARK: - Checksums

/// CRC-32 (IEEE 802.3, 0x04C11DB7) and CRC-32C (Castagnoli, 0x1EDC6F41), bit-reversed, by a byte at a time.
private let checksums = ConstantTable<UInt32>(count: 512) { index in
  let polynomial: UInt32 = index < 256 ? 0xedb8_8320 : 0x82f6_3b78
  return (0..<8).reduce(UInt32(index & 255)) { value, _ in value >> 1 ^ (value & 1 == 0 ? 0 : polynomial) }
}

/// `ra` is the place of the table, `immediate` the number of bytes.
private func translateChecksum(_ word: InstructionWord) -> Slot? {
  let size = word[bits: 10...11]
  guard word.is64Bit == (size == 3) else { return nil }
  let operands = word.registers(ra: word[bit: 12] ? 1 : 0, immediate: 1 << Int32(size))
  return Slot(
    {
      execute($0, $1, $2) { cpu, op in
        let table = Int(op.ra) << 8
        var sum = cpu[w: op.rn]
        var value = cpu[x: op.rm]
        for _ in 0..<op.word {
          sum = sum >> 8 ^ checksums[table | Int(UInt8(truncatingIfNeeded: sum) ^ UInt8(truncatingIfNeeded: value))]
          value >>= 8
        }
        cpu[w: op.rd] = sum
      }
    }, operands)
}
