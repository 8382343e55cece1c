/// What executes an instruction: a function of the CPU, the instruction's slot and the limit of the run.
///
/// It ends in a call of the next slot's handler, which the optimizer makes a jump, or in `leave`. A run of instructions is
/// bounded by `limit` (see `Dispatch.swift`), so that an unoptimized build, where calls stay calls, needs a bounded stack.
typealias Handler = @convention(c) (UnsafeMutableRawPointer, UnsafeMutableRawPointer, Int) -> Void

/// A decoded instruction: what executes it, and on what.
struct Slot: BitwiseCopyable {
  /// The distance in bytes from one slot to the next.
  static let stride = 16

  var handler: Handler
  var operands: Operands

  init(_ handler: @escaping Handler, _ operands: Operands = Operands()) {
    self.handler = handler
    self.operands = operands
  }
}

/// What a handler works on: numbers of registers and an immediate, each with the meaning that the handler gives it.
///
/// A general register's number is its place in `CPUState.x`, see `RegisterNumber`.
struct Operands: BitwiseCopyable, Equatable {
  var rd: UInt8 = 0
  var rn: UInt8 = 0
  var rm: UInt8 = 0
  var ra: UInt8 = 0
  var immediate: Int32 = 0

  init(rd: UInt8 = 0, rn: UInt8 = 0, rm: UInt8 = 0, ra: UInt8 = 0, immediate: Int32 = 0) {
    self.rd = rd
    self.rn = rn
    self.rm = rm
    self.ra = ra
    self.immediate = immediate
  }

  /// Puts a word of 32 bits, such as the instruction itself, into the immediate.
  init(rd: UInt8 = 0, rn: UInt8 = 0, rm: UInt8 = 0, ra: UInt8 = 0, word: UInt32) {
    self.init(rd: rd, rn: rn, rm: rm, ra: ra, immediate: Int32(bitPattern: word))
  }

  /// The immediate, sign-extended.
  @inline(__always) var offset: UInt64 { UInt64(bitPattern: Int64(immediate)) }
  /// The immediate's 32 bits.
  @inline(__always) var word: UInt32 { UInt32(bitPattern: immediate) }
}

/// Places in `CPUState.x`: 0 to 30 are X0 to X30.
enum RegisterNumber {
  /// SP as PSTATE selects it.
  static let sp: UInt8 = 31
  /// XZR as a source: holds zero.
  static let zero: UInt8 = 32
  /// XZR as a destination: what is written here is never read.
  static let discard: UInt8 = 33

  /// How many places there are.
  static let count = 34
}
