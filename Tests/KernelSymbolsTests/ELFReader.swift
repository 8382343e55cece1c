import Bits

@testable import KernelSymbols

/// Reads an ELF file back, as far as the tests look at it.
struct ELFReader {
  struct Section: Equatable {
    let name: String
    let type: UInt32
    let flags: UInt64
    let address: UInt64
    let contents: Range<Int>
    let info: UInt32
    let link: UInt32
  }

  struct Symbol {
    let name: String
    let info: UInt8
    let section: UInt16
    let address: UInt64
    let size: UInt64
  }

  let bytes: [UInt8]
  let sections: [Section]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    func number<Value: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, _ type: Value.Type) -> Int {
      Int(truncatingIfNeeded: bytes.littleEndian(at: offset, as: type) ?? 0)
    }
    let table = number(40, UInt64.self)
    let names = number(table + 64 * number(62, UInt16.self) + 24, UInt64.self)
    sections = (0..<number(60, UInt16.self)).map { index in
      let header = table + 64 * index
      let offset = number(header + 24, UInt64.self)
      let type = UInt32(number(header + 4, UInt32.self))
      return Section(
        name: Self.text(bytes, at: names + number(header, UInt32.self)), type: type,
        flags: UInt64(number(header + 8, UInt64.self)), address: bytes.littleEndian(at: header + 16) ?? 0,
        contents: offset..<offset + number(header + 32, UInt64.self), info: UInt32(number(header + 44, UInt32.self)),
        link: UInt32(number(header + 40, UInt32.self)))
    }
  }

  private static func text(_ bytes: [UInt8], at offset: Int) -> String {
    String(decoding: bytes[offset...].prefix { $0 != 0 }, as: UTF8.self)
  }

  func section(_ name: String) -> Section? { sections.first { $0.name == name } }

  var symbols: [Symbol] {
    guard let table = section(".symtab"), let names = section(".strtab") else { return [] }
    return stride(from: table.contents.lowerBound, to: table.contents.upperBound, by: 24).map { offset in
      Symbol(
        name: Self.text(
          bytes, at: names.contents.lowerBound + Int(bytes.littleEndian(at: offset, as: UInt32.self) ?? 0)),
        info: bytes[offset + 4], section: bytes.littleEndian(at: offset + 6) ?? 0,
        address: bytes.littleEndian(at: offset + 8) ?? 0, size: bytes.littleEndian(at: offset + 16) ?? 0)
    }
  }
}
