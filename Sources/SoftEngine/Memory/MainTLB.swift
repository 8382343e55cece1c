import ARM64
import Bits

/// What the walks of a CPU found, kept across changes of the address space: the table behind the ones that accesses look in.
///
/// Pages of 4 KiB and parts of larger ones are in one table, where the number of the address space decides about the place
/// of what is in the lower half and not global; parts of 2 MiB of blocks are in another one, by their address alone.
///
/// What is found here is not walked for, and a walk can set an access flag. So all that the tables in front have is here as
/// well: these can be cleared at any time, and the guest does not notice.
struct MainTLB: ~Copyable {
  /// What a walk found for a page of 4 KiB, or for 2 MiB of a block.
  struct Entry: BitwiseCopyable {
    /// The virtual address, tag bits as bit 55, with bit 0 set; 0 where there is no entry.
    var tag: UInt64 = 0
    var physical: UInt64 = 0
    var el1: AccessPermissions = []
    var el0: AccessPermissions = []
    /// The address space that it belongs to; of no meaning where `isGlobal`.
    var asid: UInt16 = 0
    var isGlobal = false
    /// The first write is to be noted in its descriptor.
    var isClean = false
    var attributes = MemoryAttributes.deviceNGnRnE
    /// The size of the page or block as a power of two, 12 or more.
    var blockShift: UInt8 = 12

    func belongs(to asid: UInt16) -> Bool { isGlobal || self.asid == asid }
  }

  private static let pageCount = 1 << 12
  private static let blockCount = 1 << 9
  /// What an entry of the table of blocks is for, as a power of two.
  static let blockShift: UInt64 = 21

  private let pages: UnsafeMutablePointer<Entry>
  private let blocks: UnsafeMutablePointer<Entry>
  /// There may be blocks of more than 2 MiB, which have more than one entry.
  private var hasLargeBlocks = false

  init() {
    // SAFETY: both are initialized here, freed by `deinit` alone, and indexed by hashes that are cut to their counts.
    pages = .allocate(capacity: Self.pageCount)
    pages.initialize(repeating: Entry(), count: Self.pageCount)
    blocks = .allocate(capacity: Self.blockCount)
    blocks.initialize(repeating: Entry(), count: Self.blockCount)
  }

  deinit {
    pages.deallocate()
    blocks.deallocate()
  }

  // MARK: Finding and entering

  /// What is known of an address in an address space.
  func find(_ address: UInt64, asid: UInt16) -> Entry? {
    let tag = Self.tag(address, shift: 12)
    let page = pages[Self.pageIndex(address, asid)]
    if page.tag == tag, page.belongs(to: asid) { return page }
    let global = pages[Self.pageIndex(address, 0)]
    if global.tag == tag, global.isGlobal { return global }
    var block = blocks[Self.blockIndex(address)]
    guard block.tag == Self.tag(address, shift: Self.blockShift), block.belongs(to: asid) else { return nil }
    block.physical += address & UInt64.lowMask(Int(Self.blockShift)) & ~0xfff
    return block
  }

  /// Enters what a walk found.
  ///
  /// - Parameters:
  ///   - entry: with `physical` the 4 KiB page's address; `tag` does not matter.
  ///   - address: the virtual address.
  /// - Returns: what had to make room, of which other tables may still have parts.
  mutating func insert(_ entry: Entry, at address: UInt64) -> Entry? {
    var entry = entry
    let place: UnsafeMutablePointer<Entry>
    if entry.isBlock {
      entry.tag = Self.tag(address, shift: Self.blockShift)
      entry.physical &= ~UInt64.lowMask(Int(Self.blockShift))
      if UInt64(entry.blockShift) > Self.blockShift { hasLargeBlocks = true }
      place = blocks + Self.blockIndex(address)
    } else {
      entry.tag = Self.tag(address, shift: 12)
      place = pages + Self.pageIndex(address, entry.isGlobal ? 0 : entry.asid)
    }
    let old = place.pointee
    place.pointee = entry
    return old.tag != 0 && old.tag != entry.tag ? old : nil
  }

  // MARK: Forgetting

  mutating func clear() {
    removeAll { _ in true }
    hasLargeBlocks = false
  }

  /// Drops what belongs to an address space.
  mutating func remove(asid: UInt16) { removeAll { !$0.isGlobal && $0.asid == asid } }

  /// Drops a page or block.
  ///
  /// - Parameters:
  ///   - address: any address in it.
  ///   - asid: whose; nil for all.
  ///   - granule: the smallest page's size as a power of two.
  /// - Returns: whether it was, or may have been, larger than 4 KiB.
  mutating func remove(_ address: UInt64, asid: UInt16?, granule: Int) -> Bool {
    guard granule == 12, asid != nil || address[bit: 55] else {
      removeAll { $0.covers(address) && ($0.isGlobal || asid == nil || $0.asid == asid) }
      return true
    }
    removePage(address, asid: asid, at: Self.pageIndex(address, asid ?? 0))
    removePage(address, asid: asid, at: Self.pageIndex(address, 0))
    guard hasLargeBlocks || hasBlock(at: address) else { return false }
    removeBlocks { $0.covers(address) && (asid.map($0.belongs) ?? true) }
    return true
  }

  private func removePage(_ address: UInt64, asid: UInt16?, at index: Int) {
    guard pages[index].tag == Self.tag(address, shift: 12), asid.map(pages[index].belongs) ?? true else { return }
    pages[index].tag = 0
  }

  private func hasBlock(at address: UInt64) -> Bool {
    let block = blocks[Self.blockIndex(address)]
    return block.tag != 0 && block.covers(address)
  }

  private func removeAll(where condition: (Entry) -> Bool) {
    for index in 0..<Self.pageCount where pages[index].tag != 0 && condition(pages[index]) { pages[index].tag = 0 }
    removeBlocks(where: condition)
  }

  private func removeBlocks(where condition: (Entry) -> Bool) {
    for index in 0..<Self.blockCount where blocks[index].tag != 0 && condition(blocks[index]) { blocks[index].tag = 0 }
  }

  // MARK: Places

  /// An address without its tag bits and its low bits, bit 0 set.
  private static func tag(_ address: UInt64, shift: UInt64) -> UInt64 {
    let plain = address[bit: 55] ? address | 0xff << 56 : address & ~(0xff << 56)
    return plain & ~UInt64.lowMask(Int(shift)) | 1
  }

  private static func pageIndex(_ address: UInt64, _ asid: UInt16) -> Int {
    let number = address[bits: 12...55]
    let space = address[bit: 55] ? 0 : UInt64(asid) &* 0x9e5
    return Int(truncatingIfNeeded: (number ^ number >> 12 ^ space) & UInt64(pageCount - 1))
  }

  private static func blockIndex(_ address: UInt64) -> Int {
    let number = address[bits: 21...55]
    return Int(truncatingIfNeeded: (number ^ number >> 9) & UInt64(blockCount - 1))
  }
}

extension MainTLB.Entry {
  /// Whether it is for 2 MiB of a block, not for 4 KiB.
  var isBlock: Bool { UInt64(blockShift) >= MainTLB.blockShift }

  /// Whether an address is in the page or block.
  fileprivate func covers(_ address: UInt64) -> Bool {
    (address ^ tag)[bits: 0...55] >> UInt64(blockShift) == 0
  }
}
