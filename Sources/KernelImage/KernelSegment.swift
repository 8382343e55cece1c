public import Bits

/// A stretch of guest memory that a kernel is loaded to.
public struct KernelSegment: Sendable, Equatable {
  /// Where it goes on the guest's physical bus.
  public let physical: GuestPhysical
  /// The address that the kernel itself uses for it once its page tables are on.
  public let virtual: GuestVirtual
  /// Its length in memory, at least 1.
  public let memoryCount: UInt64
  /// How many of these bytes come from the file; the rest are zero.
  public let fileCount: Int
  /// Where its bytes start in the unpacked image.
  public let fileOffset: Int

  /// The physical addresses that it takes.
  public var physicalRange: Range<GuestPhysical> { physical..<physical.wrapping(by: memoryCount) }

  /// The same segment further up in memory, or nil where that is past any machine's.
  func moved(by distance: UInt64) -> KernelSegment? {
    KernelSegment(
      physical: physical.rawValue &+ distance, virtual: virtual.rawValue, memoryCount: memoryCount,
      fileOffset: UInt64(fileOffset), fileCount: UInt64(fileCount))
  }

  /// The bytes of the unpacked image that it takes.
  var fileRange: Range<Int> { fileOffset..<fileOffset + fileCount }

  /// No x86-64 or arm64 CPU has more than 52 physical address bits.
  static let addressLimit: UInt64 = 1 << 52

  /// Makes a segment, or nil where it is empty or its addresses are not those of a machine.
  ///
  /// Every sum of its fields is known to be in range from here on.
  init?(physical: UInt64, virtual: UInt64, memoryCount: UInt64, fileOffset: UInt64, fileCount: UInt64) {
    let limit = Self.addressLimit
    guard memoryCount > 0, fileCount <= memoryCount, physical < limit, memoryCount <= limit - physical,
      fileOffset < limit, let offset = Int(exactly: fileOffset), let count = Int(exactly: fileCount)
    else { return nil }
    self.physical = GuestPhysical(physical)
    self.virtual = GuestVirtual(virtual)
    self.memoryCount = memoryCount
    self.fileOffset = offset
    self.fileCount = count
  }
}
