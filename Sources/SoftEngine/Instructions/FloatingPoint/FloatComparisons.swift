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

/// Sets the flags by how Rn's number compares with another; quiet NaNs are invalid where `rd` is not 0.
@inline(__always)
private func compare<Number: LaneFormat>(_ cpu: CPU, _ op: Operands, with other: Number) {
  cpu.withFloatStatus {
    let relation = FP.compare(cpu.scalar(op.rn) as Number, other, signalsNaNs: op.rd != 0, $0, &$1)
    cpu.setFlags(relation.rawValue)
  }
}

private func translateCompare(_ word: InstructionWord) -> Slot? {
  guard let type = FloatType(word) else { return nil }
  let handler: Handler =
    switch (type, word[bit: 3]) {
    case (.half, false): { vector($0, $1, $2) { compare($0, $1, with: $0.scalar($1.rm, as: UInt16.self)) } }
    case (.half, true): { vector($0, $1, $2) { compare($0, $1, with: 0 as UInt16) } }
    case (.single, false): { vector($0, $1, $2) { compare($0, $1, with: $0.scalar($1.rm, as: UInt32.self)) } }
    case (.single, true): { vector($0, $1, $2) { compare($0, $1, with: 0 as UInt32) } }
    case (.double, false): { vector($0, $1, $2) { compare($0, $1, with: $0.scalar($1.rm, as: UInt64.self)) } }
    case (.double, true): { vector($0, $1, $2) { compare($0, $1, with: 0 as UInt64) } }
    }
  return Slot(handler, Operands(rd: word[bit: 4] ? 1 : 0, rn: word.rn, rm: word.rm))
}

/// The condition is in `ra`, the flags to set where it does not hold are the immediate.
@inline(__always)
private func compareConditionally<Number: LaneFormat>(_ format: Number.Type, _ cpu: CPU, _ op: Operands) {
  if cpu.holds(op.ra) {
    compare(cpu, op, with: cpu.scalar(op.rm, as: format))
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
