import Bits

/// Finds the build id in an Image, whose notes no header points to.
///
/// The note in front of the id always has the same bytes. The kernel's own is told from those of the vDSOs by what these
/// are: whole ELF files, each at the start of a page.
struct BuildIDNote {
  /// A note of 20 bytes, of type NT_GNU_BUILD_ID and owner GNU (System V ABI, "Note Section").
  private static let start: [UInt8] = [4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, 0x47, 0x4e, 0x55, 0]
  /// The length of the whole note.
  static let count = start.count + 20
  private static let pageSize = 4096

  /// Where the last ELF file in the image ends.
  private var embeddedEnd = 0

  /// The kernel's note, if it lies in a window of the image; windows come in order and may overlap.
  mutating func find(in window: [UInt8], at windowOffset: Int) -> [UInt8]? {
    var offset = 0
    // Page by page, since a file in one may hide a note in it.
    while offset < window.count {
      let pageEnd = min(offset + Self.pageSize - (windowOffset + offset) % Self.pageSize, window.count)
      if (windowOffset + offset).isMultiple(of: Self.pageSize), let end = embeddedFileEnd(in: window, at: offset) {
        embeddedEnd = windowOffset + end
      }
      var next = offset
      while let found = window.firstOffset(of: Self.start, from: next, before: pageEnd) {
        if windowOffset + found >= embeddedEnd, found + Self.count <= window.count {
          return Array(window[found..<found + Self.count])
        }
        next = found + 1
      }
      offset = pageEnd
    }
    return nil
  }

  /// Where an ELF file that starts at `offset` ends: its section headers come last; nil where there is none.
  private func embeddedFileEnd(in window: [UInt8], at offset: Int) -> Int? {
    guard window[offset...].starts(with: ELFImage.magic), let fileClass: UInt8 = window.littleEndian(at: offset + 4)
    else { return nil }
    let is64Bit = fileClass == 2
    let tableOffset: UInt64? =
      is64Bit
      ? window.littleEndian(at: offset + 0x28)
      : window.littleEndian(at: offset + 0x20, as: UInt32.self).map { UInt64($0) }
    let sizes = offset + (is64Bit ? 0x3a : 0x2e)
    guard let table = tableOffset.flatMap({ Int(exactly: $0) }), table < 1 << 24,
      let size: UInt16 = window.littleEndian(at: sizes), let count: UInt16 = window.littleEndian(at: sizes + 2)
    else { return nil }
    return offset + table + Int(size) * Int(count)
  }
}
