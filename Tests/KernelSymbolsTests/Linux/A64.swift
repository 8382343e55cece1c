import Bits

/// Instructions of A64 (Arm Architecture Reference Manual, C6.2).
enum A64 {
  static let nop: UInt32 = 0xd503_201f

  static func adrp(_ register: UInt32, _ target: UInt64, at address: UInt64) -> UInt32 {
    let pages = UInt32(truncatingIfNeeded: Int64(bitPattern: (target & ~4095) &- (address & ~4095)) >> 12)
    return 0x9000_0000 | pages[bits: 0...1] << 29 | pages[bits: 2...20] << 5 | register
  }

  static func add(_ target: UInt32, _ source: UInt32, _ value: UInt64) -> UInt32 {
    0x9100_0000 | UInt32(value) << 10 | source << 5 | target
  }

  static func load(_ target: UInt32, _ base: UInt32, _ offset: UInt64) -> UInt32 {
    0xf940_0000 | UInt32(offset / 8) << 10 | base << 5 | target
  }

  /// A load that writes the address back.
  static func loadAndMove(_ target: UInt32, _ base: UInt32, by offset: Int64) -> UInt32 {
    0xf840_0c00 | UInt32(truncatingIfNeeded: offset)[bits: 0...8] << 12 | base << 5 | target
  }
}
