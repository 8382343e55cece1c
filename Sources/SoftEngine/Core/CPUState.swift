import ARM64

/// Everything of a CPU that instructions can see or change: plain, so that it is copied out and put back exactly.
///
/// PC, SP and the process state's mode bits have their places here; while the CPU runs, PC lags behind and is brought up
/// to date whenever it leaves the run (see `SoftCore`).
struct CPUState: BitwiseCopyable {
  /// X0 to X30, SP, zero and the place for what is discarded (`RegisterNumber`).
  ///
  /// First, so that a number is an offset.
  var x = InlineArray<34, UInt64>(repeating: 0)
  /// V0 to V31.
  var v = InlineArray<32, SIMD2<UInt64>>(repeating: SIMD2(0, 0))
  var pc: UInt64 = 0

  // PSTATE, a byte for each flag: what arithmetic stores and branches test.
  var n = false
  var z = false
  var c = false
  var overflow = false

  /// PSTATE but for N, Z, C and V: DAIF, the exception level and the stack pointer's choice, PAN, IL, SS …, in their
  /// places in an SPSR.
  var mode: UInt64 = PSTATE.kernelEntry.rawValue
  /// The stack pointers that are not in use; the one in use is in `x`.
  var spEL0: UInt64 = 0
  var spEL1: UInt64 = 0

  var fpcr: UInt64 = 0
  var fpsr: UInt64 = 0

  /// The local exclusive monitor: the address and size of the load-exclusive that it is set by; size 0 while it is open.
  var exclusiveAddress: UInt64 = 0
  var exclusiveSize: UInt64 = 0

  /// The CPU's time: how many instructions it has executed and exceptions it has taken since power-on, and how many it
  /// could have executed while it was idle.
  var time: UInt64 = 0
  /// How much of that time it was idle.
  var idleTime: UInt64 = 0
  /// It was turned on (PSCI).
  var isOn = false
  /// It waits for an interrupt (WFI), for an event (WFE), or for the others to have their turns (YIELD).
  var wait = Wait.none
  /// The event register that SEV sets and WFE clears.
  var event = false

  var system = SystemState()

  enum Wait: UInt8 { case none, interrupt, event, turn }
}

extension CPUState: Equatable {
  /// Calls `body` with all of it, word for word and always in the same order.
  @inline(__always) func forEachWord(_ body: (UInt64) -> Void) {
    // The places for zero and for what is discarded are no state.
    for number in 0...Int(RegisterNumber.sp) { body(x[number]) }
    for number in v.indices {
      body(v[number].x)
      body(v[number].y)
    }
    for word in [pc, pstate, spEL0, spEL1, fpcr, fpsr, exclusiveAddress, exclusiveSize, time, idleTime] { body(word) }
    body((isOn ? 1 : 0) | (event ? 2 : 0) | UInt64(wait.rawValue) << 2)
    withUnsafeBytes(of: system) { bytes in
      for offset in stride(from: 0, to: bytes.count - 7, by: 8) {
        body(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      }
    }
  }

  /// All of it.
  private var words: [UInt64] {
    var words: [UInt64] = []
    forEachWord { words.append($0) }
    return words
  }

  static func == (left: CPUState, right: CPUState) -> Bool { left.words == right.words }
}
