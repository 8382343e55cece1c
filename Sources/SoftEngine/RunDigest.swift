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
    var digest = self
    state.forEachWord { digest.mix($0) }
    self = digest
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
