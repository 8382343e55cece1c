import Bits
import SoftFloat

// Scalar floating-point data processing (Arm ARM, section C4.1.96): immediate, one source, two and three sources. What is
// done often has a handler for each format; the rest is done as on a vector of one lane.
extension DecodeTable {
  static let floatingPoint = scalarFloat + floatConversions + floatComparisons + vectorFloat

  private static let scalarFloat: [InstructionPattern] = [
    InstructionPattern("FMOV (scalar, immediate)", "00011110 tt 1 iiiiiiii 100 00000 ddddd") {
      translateImmediate($0)
    },
    InstructionPattern("FMOV/FABS/FNEG/FSQRT/FRINT (scalar)", "00011110 tt 1 oooooo 10000 nnnnn ddddd") {
      translateOneSource($0)
    },
    InstructionPattern(
      "FCVT", "00011110 tt 1 0001 oo 10000 nnnnn ddddd", specializes: ["FMOV/FABS/FNEG/FSQRT/FRINT (scalar)"]
    ) {
      translateFormatConversion($0)
    },
    InstructionPattern("FMUL/FDIV/FADD/…/FNMUL (scalar)", "00011110 tt 1 mmmmm oooo 10 nnnnn ddddd") {
      translateTwoSources($0)
    },
    InstructionPattern("FMADD/FMSUB/FNMADD/FNMSUB", "00011111 tt o mmmmm o aaaaa nnnnn ddddd") {
      translateThreeSources($0)
    },
  ]
}

// MARK: - Immediate

private func translateImmediate(_ word: InstructionWord) -> Slot? {
  guard let type = FloatType(word) else { return nil }
  let immediate = word[bits: 13...20]
  let operands =
    switch type {
    case .half: Operands(rd: word.rd, word: UInt32(UInt16(expanding: immediate)))
    case .single: Operands(rd: word.rd, word: UInt32(expanding: immediate))
    // The lower half of such a number is zero.
    case .double: Operands(rd: word.rd, ra: 32, word: UInt32(UInt64(expanding: immediate) >> 32))
    }
  return Slot(
    { vector($0, $1, $2) { $0[v: $1.rd] = SIMD2(UInt64($1.word) << UInt64($1.ra & 63), 0) } }, operands)
}

extension LaneFormat {
  /// The number that eight bits stand for (Arm ARM, shared pseudocode, `VFPExpandImm`).
  fileprivate init(expanding immediate: UInt32) {
    let exponentBits = Self.bitWidth - 1 - Self.fractionBits
    let exponent: Self = immediate[bit: 6] ? (1 << (exponentBits - 3) - 1) << 2 : 1 << (exponentBits - 1)
    let upper = (immediate[bit: 7] ? 1 << exponentBits : 0) | exponent | Self(immediate[bits: 4...5])
    self = upper << Self.fractionBits | Self(immediate[bits: 0...3]) << (Self.fractionBits - 4)
  }
}

// MARK: - One source

/// Copies or changes the lowest lane, without regard to what number it is.
@inline(__always)
private func change<Number: LaneFormat>(
  _ format: Number.Type, _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int,
  _ body: (Number) -> Number
) {
  vector(cpu, slot, limit) { $0.setScalar($1.rd, body($0.scalar($1.rn))) }
}

@inline(__always)
private func squareRoot<Number: LaneFormat>(
  _ format: Number.Type, _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int
) {
  onHost(cpu, slot, limit) { cpu, op in
    guard cpu.mayBeInexact, let root = Number.hostSquareRoot(cpu.scalar(op.rn), mayBeInexact: true) else {
      return false
    }
    cpu.setScalar(op.rd, root)
    return true
  } exact: {
    exactSquareRoot(format, $0, $1, $2)
  }
}

@inline(never)
private func exactSquareRoot<Number: LaneFormat>(
  _ format: Number.Type, _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int
) {
  vector(cpu, slot, limit) { cpu, op in
    cpu.withFloatStatus { cpu.setScalar(op.rd, FP.sqrt(cpu.scalar(op.rn, as: format), $0, &$1)) }
  }
}

private func translateOneSource(_ word: InstructionWord) -> Slot? {
  guard let type = FloatType(word) else { return nil }
  let handler: Handler
  var rounding = LaneControl.Rounding.current
  switch (word[bits: 15...20], type) {
  case (0, .half): handler = { change(UInt16.self, $0, $1, $2) { $0 } }
  case (0, .single): handler = { change(UInt32.self, $0, $1, $2) { $0 } }
  case (0, .double): handler = { change(UInt64.self, $0, $1, $2) { $0 } }
  case (1, .half): handler = { change(UInt16.self, $0, $1, $2) { FP.abs($0) } }
  case (1, .single): handler = { change(UInt32.self, $0, $1, $2) { FP.abs($0) } }
  case (1, .double): handler = { change(UInt64.self, $0, $1, $2) { FP.abs($0) } }
  case (2, .half): handler = { change(UInt16.self, $0, $1, $2) { FP.neg($0) } }
  case (2, .single): handler = { change(UInt32.self, $0, $1, $2) { FP.neg($0) } }
  case (2, .double): handler = { change(UInt64.self, $0, $1, $2) { FP.neg($0) } }
  case (3, .half): handler = { floatUnary(FloatOperation.SquareRoot.self, $0, $1, $2) }
  case (3, .single): handler = { squareRoot(UInt32.self, $0, $1, $2) }
  case (3, .double): handler = { squareRoot(UInt64.self, $0, $1, $2) }
  case (let operation, _):
    switch operation {
    case 8: rounding = .tieEven
    case 9: rounding = .plusInfinity
    case 10: rounding = .minusInfinity
    case 11: rounding = .zero
    case 12: rounding = .tieAway
    case 14, 15: rounding = .current
    default: return nil
    }
    handler =
      operation == 14
      ? { floatUnary(FloatOperation.RoundToIntegerExactly.self, $0, $1, $2) }
      : { floatUnary(FloatOperation.RoundToInteger.self, $0, $1, $2) }
  }
  return Slot(handler, word.lanes(1, LaneControl(type, rounding)))
}

/// FCVT is there for half precision, too, where arithmetic in it is not.
private func translateFormatConversion(_ word: InstructionWord) -> Slot? {
  let handler: Handler
  switch (FloatType(rawValue: word[bits: 22...23]), FloatType(rawValue: word[bits: 15...16])) {
  case (.half, .single): handler = { floatConvert(UInt16.self, UInt32.self, $0, $1, $2) }
  case (.half, .double): handler = { floatConvert(UInt16.self, UInt64.self, $0, $1, $2) }
  case (.single, .half): handler = { floatConvert(UInt32.self, UInt16.self, $0, $1, $2) }
  case (.single, .double): handler = { floatConvert(UInt32.self, UInt64.self, $0, $1, $2) }
  case (.double, .half): handler = { floatConvert(UInt64.self, UInt16.self, $0, $1, $2) }
  case (.double, .single): handler = { floatConvert(UInt64.self, UInt32.self, $0, $1, $2) }
  default: return nil
  }
  return Slot(handler, Operands(rd: word.rd, rn: word.rn))
}

// MARK: - Two and three sources

@inline(__always)
private func arithmetic<Operation: HostBinaryOperation, Number: LaneFormat>(
  _ operation: Operation.Type, _ format: Number.Type, _ cpu: UnsafeMutableRawPointer,
  _ slot: UnsafeMutableRawPointer, _ limit: Int
) {
  onHost(cpu, slot, limit) { cpu, op in
    let (a, b): (Number, Number) = (cpu.scalar(op.rn), cpu.scalar(op.rm))
    guard let result = operation.onHost(a, b, mayBeInexact: cpu.mayBeInexact) else { return false }
    cpu.setScalar(op.rd, result)
    return true
  } exact: {
    exactArithmetic(operation, format, $0, $1, $2)
  }
}

@inline(never)
private func exactArithmetic<Operation: BinaryFloatOperation, Number: LaneFormat>(
  _ operation: Operation.Type, _ format: Number.Type, _ cpu: UnsafeMutableRawPointer,
  _ slot: UnsafeMutableRawPointer, _ limit: Int
) {
  vector(cpu, slot, limit) { cpu, op in
    cpu.withFloatStatus {
      cpu.setScalar(op.rd, operation.apply(cpu.scalar(op.rn) as Number, cpu.scalar(op.rm), $0, &$1))
    }
  }
}

private func translateTwoSources(_ word: InstructionWord) -> Slot? {
  guard let type = FloatType(word) else { return nil }
  let handler: Handler
  switch (word[bits: 12...15], type) {
  case (0, .single): handler = { arithmetic(FloatOperation.Multiply.self, UInt32.self, $0, $1, $2) }
  case (0, .double): handler = { arithmetic(FloatOperation.Multiply.self, UInt64.self, $0, $1, $2) }
  case (1, .single): handler = { arithmetic(FloatOperation.Divide.self, UInt32.self, $0, $1, $2) }
  case (1, .double): handler = { arithmetic(FloatOperation.Divide.self, UInt64.self, $0, $1, $2) }
  case (2, .single): handler = { arithmetic(FloatOperation.Add.self, UInt32.self, $0, $1, $2) }
  case (2, .double): handler = { arithmetic(FloatOperation.Add.self, UInt64.self, $0, $1, $2) }
  case (3, .single): handler = { arithmetic(FloatOperation.Subtract.self, UInt32.self, $0, $1, $2) }
  case (3, .double): handler = { arithmetic(FloatOperation.Subtract.self, UInt64.self, $0, $1, $2) }
  case (8, .single): handler = { arithmetic(FloatOperation.MultiplyNegated.self, UInt32.self, $0, $1, $2) }
  case (8, .double): handler = { arithmetic(FloatOperation.MultiplyNegated.self, UInt64.self, $0, $1, $2) }
  case (0, _): handler = { floatBinary(FloatOperation.Multiply.self, $0, $1, $2) }
  case (1, _): handler = { floatBinary(FloatOperation.Divide.self, $0, $1, $2) }
  case (2, _): handler = { floatBinary(FloatOperation.Add.self, $0, $1, $2) }
  case (3, _): handler = { floatBinary(FloatOperation.Subtract.self, $0, $1, $2) }
  case (4, _): handler = { floatBinary(FloatOperation.Maximum.self, $0, $1, $2) }
  case (5, _): handler = { floatBinary(FloatOperation.Minimum.self, $0, $1, $2) }
  case (6, _): handler = { floatBinary(FloatOperation.MaximumNumber.self, $0, $1, $2) }
  case (7, _): handler = { floatBinary(FloatOperation.MinimumNumber.self, $0, $1, $2) }
  case (8, _): handler = { floatBinary(FloatOperation.MultiplyNegated.self, $0, $1, $2) }
  default: return nil
  }
  return Slot(handler, word.lanes(1, LaneControl(type)))
}

@inline(__always)
private func fusedArithmetic<Operation: HostTernaryOperation, Number: LaneFormat>(
  _ operation: Operation.Type, _ format: Number.Type, _ cpu: UnsafeMutableRawPointer,
  _ slot: UnsafeMutableRawPointer, _ limit: Int
) {
  onHost(cpu, slot, limit) { cpu, op in
    let (addend, a, b): (Number, Number, Number) = (cpu.scalar(op.ra), cpu.scalar(op.rn), cpu.scalar(op.rm))
    guard let result = operation.onHost(addend, a, b, mayBeInexact: cpu.mayBeInexact) else { return false }
    cpu.setScalar(op.rd, result)
    return true
  } exact: {
    exactFusedArithmetic(operation, format, $0, $1, $2)
  }
}

@inline(never)
private func exactFusedArithmetic<Operation: TernaryFloatOperation, Number: LaneFormat>(
  _ operation: Operation.Type, _ format: Number.Type, _ cpu: UnsafeMutableRawPointer,
  _ slot: UnsafeMutableRawPointer, _ limit: Int
) {
  vector(cpu, slot, limit) { cpu, op in
    cpu.withFloatStatus {
      let addend: Number = cpu.scalar(op.ra)
      cpu.setScalar(op.rd, operation.apply(addend, cpu.scalar(op.rn), cpu.scalar(op.rm), $0, &$1))
    }
  }
}

private func translateThreeSources(_ word: InstructionWord) -> Slot? {
  guard let type = FloatType(word) else { return nil }
  let handler: Handler =
    switch (word[bit: 21], word[bit: 15], type) {
    case (false, false, .half): { fusedArithmetic(FloatOperation.MultiplyAdd.self, UInt16.self, $0, $1, $2) }
    case (false, false, .single): { fusedArithmetic(FloatOperation.MultiplyAdd.self, UInt32.self, $0, $1, $2) }
    case (false, false, .double): { fusedArithmetic(FloatOperation.MultiplyAdd.self, UInt64.self, $0, $1, $2) }
    case (false, true, .half): { fusedArithmetic(FloatOperation.MultiplySubtract.self, UInt16.self, $0, $1, $2) }
    case (false, true, .single): { fusedArithmetic(FloatOperation.MultiplySubtract.self, UInt32.self, $0, $1, $2) }
    case (false, true, .double): { fusedArithmetic(FloatOperation.MultiplySubtract.self, UInt64.self, $0, $1, $2) }
    case (true, false, .half): { fusedArithmetic(FloatOperation.MultiplyAddNegated.self, UInt16.self, $0, $1, $2) }
    case (true, false, .single): { fusedArithmetic(FloatOperation.MultiplyAddNegated.self, UInt32.self, $0, $1, $2) }
    case (true, false, .double): { fusedArithmetic(FloatOperation.MultiplyAddNegated.self, UInt64.self, $0, $1, $2) }
    case (true, true, .half):
      { fusedArithmetic(FloatOperation.MultiplySubtractNegated.self, UInt16.self, $0, $1, $2) }
    case (true, true, .single):
      { fusedArithmetic(FloatOperation.MultiplySubtractNegated.self, UInt32.self, $0, $1, $2) }
    case (true, true, .double):
      { fusedArithmetic(FloatOperation.MultiplySubtractNegated.self, UInt64.self, $0, $1, $2) }
    }
  return Slot(handler, Operands(rd: word.rd, rn: word.rn, rm: word.rm, ra: word.ra))
}
