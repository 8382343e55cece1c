import Architecture

/// The symbols of a guest's ELF file, for the clients that are no gdb (ELF-64 Object File Format, sections 4 to 6).
struct GuestSymbols {
  private var values: [String: UInt64] = [:]

  /// Reads the symbols of a guest of Tests/Guests, for this host's architecture where none is said.
  init(guest: String, for architecture: GuestArchitecture? = .host) throws {
    let bytes = contents(of: Files.guest(guest, for: architecture))
    func load(_ offset: Int, _ count: Int) -> Int {
      bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    func section(_ index: Int) -> (type: Int, offset: Int, count: Int, link: Int) {
      let header = load(0x28, 8) + index * load(0x3A, 2)
      return (load(header + 4, 4), load(header + 0x18, 8), load(header + 0x20, 8), load(header + 0x28, 4))
    }
    guard bytes.count > 0x40 else { throw EndToEndError("the guest \(guest) is not built") }
    let symbolTable = 2
    for table in (0..<load(0x3C, 2)).map(section) where table.type == symbolTable {
      let names = section(table.link).offset
      for symbol in stride(from: table.offset, to: table.offset + table.count, by: 24) {
        let name = bytes[(names + load(symbol, 4))...].prefix { $0 != 0 }
        values[String(decoding: name, as: UTF8.self)] = UInt64(truncatingIfNeeded: load(symbol + 8, 8))
      }
    }
  }

  /// The address of a symbol.
  subscript(name: String) -> UInt64 {
    get throws {
      guard let value = values[name] else { throw EndToEndError("the guest has no symbol \(name)") }
      return value
    }
  }
}
