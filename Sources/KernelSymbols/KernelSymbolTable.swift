public import Architecture
public import Bits

/// The symbols of a kernel or of one of its modules by address and by name, with what else it tells a debugger.
public struct KernelSymbolTable: Sendable {
  /// One symbol.
  public struct Symbol: Sendable, Equatable {
    /// Its name.
    public let name: String
    /// The address that it is linked to; per-CPU data that x86-64 kernels link to 0 has its offset from there.
    public let address: GuestVirtual
    /// What it is.
    public let kind: SymbolKind
    /// The bytes up to the next symbol of its section; 0 for an absolute symbol, and for one that only marks a place.
    public let size: UInt64
  }

  /// The architecture of the kernel.
  public let architecture: GuestArchitecture
  /// The addresses that the kernel is linked to, from its first byte to its last zero.
  public let linkRange: Range<GuestVirtual>
  /// The parts of that range, in ascending order; those of a kernel leave no gap.
  public let sections: [KernelSection]
  /// The linker's id of this very build; nil where the kernel has none.
  public let buildID: BuildID?
  /// What the kernel says of itself first, from `Linux version` to the end of the line.
  public let banner: String?
  /// One sentence about symbols that are missing because their entries are damaged; nil where none are.
  public let remark: String?

  let entries: [SymbolEntry]
  /// The names in the form of an ELF string table: a NUL, and then each name with one.
  let names: [UInt8]
  private let index: NameIndex

  init(
    _ symbols: SymbolCollector, architecture: GuestArchitecture, linkRange: Range<GuestVirtual>, buildID: BuildID?,
    banner: String?
  ) {
    self.architecture = architecture
    self.linkRange = linkRange
    self.buildID = buildID
    self.banner = banner
    remark = symbols.remark
    (entries, names) = (symbols.entries, symbols.names)
    index = NameIndex(entries, in: names)
    sections = KernelSection.sections(of: linkRange, entries) { [index, entries, names] in
      index.numbers(of: Array($0.utf8), entries, in: names).first.map { entries[$0].address }
    }
  }

  /// The symbols of a module, whose sections are known.
  init(
    _ symbols: SymbolCollector, architecture: GuestArchitecture, linkRange: Range<GuestVirtual>,
    sections: [KernelSection], buildID: BuildID?
  ) {
    self.architecture = architecture
    self.linkRange = linkRange
    self.sections = sections
    self.buildID = buildID
    (banner, remark) = (nil, nil)
    (entries, names) = (symbols.entries, symbols.names)
    index = NameIndex(entries, in: names)
  }
}

/// A symbol as the table holds it; its name lies in the table's one buffer of names.
struct SymbolEntry {
  let address: UInt64
  let nameOffset: UInt32
  let nameCount: UInt16
  let kind: SymbolKind
  /// Whether its name is that of a place; nil where it is not.
  let place: PlaceName?
  /// Whether it marks no more than a place, at which another symbol may lie.
  var yields = false

  init(address: UInt64, nameOffset: UInt32, nameCount: UInt16, kind: SymbolKind, place: PlaceName?) {
    self.address = address
    self.nameOffset = nameOffset
    self.nameCount = nameCount
    self.kind = kind
    self.place = place
    yields = place == .certain
  }

  var nameRange: Range<Int> { Int(nameOffset)..<Int(nameOffset) + Int(nameCount) }
}

extension KernelSymbolTable: RandomAccessCollection {
  /// The number of the first symbol, the one of the lowest address.
  public var startIndex: Int { 0 }
  /// The number of symbols.
  public var endIndex: Int { entries.count }

  /// The symbol of this number in ascending order of addresses.
  public subscript(position: Int) -> Symbol {
    let entry = entries[position]
    return Symbol(
      name: String(decoding: names[entry.nameRange], as: UTF8.self), address: GuestVirtual(entry.address),
      kind: entry.kind, size: size(at: position))
  }

  /// The symbols of a name, in ascending order of addresses: local ones may share theirs.
  ///
  /// - Parameter name: the whole name.
  /// - Returns: the symbols; empty where there is none.
  public func symbols(named name: String) -> [Symbol] {
    index.numbers(of: Array(name.utf8), entries, in: names).map { self[$0] }
  }

  /// The symbol that covers an address.
  ///
  /// - Parameter address: an address in the link range.
  /// - Returns: the symbol; nil where none covers it.
  public func symbol(at address: GuestVirtual) -> Symbol? {
    guard let last = lastNumber(notAbove: address.rawValue) else { return nil }
    // Of several at one address the one that has a size.
    var number = last
    while entries[number].yields, number > 0, entries[number - 1].address == entries[last].address { number -= 1 }
    let symbol = self[number]
    return address.rawValue &- symbol.address.rawValue < symbol.size ? symbol : nil
  }

  /// The number of the last symbol whose address is not above.
  private func lastNumber(notAbove address: UInt64) -> Int? {
    let above = entries.partitioningIndex { $0.address > address }
    return above > 0 ? above - 1 : nil
  }

  /// The bytes up to the next symbol of the same section.
  func size(at number: Int) -> UInt64 {
    let entry = entries[number]
    guard !entry.yields, let section = section(at: entry.address) else { return 0 }
    let end = section.range.upperBound.rawValue
    let next = entries[number...].partitioningIndex { $0.address > entry.address }
    return (next < entries.count ? Swift.min(entries[next].address, end) : end) &- entry.address
  }

  /// The section of an address; nil for an absolute symbol's.
  func section(at address: UInt64) -> KernelSection? {
    let next = sections.partitioningIndex { $0.range.lowerBound.rawValue > address }
    guard next > 0, sections[next - 1].range.contains(GuestVirtual(address)) else { return nil }
    return sections[next - 1]
  }
}

extension RandomAccessCollection {
  /// The first index whose element, like all behind it, fulfils the condition.
  func partitioningIndex(where belongsInSecondPartition: (Element) -> Bool) -> Index {
    var (low, count) = (startIndex, count)
    while count > 0 {
      let half = count / 2
      let middle = index(low, offsetBy: half)
      if belongsInSecondPartition(self[middle]) {
        count = half
      } else {
        low = index(after: middle)
        count -= half + 1
      }
    }
    return low
  }
}
