import Bits
import SoftFloat

// Conversions between general and floating-point registers (Arm ARM, section C4.1.96: between floating-point and
// fixed-point, and integer).
extension DecodeTable {
  static let floatConversions: [InstructionPattern] = [
    InstructionPattern("SCVTF/UCVTF/FCVTZS/FCVTZU (scalar, fixed-point)", "s0011110 tt 0 rr ooo ssssss nnnnn ddddd") {
      translateFixedPoint($0)
    },
    InstructionPattern("FCVT/SCVTF/UCVTF/FMOV (scalar, integer)", "s0011110 tt 1 rr ooo 000000 nnnnn ddddd") {
      translateInteger($0)
    },
  ]
}

private func translateFixedPoint(_ word: InstructionWord) -> Slot? {
  let fractionBits = 64 - Int(word[bits: 10...15])
  guard let type = FloatType(word), word.is64Bit || fractionBits <= 32 else { return nil }
  let isUnsigned = word[bit: 16]
  switch (word[bits: 19...20], word[bits: 17...18]) {
  case (0, 1):
    return translateFromInteger(
      word, type, isUnsigned: isUnsigned, LaneControl(type, fractionBits: fractionBits))
  case (3, 0):
    return translateToInteger(
      word, type, isUnsigned: isUnsigned, LaneControl(type, .zero, fractionBits: fractionBits))
  default: return nil
  }
}

private func translateInteger(_ word: InstructionWord) -> Slot? {
  let (mode, operation) = (word[bits: 19...20], word[bits: 16...18])
  if operation >= 6 { return translateMove(word) }
  guard let type = FloatType(word) else { return nil }
  let isUnsigned = word[bit: 16]
  switch operation >> 1 {
  case 0:
    guard let rounding = LaneControl.Rounding(rawValue: mode) else { return nil }
    return translateToInteger(word, type, isUnsigned: isUnsigned, LaneControl(type, rounding))
  case 1 where mode == 0: return translateFromInteger(word, type, isUnsigned: isUnsigned, LaneControl(type))
  case 2 where mode == 0: return translateToInteger(word, type, isUnsigned: isUnsigned, LaneControl(type, .tieAway))
  default: return nil
  }
}

// MARK: - To integers

@inline(__always)
private func toInteger<Number: LaneFormat, Integer: FixedWidthInteger>(
  _ format: Number.Type, _ integer: Integer.Type, _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer,
  _ limit: Int
) {
  onHost(cpu, slot, limit) { cpu, op in
    guard op.control.isCutToInteger,
      let wide = Number.hostInteger(cpu.scalar(op.rn), mayBeInexact: cpu.mayBeInexact),
      let value = Integer(exactly: wide)
    else { return false }
    cpu[x: op.rd] = UInt64(truncatingIfNeeded: Integer.Magnitude(truncatingIfNeeded: value))
    return true
  } exact: {
    exactToInteger(format, integer, $0, $1, $2)
  }
}

@inline(never)
private func exactToInteger<Number: LaneFormat, Integer: FixedWidthInteger>(
  _ format: Number.Type, _ integer: Integer.Type, _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer,
  _ limit: Int
) {
  vector(cpu, slot, limit) { cpu, op in
    cpu.withFloatStatus { fpcr, fpsr in
      let value: Integer = FP.toFixed(
        cpu.scalar(op.rn, as: format), fractionBits: op.control.fractionBits, op.control.rounding(fpcr), fpcr, &fpsr)
      cpu[x: op.rd] = UInt64(truncatingIfNeeded: Integer.Magnitude(truncatingIfNeeded: value))
    }
  }
}

private func translateToInteger(
  _ word: InstructionWord, _ type: FloatType, isUnsigned: Bool, _ control: LaneControl
) -> Slot? {
  let handler: Handler =
    switch (type, word.is64Bit, isUnsigned) {
    case (.half, false, false): { toInteger(UInt16.self, Int32.self, $0, $1, $2) }
    case (.half, false, true): { toInteger(UInt16.self, UInt32.self, $0, $1, $2) }
    case (.half, true, false): { toInteger(UInt16.self, Int64.self, $0, $1, $2) }
    case (.half, true, true): { toInteger(UInt16.self, UInt64.self, $0, $1, $2) }
    case (.single, false, false): { toInteger(UInt32.self, Int32.self, $0, $1, $2) }
    case (.single, false, true): { toInteger(UInt32.self, UInt32.self, $0, $1, $2) }
    case (.single, true, false): { toInteger(UInt32.self, Int64.self, $0, $1, $2) }
    case (.single, true, true): { toInteger(UInt32.self, UInt64.self, $0, $1, $2) }
    case (.double, false, false): { toInteger(UInt64.self, Int32.self, $0, $1, $2) }
    case (.double, false, true): { toInteger(UInt64.self, UInt32.self, $0, $1, $2) }
    case (.double, true, false): { toInteger(UInt64.self, Int64.self, $0, $1, $2) }
    case (.double, true, true): { toInteger(UInt64.self, UInt64.self, $0, $1, $2) }
    }
  return Slot(handler, Operands(rd: word.rd.orDiscard, rn: word.rn, word: control.rawValue))
}

// MARK: - From integers

@inline(__always)
private func fromInteger<Number: LaneFormat, Integer: FixedWidthInteger>(
  _ format: Number.Type, _ integer: Integer.Type, _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer,
  _ limit: Int
) {
  onHost(cpu, slot, limit) { cpu, op in
    guard op.control.fractionBits == 0,
      let value = Int(exactly: Integer(truncatingIfNeeded: cpu[x: op.rn])),
      let number = Number.hostNumber(value, mayBeInexact: cpu.mayBeInexact)
    else { return false }
    cpu.setScalar(op.rd, number)
    return true
  } exact: {
    exactFromInteger(format, integer, $0, $1, $2)
  }
}

@inline(never)
private func exactFromInteger<Number: LaneFormat, Integer: FixedWidthInteger>(
  _ format: Number.Type, _ integer: Integer.Type, _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer,
  _ limit: Int
) {
  vector(cpu, slot, limit) { cpu, op in
    cpu.withFloatStatus { fpcr, fpsr in
      let value = Integer(truncatingIfNeeded: cpu[x: op.rn])
      let number: Number = FP.fixedToFP(value, fractionBits: op.control.fractionBits, fpcr.rMode, fpcr, &fpsr)
      cpu.setScalar(op.rd, number)
    }
  }
}

private func translateFromInteger(
  _ word: InstructionWord, _ type: FloatType, isUnsigned: Bool, _ control: LaneControl
) -> Slot? {
  let handler: Handler =
    switch (type, word.is64Bit, isUnsigned) {
    case (.half, false, false): { fromInteger(UInt16.self, Int32.self, $0, $1, $2) }
    case (.half, false, true): { fromInteger(UInt16.self, UInt32.self, $0, $1, $2) }
    case (.half, true, false): { fromInteger(UInt16.self, Int64.self, $0, $1, $2) }
    case (.half, true, true): { fromInteger(UInt16.self, UInt64.self, $0, $1, $2) }
    case (.single, false, false): { fromInteger(UInt32.self, Int32.self, $0, $1, $2) }
    case (.single, false, true): { fromInteger(UInt32.self, UInt32.self, $0, $1, $2) }
    case (.single, true, false): { fromInteger(UInt32.self, Int64.self, $0, $1, $2) }
    case (.single, true, true): { fromInteger(UInt32.self, UInt64.self, $0, $1, $2) }
    case (.double, false, false): { fromInteger(UInt64.self, Int32.self, $0, $1, $2) }
    case (.double, false, true): { fromInteger(UInt64.self, UInt32.self, $0, $1, $2) }
    case (.double, true, false): { fromInteger(UInt64.self, Int64.self, $0, $1, $2) }
    case (.double, true, true): { fromInteger(UInt64.self, UInt64.self, $0, $1, $2) }
    }
  return Slot(handler, Operands(rd: word.rd, rn: word.rn.orZero, word: control.rawValue))
}

// MARK: - Moves

/// FMOV of bits between a general register and a vector register's lowest lane, or its upper half.
private func translateMove(_ word: InstructionWord) -> Slot? {
  let toVector = word[bit: 16]
  let handler: Handler
  switch (word.is64Bit, word[bits: 22...23], word[bits: 19...20], toVector) {
  case (false, 0, 0, false):
    handler = { vector($0, $1, $2) { $0[x: $1.rd] = UInt64($0.scalar($1.rn, as: UInt32.self)) } }
  case (false, 0, 0, true): handler = { vector($0, $1, $2) { $0.setScalar($1.rd, $0[w: $1.rn]) } }
  case (true, 1, 0, false): handler = { vector($0, $1, $2) { $0[x: $1.rd] = $0.scalar($1.rn) } }
  case (true, 1, 0, true): handler = { vector($0, $1, $2) { $0.setScalar($1.rd, $0[x: $1.rn]) } }
  case (true, 2, 1, false): handler = { vector($0, $1, $2) { $0[x: $1.rd] = $0.lane($1.rn, 1) } }
  case (true, 2, 1, true): handler = { vector($0, $1, $2) { $0[v: $1.rd] = SIMD2($0.scalar($1.rd), $0[x: $1.rn]) } }
  case (_, 3, 0, _):
    guard FloatType(word) != nil else { return nil }
    handler =
      toVector
      ? { vector($0, $1, $2) { $0.setScalar($1.rd, UInt16(truncatingIfNeeded: $0[x: $1.rn])) } }
      : { vector($0, $1, $2) { $0[x: $1.rd] = UInt64($0.scalar($1.rn, as: UInt16.self)) } }
  default: return nil
  }
  return Slot(
    handler,
    toVector ? Operands(rd: word.rd, rn: word.rn.orZero) : Operands(rd: word.rd.orDiscard, rn: word.rn))
}
