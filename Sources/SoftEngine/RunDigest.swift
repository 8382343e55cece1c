import Glibc

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

  /// Mixes in memory, which is a multiple of 4096 bytes long.
  mutating func mix(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    var place = 0
    while place < bytes.count {
      let page = base + place
      // Most pages of most guests are zero, and quickly known to be: each byte is as the one before it.
      if page.load(as: UInt8.self) == 0, memcmp(page, page + 1, Self.pageSize - 1) == 0 {
        place += Self.pageSize
        continue
      }
      mix(UInt64(place))
      let end = place + Self.pageSize
      while place < end {
        mix(UInt64(littleEndian: base.load(fromByteOffset: place, as: UInt64.self)))
        place += 8
      }
    }
  }

  private static let pageSize = 4096
}
