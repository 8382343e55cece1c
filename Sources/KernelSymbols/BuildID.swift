import Bits

/// The id that the linker gave to one build of a kernel (`NT_GNU_BUILD_ID`): debug symbols of the same id fit.
public struct BuildID: Sendable, Equatable, CustomStringConvertible {
  /// The id, 20 bytes unless the linker was asked for another length.
  public let bytes: [UInt8]

  /// Wraps an id.
  public init(bytes: [UInt8]) { self.bytes = bytes }

  /// The id in hexadecimal, as file names of debug symbols have it.
  public var description: String { bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() }
}

/// A build id's note (System V ABI, "Note Section").
struct BuildIDNote {
  /// Where the note starts, in what it was found in.
  let offset: Int
  let id: BuildID

  private static let headCount = 16
  private static let longest: UInt32 = 64
  /// The bytes that the longest note takes.
  static let longestCount = headCount + Int(longest)
  /// `GNU` and its NUL.
  private static let owner: UInt32 = 0x0055_4e47
  /// NT_GNU_BUILD_ID.
  private static let type: UInt32 = 3

  /// Reads the note at an offset; nil where there is none.
  init?(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    // The lengths of the owner's name and of the id, the type, and the name.
    guard bytes.littleEndian(at: offset, as: UInt32.self) == 4,
      let count: UInt32 = bytes.littleEndian(at: offset + 4), (1...Self.longest).contains(count),
      bytes.littleEndian(at: offset + 8) == Self.type, bytes.littleEndian(at: offset + 12) == Self.owner,
      offset + Self.headCount + Int(count) <= bytes.count
    else { return nil }
    let start = offset + Self.headCount
    self.offset = offset
    id = BuildID(bytes: Array(bytes[start..<start + Int(count)]))
  }

  /// The note of a kernel itself, found by its look; nil where there is none.
  ///
  /// The vDSOs in a kernel have notes of their own. They are whole ELF files, each at the start of a page.
  static func find(inKernel bytes: UnsafeRawBufferPointer) -> BuildIDNote? {
    var embeddedEnd = 0
    for page in stride(from: 0, to: bytes.count, by: 4096) {
      if page > 0, let end = endOfFile(bytes, at: page) { embeddedEnd = end }
      for offset in stride(from: max(page, embeddedEnd.alignedUp), to: min(page + 4096, bytes.count), by: 4)
      where bytes.littleEndian(at: offset + 12) == owner {
        if let note = BuildIDNote(bytes, at: offset) { return note }
      }
    }
    return nil
  }

  /// The note among others that follow each other, as a file's program and section headers point to them.
  static func find(inNotes bytes: UnsafeRawBufferPointer) -> BuildIDNote? {
    var offset = 0
    while let nameCount: UInt32 = bytes.littleEndian(at: offset),
      let descriptionCount: UInt32 = bytes.littleEndian(at: offset + 4)
    {
      if let note = BuildIDNote(bytes, at: offset) { return note }
      // Both are 32 bits and padded to 4 bytes, so that no sum overflows.
      offset += 12 + Int(nameCount).alignedUp(to: 4) + Int(descriptionCount).alignedUp(to: 4)
    }
    return nil
  }

  /// Where an ELF file ends, of which the section headers come last; nil where none starts at the offset.
  private static func endOfFile(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int? {
    guard bytes.littleEndian(at: offset, as: UInt32.self) == ELF.magic,
      let fileClass: UInt8 = bytes.littleEndian(at: offset + 4)
    else { return nil }
    let is64Bit = fileClass == ELF.class64
    let table: UInt64? =
      is64Bit
      ? bytes.littleEndian(at: offset + 0x28)
      : bytes.littleEndian(at: offset + 0x20, as: UInt32.self).map(UInt64.init)
    let sizes = offset + (is64Bit ? 0x3a : 0x2e)
    guard let table, table < 1 << 24, let size: UInt16 = bytes.littleEndian(at: sizes),
      let count: UInt16 = bytes.littleEndian(at: sizes + 2)
    else { return nil }
    return offset + Int(table) + Int(size) * Int(count)
  }
}
