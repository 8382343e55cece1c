import Bits

// Atomic accesses of FEAT_LSE (Arm ARM, sections C3.2.12 to C3.2.14). One thread executes all CPUs, so that a load and a
// store with nothing between them are atomic, and ordered. A fault is the load's unless only the store has it.
extension DecodeTable {
  static let atomics: [InstructionPattern] = [
    InstructionPattern(
      "LDADD/LDCLR/LDEOR/LDSET/LDSMAX/LDSMIN/LDUMAX/LDUMIN", "zz 111000 A R 1 sssss 0 ooo 00 nnnnn ttttt", .lse
    ) {
      translateReadModifyWrite($0)
    },
    InstructionPattern("SWP", "zz 111000 A R 1 sssss 1 000 00 nnnnn ttttt", .lse) { translateReadModifyWrite($0) },
    InstructionPattern("CAS", "zz 001000 1 A 1 sssss R 11111 nnnnn ttttt", .lse) { translateCompareAndSwap($0) },
    InstructionPattern("CASP", "0z 001000 0 A 1 sssss R 11111 nnnnn ttttt", .lse) { translateCompareAndSwapPair($0) },
  ]
}

// MARK: - Read, modify, write

/// Loads `rd`, and stores what `ra` makes of that and `rm`.
private enum ReadModifyWrite<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>: Transfer {
  @inline(__always) static func perform(_ cpu: CPU, _ op: Operands, _ address: UInt64) -> Bool {
    let operand = Value(truncatingIfNeeded: cpu[x: op.rm])
    let size = MemoryLayout<Value>.size
    guard cpu.isAligned(address, to: UInt64(size), isWrite: false), cpu.canExchange(address, of: size),
      let old = cpu.load(address, as: Value.self), cpu.store(combine(op.ra, old, operand), at: address)
    else { return false }
    cpu[x: op.rd] = UInt64(old)
    return true
  }
}

/// What the operation o3:opc stores.
@inline(__always)
private func combine<Value: FixedWidthInteger & UnsignedInteger>(
  _ operation: UInt8, _ old: Value, _ operand: Value
) -> Value {
  let sign = Value(1) << (Value.bitWidth - 1)
  return switch operation {
  case 0: old &+ operand
  case 1: old & ~operand
  case 2: old ^ operand
  case 3: old | operand
  case 4: old ^ sign > operand ^ sign ? old : operand
  case 5: old ^ sign < operand ^ sign ? old : operand
  case 6: max(old, operand)
  case 7: min(old, operand)
  default: operand
  }
}

private func translateReadModifyWrite(_ word: InstructionWord) -> Slot? {
  let handler: Handler =
    switch word[bits: 30...31] {
    case 0: { access($0, $1, $2, ReadModifyWrite<UInt8>.self, BaseOnly.self) }
    case 1: { access($0, $1, $2, ReadModifyWrite<UInt16>.self, BaseOnly.self) }
    case 2: { access($0, $1, $2, ReadModifyWrite<UInt32>.self, BaseOnly.self) }
    default: { access($0, $1, $2, ReadModifyWrite<UInt64>.self, BaseOnly.self) }
    }
  return Slot(
    handler,
    Operands(
      rd: word.rd.orDiscard, rn: word.rn, rm: word.rm.orZero, ra: word.number(12...15)))
}

// MARK: - Compare and swap

/// Compares memory with `rm`, stores `rd` where they are equal, and loads `rm`.
///
/// Where they are not equal what was there is stored again, as the architecture allows; so the permission to store is asked
/// for in any case, as it demands.
private enum CompareAndSwap<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>: Transfer {
  @inline(__always) static func perform(_ cpu: CPU, _ op: Operands, _ address: UInt64) -> Bool {
    let expected = Value(truncatingIfNeeded: cpu[x: op.rm.orZero])
    let desired = Value(truncatingIfNeeded: cpu[x: op.rd.orZero])
    let size = MemoryLayout<Value>.size
    guard cpu.isAligned(address, to: UInt64(size), isWrite: false), cpu.canExchange(address, of: size),
      let old = cpu.load(address, as: Value.self), cpu.store(old == expected ? desired : old, at: address)
    else { return false }
    cpu[x: op.rm.orDiscard] = UInt64(old)
    return true
  }
}

/// As `CompareAndSwap`, with two registers in a row in the place of each.
private enum CompareAndSwapPair<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>: Transfer {
  @inline(__always) static func perform(_ cpu: CPU, _ op: Operands, _ address: UInt64) -> Bool {
    let expected = pair(cpu, op.rm)
    let desired = pair(cpu, op.rd)
    let size = MemoryLayout<Value>.size
    guard cpu.isAligned(address, to: UInt64(2 &* size), isWrite: false), cpu.canExchange(address, 2, of: size),
      let old = cpu.loadPair(address, of: Value.self)
    else { return false }
    let new = old == expected ? desired : old
    guard cpu.storePair(new.0, new.1, at: address) else { return false }
    cpu[x: op.rm] = UInt64(old.0)
    cpu[x: (op.rm &+ 1).orDiscard] = UInt64(old.1)
    return true
  }

  /// An even register, which is not XZR, and the next one.
  @inline(__always) private static func pair(_ cpu: CPU, _ number: UInt8) -> (Value, Value) {
    (Value(truncatingIfNeeded: cpu[x: number]), Value(truncatingIfNeeded: cpu[x: (number &+ 1).orZero]))
  }
}

private func translateCompareAndSwap(_ word: InstructionWord) -> Slot? {
  let handler: Handler =
    switch word[bits: 30...31] {
    case 0: { access($0, $1, $2, CompareAndSwap<UInt8>.self, BaseOnly.self) }
    case 1: { access($0, $1, $2, CompareAndSwap<UInt16>.self, BaseOnly.self) }
    case 2: { access($0, $1, $2, CompareAndSwap<UInt32>.self, BaseOnly.self) }
    default: { access($0, $1, $2, CompareAndSwap<UInt64>.self, BaseOnly.self) }
    }
  return Slot(handler, word.swapped)
}

private func translateCompareAndSwapPair(_ word: InstructionWord) -> Slot? {
  guard word.rd & 1 == 0, word.rm & 1 == 0 else { return nil }
  let handler: Handler =
    switch word[bits: 30...30] {
    case 0: { access($0, $1, $2, CompareAndSwapPair<UInt32>.self, BaseOnly.self) }
    default: { access($0, $1, $2, CompareAndSwapPair<UInt64>.self, BaseOnly.self) }
    }
  return Slot(handler, word.swapped)
}

extension InstructionWord {
  fileprivate var swapped: Operands { Operands(rd: rd, rn: rn, rm: rm) }
}
