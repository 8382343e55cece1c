import Bits

extension KernelSymbolTable {
  /// An ELF file of the kernel's symbols, sections and build id, for a debugger that has no vmlinux.
  ///
  /// It is an executable linked to where the kernel is, in one segment: a debugger moves all of it by one distance. The
  /// sections have no contents, since a debugger reads code and data from the guest. The same kernel always gives the same
  /// bytes.
  public var symbolFile: [UInt8] {
    var file = SymbolFileWriter(self)
    return file.write()
  }
}

/// Writes the parts of a symbol file one behind the other, and then the section headers that say where they are.
private struct SymbolFileWriter {
  private let table: KernelSymbolTable
  private var bytes: [UInt8] = []
  private var headers: [SectionHeader] = [SectionHeader(name: "", type: .null)]

  init(_ table: KernelSymbolTable) {
    self.table = table
  }

  mutating func write() -> [UInt8] {
    let noteOffset = ELF.headerSize + 2 * ELF.programHeaderSize
    bytes = [UInt8](repeating: 0, count: noteOffset)
    bytes.reserveCapacity(noteOffset + table.names.count + table.count * ELF.symbolSize + (1 << 14))
    for section in table.sections { headers.append(SectionHeader(section)) }
    appendNote()
    let noteCount = bytes.count - noteOffset
    appendSymbols()
    append(SectionHeader(name: ".strtab", type: .strings)) { $0 += $1.names }
    let strings = appendNames()
    let headersOffset = bytes.count.alignedUp
    appendHeaders(at: headersOffset, strings)
    fillIn(fileHeader(headersOffset: headersOffset) + programHeaders(noteOffset: noteOffset, noteCount: noteCount))
    return bytes
  }

  /// Appends a section's contents, aligned to 8, and its header.
  private mutating func append(
    _ header: SectionHeader, _ contents: (inout [UInt8], KernelSymbolTable) -> Void
  ) {
    bytes.append(contentsOf: repeatElement(0, count: bytes.count.alignedUp - bytes.count))
    var header = header
    header.offset = bytes.count
    contents(&bytes, table)
    header.size = UInt64(bytes.count - header.offset)
    headers.append(header)
  }

  private mutating func appendNote() {
    guard let id = table.buildID else { return }
    append(SectionHeader(name: ".note.gnu.build-id", type: .note, alignment: 4)) { bytes, _ in
      bytes.appendLittleEndian(UInt32(4))
      bytes.appendLittleEndian(UInt32(truncatingIfNeeded: id.bytes.count))
      bytes.appendLittleEndian(UInt32(3))
      bytes += [0x47, 0x4e, 0x55, 0]
      bytes += id.bytes
    }
  }

  /// Appends the symbols, the local ones first as the format wants it.
  private mutating func appendSymbols() {
    let locals = table.entries.count { $0.binding == .local }
    let header = SectionHeader(
      name: ".symtab", type: .symbols, link: headers.count + 1, info: locals + 1, alignment: 8,
      entrySize: ELF.symbolSize)
    append(header) { bytes, table in
      bytes.append(contentsOf: repeatElement(0, count: ELF.symbolSize))
      for isLocal in [true, false] {
        for (number, entry) in table.entries.enumerated() where (entry.binding == .local) == isLocal {
          let section = table.sectionIndex(of: entry)
          bytes.appendLittleEndian(entry.nameOffset)
          bytes.append(entry.binding.rawValue << 4 | entry.type.rawValue)
          bytes.append(0)
          bytes.appendLittleEndian(section)
          bytes.appendLittleEndian(entry.address)
          bytes.appendLittleEndian(table.size(at: number))
        }
      }
    }
  }

  /// Appends the sections' names; returns where each is.
  private mutating func appendNames() -> [UInt32] {
    headers.append(SectionHeader(name: ".shstrtab", type: .strings))
    var (names, offsets): ([UInt8], [UInt32]) = ([], [])
    for header in headers {
      offsets.append(UInt32(names.count))
      names += Array(header.name.utf8) + [0]
    }
    headers[headers.count - 1].offset = bytes.count
    headers[headers.count - 1].size = UInt64(names.count)
    bytes += names
    return offsets
  }

  private mutating func appendHeaders(at offset: Int, _ names: [UInt32]) {
    bytes.append(contentsOf: repeatElement(0, count: offset - bytes.count))
    for (header, name) in zip(headers, names) { header.append(to: &bytes, name: name) }
  }

  private mutating func fillIn(_ start: [UInt8]) { bytes.replaceSubrange(0..<start.count, with: start) }

  private func fileHeader(headersOffset: Int) -> [UInt8] {
    var header: [UInt8] = []
    header.appendLittleEndian(ELF.magic)
    header += [ELF.class64, ELF.littleEndian, ELF.currentVersion]
    header += [UInt8](repeating: 0, count: 9)
    header.appendLittleEndian(ELF.executable)
    header.appendLittleEndian(ELF.machine(table.architecture))
    header.appendLittleEndian(UInt32(ELF.currentVersion))
    header.appendLittleEndian(table.linkRange.lowerBound.rawValue)
    header.appendLittleEndian(UInt64(ELF.headerSize))
    header.appendLittleEndian(UInt64(headersOffset))
    header.appendLittleEndian(UInt32(0))
    for size in [ELF.headerSize, ELF.programHeaderSize, 2, ELF.sectionHeaderSize, headers.count, headers.count - 1] {
      header.appendLittleEndian(UInt16(size))
    }
    return header
  }

  private func programHeaders(noteOffset: Int, noteCount: Int) -> [UInt8] {
    let range = table.linkRange
    let count = range.upperBound.rawValue - range.lowerBound.rawValue
    var headers: [UInt8] = []
    // Flags: read, write and execute; and read.
    for (type, flags, address, memory, offset, file) in [
      (ELF.SegmentType.load, UInt32(7), range.lowerBound.rawValue, count, 0, 0),
      (.note, 4, 0, UInt64(noteCount), noteOffset, noteCount),
    ] {
      headers.appendLittleEndian(type.rawValue)
      headers.appendLittleEndian(flags)
      for value in [UInt64(offset), address, address, UInt64(file), memory, 4] { headers.appendLittleEndian(value) }
    }
    return headers
  }
}

/// A section header of a symbol file.
private struct SectionHeader {
  let name: String
  let type: ELF.SectionType
  var flags: ELF.SectionFlags = []
  var address: UInt64 = 0
  var offset = ELF.headerSize
  var size: UInt64 = 0
  var link = 0
  var info = 0
  var alignment = 1
  var entrySize = 0

  init(name: String, type: ELF.SectionType, link: Int = 0, info: Int = 0, alignment: Int = 1, entrySize: Int = 0) {
    self.name = name
    self.type = type
    self.link = link
    self.info = info
    self.alignment = alignment
    self.entrySize = entrySize
  }

  /// The header of a part of the kernel, without contents.
  init(_ section: KernelSection) {
    self.init(name: section.name, type: .noBits)
    flags = section.isCode ? [.allocate, .execute] : section.name.contains("rodata") ? .allocate : [.allocate, .write]
    address = section.range.lowerBound.rawValue
    size = section.range.upperBound.rawValue - address
  }

  func append(to bytes: inout [UInt8], name: UInt32) {
    bytes.appendLittleEndian(name)
    bytes.appendLittleEndian(type.rawValue)
    for value in [flags.rawValue, address, UInt64(offset), size] { bytes.appendLittleEndian(value) }
    bytes.appendLittleEndian(UInt32(truncatingIfNeeded: link))
    bytes.appendLittleEndian(UInt32(truncatingIfNeeded: info))
    bytes.appendLittleEndian(UInt64(alignment))
    bytes.appendLittleEndian(UInt64(entrySize))
  }
}

extension SymbolEntry {
  fileprivate var binding: ELF.Binding { kind.isWeak ? .weak : kind.isGlobal ? .global : .local }

  fileprivate var type: ELF.SymbolType {
    if yields || kind.isAbsolute { return .none }
    return kind.isCode ? .function : .object
  }
}

extension KernelSymbolTable {
  /// The number of a symbol's section in the file, where the first one is 1.
  fileprivate func sectionIndex(of entry: SymbolEntry) -> UInt16 {
    // A symbol at the very end belongs to the last section.
    guard entry.address >= linkRange.lowerBound.rawValue else { return ELF.absolute }
    let next = sections.partitioningIndex { $0.range.lowerBound.rawValue > entry.address }
    return UInt16(truncatingIfNeeded: next)
  }
}
