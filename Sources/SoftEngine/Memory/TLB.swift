/// The table that loads and stores look in: which virtual pages are RAM, and where.
///
/// An entry is {tag for reads, tag for writes, what to add to a virtual address to get the host's, flags}. A tag is the
/// page's virtual address, so that one comparison decides; what must not be fast (devices, pages with watchpoints, stores
/// to pages with decoded instructions, unaligned accesses where they fault) has no tag and goes the slow way.
enum DataTLB {
  static let entryCount = 256
  static let stride = 32
  static let byteCount = entryCount * stride

  static let readTag = 0
  static let writeTag = 8
  static let addend = 16

  /// A tag that no page has.
  static let invalid: UInt64 = 1

  @inline(__always) static func offset(of address: UInt64) -> Int {
    Int(truncatingIfNeeded: (address >> 7) & 0x1fe0)
  }

  /// Forgets everything.
  static func clear(_ table: UnsafeMutableRawPointer) {
    for index in 0..<entryCount { clearEntry(table + index * stride) }
  }

  static func clearEntry(_ entry: UnsafeMutableRawPointer) {
    entry.storeBytes(of: invalid, toByteOffset: readTag, as: UInt64.self)
    entry.storeBytes(of: invalid, toByteOffset: writeTag, as: UInt64.self)
  }
}

/// The table that branches to other pages look in: which virtual pages have slots, and where.
///
/// An entry is {tag, first slot, the page's physical address, flags}.
enum CodeTLB {
  static let entryCount = 256
  static let stride = 16
  static let byteCount = entryCount * stride

  /// A tag that no address has: `jump` masks its bit.
  static let invalid: UInt64 = 4

  @inline(__always) static func offset(of address: UInt64) -> Int {
    Int(truncatingIfNeeded: (address >> 8) & 0xff0)
  }

  static func clear(_ table: UnsafeMutableRawPointer) {
    for index in 0..<entryCount { clearEntry(table + index * stride) }
  }

  static func clearEntry(_ entry: UnsafeMutableRawPointer) { entry.storeBytes(of: invalid, as: UInt64.self) }
}
