import Bits
import SoftFloat

// Scalar comparisons and what depends on flags (Arm ARM, section C4.1.96: compare, conditional compare, conditional select).
extension DecodeTable {
  static let floatComparisons: [InstructionPattern] = [
    InstructionPattern("FCMP/FCMPE", "00011110 tt 1 mmmmm 00 1000 nnnnn ez 000") { translateCompare($0) },
    InstructionPattern("FCCMP/FCCMPE", "00011110 tt 1 mmmmm cccc 01 nnnnn e ffff") { translateConditionalCompare($0) },
    InstructionPattern("FCSEL", "00011110 tt 1 mmmmm cccc 11 nnnnn ddddd") { translateSelect($0) },
  ]
}

/// Sets the flags by how Rn's number compares with Rm's; quiet NaNs are invalid where `rd` is not 0.
@inline(__always)
private func compare<Number: LaneFormat>(
  _ format: Number.Type, _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int
) {
  onHost(cpu, slot, limit) { cpu, op in
    guard let relation = Number.hostRelation(cpu.scalar(op.rn), cpu.scalar(op.rm)) else { return false }
    cpu.setFlags(relation.rawValue)
    return true
  } exact: {
    exactCompare(format, $0, $1, $2)
  }
}

@inline(never)
private func exactCompare<Number: LaneFormat>(
  _ format: Number.Type, _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int
) {
  vector(cpu, slot, limit) { cpu, op in exactCompare(cpu, op, with: cpu.scalar(op.rm, as: format)) }
}

/// The same with zero.
@inline(__always)
private func compareZero<Number: LaneFormat>(
  _ format: Number.Type, _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int
) {
  onHost(cpu, slot, limit) { cpu, op in
    guard let relation = Number.hostRelation(cpu.scalar(op.rn), 0) else { return false }
    cpu.setFlags(relation.rawValue)
    return true
  } exact: {
    exactCompareZero(format, $0, $1, $2)
  }
}

@inline(never)
private func exactCompareZero<Number: LaneFormat>(
  _ format: Number.Type, _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int
) {
  vector(cpu, slot, limit) { cpu, op in exactCompare(cpu, op, with: 0 as Number) }
}

private func exactCompare<Number: LaneFormat>(_ cpu: CPU, _ op: Operands, with other: Number) {
  cpu.withFloatStatus {
    let relation = FP.compare(cpu.scalar(op.rn) as Number, other, signalsNaNs: op.rd != 0, $0, &$1)
    cpu.setFlags(relation.rawValue)
  }
}

private func translateCompare(_ word: InstructionWord) -> Slot? {
  guard let type = FloatType(word) else { return nil }
  let handler: Handler =
    switch (type, word[bit: 3]) {
    case (.half, false): { compare(UInt16.self, $0, $1, $2) }
    case (.half, true): { compareZero(UInt16.self, $0, $1, $2) }
    case (.single, false): { compare(UInt32.self, $0, $1, $2) }
    case (.single, true): { compareZero(UInt32.self, $0, $1, $2) }
    case (.double, false): { compare(UInt64.self, $0, $1, $2) }
    case (.double, true): { compareZero(UInt64.self, $0, $1, $2) }
    }
  return Slot(handler, Operands(rd: word[bit: 4] ? 1 : 0, rn: word.rn, rm: word.rm))
}

/// The condition is in `ra`, the flags to set where it does not hold are the immediate.
@inline(__always)
private func compareConditionally<Number: LaneFormat>(_ format: Number.Type, _ cpu: CPU, _ op: Operands) {
  if cpu.holds(op.ra) {
    exactCompare(cpu, op, with: cpu.scalar(op.rm, as: format))
  } else {
    cpu.setFlags(UInt8(truncatingIfNeeded: op.immediate))
  }
}

private func translateConditionalCompare(_ word: InstructionWord) -> Slot? {
  guard let type = FloatType(word) else { return nil }
  let handler: Handler =
    switch type {
    case .half: { vector($0, $1, $2) { compareConditionally(UInt16.self, $0, $1) } }
    case .single: { vector($0, $1, $2) { compareConditionally(UInt32.self, $0, $1) } }
    case .double: { vector($0, $1, $2) { compareConditionally(UInt64.self, $0, $1) } }
    }
  return Slot(
    handler,
    Operands(
      rd: word[bit: 4] ? 1 : 0, rn: word.rn, rm: word.rm, ra: word.number(12...15), word: word[bits: 0...3]))
}

private func translateSelect(_ word: InstructionWord) -> Slot? {
  guard let type = FloatType(word) else { return nil }
  let handler: Handler =
    switch type {
    case .half:
      { vector($0, $1, $2) { $0.setScalar($1.rd, $0.scalar($0.holds($1.ra) ? $1.rn : $1.rm, as: UInt16.self)) } }
    case .single:
      { vector($0, $1, $2) { $0.setScalar($1.rd, $0.scalar($0.holds($1.ra) ? $1.rn : $1.rm, as: UInt32.self)) } }
    case .double:
      { vector($0, $1, $2) { $0.setScalar($1.rd, $0.scalar($0.holds($1.ra) ? $1.rn : $1.rm, as: UInt64.self)) } }
    }
  return Slot(handler, Operands(rd: word.rd, rn: word.rn, rm: word.rm, ra: word.number(12...15)))
}
