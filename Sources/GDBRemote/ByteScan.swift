/// Searches and sums over bytes, 16 at a time.
enum ByteScan {
  /// The sum of all bytes, modulo 256: a packet's checksum.
  static func sum(_ bytes: UnsafeRawBufferPointer) -> UInt8 {
    var lanes = SIMD16<UInt8>()
    var index = 0
    // SAFETY: a block is loaded only where all of it lies inside the bytes.
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
    // SAFETY: a block is loaded only where all of it lies inside the bytes.
    while index &+ 16 <= bytes.count {
      let block = bytes.loadUnaligned(fromByteOffset: index, as: SIMD2<UInt64>.self)
      if let lane = firstLane(lanes(of: first, in: block) | lanes(of: second, in: block)) { return index &+ lane }
      index &+= 16
    }
    while index < bytes.count, bytes[index] != first, bytes[index] != second { index &+= 1 }
    return index
  }

  /// Marks the lanes, of 8 bits, that equal `byte`, by all their bits.
  @inline(__always)
  static func lanes(of byte: UInt8, in block: SIMD2<UInt64>) -> SIMD2<UInt64> {
    let word = UInt64(byte) &* 0x0101_0101_0101_0101
    // SAFETY: all are 128 bits without padding, for which every pattern is a value.
    let bytes = unsafeBitCast(block, to: SIMD16<UInt8>.self)
    let wanted = unsafeBitCast(SIMD2(word, word), to: SIMD16<UInt8>.self)
    return unsafeBitCast(bytes .== wanted, to: SIMD2<UInt64>.self)
  }

  /// The number of the first lane, of 8 bits, that is marked, or nil where none is.
  @inline(__always)
  static func firstLane(_ marks: SIMD2<UInt64>) -> Int? {
    if marks.x | marks.y == 0 { return nil }
    return marks.x != 0 ? marks.x.trailingZeroBitCount &>> 3 : 8 &+ marks.y.trailingZeroBitCount &>> 3
  }

  /// Whether all 16 bytes are the same.
  @inline(__always)
  static func isUniform(_ block: SIMD2<UInt64>) -> Bool {
    block.x == block.y && block.x == (block.x &<< 8 | block.x &>> 56)
  }
}
