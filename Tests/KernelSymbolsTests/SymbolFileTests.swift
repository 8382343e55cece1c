import Architecture
import Bits
import Testing

@testable import KernelSymbols

/// The ELF file that is made of a kernel's symbols, and what is told of ELF files with symbols.
@Suite struct SymbolFileTests {
  private static let perCPU = KallsymsWriter.Version.all[5]
  private static let relative = KallsymsWriter.Version.all[4]

  @Test func everySymbol() throws {
    let table = try SampleKernel(Self.perCPU, .x86_64).table()
    let file = ELFReader(table.symbolFile)
    let symbols = file.symbols
    #expect(symbols.count == table.count + 1 && symbols[0].address == 0)
    let symtab = try #require(file.section(".symtab"))
    #expect(file.sections[Int(symtab.link)].name == ".strtab")
    // The local ones come first, and the header says how many.
    #expect(symbols.firstIndex { $0.info >> 4 != 0 } == Int(symtab.info))
    #expect(symbols[Int(symtab.info)...].allSatisfy { $0.info >> 4 != 0 })
    for (number, symbol) in table.enumerated() {
      let own = symbols.filter { $0.name == symbol.name && $0.address == symbol.address.rawValue }
      let written = try #require(own.first, "\(symbol)")
      #expect(written.size == symbol.size)
      let global: UInt8 = symbol.kind.isWeak ? 2 : symbol.kind.isGlobal ? 1 : 0
      #expect(written.info >> 4 == global)
      guard !symbol.kind.isAbsolute else {
        #expect(written.section == 0xfff1 && written.info & 15 == 0)
        continue
      }
      let type: UInt8 = table.entries[number].yields ? 0 : symbol.kind.isCode ? 2 : 1
      #expect(written.info & 15 == type)
      let section = file.sections[Int(written.section)]
      #expect(section.address <= symbol.address.rawValue)
      #expect(symbol.address.rawValue - section.address + symbol.size <= UInt64(section.contents.count))
    }
  }

  @Test func sectionsCoverTheKernel() throws {
    let table = try SampleKernel(Self.relative, .x86_64).table()
    #expect(
      table.sections.map(\.name) == [".head.text", ".text", ".rodata", ".init.text", ".init.data", ".data", ".bss"])
    #expect(table.sections.map(\.isCode) == [true, true, false, true, false, false, false])
    let file = ELFReader(table.symbolFile)
    let allocated = file.sections.filter { $0.flags & 2 != 0 }
    #expect(allocated.map(\.name) == table.sections.map(\.name))
    #expect(allocated.map(\.flags) == [6, 6, 2, 6, 3, 3, 3])
    #expect(allocated.allSatisfy { $0.type == 8 })
    var address = SampleKernel.start(.x86_64)
    for section in allocated {
      #expect(section.address == address)
      address += UInt64(section.contents.count)
    }
    #expect(address == SampleKernel.start(.x86_64) + SampleKernel.memoryCount)
  }

  /// Code among data and data among code, between the symbols of the linker script.
  @Test func sectionsByKind() {
    func entry(_ name: UInt32, _ count: UInt16, _ kind: String, _ address: UInt64) -> SymbolEntry {
      let place = count > 1 ? PlaceName.certain : nil
      let kind = SymbolKind(rawValue: Array(kind.utf8)[0])
      return SymbolEntry(address: address, nameOffset: name, nameCount: count, kind: kind, place: place)
    }
    let entries = [
      entry(1, 6, "T", 0x1000), entry(15, 1, "t", 0x1000), entry(15, 1, "r", 0x1800), entry(15, 1, "t", 0x1900),
      entry(8, 6, "D", 0x2000), entry(15, 1, "d", 0x2000), entry(15, 1, "T", 0x2400), entry(15, 1, "D", 0x2400),
      entry(15, 1, "D", 0x2500),
    ]
    let places = ["_stext": 0x1000, "_etext": 0x2000] as [String: UInt64]
    let sections = KernelSection.sections(of: GuestVirtual(0x800)..<GuestVirtual(0x3000), entries) { places[$0] }
    #expect(
      sections.map { "\($0.name) \($0.range.lowerBound)" } == [
        ".head.text 0x800", ".text 0x1000", ".data 0x1800", ".text 0x1900", ".rodata 0x2000", ".rodata.text 0x2400",
        ".rodata.data 0x2500",
      ])
  }

  @Test func identity() throws {
    let table = try SampleKernel(Self.relative, .arm64).table()
    let file = table.symbolFile
    #expect(file == table.symbolFile)
    var read = 0
    let identity = try ELFIdentity { offset, count in
      read += count
      guard let start = Int(exactly: offset), start <= file.count - count else { return nil }
      return Array(file[start..<start + count])
    }
    #expect(identity.architecture == .arm64 && identity.hasSymbols && !identity.hasDebugInformation)
    #expect(identity.buildID?.bytes == SampleKernel.buildID)
    #expect(read < 4096)
    let id = try #require(table.buildID)
    #expect(try identity.check(isOf: id, .arm64))
    #expect(try !identity.check(isOf: nil, .arm64))
    let other = BuildID(bytes: [UInt8](repeating: 0xab, count: 20))
    let error = #expect(throws: ELFIdentityError.self) { try identity.check(isOf: other, .arm64) }
    #expect(
      error?.description == "the symbol file is of another build: its build id is \(id), the kernel's \(other)")
    #expect(throws: ELFIdentityError.self) { try identity.check(isOf: id, .x86_64) }
  }

  @Test func damagedIdentity() throws {
    let file = try SampleKernel(Self.relative, .arm64).table().symbolFile
    let headers = Int(try #require(file.littleEndian(at: 40, as: UInt64.self)))
    var random = Random(seed: 5)
    for round in 0..<300 {
      var damaged = round % 3 == 0 ? Array(file.prefix(random.below(file.count))) : file
      for _ in 0..<1 + random.below(3) where damaged.count > 256 {
        let start = random.below(2) == 0 ? 0 : min(headers, damaged.count - 256)
        damaged[start + random.below(256)] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)]
      }
      _ = try? ELFIdentity { offset, count in
        #expect(count <= 8 << 20)
        guard let start = Int(exactly: offset), start <= damaged.count - count else { return nil }
        return Array(damaged[start..<start + count])
      }
    }
  }
}
