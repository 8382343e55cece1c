import Bits
import SoftFloat

/// What an instruction on lanes is told beside its registers.
///
/// It is a slot's immediate; the number of lanes is in `ra`.
struct LaneControl: RawRepresentable {
  var rawValue: UInt32
  @inline(__always) init(rawValue: UInt32) { self.rawValue = rawValue }

  /// How an operand is rounded to an integer; the first four are the values of FPCR.RMode.
  enum Rounding: UInt32 {
    case tieEven = 0
    case plusInfinity = 1
    case minusInfinity = 2
    case zero = 3
    case tieAway = 4
    /// As FPCR says.
    case current = 5
  }

  init(_ type: FloatType, _ rounding: Rounding = .current, fractionBits: Int = 0) {
    rawValue = type.rawValue | rounding.rawValue << 2 | UInt32(truncatingIfNeeded: fractionBits) << 8
  }

  @inline(__always) var type: FloatType { FloatType(rawValue: rawValue & 3) ?? .double }

  @inline(__always) func rounding(_ fpcr: FPCR) -> RoundingMode {
    switch rawValue[bits: 2...4] {
    case 0: .tieEven
    case 1: .plusInfinity
    case 2: .minusInfinity
    case 3: .zero
    case 4: .tieAway
    default: fpcr.rMode
    }
  }

  /// How many bits of a fixed-point number are behind the point.
  @inline(__always) var fractionBits: Int { Int(rawValue[bits: 8...14]) }

  /// Rounding towards zero to an integer, nothing behind the point.
  @inline(__always) var isCutToInteger: Bool { rawValue >> 2 == Rounding.zero.rawValue }

  /// The one lane of the second operand that goes with all lanes of the first; nil if each lane has its own.
  var element: Int? {
    get { rawValue[bit: 16] ? Int(rawValue[bits: 20...22]) : nil }
    set {
      rawValue[bit: 16] = newValue != nil
      rawValue[bits: 20...22] = UInt32(truncatingIfNeeded: newValue ?? 0)
    }
  }

  /// The second operand's lane that goes with a lane of the first.
  @inline(__always) func lane(with index: Int) -> Int {
    rawValue[bit: 16] ? Int(rawValue[bits: 20...22]) : index
  }
}

extension Operands {
  @inline(__always) var control: LaneControl { LaneControl(rawValue: word) }
  @inline(__always) var laneCount: Int { Int(ra) }
}

extension InstructionWord {
  /// Rd, Rn and Rm with lanes and what to do with them.
  func lanes(_ count: Int, _ control: LaneControl) -> Operands {
    Operands(rd: rd, rn: rn, rm: rm, ra: UInt8(truncatingIfNeeded: count), word: control.rawValue)
  }
}

/// A vector made of so many lanes, the rest zero.
@inline(__always)
private func makeVector<F: LaneFormat>(_ count: Int, _ lane: (Int) -> F) -> SIMD2<UInt64> {
  var (low, high) = (UInt64(0), UInt64(0))
  for index in 0..<count {
    let position = index &* F.bitWidth
    let bits = UInt64(lane(index)) &<< UInt64(position)
    if position < 64 { low |= bits } else { high |= bits }
  }
  return SIMD2(low, high)
}

// MARK: - Lane by lane

/// Executes an operation on the lanes of Rn.
@inline(__always)
func floatUnary<Operation: UnaryFloatOperation>(
  _ operation: Operation.Type, _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int
) {
  vector(cpu, slot, limit) { cpu, op in
    switch op.control.type {
    case .half: unaryLanes(operation, UInt16.self, cpu, op)
    case .single: unaryLanes(operation, UInt32.self, cpu, op)
    case .double: unaryLanes(operation, UInt64.self, cpu, op)
    }
  }
}

@inline(never)
private func unaryLanes<Operation: UnaryFloatOperation, F: LaneFormat>(
  _ operation: Operation.Type, _ format: F.Type, _ cpu: CPU, _ op: Operands
) {
  cpu[v: op.rd] = cpu.withFloatStatus { fpcr, fpsr in
    makeVector(op.laneCount) { operation.apply(cpu.lane(op.rn, $0) as F, op.control, fpcr, &fpsr) }
  }
}

/// Executes an operation on the lanes of Rn and those of Rm, or one of them.
@inline(__always)
func floatBinary<Operation: BinaryFloatOperation>(
  _ operation: Operation.Type, _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int
) {
  vector(cpu, slot, limit) { cpu, op in
    switch op.control.type {
    case .half: binaryLanes(operation, UInt16.self, cpu, op)
    case .single: binaryLanes(operation, UInt32.self, cpu, op)
    case .double: binaryLanes(operation, UInt64.self, cpu, op)
    }
  }
}

@inline(never)
private func binaryLanes<Operation: BinaryFloatOperation, F: LaneFormat>(
  _ operation: Operation.Type, _ format: F.Type, _ cpu: CPU, _ op: Operands
) {
  cpu[v: op.rd] = cpu.withFloatStatus { fpcr, fpsr in
    makeVector(op.laneCount) {
      operation.apply(cpu.lane(op.rn, $0) as F, cpu.lane(op.rm, op.control.lane(with: $0)), fpcr, &fpsr)
    }
  }
}

/// Executes an operation on the lanes of Rd, those of Rn, and those of Rm, or one of them.
@inline(__always)
func floatTernary<Operation: TernaryFloatOperation>(
  _ operation: Operation.Type, _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int
) {
  vector(cpu, slot, limit) { cpu, op in
    switch op.control.type {
    case .half: ternaryLanes(operation, UInt16.self, cpu, op)
    case .single: ternaryLanes(operation, UInt32.self, cpu, op)
    case .double: ternaryLanes(operation, UInt64.self, cpu, op)
    }
  }
}

@inline(never)
private func ternaryLanes<Operation: TernaryFloatOperation, F: LaneFormat>(
  _ operation: Operation.Type, _ format: F.Type, _ cpu: CPU, _ op: Operands
) {
  cpu[v: op.rd] = cpu.withFloatStatus { fpcr, fpsr in
    makeVector(op.laneCount) {
      operation.apply(
        cpu.lane(op.rd, $0) as F, cpu.lane(op.rn, $0), cpu.lane(op.rm, op.control.lane(with: $0)), fpcr, &fpsr)
    }
  }
}

// MARK: - Pairs and reductions

/// Executes an operation on the pairs of adjacent lanes of Rn and then Rm.
@inline(__always)
func floatPairwise<Operation: BinaryFloatOperation>(
  _ operation: Operation.Type, _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int
) {
  vector(cpu, slot, limit) { cpu, op in
    switch op.control.type {
    case .half: pairwiseLanes(operation, UInt16.self, cpu, op)
    case .single: pairwiseLanes(operation, UInt32.self, cpu, op)
    case .double: pairwiseLanes(operation, UInt64.self, cpu, op)
    }
  }
}

@inline(never)
private func pairwiseLanes<Operation: BinaryFloatOperation, F: LaneFormat>(
  _ operation: Operation.Type, _ format: F.Type, _ cpu: CPU, _ op: Operands
) {
  let half = op.laneCount / 2
  cpu[v: op.rd] = cpu.withFloatStatus { fpcr, fpsr in
    makeVector(op.laneCount) {
      let (register, first) = $0 < half ? (op.rn, 2 &* $0) : (op.rm, 2 &* ($0 &- half))
      return operation.apply(cpu.lane(register, first) as F, cpu.lane(register, first &+ 1), fpcr, &fpsr)
    }
  }
}

/// Executes an operation on all lanes of Rn, a tree of pairs (Arm ARM, shared pseudocode, `Reduce`).
@inline(__always)
func floatReduction<Operation: BinaryFloatOperation>(
  _ operation: Operation.Type, _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int
) {
  vector(cpu, slot, limit) { cpu, op in
    cpu.withFloatStatus { fpcr, fpsr in
      let lanes = 0..<op.laneCount
      switch op.control.type {
      case .half: cpu.setScalar(op.rd, reduced(operation, lanes, cpu, op, fpcr, &fpsr) as UInt16)
      case .single: cpu.setScalar(op.rd, reduced(operation, lanes, cpu, op, fpcr, &fpsr) as UInt32)
      case .double: cpu.setScalar(op.rd, reduced(operation, lanes, cpu, op, fpcr, &fpsr) as UInt64)
      }
    }
  }
}

private func reduced<Operation: BinaryFloatOperation, F: LaneFormat>(
  _ operation: Operation.Type, _ lanes: Range<Int>, _ cpu: CPU, _ op: Operands, _ fpcr: FPCR, _ fpsr: inout FPSR
) -> F {
  if lanes.count == 1 { return cpu.lane(op.rn, lanes.lowerBound) }
  let middle = lanes.lowerBound + lanes.count / 2
  let low: F = reduced(operation, lanes.lowerBound..<middle, cpu, op, fpcr, &fpsr)
  let high: F = reduced(operation, middle..<lanes.upperBound, cpu, op, fpcr, &fpsr)
  return operation.apply(low, high, fpcr, &fpsr)
}

// MARK: - Other formats

/// Executes FCVT: the lowest lane in another format.
@inline(__always)
func floatConvert<From: LaneFormat, To: LaneFormat>(
  _ from: From.Type, _ to: To.Type, _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int
) {
  onHost(cpu, slot, limit) { cpu, op in
    let number: From = cpu.scalar(op.rn)
    let converted: To? = FP.widened(number) ?? FP.narrowed(number, mayBeInexact: cpu.mayBeInexact)
    guard let converted else { return false }
    cpu.setScalar(op.rd, converted)
    return true
  } exact: {
    exactFloatConvert(from, to, $0, $1, $2)
  }
}

/// Executes FCVT, or FCVTXN with a rounding of its own.
@inline(never)
func exactFloatConvert<From: LaneFormat, To: LaneFormat>(
  _ from: From.Type, _ to: To.Type, _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int,
  rounding: RoundingMode? = nil
) {
  vector(cpu, slot, limit) { cpu, op in
    cpu.withFloatStatus { fpcr, fpsr in
      let number: To = FP.convert(cpu.scalar(op.rn, as: from), rounding ?? fpcr.rMode, fpcr, &fpsr)
      cpu.setScalar(op.rd, number)
    }
  }
}

/// Executes FCVTN or FCVTXN, and with a nonzero `ra` the form that leaves the lower half of Rd as it is.
@inline(__always)
func floatNarrow<From: LaneFormat, To: LaneFormat>(
  _ from: From.Type, _ to: To.Type, _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer,
  _ limit: Int, rounding: RoundingMode? = nil
) {
  vector(cpu, slot, limit) { cpu, op in
    cpu.withFloatStatus { fpcr, fpsr in
      let half = makeVector(128 / From.bitWidth) { lane -> To in
        FP.convert(cpu.lane(op.rn, lane) as From, rounding ?? fpcr.rMode, fpcr, &fpsr)
      }[0]
      cpu[v: op.rd] = op.ra == 0 ? SIMD2(half, 0) : SIMD2(cpu[v: op.rd][0], half)
    }
  }
}

/// Executes FCVTL on the lanes from the one with the number `ra`.
@inline(__always)
func floatLengthen<From: LaneFormat, To: LaneFormat>(
  _ from: From.Type, _ to: To.Type, _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int
) {
  vector(cpu, slot, limit) { cpu, op in
    cpu[v: op.rd] = cpu.withFloatStatus { fpcr, fpsr in
      makeVector(128 / To.bitWidth) { lane -> To in
        FP.convert(cpu.lane(op.rn, Int(op.ra) &+ lane) as From, fpcr.rMode, fpcr, &fpsr)
      }
    }
  }
}
