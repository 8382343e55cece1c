import Bits

/// Gathers a kernel's symbols into one table, and passes over those that cannot be.
struct SymbolCollector {
  /// No kernel's names come near to this.
  private static let namesLimit = 64 << 20
  /// Per-CPU data that is linked to 0 comes to some hundred KiB.
  private static let perCPULimit: UInt64 = 64 << 20

  private(set) var entries: [SymbolEntry] = []
  private(set) var names: [UInt8] = [0]
  private let linkRange: Range<GuestVirtual>
  private let expectedCount: Int

  /// Gathers all of the symbols that lie in a range, its end included, or are per-CPU data.
  init(_ kallsyms: Kallsyms, in image: UnsafeRawBufferPointer, linkRange: Range<GuestVirtual>) {
    self.linkRange = linkRange
    expectedCount = kallsyms.names.count
    entries.reserveCapacity(expectedCount)
    names.reserveCapacity(min(24 * expectedCount, Self.namesLimit))
    kallsyms.forEachName(in: image) { index, name in
      if let address = kallsyms.addresses.address(index, in: image) { add(name, address) }
      return names.count < Self.namesLimit
    }
    let isSorted = zip(entries, entries.dropFirst()).allSatisfy { $0.address <= $1.address }
    if !isSorted { entries.sort { $0.address < $1.address } }
    yieldPlaces()
  }

  /// Gathers a module's symbols, each of which has its kind in front of the name.
  init(_ symbols: some Sequence<(name: [UInt8], address: GuestVirtual)>, linkRange: Range<GuestVirtual>) {
    self.linkRange = linkRange
    expectedCount = 0
    for symbol in symbols where names.count < Self.namesLimit { add(symbol.name, symbol.address.rawValue) }
    entries.sort { $0.address < $1.address }
    yieldPlaces()
  }

  /// What is missing, in a sentence.
  var remark: String? {
    entries.count >= expectedCount
      ? nil
      : "\(expectedCount - entries.count) of the kernel's \(expectedCount) symbols are missing: their entries are damaged"
  }

  private mutating func add(_ name: [UInt8], _ address: UInt64) {
    // Assemblers and compilers make names of printable ASCII alone.
    guard name.count > 1, name.allSatisfy({ (0x21...0x7e).contains($0) }) else { return }
    let kind = SymbolKind(rawValue: name[0])
    guard
      kind.isAbsolute && address < Self.perCPULimit || linkRange.contains(GuestVirtual(address))
        || address == linkRange.upperBound.rawValue
    else { return }
    let entry = SymbolEntry(
      address: address, nameOffset: UInt32(names.count), nameCount: UInt16(name.count - 1),
      kind: kind, place: PlaceName(name[1...]))
    names += name[1...]
    names.append(0)
    entries.append(entry)
  }

  /// Has symbols that may only mark a place yield to others at it.
  private mutating func yieldPlaces() {
    var start = 0
    while start < entries.count {
      let address = entries[start].address
      let end = entries[start...].firstIndex { $0.address != address } ?? entries.count
      if entries[start..<end].contains(where: { $0.place == nil }) {
        for number in start..<end where entries[number].place != nil { entries[number].yields = true }
      }
      start = end
    }
  }
}
