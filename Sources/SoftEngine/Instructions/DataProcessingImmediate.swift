import Bits

// Data processing with an immediate (Arm ARM, section C4.1.93).
extension DecodeTable {
  static let dataProcessingImmediate: [InstructionPattern] = [
    InstructionPattern("ADR", "0ii10000 iiiiiiiiiiiiiiiiiii ddddd") { translateAddress($0, isPage: false) },
    InstructionPattern("ADRP", "1ii10000 iiiiiiiiiiiiiiiiiii ddddd") { translateAddress($0, isPage: true) },
    InstructionPattern("ADD/SUB (immediate)", "soS 100010 h iiiiiiiiiiii nnnnn ddddd") { translateAddImmediate($0) },
    InstructionPattern("AND/ORR/EOR/ANDS (immediate)", "soo 100100 N rrrrrr ssssss nnnnn ddddd") {
      translateLogicalImmediate($0)
    },
    InstructionPattern("MOVN/MOVZ/MOVK", "soo 100101 hh iiiiiiiiiiiiiiii ddddd") { translateMoveWide($0) },
    InstructionPattern("SBFM/BFM/UBFM", "soo 100110 N rrrrrr ssssss nnnnn ddddd") { translateBitfield($0) },
    InstructionPattern("EXTR", "s00 100111 N 0 mmmmm ssssss nnnnn ddddd") { translateExtract($0) },
  ]
}

// MARK: - Addresses

private func translateAddress(_ word: InstructionWord, isPage: Bool) -> Slot? {
  let offset = word.signed(5...23) << 2 | Int32(word[bits: 29...30])
  let operands = Operands(rd: word.rd.orDiscard, immediate: offset)
  if isPage {
    return Slot(
      { cpu, slot, limit in
        execute(cpu, slot, limit) { cpu, op in
          cpu[x: op.rd] = cpu.run.pointee.pageAddress &+ op.offset << 12
        }
      }, operands)
  }
  return Slot(
    { cpu, slot, limit in
      let op = SoftEngine.operands(slot)
      CPU(cpu)[x: op.rd] = CPU(cpu).address(of: slot) &+ op.offset
      next(cpu, slot, limit)
    }, operands)
}

// MARK: - Add and subtract

private func translateAddImmediate(_ word: InstructionWord) -> Slot? {
  let setsFlags = word[bit: 29]
  let immediate = Int32(word[bits: 10...21]) << (word[bit: 22] ? 12 : 0)
  let operands = Operands(
    rd: setsFlags ? word.rd.orDiscard : word.rd, rn: word.rn, immediate: immediate)
  let handler: Handler =
    switch (word.is64Bit, word[bit: 30], setsFlags) {
    case (true, false, false): { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] &+ $1.offset } }
    case (true, true, false): { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] &- $1.offset } }
    case (true, false, true): { execute($0, $1, $2) { $0[x: $1.rd] = $0.addSettingFlags($0[x: $1.rn], $1.offset) } }
    case (true, true, true): { execute($0, $1, $2) { $0[x: $1.rd] = $0.subtractSettingFlags($0[x: $1.rn], $1.offset) } }
    case (false, false, false): { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] &+ $1.word } }
    case (false, true, false): { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] &- $1.word } }
    case (false, false, true): { execute($0, $1, $2) { $0[w: $1.rd] = $0.addSettingFlags($0[w: $1.rn], $1.word) } }
    case (false, true, true): { execute($0, $1, $2) { $0[w: $1.rd] = $0.subtractSettingFlags($0[w: $1.rn], $1.word) } }
    }
  return Slot(handler, operands)
}

// MARK: - Logical

/// The immediates of logical instructions by N:immr:imms, for those that do not fit into a slot.
private let bitmasks = ConstantTable<UInt64>(count: 1 << 13) { index in
  let index = UInt32(index)
  return bitmask(n: index >> 12, immr: index >> 6 & 63, imms: index & 63, is64Bit: true)?.mask ?? 0
}

/// The masks that an immediate of N, immr and imms stands for; nil for a reserved one (Arm ARM, J1.3, `DecodeBitMasks`).
func bitmask(n: UInt32, immr: UInt32, imms: UInt32, is64Bit: Bool) -> (mask: UInt64, size: Int)? {
  let combined = n << 6 | ~imms & 0x3f
  guard combined > 1, is64Bit || n == 0 else { return nil }
  let length = 31 - combined.leadingZeroBitCount
  let size = 1 << length
  let levels = UInt32(size - 1)
  guard imms & levels != levels else { return nil }
  let ones = UInt64.lowMask(Int(imms & levels) + 1)
  let rotation = UInt64(immr & levels)
  let elementMask = UInt64.lowMask(size)
  var element = (ones >> rotation | (rotation == 0 ? 0 : ones << (UInt64(size) &- rotation))) & elementMask
  var width = size
  while width < 64 {
    element |= element << UInt64(width)
    width *= 2
  }
  return (element, size)
}

private func translateLogicalImmediate(_ word: InstructionWord) -> Slot? {
  let (n, immr, imms) = (word[bits: 22...22], word[bits: 16...21], word[bits: 10...15])
  guard let (mask, _) = bitmask(n: n, immr: immr, imms: imms, is64Bit: word.is64Bit) else { return nil }
  let operation = word[bits: 29...30]
  let rd = operation == 3 ? word.rd.orDiscard : word.rd
  if !word.is64Bit {
    let operands = Operands(rd: rd, rn: word.rn.orZero, word: UInt32(truncatingIfNeeded: mask))
    let handler: Handler =
      switch operation {
      case 0: { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] & $1.word } }
      case 1: { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] | $1.word } }
      case 2: { execute($0, $1, $2) { $0[w: $1.rd] = $0[w: $1.rn] ^ $1.word } }
      default: { execute($0, $1, $2) { $0[w: $1.rd] = $0.setLogicalFlags($0[w: $1.rn] & $1.word) } }
      }
    return Slot(handler, operands)
  }
  if let immediate = Int32(exactly: Int64(bitPattern: mask)) {
    let operands = Operands(rd: rd, rn: word.rn.orZero, immediate: immediate)
    let handler: Handler =
      switch operation {
      case 0: { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] & $1.offset } }
      case 1: { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] | $1.offset } }
      case 2: { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] ^ $1.offset } }
      default: { execute($0, $1, $2) { $0[x: $1.rd] = $0.setLogicalFlags($0[x: $1.rn] & $1.offset) } }
      }
    return Slot(handler, operands)
  }
  let operands = Operands(rd: rd, rn: word.rn.orZero, word: n << 12 | immr << 6 | imms)
  let handler: Handler =
    switch operation {
    case 0: { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] & bitmasks[Int($1.word)] } }
    case 1: { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] | bitmasks[Int($1.word)] } }
    case 2: { execute($0, $1, $2) { $0[x: $1.rd] = $0[x: $1.rn] ^ bitmasks[Int($1.word)] } }
    default: { execute($0, $1, $2) { $0[x: $1.rd] = $0.setLogicalFlags($0[x: $1.rn] & bitmasks[Int($1.word)]) } }
    }
  return Slot(handler, operands)
}

// MARK: - Move wide

private func translateMoveWide(_ word: InstructionWord) -> Slot? {
  let half = word.number(21...22)
  guard word.is64Bit || half < 2 else { return nil }
  let immediate = word[bits: 5...20]
  let operands = Operands(rd: word.rd.orDiscard, ra: half * 16, word: immediate)
  let handler: Handler
  switch (word[bits: 29...30], word.is64Bit) {
  case (0, true): handler = { execute($0, $1, $2) { $0[x: $1.rd] = ~(UInt64($1.word) << UInt64($1.ra & 63)) } }
  case (0, false): handler = { execute($0, $1, $2) { $0[w: $1.rd] = ~($1.word << UInt32($1.ra & 31)) } }
  case (2, _): handler = { execute($0, $1, $2) { $0[x: $1.rd] = UInt64($1.word) << UInt64($1.ra & 63) } }
  case (3, true):
    handler = {
      execute($0, $1, $2) {
        let shift = UInt64($1.ra & 63)
        $0[x: $1.rd] = $0[x: $1.rd] & ~(0xffff << shift) | UInt64($1.word) << shift
      }
    }
  case (3, false):
    handler = {
      execute($0, $1, $2) {
        let shift = UInt32($1.ra & 31)
        $0[w: $1.rd] = $0[w: $1.rd] & ~(0xffff << shift) | $1.word << shift
      }
    }
  default: return nil
  }
  return Slot(handler, operands)
}

// MARK: - Bit fields

private func translateBitfield(_ word: InstructionWord) -> Slot? {
  let width = word.is64Bit ? 64 : 32
  let (immr, imms) = (Int(word[bits: 16...21]), Int(word[bits: 10...15]))
  guard word[bit: 22] == word.is64Bit, immr < width, imms < width else { return nil }
  let (rd, rn) = (word.rd.orDiscard, word.rn.orZero)
  // The field's length, where it is taken from, and where it goes.
  let extracts = imms >= immr
  let length = extracts ? imms - immr + 1 : imms + 1
  let operation = word[bits: 29...30]
  if operation == 1 {
    let operands = Operands(
      rd: rd, rn: rn, rm: UInt8(extracts ? immr : 0), ra: UInt8(extracts ? 0 : width - immr), immediate: Int32(length))
    return Slot(
      word.is64Bit
        ? { execute($0, $1, $2) { $0[x: $1.rd] = insertField($0[x: $1.rn], into: $0[x: $1.rd], $1) } }
        : {
          execute($0, $1, $2) {
            $0[w: $1.rd] = UInt32(truncatingIfNeeded: insertField($0[x: $1.rn], into: $0[x: $1.rd], $1))
          }
        },
      operands)
  }
  // Shifted to the top and down again: rm up, ra down.
  let up = width - 1 - imms
  let down = extracts ? up + immr : up - (width - immr)
  guard operation != 3 else { return nil }
  let operands = Operands(rd: rd, rn: rn, rm: UInt8(up), ra: UInt8(down))
  let handler: Handler =
    switch (operation, word.is64Bit) {
    case (0, true):
      {
        execute($0, $1, $2) {
          $0[x: $1.rd] = UInt64(bitPattern: Int64(bitPattern: $0[x: $1.rn] << UInt64($1.rm & 63)) >> Int64($1.ra & 63))
        }
      }
    case (0, false):
      {
        execute($0, $1, $2) {
          $0[w: $1.rd] = UInt32(bitPattern: Int32(bitPattern: $0[w: $1.rn] << UInt32($1.rm & 31)) >> Int32($1.ra & 31))
        }
      }
    case (_, true):
      { execute($0, $1, $2) { $0[x: $1.rd] = ($0[x: $1.rn] << UInt64($1.rm & 63)) >> UInt64($1.ra & 63) } }
    case (_, false):
      { execute($0, $1, $2) { $0[w: $1.rd] = ($0[w: $1.rn] << UInt32($1.rm & 31)) >> UInt32($1.ra & 31) } }
    }
  return Slot(handler, operands)
}

/// BFM: `immediate` bits from bit `rm` of the source go to bit `ra` of the target.
@inline(__always)
private func insertField(_ source: UInt64, into target: UInt64, _ op: Operands) -> UInt64 {
  let place = UInt64(op.ra & 63)
  let mask = (UInt64.max >> ((64 &- op.offset) & 63)) << place
  let field = (source >> UInt64(op.rm & 63)) << place
  return target & ~mask | field & mask
}

private func translateExtract(_ word: InstructionWord) -> Slot? {
  let position = word.number(10...15)
  guard word[bit: 22] == word.is64Bit, word.is64Bit || position < 32 else { return nil }
  let operands = Operands(rd: word.rd.orDiscard, rn: word.rn.orZero, rm: word.rm.orZero, ra: position)
  return Slot(
    word.is64Bit
      ? {
        execute($0, $1, $2) {
          let low = $0[x: $1.rm] >> UInt64($1.ra & 63)
          $0[x: $1.rd] = $1.ra == 0 ? low : low | $0[x: $1.rn] << (64 &- UInt64($1.ra & 63))
        }
      }
      : {
        execute($0, $1, $2) {
          let both = UInt64($0[w: $1.rn]) << 32 | UInt64($0[w: $1.rm])
          $0[w: $1.rd] = UInt32(truncatingIfNeeded: both >> UInt64($1.ra & 31))
        }
      }, operands)
}
