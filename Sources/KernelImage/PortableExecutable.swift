import Bits

/// The headers of a program of DOS, Windows and EFI, as which kernels with an EFI stub are made up (Microsoft PE Format).
struct PortableExecutable {
  /// `Machine` of the COFF file header.
  enum Machine: UInt16 {
    case intel386 = 0x014c
    case amd64 = 0x8664
    case arm64 = 0xaa64
  }

  /// The bytes that every such program starts with.
  static let magic = Array("MZ".utf8)
  private static let sectionHeaderCount = 40

  /// Nil for the machines that this program does not name.
  let machine: Machine?
  /// Where the last of the sections ends in the file; nil where there is none or their headers are not in the head.
  let sectionsEnd: Int?

  /// Reads the headers out of a file's first bytes; nil where they are not such a program's.
  init?(head: [UInt8]) {
    guard head.starts(with: Self.magic), let start = head.littleEndian(at: 0x3c, as: UInt32.self).map(Int.init),
      head.dropFirst(start).starts(with: "PE\0\0".utf8), let machine: UInt16 = head.littleEndian(at: start + 4)
    else { return nil }
    self.machine = Machine(rawValue: machine)
    sectionsEnd = Self.sectionsEnd(head, headerStart: start)
  }

  private static func sectionsEnd(_ head: [UInt8], headerStart: Int) -> Int? {
    guard let count: UInt16 = head.littleEndian(at: headerStart + 6), count > 0,
      let optionalCount: UInt16 = head.littleEndian(at: headerStart + 20)
    else { return nil }
    let table = headerStart + 24 + Int(optionalCount)
    var last = 0
    for index in 0..<Int(count) {
      let header = table + index * sectionHeaderCount
      guard let size: UInt32 = head.littleEndian(at: header + 16),
        let offset: UInt32 = head.littleEndian(at: header + 20)
      else { return nil }
      last = max(last, Int(offset) + Int(size))
    }
    return last
  }
}
