import Bits

// Loads and stores of SIMD&FP registers (Arm ARM, section C4.1.96), but for structures (`VectorStructures.swift`).
extension DecodeTable {
  static let vectorLoadsAndStores: [InstructionPattern] = [
    InstructionPattern("LDR (literal, SIMD&FP)", "oo 011 1 00 iiiiiiiiiiiiiiiiiii ttttt") { translateLiteral($0) },
    InstructionPattern("LDP/STP/LDNP/STNP (SIMD&FP)", "oo 101 1 0 mm L iiiiiii aaaaa nnnnn ttttt") {
      translatePair($0)
    },
    InstructionPattern("LDUR/STUR (SIMD&FP)", "zz 111 1 00 oo 0 iiiiiiiii 00 nnnnn ttttt") {
      translateImmediate($0, $0.signed(12...20), baseOffset)
    },
    InstructionPattern("LDR/STR (immediate, SIMD&FP, post-indexed)", "zz 111 1 00 oo 0 iiiiiiiii 01 nnnnn ttttt") {
      translateImmediate($0, $0.signed(12...20), postIndexed)
    },
    InstructionPattern("LDR/STR (immediate, SIMD&FP, pre-indexed)", "zz 111 1 00 oo 0 iiiiiiiii 11 nnnnn ttttt") {
      translateImmediate($0, $0.signed(12...20), preIndexed)
    },
    InstructionPattern("LDR/STR (register, SIMD&FP)", "zz 111 1 00 oo 1 mmmmm xxx S 10 nnnnn ttttt") {
      translateRegisterOffset($0)
    },
    InstructionPattern("LDR/STR (immediate, SIMD&FP, unsigned offset)", "zz 111 1 01 oo iiiiiiiiiiii nnnnn ttttt") {
      translateImmediate($0, Int32($0[bits: 10...21]) << $0.scale, baseOffset)
    },
  ]
}

// MARK: - Transfers

/// What is in the low bits of a vector register while the others are zero.
private protocol VectorValue: BitwiseCopyable {
  /// The whole register.
  var extended: SIMD2<UInt64> { get }
}

extension VectorValue where Self: FixedWidthInteger & UnsignedInteger {
  @inline(__always) fileprivate var extended: SIMD2<UInt64> { SIMD2(UInt64(self), 0) }
}

extension UInt8: VectorValue {}
extension UInt16: VectorValue {}
extension UInt32: VectorValue {}
extension UInt64: VectorValue {}

private typealias Quadword = SIMD2<UInt64>

extension Quadword: VectorValue {
  @inline(__always) fileprivate var extended: SIMD2<UInt64> { self }
}

private protocol VectorTransfer: Transfer {}

extension VectorTransfer {
  @inline(__always) static var isVector: Bool { true }
}

private enum LoadVector<Value: VectorValue>: VectorTransfer {
  @inline(__always) static func perform(_ cpu: CPU, _ op: Operands, _ address: UInt64) -> Bool {
    guard let value = cpu.load(address, as: Value.self) else { return false }
    cpu[v: op.rd] = value.extended
    return true
  }
}

private enum StoreVector<Value: VectorValue>: VectorTransfer {
  @inline(__always) static func perform(_ cpu: CPU, _ op: Operands, _ address: UInt64) -> Bool {
    cpu.store(cpu.vector(op.rd).load(as: Value.self), at: address)
  }
}

/// Loads `rd` and `ra`; where both are one register the second value stays.
private enum LoadVectorPair<Value: VectorValue>: VectorTransfer {
  @inline(__always) static func perform(_ cpu: CPU, _ op: Operands, _ address: UInt64) -> Bool {
    guard let (first, second) = cpu.loadPair(address, of: Value.self) else { return false }
    cpu[v: op.rd] = first.extended
    cpu[v: op.ra] = second.extended
    return true
  }
}

private enum StoreVectorPair<Value: VectorValue>: VectorTransfer {
  @inline(__always) static func perform(_ cpu: CPU, _ op: Operands, _ address: UInt64) -> Bool {
    cpu.storePair(
      cpu.vector(op.rd).load(as: Value.self), cpu.vector(op.ra).load(as: Value.self), at: address)
  }
}

// MARK: - Handlers of each addressing mode, by size:opc

private func baseOffset(_ operation: UInt32) -> Handler {
  switch operation {
  case 0b00_00: { access($0, $1, $2, StoreVector<UInt8>.self, BaseOffset.self) }
  case 0b00_01: { access($0, $1, $2, LoadVector<UInt8>.self, BaseOffset.self) }
  case 0b00_10: { access($0, $1, $2, StoreVector<Quadword>.self, BaseOffset.self) }
  case 0b00_11: { access($0, $1, $2, LoadVector<Quadword>.self, BaseOffset.self) }
  case 0b01_00: { access($0, $1, $2, StoreVector<UInt16>.self, BaseOffset.self) }
  case 0b01_01: { access($0, $1, $2, LoadVector<UInt16>.self, BaseOffset.self) }
  case 0b10_00: { access($0, $1, $2, StoreVector<UInt32>.self, BaseOffset.self) }
  case 0b10_01: { access($0, $1, $2, LoadVector<UInt32>.self, BaseOffset.self) }
  case 0b11_00: { access($0, $1, $2, StoreVector<UInt64>.self, BaseOffset.self) }
  default: { access($0, $1, $2, LoadVector<UInt64>.self, BaseOffset.self) }
  }
}

private func preIndexed(_ operation: UInt32) -> Handler {
  switch operation {
  case 0b00_00: { access($0, $1, $2, StoreVector<UInt8>.self, PreIndexed.self) }
  case 0b00_01: { access($0, $1, $2, LoadVector<UInt8>.self, PreIndexed.self) }
  case 0b00_10: { access($0, $1, $2, StoreVector<Quadword>.self, PreIndexed.self) }
  case 0b00_11: { access($0, $1, $2, LoadVector<Quadword>.self, PreIndexed.self) }
  case 0b01_00: { access($0, $1, $2, StoreVector<UInt16>.self, PreIndexed.self) }
  case 0b01_01: { access($0, $1, $2, LoadVector<UInt16>.self, PreIndexed.self) }
  case 0b10_00: { access($0, $1, $2, StoreVector<UInt32>.self, PreIndexed.self) }
  case 0b10_01: { access($0, $1, $2, LoadVector<UInt32>.self, PreIndexed.self) }
  case 0b11_00: { access($0, $1, $2, StoreVector<UInt64>.self, PreIndexed.self) }
  default: { access($0, $1, $2, LoadVector<UInt64>.self, PreIndexed.self) }
  }
}

private func postIndexed(_ operation: UInt32) -> Handler {
  switch operation {
  case 0b00_00: { access($0, $1, $2, StoreVector<UInt8>.self, PostIndexed.self) }
  case 0b00_01: { access($0, $1, $2, LoadVector<UInt8>.self, PostIndexed.self) }
  case 0b00_10: { access($0, $1, $2, StoreVector<Quadword>.self, PostIndexed.self) }
  case 0b00_11: { access($0, $1, $2, LoadVector<Quadword>.self, PostIndexed.self) }
  case 0b01_00: { access($0, $1, $2, StoreVector<UInt16>.self, PostIndexed.self) }
  case 0b01_01: { access($0, $1, $2, LoadVector<UInt16>.self, PostIndexed.self) }
  case 0b10_00: { access($0, $1, $2, StoreVector<UInt32>.self, PostIndexed.self) }
  case 0b10_01: { access($0, $1, $2, LoadVector<UInt32>.self, PostIndexed.self) }
  case 0b11_00: { access($0, $1, $2, StoreVector<UInt64>.self, PostIndexed.self) }
  default: { access($0, $1, $2, LoadVector<UInt64>.self, PostIndexed.self) }
  }
}

private func baseRegister(_ operation: UInt32) -> Handler {
  switch operation {
  case 0b00_00: { access($0, $1, $2, StoreVector<UInt8>.self, BaseRegister.self) }
  case 0b00_01: { access($0, $1, $2, LoadVector<UInt8>.self, BaseRegister.self) }
  case 0b00_10: { access($0, $1, $2, StoreVector<Quadword>.self, BaseRegister.self) }
  case 0b00_11: { access($0, $1, $2, LoadVector<Quadword>.self, BaseRegister.self) }
  case 0b01_00: { access($0, $1, $2, StoreVector<UInt16>.self, BaseRegister.self) }
  case 0b01_01: { access($0, $1, $2, LoadVector<UInt16>.self, BaseRegister.self) }
  case 0b10_00: { access($0, $1, $2, StoreVector<UInt32>.self, BaseRegister.self) }
  case 0b10_01: { access($0, $1, $2, LoadVector<UInt32>.self, BaseRegister.self) }
  case 0b11_00: { access($0, $1, $2, StoreVector<UInt64>.self, BaseRegister.self) }
  default: { access($0, $1, $2, LoadVector<UInt64>.self, BaseRegister.self) }
  }
}

private func baseUnsignedWord(_ operation: UInt32) -> Handler {
  switch operation {
  case 0b00_00: { access($0, $1, $2, StoreVector<UInt8>.self, BaseUnsignedWord.self) }
  case 0b00_01: { access($0, $1, $2, LoadVector<UInt8>.self, BaseUnsignedWord.self) }
  case 0b00_10: { access($0, $1, $2, StoreVector<Quadword>.self, BaseUnsignedWord.self) }
  case 0b00_11: { access($0, $1, $2, LoadVector<Quadword>.self, BaseUnsignedWord.self) }
  case 0b01_00: { access($0, $1, $2, StoreVector<UInt16>.self, BaseUnsignedWord.self) }
  case 0b01_01: { access($0, $1, $2, LoadVector<UInt16>.self, BaseUnsignedWord.self) }
  case 0b10_00: { access($0, $1, $2, StoreVector<UInt32>.self, BaseUnsignedWord.self) }
  case 0b10_01: { access($0, $1, $2, LoadVector<UInt32>.self, BaseUnsignedWord.self) }
  case 0b11_00: { access($0, $1, $2, StoreVector<UInt64>.self, BaseUnsignedWord.self) }
  default: { access($0, $1, $2, LoadVector<UInt64>.self, BaseUnsignedWord.self) }
  }
}

private func baseSignedWord(_ operation: UInt32) -> Handler {
  switch operation {
  case 0b00_00: { access($0, $1, $2, StoreVector<UInt8>.self, BaseSignedWord.self) }
  case 0b00_01: { access($0, $1, $2, LoadVector<UInt8>.self, BaseSignedWord.self) }
  case 0b00_10: { access($0, $1, $2, StoreVector<Quadword>.self, BaseSignedWord.self) }
  case 0b00_11: { access($0, $1, $2, LoadVector<Quadword>.self, BaseSignedWord.self) }
  case 0b01_00: { access($0, $1, $2, StoreVector<UInt16>.self, BaseSignedWord.self) }
  case 0b01_01: { access($0, $1, $2, LoadVector<UInt16>.self, BaseSignedWord.self) }
  case 0b10_00: { access($0, $1, $2, StoreVector<UInt32>.self, BaseSignedWord.self) }
  case 0b10_01: { access($0, $1, $2, LoadVector<UInt32>.self, BaseSignedWord.self) }
  case 0b11_00: { access($0, $1, $2, StoreVector<UInt64>.self, BaseSignedWord.self) }
  default: { access($0, $1, $2, LoadVector<UInt64>.self, BaseSignedWord.self) }
  }
}

// MARK: - Translation

extension InstructionWord {
  /// size:opc, which tell what is moved, and where to.
  fileprivate var operation: UInt32 { self[bits: 30...31] << 2 | self[bits: 22...23] }
  /// The value's size as a power of two: opc has its highest bit.
  fileprivate var scale: Int32 { Int32(self[bits: 23...23] << 2 | self[bits: 30...31]) }
}

private func translateImmediate(_ word: InstructionWord, _ offset: Int32, _ handler: (UInt32) -> Handler) -> Slot? {
  guard word.scale <= 4 else { return nil }
  return Slot(
    handler(word.operation), Operands(rd: word.rd, rn: word.rn, rm: baseAlignment(word.rn), immediate: offset))
}

private func translateRegisterOffset(_ word: InstructionWord) -> Slot? {
  guard word.scale <= 4 else { return nil }
  let handler: Handler
  switch word[bits: 13...15] {
  case 0b010: handler = baseUnsignedWord(word.operation)
  case 0b011, 0b111: handler = baseRegister(word.operation)
  case 0b110: handler = baseSignedWord(word.operation)
  default: return nil
  }
  return Slot(
    handler,
    Operands(
      rd: word.rd, rn: word.rn, rm: word.rm.orZero, ra: baseAlignment(word.rn),
      immediate: word[bit: 12] ? word.scale : 0))
}

private func translateLiteral(_ word: InstructionWord) -> Slot? {
  let handler: Handler
  switch word[bits: 30...31] {
  case 0: handler = { accessLiteral($0, $1, $2, LoadVector<UInt32>.self) }
  case 1: handler = { accessLiteral($0, $1, $2, LoadVector<UInt64>.self) }
  case 2: handler = { accessLiteral($0, $1, $2, LoadVector<Quadword>.self) }
  default: return nil
  }
  return Slot(handler, Operands(rd: word.rd, immediate: word.signed(5...23) * 4))
}

private func translatePair(_ word: InstructionWord) -> Slot? {
  let size = word[bits: 30...31]
  let handler: Handler
  // The mode is 0 for a non-temporal access, which is as any other, 1 post-indexed, 2 offset, 3 pre-indexed.
  switch (size, word[bit: 22], word[bits: 23...24]) {
  case (0, false, 1): handler = { access($0, $1, $2, StoreVectorPair<UInt32>.self, PostIndexed.self) }
  case (0, false, 3): handler = { access($0, $1, $2, StoreVectorPair<UInt32>.self, PreIndexed.self) }
  case (0, false, _): handler = { access($0, $1, $2, StoreVectorPair<UInt32>.self, BaseOffset.self) }
  case (0, true, 1): handler = { access($0, $1, $2, LoadVectorPair<UInt32>.self, PostIndexed.self) }
  case (0, true, 3): handler = { access($0, $1, $2, LoadVectorPair<UInt32>.self, PreIndexed.self) }
  case (0, true, _): handler = { access($0, $1, $2, LoadVectorPair<UInt32>.self, BaseOffset.self) }
  case (1, false, 1): handler = { access($0, $1, $2, StoreVectorPair<UInt64>.self, PostIndexed.self) }
  case (1, false, 3): handler = { access($0, $1, $2, StoreVectorPair<UInt64>.self, PreIndexed.self) }
  case (1, false, _): handler = { access($0, $1, $2, StoreVectorPair<UInt64>.self, BaseOffset.self) }
  case (1, true, 1): handler = { access($0, $1, $2, LoadVectorPair<UInt64>.self, PostIndexed.self) }
  case (1, true, 3): handler = { access($0, $1, $2, LoadVectorPair<UInt64>.self, PreIndexed.self) }
  case (1, true, _): handler = { access($0, $1, $2, LoadVectorPair<UInt64>.self, BaseOffset.self) }
  case (2, false, 1): handler = { access($0, $1, $2, StoreVectorPair<Quadword>.self, PostIndexed.self) }
  case (2, false, 3): handler = { access($0, $1, $2, StoreVectorPair<Quadword>.self, PreIndexed.self) }
  case (2, false, _): handler = { access($0, $1, $2, StoreVectorPair<Quadword>.self, BaseOffset.self) }
  case (2, true, 1): handler = { access($0, $1, $2, LoadVectorPair<Quadword>.self, PostIndexed.self) }
  case (2, true, 3): handler = { access($0, $1, $2, LoadVectorPair<Quadword>.self, PreIndexed.self) }
  case (2, true, _): handler = { access($0, $1, $2, LoadVectorPair<Quadword>.self, BaseOffset.self) }
  default: return nil
  }
  let offset = word.signed(15...21) << (Int32(size) + 2)
  return Slot(handler, Operands(rd: word.rd, rn: word.rn, rm: baseAlignment(word.rn), ra: word.ra, immediate: offset))
}
