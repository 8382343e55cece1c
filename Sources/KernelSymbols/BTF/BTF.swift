import Bits

/// The types of a kernel: its `.BTF` section (Linux, Documentation/bpf/btf.rst), in little-endian order.
///
/// A kernel has about 100,000 types, of which a debugger asks for a dozen. The section is kept as it is, with where
/// each type's record starts and an index of the names that can be asked for; all else is read when it is asked for.
/// Numbers in it are not trusted: a lie costs an error, and no question takes longer than to look through the section
/// once.
public struct BTF: Sendable {
  /// `struct btf_header` in its first version, which later ones extend.
  static let headerCount = 24
  private static let longestHeader = 256
  /// The magic number, the version 1 and no flags.
  private static let magic: [UInt8] = [0x9f, 0xeb, 1, 0]
  /// The most sections that are looked into: bytes made to look like the start of one over and over cost no more.
  static let mostCandidates = 8
  /// No name in the kernel comes near to this.
  private static let longestName = 512

  let section: [UInt8]
  private let strings: Range<Int>
  /// Where the record of each type starts; that of number 0, which is `void`, is not there.
  private let offsets: [UInt32]
  /// The structures, unions and enumerations that have a name: the name's hash above the type's number, in ascending
  /// order.
  private let index: [UInt64]

  /// Reads a section.
  ///
  /// - Parameter section: the section, which may have more bytes behind it.
  /// - Throws: `BTFError.noTypes` where it is none, and `BTFError.damaged`.
  public init(_ section: [UInt8]) throws(BTFError) {
    // The first string is the empty one, and the last one ends like all.
    guard let layout = section.withUnsafeBytes({ Layout($0, at: 0) }), layout.end <= section.count,
      section[layout.strings.lowerBound] == 0, section[layout.strings.upperBound - 1] == 0
    else { throw .noTypes }
    var offsets: [UInt32] = [0]
    // No type takes less than its head.
    offsets.reserveCapacity(1 + layout.types.count / BTFType.headCount)
    var index: [UInt64] = []
    // SAFETY: the buffer does not leave the closure.
    try section.span.bytes.withUnsafeBytes { bytes throws(BTFError) in
      var offset = layout.types.lowerBound
      while offset < layout.types.upperBound {
        guard let type = BTFType(bytes, at: offset), type.end <= layout.types.upperBound else {
          throw .damaged(offset: offset)
        }
        if type.isAggregate || type.isEnumeration, let name = Self.name(at: type.nameOffset, layout.strings, in: bytes)
        {
          index.append(UInt64(Self.hash(name)) << 32 | UInt64(offsets.count))
        }
        // A section of a kernel is shorter than 4 GiB.
        offsets.append(UInt32(truncatingIfNeeded: offset))
        offset = type.end
      }
    }
    index.sort()
    self.section = section
    self.offsets = offsets
    self.index = index
    strings = layout.strings
  }

  /// Looks for the section in a kernel's bytes, in which nothing says where it is.
  ///
  /// - Parameter bytes: the kernel, as its unpacked file or as the guest's memory.
  /// - Throws: `BTFError.noTypes` where there is none, and what is wrong with the first one where none is whole.
  public init(searching bytes: RawSpan) throws(BTFError) {
    // SAFETY: the buffer does not leave the closure; what is kept is a copy.
    self = try bytes.withUnsafeBytes { buffer throws(BTFError) in
      var failure = BTFError.noTypes
      for candidate in Self.sections(in: buffer) where candidate.upperBound <= buffer.count {
        do throws(BTFError) {
          return try BTF(Array(buffer[candidate]))
        } catch {
          if failure == .noTypes { failure = error }
        }
      }
      throw failure
    }
  }

  /// Where the parts of a section are, from its first byte.
  private struct Layout {
    let types: Range<Int>
    let strings: Range<Int>

    /// The length of the section.
    var end: Int { max(types.upperBound, strings.upperBound) }

    /// Reads the header at an offset; nil where there is none.
    init?(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
      guard bytes.dropFirst(offset).starts(with: BTF.magic),
        let header: UInt32 = bytes.littleEndian(at: offset + 4),
        (BTF.headerCount...BTF.longestHeader).contains(Int(header)),
        let typesOffset: UInt32 = bytes.littleEndian(at: offset + 8),
        let typesCount: UInt32 = bytes.littleEndian(at: offset + 12),
        let stringsOffset: UInt32 = bytes.littleEndian(at: offset + 16),
        let stringsCount: UInt32 = bytes.littleEndian(at: offset + 20), typesCount > 0, stringsCount > 0
      else { return nil }
      let typesStart = Int(header) + Int(typesOffset)
      let stringsStart = Int(header) + Int(stringsOffset)
      types = typesStart..<typesStart + Int(typesCount)
      strings = stringsStart..<stringsStart + Int(stringsCount)
    }
  }

  /// Where sections may be, by their headers, in ascending order; they may reach beyond the bytes.
  static func sections(in bytes: UnsafeRawBufferPointer) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var start = 0
    while found.count < mostCandidates, let offset = bytes.firstOffset(of: magic, from: start) {
      if let layout = Layout(bytes, at: offset) { found.append(offset..<offset + layout.end) }
      start = offset + 1
    }
    return found
  }

  /// Where sections may be.
  static func sections(in bytes: [UInt8]) -> [Range<Int>] { bytes.withUnsafeBytes { sections(in: $0) } }
}

extension BTF {
  /// The type of a number; nil for `void` and for numbers that no type has.
  func type(_ number: UInt32) -> BTFType? {
    guard number > 0, number < offsets.count else { return nil }
    return section.withUnsafeBytes { BTFType($0, at: Int(offsets[Int(number)])) }
  }

  /// The structures, unions and enumerations of a name.
  func types(named name: String) -> [(number: UInt32, type: BTFType)] {
    var name = name
    let hash = UInt64(name.withUTF8 { Self.hash($0[...]) }) << 32
    let start = index.partitioningIndex { $0 >= hash }
    return index[start...].prefix { $0 & ~0xffff_ffff == hash }.compactMap { entry in
      let number = UInt32(truncatingIfNeeded: entry)
      return type(number).flatMap { hasName(name, at: $0.nameOffset) ? (number, $0) : nil }
    }
  }

  /// Whether the string at an offset among the strings is this one.
  func hasName(_ name: String, at offset: UInt32) -> Bool {
    let rest = section[strings].dropFirst(Int(offset))
    return rest.starts(with: name.utf8) && rest.dropFirst(name.utf8.count).first == 0
  }

  /// The string at an offset among the strings; nil where it is empty, or is too long for a name.
  private static func name(
    at offset: UInt32, _ strings: Range<Int>, in section: UnsafeRawBufferPointer
  ) -> Slice<UnsafeRawBufferPointer>? {
    guard Int(offset) < strings.count else { return nil }
    let rest = section[strings.lowerBound + Int(offset)..<strings.upperBound].prefix(longestName)
    guard let end = rest.firstIndex(of: 0), end > rest.startIndex else { return nil }
    return rest[..<end]
  }

  /// FNV-1a.
  private static func hash(_ name: some Sequence<UInt8>) -> UInt32 {
    name.reduce(0x811c_9dc5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
  }
}
