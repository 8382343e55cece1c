import SoftFloat

/// A floating-point format by the field `ftype` of scalar instructions (Arm ARM, C4.1.96).
enum FloatType: UInt32 {
  case single = 0
  case double = 1
  case half = 3

  /// The field's type; nil where it is reserved, or arithmetic in it is not there.
  init?(_ word: InstructionWord) {
    self.init(rawValue: word[bits: 22...23])
    if self == .half && !Feature.announced.contains(.fp16) { return nil }
  }

  var bitWidth: Int {
    switch self {
    case .half: 16
    case .single: 32
    case .double: 64
    }
  }
}

/// What a lane of a vector register holds: a number of a floating-point format, an integer of its size, or a truth.
protocol LaneFormat: FloatFormat, BitwiseCopyable {
  /// A signed integer of the same size.
  associatedtype Signed: FixedWidthInteger & SignedInteger
}

extension UInt16: LaneFormat { typealias Signed = Int16 }
extension UInt32: LaneFormat { typealias Signed = Int32 }
extension UInt64: LaneFormat { typealias Signed = Int64 }

extension CPU {
  @inline(__always) var fpcr: FPCR { FPCR(rawValue: state.pointee.fpcr) }

  /// Gives FPCR and FPSR to a computation.
  ///
  /// FPSR stays in its place in the state: a handler with a copy on its stack could not end in a jump.
  @inline(__always)
  func withFloatStatus<Result>(_ body: (FPCR, inout FPSR) -> Result) -> Result {
    let fpcr = self.fpcr
    // SAFETY: an FPSR is its 64 bits, and the state outlives the call (`CPU`).
    return withUnsafeMutablePointer(to: &state.pointee.fpsr) { fpsr in
      fpsr.withMemoryRebound(to: FPSR.self, capacity: 1) { body(fpcr, &$0.pointee) }
    }
  }

  /// IXC is set: one more inexact result changes nothing.
  @inline(__always) var mayBeInexact: Bool { FPSR(rawValue: state.pointee.fpsr).ixc }

  /// The lowest lane of a vector register.
  @inline(__always)
  func scalar<Number: LaneFormat>(_ number: UInt8, as: Number.Type = Number.self) -> Number {
    vector(number).load(as: Number.self)
  }

  /// Sets the lowest lane of a vector register and clears the rest.
  @inline(__always)
  func setScalar<Number: LaneFormat>(_ number: UInt8, _ value: Number) {
    self[v: number] = SIMD2(UInt64(value), 0)
  }

  /// A lane of a vector register, counted from the lowest; there are as many as fit into 16 bytes.
  @inline(__always)
  func lane<Number: LaneFormat>(_ number: UInt8, _ index: Int) -> Number {
    // SAFETY: the mask keeps the lane inside of the register.
    vector(number).load(fromByteOffset: (index &* (Number.bitWidth / 8)) & 15, as: Number.self)
  }
}

/// Executes an instruction as `body` does by the host's arithmetic, or where that gives false and has changed nothing, as
/// `exact` does, a handler of the instruction that looks whether the unit is trapped as well.
///
/// The two ways are two functions, so that the one that calls nothing needs no stack frame.
@inline(__always)
func onHost(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ body: (CPU, Operands) -> Bool,
  exact: (UnsafeMutableRawPointer, UnsafeMutableRawPointer, Int) -> Void
) {
  let context = CPU(cpu)
  if !context.run.pointee.isVectorTrapped && context.fpcr.isHostLike && body(context, operands(slot)) {
    next(cpu, slot, limit)
  } else {
    exact(cpu, slot, limit)
  }
}
