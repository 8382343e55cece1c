import Bits

// Loads and stores of general registers (Arm ARM, section C4.1.96), but for exclusive and ordered ones
// (`Exclusives.swift`) and atomic ones (`Atomics.swift`).
extension DecodeTable {
  static let loadsAndStores: [InstructionPattern] = [
    InstructionPattern("LDR (literal), LDRSW (literal), PRFM (literal)", "oo 011 0 00 iiiiiiiiiiiiiiiiiii ttttt") {
      translateLiteral($0)
    },
    InstructionPattern("LDP/STP/LDPSW/LDNP/STNP", "oo 101 0 0 mm L iiiiiii aaaaa nnnnn ttttt") { translatePair($0) },
    InstructionPattern("LDUR/STUR, PRFUM", "zz 111 0 00 oo 0 iiiiiiiii 00 nnnnn ttttt") {
      translateSmallOffset($0, baseOffset, hasPrefetch: true)
    },
    InstructionPattern("LDR/STR (immediate, post-indexed)", "zz 111 0 00 oo 0 iiiiiiiii 01 nnnnn ttttt") {
      translateSmallOffset($0, postIndexed)
    },
    InstructionPattern("LDTR/STTR", "zz 111 0 00 oo 0 iiiiiiiii 10 nnnnn ttttt") {
      translateSmallOffset($0, unprivileged)
    },
    InstructionPattern("LDR/STR (immediate, pre-indexed)", "zz 111 0 00 oo 0 iiiiiiiii 11 nnnnn ttttt") {
      translateSmallOffset($0, preIndexed)
    },
    InstructionPattern("LDR/STR (register), PRFM (register)", "zz 111 0 00 oo 1 mmmmm xxx S 10 nnnnn ttttt") {
      translateRegisterOffset($0)
    },
    InstructionPattern(
      "LDR/STR (immediate, unsigned offset), PRFM (immediate)", "zz 111 0 01 oo iiiiiiiiiiii nnnnn ttttt"
    ) {
      translateUnsignedOffset($0)
    },
  ]
}

// MARK: - Transfers

/// Loads a value into `rd`, extended as its own type says to `Width`; the rest of the register is cleared.
private enum Load<Value: FixedWidthInteger & BitwiseCopyable, Width: FixedWidthInteger>: Transfer {
  @inline(__always) static func perform(_ cpu: CPU, _ op: Operands, _ address: UInt64) -> Bool {
    guard let value = cpu.load(address, as: Value.self) else { return false }
    cpu[x: op.rd] = UInt64(truncatingIfNeeded: Width(truncatingIfNeeded: value))
    return true
  }
}

/// Stores the low bits of `rd`.
private enum Store<Value: FixedWidthInteger & BitwiseCopyable>: Transfer {
  @inline(__always) static func perform(_ cpu: CPU, _ op: Operands, _ address: UInt64) -> Bool {
    cpu.store(Value(truncatingIfNeeded: cpu[x: op.rd]), at: address)
  }
}

/// `Load` with EL0's permissions.
private enum LoadUnprivileged<Value: FixedWidthInteger & BitwiseCopyable, Width: FixedWidthInteger>: Transfer {
  @inline(__always) static func perform(_ cpu: CPU, _ op: Operands, _ address: UInt64) -> Bool {
    guard let value = cpu.load(address, as: Value.self, unprivileged: true) else { return false }
    cpu[x: op.rd] = UInt64(truncatingIfNeeded: Width(truncatingIfNeeded: value))
    return true
  }
}

/// `Store` with EL0's permissions.
private enum StoreUnprivileged<Value: FixedWidthInteger & BitwiseCopyable>: Transfer {
  @inline(__always) static func perform(_ cpu: CPU, _ op: Operands, _ address: UInt64) -> Bool {
    cpu.store(Value(truncatingIfNeeded: cpu[x: op.rd]), at: address, unprivileged: true)
  }
}

/// Loads two values into `rd` and `ra`; where both are one register the first value stays.
private enum LoadPair<Value: FixedWidthInteger & BitwiseCopyable>: Transfer {
  @inline(__always) static func perform(_ cpu: CPU, _ op: Operands, _ address: UInt64) -> Bool {
    guard let (first, second) = cpu.loadPair(address, of: Value.self) else { return false }
    cpu[x: op.ra] = UInt64(truncatingIfNeeded: second)
    cpu[x: op.rd] = UInt64(truncatingIfNeeded: first)
    return true
  }
}

/// Stores the low bits of `rd` and `ra`.
private enum StorePair<Value: FixedWidthInteger & BitwiseCopyable>: Transfer {
  @inline(__always) static func perform(_ cpu: CPU, _ op: Operands, _ address: UInt64) -> Bool {
    cpu.storePair(
      Value(truncatingIfNeeded: cpu[x: op.rd]), Value(truncatingIfNeeded: cpu[x: op.ra]), at: address)
  }
}

private typealias STRB = Store<UInt8>
private typealias STRH = Store<UInt16>
private typealias STRW = Store<UInt32>
private typealias STRX = Store<UInt64>
private typealias LDRB = Load<UInt8, UInt64>
private typealias LDRH = Load<UInt16, UInt64>
private typealias LDRW = Load<UInt32, UInt64>
private typealias LDRX = Load<UInt64, UInt64>
private typealias LDRSBW = Load<Int8, UInt32>
private typealias LDRSHW = Load<Int16, UInt32>
private typealias LDRSBX = Load<Int8, UInt64>
private typealias LDRSHX = Load<Int16, UInt64>
private typealias LDRSWX = Load<Int32, UInt64>

// MARK: - Handlers of each addressing mode, by size:opc

/// Base and an immediate.
private func baseOffset(_ operation: UInt32) -> Handler {
  switch operation {
  case 0b00_00: { access($0, $1, $2, STRB.self, BaseOffset.self) }
  case 0b00_01: { access($0, $1, $2, LDRB.self, BaseOffset.self) }
  case 0b00_10: { access($0, $1, $2, LDRSBX.self, BaseOffset.self) }
  case 0b00_11: { access($0, $1, $2, LDRSBW.self, BaseOffset.self) }
  case 0b01_00: { access($0, $1, $2, STRH.self, BaseOffset.self) }
  case 0b01_01: { access($0, $1, $2, LDRH.self, BaseOffset.self) }
  case 0b01_10: { access($0, $1, $2, LDRSHX.self, BaseOffset.self) }
  case 0b01_11: { access($0, $1, $2, LDRSHW.self, BaseOffset.self) }
  case 0b10_00: { access($0, $1, $2, STRW.self, BaseOffset.self) }
  case 0b10_01: { access($0, $1, $2, LDRW.self, BaseOffset.self) }
  case 0b10_10: { access($0, $1, $2, LDRSWX.self, BaseOffset.self) }
  case 0b11_00: { access($0, $1, $2, STRX.self, BaseOffset.self) }
  default: { access($0, $1, $2, LDRX.self, BaseOffset.self) }
  }
}

/// Base and an immediate, which the base is left at.
private func preIndexed(_ operation: UInt32) -> Handler {
  switch operation {
  case 0b00_00: { access($0, $1, $2, STRB.self, PreIndexed.self) }
  case 0b00_01: { access($0, $1, $2, LDRB.self, PreIndexed.self) }
  case 0b00_10: { access($0, $1, $2, LDRSBX.self, PreIndexed.self) }
  case 0b00_11: { access($0, $1, $2, LDRSBW.self, PreIndexed.self) }
  case 0b01_00: { access($0, $1, $2, STRH.self, PreIndexed.self) }
  case 0b01_01: { access($0, $1, $2, LDRH.self, PreIndexed.self) }
  case 0b01_10: { access($0, $1, $2, LDRSHX.self, PreIndexed.self) }
  case 0b01_11: { access($0, $1, $2, LDRSHW.self, PreIndexed.self) }
  case 0b10_00: { access($0, $1, $2, STRW.self, PreIndexed.self) }
  case 0b10_01: { access($0, $1, $2, LDRW.self, PreIndexed.self) }
  case 0b10_10: { access($0, $1, $2, LDRSWX.self, PreIndexed.self) }
  case 0b11_00: { access($0, $1, $2, STRX.self, PreIndexed.self) }
  default: { access($0, $1, $2, LDRX.self, PreIndexed.self) }
  }
}

/// The base, which an immediate is added to afterwards.
private func postIndexed(_ operation: UInt32) -> Handler {
  switch operation {
  case 0b00_00: { access($0, $1, $2, STRB.self, PostIndexed.self) }
  case 0b00_01: { access($0, $1, $2, LDRB.self, PostIndexed.self) }
  case 0b00_10: { access($0, $1, $2, LDRSBX.self, PostIndexed.self) }
  case 0b00_11: { access($0, $1, $2, LDRSBW.self, PostIndexed.self) }
  case 0b01_00: { access($0, $1, $2, STRH.self, PostIndexed.self) }
  case 0b01_01: { access($0, $1, $2, LDRH.self, PostIndexed.self) }
  case 0b01_10: { access($0, $1, $2, LDRSHX.self, PostIndexed.self) }
  case 0b01_11: { access($0, $1, $2, LDRSHW.self, PostIndexed.self) }
  case 0b10_00: { access($0, $1, $2, STRW.self, PostIndexed.self) }
  case 0b10_01: { access($0, $1, $2, LDRW.self, PostIndexed.self) }
  case 0b10_10: { access($0, $1, $2, LDRSWX.self, PostIndexed.self) }
  case 0b11_00: { access($0, $1, $2, STRX.self, PostIndexed.self) }
  default: { access($0, $1, $2, LDRX.self, PostIndexed.self) }
  }
}

/// Base and a register of 64 bits.
private func baseRegister(_ operation: UInt32) -> Handler {
  switch operation {
  case 0b00_00: { access($0, $1, $2, STRB.self, BaseRegister.self) }
  case 0b00_01: { access($0, $1, $2, LDRB.self, BaseRegister.self) }
  case 0b00_10: { access($0, $1, $2, LDRSBX.self, BaseRegister.self) }
  case 0b00_11: { access($0, $1, $2, LDRSBW.self, BaseRegister.self) }
  case 0b01_00: { access($0, $1, $2, STRH.self, BaseRegister.self) }
  case 0b01_01: { access($0, $1, $2, LDRH.self, BaseRegister.self) }
  case 0b01_10: { access($0, $1, $2, LDRSHX.self, BaseRegister.self) }
  case 0b01_11: { access($0, $1, $2, LDRSHW.self, BaseRegister.self) }
  case 0b10_00: { access($0, $1, $2, STRW.self, BaseRegister.self) }
  case 0b10_01: { access($0, $1, $2, LDRW.self, BaseRegister.self) }
  case 0b10_10: { access($0, $1, $2, LDRSWX.self, BaseRegister.self) }
  case 0b11_00: { access($0, $1, $2, STRX.self, BaseRegister.self) }
  default: { access($0, $1, $2, LDRX.self, BaseRegister.self) }
  }
}

/// Base and a register of 32 bits, zero-extended.
private func baseUnsignedWord(_ operation: UInt32) -> Handler {
  switch operation {
  case 0b00_00: { access($0, $1, $2, STRB.self, BaseUnsignedWord.self) }
  case 0b00_01: { access($0, $1, $2, LDRB.self, BaseUnsignedWord.self) }
  case 0b00_10: { access($0, $1, $2, LDRSBX.self, BaseUnsignedWord.self) }
  case 0b00_11: { access($0, $1, $2, LDRSBW.self, BaseUnsignedWord.self) }
  case 0b01_00: { access($0, $1, $2, STRH.self, BaseUnsignedWord.self) }
  case 0b01_01: { access($0, $1, $2, LDRH.self, BaseUnsignedWord.self) }
  case 0b01_10: { access($0, $1, $2, LDRSHX.self, BaseUnsignedWord.self) }
  case 0b01_11: { access($0, $1, $2, LDRSHW.self, BaseUnsignedWord.self) }
  case 0b10_00: { access($0, $1, $2, STRW.self, BaseUnsignedWord.self) }
  case 0b10_01: { access($0, $1, $2, LDRW.self, BaseUnsignedWord.self) }
  case 0b10_10: { access($0, $1, $2, LDRSWX.self, BaseUnsignedWord.self) }
  case 0b11_00: { access($0, $1, $2, STRX.self, BaseUnsignedWord.self) }
  default: { access($0, $1, $2, LDRX.self, BaseUnsignedWord.self) }
  }
}

/// Base and a register of 32 bits, sign-extended.
private func baseSignedWord(_ operation: UInt32) -> Handler {
  switch operation {
  case 0b00_00: { access($0, $1, $2, STRB.self, BaseSignedWord.self) }
  case 0b00_01: { access($0, $1, $2, LDRB.self, BaseSignedWord.self) }
  case 0b00_10: { access($0, $1, $2, LDRSBX.self, BaseSignedWord.self) }
  case 0b00_11: { access($0, $1, $2, LDRSBW.self, BaseSignedWord.self) }
  case 0b01_00: { access($0, $1, $2, STRH.self, BaseSignedWord.self) }
  case 0b01_01: { access($0, $1, $2, LDRH.self, BaseSignedWord.self) }
  case 0b01_10: { access($0, $1, $2, LDRSHX.self, BaseSignedWord.self) }
  case 0b01_11: { access($0, $1, $2, LDRSHW.self, BaseSignedWord.self) }
  case 0b10_00: { access($0, $1, $2, STRW.self, BaseSignedWord.self) }
  case 0b10_01: { access($0, $1, $2, LDRW.self, BaseSignedWord.self) }
  case 0b10_10: { access($0, $1, $2, LDRSWX.self, BaseSignedWord.self) }
  case 0b11_00: { access($0, $1, $2, STRX.self, BaseSignedWord.self) }
  default: { access($0, $1, $2, LDRX.self, BaseSignedWord.self) }
  }
}

/// Base and an immediate, with EL0's permissions.
private func unprivileged(_ operation: UInt32) -> Handler {
  switch operation {
  case 0b00_00: { access($0, $1, $2, StoreUnprivileged<UInt8>.self, BaseOffset.self) }
  case 0b00_01: { access($0, $1, $2, LoadUnprivileged<UInt8, UInt64>.self, BaseOffset.self) }
  case 0b00_10: { access($0, $1, $2, LoadUnprivileged<Int8, UInt64>.self, BaseOffset.self) }
  case 0b00_11: { access($0, $1, $2, LoadUnprivileged<Int8, UInt32>.self, BaseOffset.self) }
  case 0b01_00: { access($0, $1, $2, StoreUnprivileged<UInt16>.self, BaseOffset.self) }
  case 0b01_01: { access($0, $1, $2, LoadUnprivileged<UInt16, UInt64>.self, BaseOffset.self) }
  case 0b01_10: { access($0, $1, $2, LoadUnprivileged<Int16, UInt64>.self, BaseOffset.self) }
  case 0b01_11: { access($0, $1, $2, LoadUnprivileged<Int16, UInt32>.self, BaseOffset.self) }
  case 0b10_00: { access($0, $1, $2, StoreUnprivileged<UInt32>.self, BaseOffset.self) }
  case 0b10_01: { access($0, $1, $2, LoadUnprivileged<UInt32, UInt64>.self, BaseOffset.self) }
  case 0b10_10: { access($0, $1, $2, LoadUnprivileged<Int32, UInt64>.self, BaseOffset.self) }
  case 0b11_00: { access($0, $1, $2, StoreUnprivileged<UInt64>.self, BaseOffset.self) }
  default: { access($0, $1, $2, LoadUnprivileged<UInt64, UInt64>.self, BaseOffset.self) }
  }
}

// MARK: - Translation

extension InstructionWord {
  /// size:opc, which tell what is moved, and how.
  fileprivate var operation: UInt32 { self[bits: 30...31] << 2 | self[bits: 22...23] }
  /// The value's size as a power of two.
  fileprivate var scale: Int32 { Int32(self[bits: 30...31]) }
  /// Rt: where a load goes, or what is stored.
  fileprivate func target(isLoad: Bool) -> UInt8 { isLoad ? rd.orDiscard : rd.orZero }
}

/// PRFM is a hint, and nothing is prefetched here.
private let prefetch = Slot({ execute($0, $1, $2) { _, _ in } })

private func translateImmediate(
  _ word: InstructionWord, _ offset: Int32, _ handler: (UInt32) -> Handler, hasPrefetch: Bool
) -> Slot? {
  switch word.operation {
  case 0b11_10: return hasPrefetch ? prefetch : nil
  case 0b10_11, 0b11_11: return nil
  case let operation:
    let rd = word.target(isLoad: operation & 3 != 0)
    return Slot(handler(operation), Operands(rd: rd, rn: word.rn, rm: baseAlignment(word.rn), immediate: offset))
  }
}

private func translateSmallOffset(
  _ word: InstructionWord, _ handler: (UInt32) -> Handler, hasPrefetch: Bool = false
) -> Slot? {
  translateImmediate(word, word.signed(12...20), handler, hasPrefetch: hasPrefetch)
}

private func translateUnsignedOffset(_ word: InstructionWord) -> Slot? {
  translateImmediate(word, Int32(word[bits: 10...21]) << word.scale, baseOffset, hasPrefetch: true)
}

private func translateRegisterOffset(_ word: InstructionWord) -> Slot? {
  let handler: (UInt32) -> Handler
  switch word[bits: 13...15] {
  case 0b010: handler = baseUnsignedWord
  case 0b011, 0b111: handler = baseRegister
  case 0b110: handler = baseSignedWord
  default: return nil
  }
  let operation = word.operation
  switch operation {
  case 0b11_10: return prefetch
  case 0b10_11, 0b11_11: return nil
  default: break
  }
  return Slot(
    handler(operation),
    Operands(
      rd: word.target(isLoad: operation & 3 != 0), rn: word.rn, rm: word.rm.orZero, ra: baseAlignment(word.rn),
      immediate: word[bit: 12] ? word.scale : 0))
}

private func translateLiteral(_ word: InstructionWord) -> Slot? {
  let operands = Operands(rd: word.rd.orDiscard, immediate: word.signed(5...23) * 4)
  return switch word[bits: 30...31] {
  case 0: Slot({ accessLiteral($0, $1, $2, LDRW.self) }, operands)
  case 1: Slot({ accessLiteral($0, $1, $2, LDRX.self) }, operands)
  case 2: Slot({ accessLiteral($0, $1, $2, LDRSWX.self) }, operands)
  default: prefetch
  }
}

private func translatePair(_ word: InstructionWord) -> Slot? {
  let isLoad = word[bit: 22]
  let mode = word[bits: 23...24]
  let handler: Handler
  // The mode is 0 for a non-temporal access, which is as any other, 1 post-indexed, 2 offset, 3 pre-indexed.
  switch (word[bits: 30...31], isLoad, mode) {
  case (0, false, 1): handler = { access($0, $1, $2, StorePair<UInt32>.self, PostIndexed.self) }
  case (0, false, 3): handler = { access($0, $1, $2, StorePair<UInt32>.self, PreIndexed.self) }
  case (0, false, _): handler = { access($0, $1, $2, StorePair<UInt32>.self, BaseOffset.self) }
  case (0, true, 1): handler = { access($0, $1, $2, LoadPair<UInt32>.self, PostIndexed.self) }
  case (0, true, 3): handler = { access($0, $1, $2, LoadPair<UInt32>.self, PreIndexed.self) }
  case (0, true, _): handler = { access($0, $1, $2, LoadPair<UInt32>.self, BaseOffset.self) }
  case (1, true, 1): handler = { access($0, $1, $2, LoadPair<Int32>.self, PostIndexed.self) }
  case (1, true, 2): handler = { access($0, $1, $2, LoadPair<Int32>.self, BaseOffset.self) }
  case (1, true, 3): handler = { access($0, $1, $2, LoadPair<Int32>.self, PreIndexed.self) }
  case (2, false, 1): handler = { access($0, $1, $2, StorePair<UInt64>.self, PostIndexed.self) }
  case (2, false, 3): handler = { access($0, $1, $2, StorePair<UInt64>.self, PreIndexed.self) }
  case (2, false, _): handler = { access($0, $1, $2, StorePair<UInt64>.self, BaseOffset.self) }
  case (2, true, 1): handler = { access($0, $1, $2, LoadPair<UInt64>.self, PostIndexed.self) }
  case (2, true, 3): handler = { access($0, $1, $2, LoadPair<UInt64>.self, PreIndexed.self) }
  case (2, true, _): handler = { access($0, $1, $2, LoadPair<UInt64>.self, BaseOffset.self) }
  default: return nil
  }
  let ra = isLoad ? word.ra.orDiscard : word.ra.orZero
  let scale: Int32 = word[bit: 31] ? 3 : 2
  return Slot(
    handler,
    Operands(
      rd: word.target(isLoad: isLoad), rn: word.rn, rm: baseAlignment(word.rn), ra: ra,
      immediate: word.signed(15...21) << scale))
}
