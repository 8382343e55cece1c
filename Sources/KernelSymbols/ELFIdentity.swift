public import Architecture
import Bits

/// Why an ELF file cannot be used as a kernel's symbols.
public struct ELFIdentityError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence that says what is wrong.
  public let description: String

  init(_ description: String) { self.description = description }
}

/// What an ELF file with symbols is of, read from its headers and notes alone: a vmlinux with debug information has a
/// gigabyte.
public struct ELFIdentity: Sendable, Equatable {
  /// The architecture of its code.
  public let architecture: GuestArchitecture
  /// The build that it is of; nil where it does not say.
  public let buildID: BuildID?
  /// Whether it has a symbol table (`.symtab`).
  public let hasSymbols: Bool
  /// Whether it has debug information of types and lines (`.debug_info`).
  public let hasDebugInformation: Bool

  /// Reads what a file is of.
  ///
  /// - Parameter read: the bytes of the file from an offset on, exactly as many as asked for, or nil where it ends before
  ///   or cannot be read; it is asked for at most a few MiB at once.
  /// - Throws: `ELFIdentityError` where the file is no 64-bit ELF file of a guest's architecture, or was cut short.
  public init(reading read: (_ offset: UInt64, _ count: Int) -> [UInt8]?) throws(ELFIdentityError) {
    guard let header = read(0, ELF.headerSize), header.count == ELF.headerSize,
      header.littleEndian(at: 0) == ELF.magic
    else {
      throw ELFIdentityError("the symbol file is no ELF file")
    }
    guard header[4] == ELF.class64, header[5] == ELF.littleEndian,
      let architecture = header.littleEndian(at: 18).flatMap(ELF.architecture)
    else { throw ELFIdentityError("the symbol file is not of a 64-bit kernel for x86-64 or arm64") }
    self.architecture = architecture
    let segments = try ELFTable(.programHeaders, header, read)
    let sections = try ELFTable(.sectionHeaders, header, read)
    let names = sections.names(header, read)
    hasSymbols = sections.entries.contains { $0.type == ELF.SectionType.symbols.rawValue && $0.count > 0 }
    hasDebugInformation = sections.entries.contains { names.hasName(".debug_info", at: $0.name) }
    let notes =
      segments.entries.filter { $0.type == ELF.SegmentType.note.rawValue }
      + sections.entries.filter { $0.type == ELF.SectionType.note.rawValue }
    var buildID: BuildID?
    for note in notes where buildID == nil {
      buildID = note.contents(read)?.withUnsafeBytes { BuildIDNote.find(inNotes: $0)?.id }
    }
    self.buildID = buildID
  }

  /// Checks that the file is of a kernel.
  ///
  /// - Parameters:
  ///   - kernel: the kernel's build id; nil where it has none.
  ///   - architecture: the kernel's architecture.
  /// - Returns: whether the build ids agree; false where one of the two has none, so that nothing tells.
  /// - Throws: `ELFIdentityError` where the file is of another kernel.
  public func check(
    isOf kernel: BuildID?, _ architecture: GuestArchitecture
  ) throws(ELFIdentityError) -> Bool {
    guard architecture == self.architecture else {
      throw ELFIdentityError(
        "the symbol file is of a kernel for \(self.architecture), and this one is for \(architecture)")
    }
    guard let kernel, let buildID else { return false }
    guard kernel == buildID else {
      throw ELFIdentityError("the symbol file is of another build: its build id is \(buildID), the kernel's \(kernel)")
    }
    return true
  }
}

/// The program or section headers of an ELF file.
private struct ELFTable {
  /// Where the header says what of a table, and what of an entry counts here.
  struct Shape {
    let offsetField: Int
    let sizeField: Int
    let countField: Int
    let entrySize: Int
    let typeField: Int
    let contentsField: Int
    let lengthField: Int

    static let programHeaders = Shape(
      offsetField: 32, sizeField: 54, countField: 56, entrySize: ELF.programHeaderSize, typeField: 0, contentsField: 8,
      lengthField: 32)
    static let sectionHeaders = Shape(
      offsetField: 40, sizeField: 58, countField: 60, entrySize: ELF.sectionHeaderSize, typeField: 4, contentsField: 24,
      lengthField: 32)
  }

  struct Entry {
    /// `sh_name`; of a program header, something else.
    let name: UInt32
    let type: UInt32
    let offset: UInt64
    let count: UInt64

    /// Longer notes and section names than these are none.
    private static let limit: UInt64 = 1 << 20

    /// The bytes that it points to; nil where they are too many or not there.
    func contents(_ read: (UInt64, Int) -> [UInt8]?) -> [UInt8]? {
      count <= Self.limit ? read(offset, Int(count)) : nil
    }
  }

  let entries: [Entry]

  init(
    _ shape: Shape, _ header: [UInt8], _ read: (UInt64, Int) -> [UInt8]?
  ) throws(ELFIdentityError) {
    guard let offset: UInt64 = header.littleEndian(at: shape.offsetField),
      let size: UInt16 = header.littleEndian(at: shape.sizeField),
      let count: UInt16 = header.littleEndian(at: shape.countField), count > 0, offset > 0
    else {
      entries = []
      return
    }
    guard Int(size) == shape.entrySize, let bytes = read(offset, Int(count) * shape.entrySize),
      bytes.count == Int(count) * shape.entrySize
    else { throw ELFIdentityError("the symbol file's headers lie outside of it: it was cut short or is corrupt") }
    entries = stride(from: 0, to: bytes.count, by: shape.entrySize).compactMap { start in
      guard let name: UInt32 = bytes.littleEndian(at: start),
        let type: UInt32 = bytes.littleEndian(at: start + shape.typeField),
        let offset: UInt64 = bytes.littleEndian(at: start + shape.contentsField),
        let count: UInt64 = bytes.littleEndian(at: start + shape.lengthField)
      else { return nil }
      return Entry(name: name, type: type, offset: offset, count: count)
    }
  }

  /// The sections' names, by `e_shstrndx`; empty where there are none.
  func names(_ header: [UInt8], _ read: (UInt64, Int) -> [UInt8]?) -> [UInt8] {
    guard let index: UInt16 = header.littleEndian(at: 62), entries.indices.contains(Int(index)) else { return [] }
    return entries[Int(index)].contents(read) ?? []
  }
}

extension [UInt8] {
  /// Whether exactly this name, with its NUL, stands at an offset.
  fileprivate func hasName(_ name: String, at offset: UInt32) -> Bool {
    dropFirst(Int(offset)).starts(with: Array(name.utf8) + [0])
  }
}
