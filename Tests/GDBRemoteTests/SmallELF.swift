/// An ELF file for x86-64 with one segment of `nop` and one function over all of it (ELF-64 Object File Format 1.5).
struct SmallELF {
  let function: String
  let address: UInt64
  /// The length of the code in bytes.
  let count: UInt64 = 0x100

  private static let codeOffset: UInt64 = 0x100
  private static let sectionNames = ["", ".text", ".symtab", ".strtab", ".shstrtab"]

  var bytes: [UInt8] {
    let code = [UInt8](repeating: 0x90, count: Int(count))
    var symbols = [UInt8](repeating: 0, count: 24)
    for part in [Self.number(1, 4), [0x12, 0], Self.number(1, 2), Self.number(address, 8), Self.number(count, 8)] {
      symbols += part
    }
    let names = Self.text(["", function])
    let sectionNames = Self.text(Self.sectionNames)
    let symbolsOffset = Self.codeOffset + count
    let namesOffset = symbolsOffset + UInt64(symbols.count)
    let sectionNamesOffset = namesOffset + UInt64(names.count)
    let sectionsOffset = sectionNamesOffset + UInt64(sectionNames.count)
    // Type, flags, address, offset, size, link, info, alignment, size of an entry.
    let sections: [[UInt64]] = [
      [0, 0, 0, 0, 0, 0, 0, 0, 0],
      [1, 6, address, Self.codeOffset, count, 0, 0, 1, 0],
      [2, 0, 0, symbolsOffset, UInt64(symbols.count), 3, 1, 1, 24],
      [3, 0, 0, namesOffset, UInt64(names.count), 0, 0, 1, 0],
      [3, 0, 0, sectionNamesOffset, UInt64(sectionNames.count), 0, 0, 1, 0],
    ]
    var file = header(sectionsOffset: sectionsOffset) + segment
    file += [UInt8](repeating: 0, count: Int(Self.codeOffset) - file.count)
    for part in [code, symbols, names, sectionNames] { file += part }
    for (index, values) in sections.enumerated() { file += Self.section(index, values) }
    return file
  }

  private func header(sectionsOffset: UInt64) -> [UInt8] {
    let fields: [(value: UInt64, count: Int)] = [
      (2, 2), (62, 2), (1, 4), (address, 8), (64, 8), (sectionsOffset, 8), (0, 4), (64, 2), (56, 2), (1, 2), (64, 2),
      (5, 2), (4, 2),
    ]
    var header: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
    for field in fields { header += Self.number(field.value, field.count) }
    return header
  }

  private var segment: [UInt8] {
    var segment = Self.number(1, 4) + Self.number(5, 4)
    for value in [Self.codeOffset, address, address, count, count, 1] as [UInt64] { segment += Self.number(value, 8) }
    return segment
  }

  private static func section(_ index: Int, _ values: [UInt64]) -> [UInt8] {
    let name = text(Array(sectionNames[..<index])).count
    var section = number(UInt64(name), 4)
    for (value, count) in zip(values, [4, 8, 8, 8, 8, 4, 4, 8, 8]) { section += number(value, count) }
    return section
  }

  /// Names behind each other, each with its NUL.
  private static func text(_ names: [String]) -> [UInt8] { names.flatMap { Array($0.utf8) + [0] } }

  /// A number, little-endian.
  private static func number(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }
}
