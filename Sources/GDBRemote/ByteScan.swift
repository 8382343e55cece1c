/// Searches and sums over bytes, 16 at a time.
enum ByteScan {
  /// The sum of all bytes, modulo 256: a packet's checksum.
  static func sum(_ bytes: UnsafeRawBufferPointer) -> UInt8 {
    var lanes = SIMD16<UInt8>()
    var index = 0
    while index &+ 16 <= bytes.count {
      lanes &+= bytes.loadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self)
      index &+= 16
    }
    var sum = lanes.wrappedSum()
    while index < bytes.count {
      sum &+= bytes[index]
      index &+= 1
    }
    return sum
  }

  /// The offset of the first byte at or after `start` that equals `first` or `second`; the count where there is none.
  static func firstIndex(
    of first: UInt8, or second: UInt8, in bytes: UnsafeRawBufferPointer, from start: Int = 0
  ) -> Int {
    var index = start
    while index &+ 16 <= bytes.count {
      let block = bytes.loadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self)
      if let lane = firstLane((block .== first) .| (block .== second)) { return index &+ lane }
      index &+= 16
    }
    while index < bytes.count, bytes[index] != first, bytes[index] != second { index &+= 1 }
    return index
  }

  /// The number of the first lane that is set, or nil where none is.
  @inline(__always)
  static func firstLane(_ mask: SIMDMask<SIMD16<Int8>>) -> Int? {
    // SAFETY: both types are 16 bytes without padding; a set lane is 0xff, a clear one 0.
    let words = unsafeBitCast(mask, to: SIMD2<UInt64>.self)
    if words.x | words.y == 0 { return nil }
    return words.x != 0 ? words.x.trailingZeroBitCount &>> 3 : 8 &+ words.y.trailingZeroBitCount &>> 3
  }

  /// Whether all 16 bytes are the same.
  @inline(__always)
  static func isUniform(_ block: SIMD16<UInt8>) -> Bool {
    // SAFETY: both types are 16 bytes without padding.
    let words = unsafeBitCast(block, to: SIMD2<UInt64>.self)
    return words.x == words.y && words.x == (words.x &<< 8 | words.x &>> 56)
  }
}
