import Architecture
import Bits

/// What a kernel file is and where it would go, for people to read.
public struct ImageReport: Sendable, Equatable {
  /// One fact.
  public struct Fact: Sendable, Equatable {
    /// What it is about.
    public let name: String
    /// What there is to say; facts that a file lacks are left out.
    public let value: String
  }

  /// The facts, the most wanted first.
  public private(set) var facts: [Fact] = []

  private mutating func add(_ name: String, _ value: String?) {
    if let value { facts.append(Fact(name: name, value: value)) }
  }

  /// The facts as lines, their values aligned.
  public var lines: [String] {
    let width = facts.map(\.name.count).max() ?? 0
    return facts.map { $0.name + String(repeating: " ", count: width - $0.name.count + 2) + $0.value }
  }

  /// The lines as one text, each with its line feed.
  public var text: String { lines.map { $0 + "\n" }.joined() }
}

extension KernelImage {
  /// Tells all that the file says of itself; its payload is unpacked as far as its notes are.
  ///
  /// - Returns: the facts.
  /// - Throws: `KernelImageError` where the file cannot be read or unpacked, or could not be loaded.
  public func report() throws(KernelImageError) -> ImageReport {
    try ImageReport(of: self)
  }
}

extension ImageReport {
  fileprivate init(of image: KernelImage) throws(KernelImageError) {
    add("kind", "\(image.kind) for \(image.architecture)")
    add("version", try image.version())
    add("file", "\(image.file.count) bytes")
    add("compression", image.payload.map(Self.compression))
    // Of a payload that only the kernel itself can unpack, there is no more to tell than its setup header.
    if let payload = image.payload, payload.compression != .lzo {
      addFacts(of: try image.load(), try image.notes())
    }
    if let header = image.setupHeader { addFacts(of: header, image) }
  }

  private mutating func addFacts(of load: KernelLoad, _ notes: KernelNotes) {
    add("build id", notes.buildID.map { $0.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() })
    add("entry", load.entry.description)
    add("entered by", load.bootProtocol.description)
    add("PVH entry", notes.pvhEntry?.description)
    add("load range", Self.describe(load.physicalRange))
    for segment in load.segments {
      add("segment", Self.describe(segment))
    }
  }

  private static func compression(of payload: Payload) -> String {
    guard let compression = payload.compression else { return "none" }
    let size = payload.unpackedCount.map { ", \($0) unpacked" } ?? ""
    return "\(compression), \(payload.slice.count) bytes at offset \(hex(payload.slice.offset))\(size)"
  }

  /// The first and the last address, as Linux prints its memory map.
  private static func describe(_ range: Range<GuestPhysical>) -> String {
    "\(range.lowerBound)-\(hex(range.upperBound.rawValue &- 1))"
  }

  private static func describe(_ segment: KernelSegment) -> String {
    let zeros = segment.memoryCount - UInt64(segment.fileCount)
    return "\(describe(segment.physicalRange)), virtual \(segment.virtual), \(segment.fileCount) bytes from offset "
      + hex(segment.fileOffset) + (zeros > 0 ? " and \(zeros) of zeros" : "")
  }

  private mutating func addFacts(of header: SetupHeader, _ image: KernelImage) {
    add("boot protocol", header.versionNumber)
    add("setup", "\(header.setupCount) bytes")
    add("protected mode", header.protectedModeCount.map { "\($0) bytes" })
    add("loadflags", Self.flags(header.loadFlags.rawValue, header.loadFlags.names))
    add("xloadflags", header.extendedLoadFlags.map { Self.flags($0.rawValue, $0.names) })
    add("pref_address", header.preferredAddress.map(hex))
    add("init_size", header.initialCount.map { "\($0) bytes" })
    add("kernel_alignment", header.kernelAlignment.map(hex))
    add("min_alignment", header.minimumAlignment.map { "2^\($0)" })
    add("relocatable", header.isRelocatable ? "yes" : "no")
    add("cmdline_size", "\(header.commandLineLimit) bytes")
    add("initrd_addr_max", hex(header.initrdLimit))
    add("handover_offset", header.handoverOffset.map { $0 == 0 ? "none" : hex($0) })
    add("kernel_info", header.kernelInfoOffset.map { $0 == 0 ? "none" : hex($0) })
    add(
      "decompressor",
      (try? image.load(throughDecompressor: true)).map { "\(Self.describe($0.physicalRange)), entry \($0.entry)" })
  }

  private static func flags(_ value: some BinaryInteger, _ names: [String]) -> String {
    ([hex(value)] + names).joined(separator: " ")
  }
}
