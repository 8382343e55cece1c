/// A digest of a run: two runs with the same digest were the same, for all that the guest can tell.
///
/// The CPUs' states are mixed in at the end of each round, so that a run's digest depends on every instruction before it.
struct RunDigest: Equatable {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  /// Mixes a word in (a multiplication by an odd number and a rotation, both of which can be undone).
  mutating func mix(_ word: UInt64) {
    let product = (value ^ word) &* 0x9e37_79b9_7f4a_7c15
    value = product << 29 | product >> 35
  }

  mutating func mix(_ state: CPUState) {
    for number in 0..<31 { mix(state.x[number]) }
    for number in 0..<32 {
      mix(state.v[number].x)
      mix(state.v[number].y)
    }
    mix(state.pc)
    mix(state.pstate)
    mix(state.x[Int(RegisterNumber.sp)])
    mix(state.spEL0)
    mix(state.spEL1)
    mix(state.fpcr)
    mix(state.fpsr)
    mix(state.time)
    mix(state.idleTime)
    // SystemState is words of 64 bits alone, so that it has no padding.
    withUnsafeBytes(of: state.system) { bytes in
      for offset in stride(from: 0, to: bytes.count - 7, by: 8) {
        mix(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      }
    }
  }

  /// Mixes in memory, which is a multiple of 8 bytes long.
  mutating func mix(_ bytes: UnsafeRawBufferPointer) {
    for offset in stride(from: 0, to: bytes.count - 7, by: 8) {
      let word = UInt64(littleEndian: bytes.load(fromByteOffset: offset, as: UInt64.self))
      if word != 0 {
        mix(UInt64(offset))
        mix(word)
      }
    }
  }
}
