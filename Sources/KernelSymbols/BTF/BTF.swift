import Bits

/// The types of a kernel: its `.BTF` section (Linux, Documentation/bpf/btf.rst), in little-endian order.
///
/// A kernel has about 100,000 types, of which a debugger asks for a dozen. The section is kept as it is, with where each
/// type's record starts and an index of the names that can be asked for; all else is read when it is asked for. Numbers
/// in it are not trusted: a lie costs an error, and no question takes longer than to look through the section once.
public struct BTF: Sendable {
  /// `struct btf_header` in its first version, which later ones extend.
  private static let headerCount = 24
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
    guard let layout = section.withUnsafeBytes({ Layout($0, at: 0) }) else { throw .noTypes }
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
      for candidate in Layout.find(in: buffer) {
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

    /// The most sections that are looked into: bytes made to look like the start of one over and over cost no more.
    private static let mostCandidates = 8

    /// Reads the header at an offset; nil where there is none, or its parts do not fit into the bytes.
    init?(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
      // The magic, the version 1 and no flags.
      guard bytes.littleEndian(at: offset, as: UInt32.self) == 0x0001_eb9f,
        let header: UInt32 = bytes.littleEndian(at: offset + 4), header >= BTF.headerCount,
        let typesOffset: UInt32 = bytes.littleEndian(at: offset + 8),
        let typesCount: UInt32 = bytes.littleEndian(at: offset + 12),
        let stringsOffset: UInt32 = bytes.littleEndian(at: offset + 16),
        let stringsCount: UInt32 = bytes.littleEndian(at: offset + 20)
      else { return nil }
      let typesStart = Int(header) + Int(typesOffset)
      let stringsStart = Int(header) + Int(stringsOffset)
      types = typesStart..<typesStart + Int(typesCount)
      strings = stringsStart..<stringsStart + Int(stringsCount)
      // The first string is the empty one, and the last one ends like all.
      guard !types.isEmpty, !strings.isEmpty, max(types.upperBound, strings.upperBound) <= bytes.count - offset,
        bytes[offset + strings.lowerBound] == 0, bytes[offset + strings.upperBound - 1] == 0
      else { return nil }
    }

    /// Where sections may be, in ascending order.
    static func find(in bytes: UnsafeRawBufferPointer) -> [Range<Int>] {
      var found: [Range<Int>] = []
      var start = 0
      while found.count < mostCandidates, let offset = bytes[start...].firstIndex(of: 0x9f) {
        if let layout = Layout(bytes, at: offset) {
          found.append(offset..<offset + max(layout.types.upperBound, layout.strings.upperBound))
        }
        start = offset + 1
      }
      return found
    }
  }
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
