public import Architecture
import Bits

/// Reads the modules of a kernel.
///
/// It keeps what it needs of the kernel's types, so that reading the list again and again is cheap.
public struct LinuxModules: Sendable {
  /// No kernel has as many modules, nor a module as many sections or symbols: what is more is damage.
  private static let mostModules = 1024
  private static let mostSections = 256
  private static let mostSymbols = 1 << 18
  /// The longest name of a symbol (Linux, include/linux/kallsyms.h, `KSYM_NAME_LEN`).
  private static let longestName = 512

  private let layout: ModuleLayout

  /// Learns how a kernel keeps its modules.
  ///
  /// - Parameter types: the kernel's types.
  /// - Throws: `LinuxError` where they do not tell it, as in a kernel without modules.
  public init(types: BTF) throws(LinuxError) {
    do throws(BTFError) {
      layout = try ModuleLayout(types)
    } catch {
      throw .noLayout(error)
    }
  }

  /// Reads the list of modules.
  ///
  /// The kernel changes the list so that it can be followed at any time; should it be damaged, the modules up to there
  /// are read.
  ///
  /// - Parameter memory: the kernel in the guest.
  /// - Returns: the modules that have their memory, the newest first, those that come and go among them.
  /// - Throws: `LinuxError` where there is no list, or it cannot be read.
  public func read(from memory: LinuxMemory) throws(LinuxError) -> [LinuxModule] {
    let head = try head(in: memory)
    guard let first = memory.integer(at: head, as: UInt64.self) else { throw .noMemory(head, of: "modules") }
    var node = GuestVirtual(first)
    var modules: [LinuxModule] = []
    var seen: Set<GuestVirtual> = [head]
    while seen.insert(node).inserted, seen.count <= Self.mostModules {
      let address = node.wrapping(by: 0 &- UInt64(layout.list))
      guard let module = memory.bytes(at: address, count: layout.size),
        let next: UInt64 = module.littleEndian(at: layout.list)
      else { break }
      if let module = self.module(module, in: memory) { modules.append(module) }
      node = GuestVirtual(next)
    }
    return modules
  }

  /// Where the head of the list is.
  private func head(in memory: LinuxMemory) throws(LinuxError) -> GuestVirtual {
    if memory.hasSymbol("modules") { return try memory.address(of: "modules") }
    let places = memory.places(of: "modules", usedBy: ["print_modules"]).map { place in
      (place, next: memory.integer(at: place, as: UInt64.self).map { GuestVirtual($0) })
    }
    // One that leads to a module, or else is an empty list.
    let head =
      places.first { $0.next.map { isModule(at: $0, in: memory) } ?? false } ?? places.first { $0.next == $0.0 }
    guard let head else { throw .noSymbol("modules") }
    return head.0
  }

  /// Whether a node of a list is that of a module.
  private func isModule(at node: GuestVirtual, in memory: LinuxMemory) -> Bool {
    guard let itself = layout.itself, node.isInUpperHalf else { return false }
    let module = node.wrapping(by: 0 &- UInt64(layout.list))
    return memory.integer(at: module.wrapping(by: UInt64(itself)), as: UInt64.self) == module.rawValue
  }

  /// Decodes a `struct module`; nil where it is none, or its memory is not there yet.
  private func module(_ bytes: [UInt8], in memory: LinuxMemory) -> LinuxModule? {
    guard layout.name.upperBound <= bytes.count, let state: UInt32 = bytes.littleEndian(at: layout.state),
      let state = LinuxModule.State(rawValue: state)
    else { return nil }
    let name = bytes[layout.name].prefix { $0 != 0 }
    let regions = layout.regions.compactMap { LinuxModule.Region($0, in: bytes) }
      .sorted { $0.range.lowerBound < $1.range.lowerBound }
    // Names become those of files: they are of printable characters, without a path.
    guard !name.isEmpty, name.allSatisfy({ (0x21..<0x7f).contains($0) && $0 != UInt8(ascii: "/") }), !regions.isEmpty
    else { return nil }
    let sections = sections(bytes, regions, in: memory)
    let symbols: UInt64? = layout.symbols.flatMap { bytes.littleEndian(at: $0.pointer) }
    return LinuxModule(
      name: String(decoding: name, as: UTF8.self), state: state, regions: regions,
      sections: sections.isEmpty ? regions.map(KernelSection.init) : sections,
      buildID: sections.first { $0.name == ".note.gnu.build-id" }.flatMap { buildID(of: $0, in: memory) },
      symbolTable: symbols.flatMap { $0 == 0 ? nil : GuestVirtual($0) })
  }

  /// The id in a section of notes.
  private func buildID(of section: KernelSection, in memory: LinuxMemory) -> BuildID? {
    let count = min(BuildIDNote.longestCount, Int(clamping: section.count))
    return memory.bytes(at: section.range.lowerBound, count: count)?
      .withUnsafeBytes { BuildIDNote($0, at: 0)?.id }
  }
}

/// Sections.
extension LinuxModules {
  /// The sections that lie in a module's memory, in ascending order.
  private func sections(
    _ module: [UInt8], _ regions: [LinuxModule.Region], in memory: LinuxMemory
  ) -> [KernelSection] {
    guard let layout = layout.sections, let start: UInt64 = module.littleEndian(at: layout.pointer), start != 0 else {
      return []
    }
    let starts = attributes(at: GuestVirtual(start), layout, in: memory).compactMap {
      self.start(at: $0, layout, in: memory)
    }
    .sorted { $0.address < $1.address }
    return regions.flatMap { region in
      let inside = starts.filter { region.range.contains($0.address) }
      let ends = inside.dropFirst().map(\.address) + [region.range.upperBound]
      return zip(inside, ends).map { start, end in
        KernelSection(name: start.name, range: start.address..<end, isCode: region.purpose.isCode)
      }
    }
    .filter { !$0.range.isEmpty }.sorted { $0.range.lowerBound < $1.range.lowerBound }
  }

  /// Where a module's sections are described.
  private func attributes(
    at start: GuestVirtual, _ layout: ModuleLayout.Sections, in memory: LinuxMemory
  ) -> [GuestVirtual] {
    let first = start.wrapping(by: UInt64(layout.first))
    let count: Int
    if let offset = layout.count {
      let number = memory.integer(at: start.wrapping(by: UInt64(offset)), as: UInt32.self) ?? 0
      count = min(Int(number), Self.mostSections)
    } else {
      let list = memory.integer(at: start.wrapping(by: UInt64(layout.list)), as: UInt64.self) ?? 0
      count =
        (0..<Self.mostSections).first {
          memory.integer(at: GuestVirtual(list).wrapping(by: UInt64($0) * 8), as: UInt64.self) ?? 0 == 0
        } ?? Self.mostSections
    }
    return (0..<count).map { first.wrapping(by: UInt64($0 * layout.stride)) }
  }

  /// Where a section starts.
  private func start(
    at attribute: GuestVirtual, _ layout: ModuleLayout.Sections, in memory: LinuxMemory
  ) -> (name: String, address: GuestVirtual)? {
    guard let name = memory.integer(at: attribute.wrapping(by: UInt64(layout.name)), as: UInt64.self),
      let address = memory.integer(at: attribute.wrapping(by: UInt64(layout.address)), as: UInt64.self),
      let name = memory.string(at: GuestVirtual(name), limit: Self.longestName), !name.isEmpty
    else { return nil }
    return (name, GuestVirtual(address))
  }
}

/// Symbols.
extension LinuxModules {
  /// Reads the symbols that the kernel keeps of a module, those of code and of data that is in its memory now.
  ///
  /// The table's `symbolFile` is linked to where the module is: a debugger that is told that its segment is at the
  /// start of `linkRange` leaves all symbols where they are.
  ///
  /// - Parameters:
  ///   - module: a module of the kernel as it is now.
  ///   - architecture: the kernel's architecture.
  ///   - memory: the kernel in the guest.
  /// - Returns: the module's sections and symbols; there are no symbols where the kernel has none.
  public func symbols(
    of module: LinuxModule, architecture: GuestArchitecture, in memory: LinuxMemory
  ) -> KernelSymbolTable {
    let start = module.sections.map(\.range.lowerBound).min() ?? GuestVirtual(0)
    let end = module.sections.map(\.range.upperBound).max() ?? start
    return KernelSymbolTable(
      SymbolCollector(entries(of: module, in: memory), linkRange: start..<end), architecture: architecture,
      linkRange: start..<end, sections: module.sections, buildID: module.buildID)
  }

  /// The names and addresses of a module's symbols, the kind in front of the name.
  private func entries(
    of module: LinuxModule, in memory: LinuxMemory
  ) -> some Sequence<(name: [UInt8], address: GuestVirtual)> {
    let table = module.symbolTable.flatMap { SymbolTable(at: $0, layout.symbols, in: memory) }
    return (0..<(table?.count ?? 0)).lazy.compactMap { number in
      guard let table, let (address, name) = table.symbol(number),
        module.sections.contains(where: { $0.range.contains(address) }),
        let name = memory.string(at: name, limit: Self.longestName), Self.isSymbol(name)
      else { return nil }
      return ([table.kinds[number]] + name.utf8, address)
    }
  }

  /// Whether a name is that of code or data, not a mark that the assembler left (Linux, `is_mapping_symbol`).
  private static func isSymbol(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix("$") && !name.hasPrefix(".L")
  }

  /// A module's `struct mod_kallsyms`: an ELF symbol table with the addresses filled in, and the kind of each symbol.
  private struct SymbolTable {
    let kinds: [UInt8]
    private let entries: [UInt8]
    private let strings: GuestVirtual

    var count: Int { kinds.count }

    init?(at address: GuestVirtual, _ layout: ModuleLayout.Symbols?, in memory: LinuxMemory) {
      guard let layout, let kallsyms = memory.bytes(at: address, count: layout.size),
        let table: UInt64 = kallsyms.littleEndian(at: layout.table),
        let count: UInt32 = kallsyms.littleEndian(at: layout.count), count <= mostSymbols,
        let strings: UInt64 = kallsyms.littleEndian(at: layout.strings),
        let kinds: UInt64 = kallsyms.littleEndian(at: layout.kinds),
        let entries = memory.bytes(at: GuestVirtual(table), count: Int(count) * ELF.symbolSize),
        let kinds = memory.bytes(at: GuestVirtual(kinds), count: Int(count))
      else { return nil }
      self.kinds = kinds
      self.entries = entries
      self.strings = GuestVirtual(strings)
    }

    /// A symbol's address and where its name is; nil for one of another module (`st_shndx` of 0).
    func symbol(_ number: Int) -> (address: GuestVirtual, name: GuestVirtual)? {
      let start = number * ELF.symbolSize
      guard let name: UInt32 = entries.littleEndian(at: start),
        let section: UInt16 = entries.littleEndian(at: start + 6), section != 0,
        let address: UInt64 = entries.littleEndian(at: start + 8)
      else { return nil }
      return (GuestVirtual(address), strings.wrapping(by: UInt64(name)))
    }
  }
}

extension LinuxModule.Region {
  /// Decodes a region of a `struct module`; nil where there is none.
  fileprivate init?(_ layout: ModuleLayout.Region, in module: [UInt8]) {
    guard let base: UInt64 = module.littleEndian(at: layout.base), base != 0,
      let end: UInt32 = module.littleEndian(at: layout.end),
      case let start = layout.start.flatMap({ module.littleEndian(at: $0, as: UInt32.self) }) ?? 0, start < end,
      let last = GuestVirtual(base).advanced(by: UInt64(end))
    else { return nil }
    purpose = layout.purpose
    range = GuestVirtual(base).wrapping(by: UInt64(start))..<last
  }
}

extension KernelSection {
  /// All of a module's region, where nothing tells its sections.
  fileprivate init(_ region: LinuxModule.Region) {
    self.init(name: region.purpose.sectionName, range: region.range, isCode: region.purpose.isCode)
  }

  fileprivate var count: UInt64 { range.upperBound.rawValue - range.lowerBound.rawValue }
}
