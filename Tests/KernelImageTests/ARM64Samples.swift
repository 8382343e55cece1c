import Bits

@testable import KernelImage

/// An arm64 Image that a test makes up.
struct SampleImage {
  static let version = "6.1.0-arm64 (builder@host) #1 SMP"

  var textOffset: UInt64 = 0
  /// The image_size of the header; nil for what the kernel's build would state.
  var statedSize: UInt64?
  var flags: UInt64 = 0xa
  var hasEFIStub = true
  /// The code and data behind the header.
  var contents: [UInt8]

  init(count: Int = 50_000) {
    contents = .sample(count: count, seed: 14)
    let banner = Array("Linux version %s\0Linux version \(Self.version)\n\0".utf8)
    contents.replaceSubrange(9000..<9000 + banner.count, with: banner)
  }

  /// Where the contents start.
  static let headCount = 0x1000

  /// What the kernel takes of memory: the file and zeros.
  var imageSize: UInt64 { statedSize ?? UInt64(Self.headCount + contents.count + 70_000) }

  var bytes: [UInt8] {
    // Both are instructions that do nothing; the first one's bytes are a program's magic as well.
    var head: [UInt8] = hasEFIStub ? [0x4d, 0x5a, 0x40, 0xfa] : [0x1f, 0x20, 0x03, 0xd5]
    head.pad(to: Self.headCount)
    head.set(textOffset, at: 8)
    head.set(imageSize, at: 16)
    head.set(flags, at: 24)
    head.replaceSubrange(0x38..<0x3c, with: "ARMd".utf8)
    if hasEFIStub { setEFIHeader(of: &head) }
    return head + contents
  }

  /// Two sections, as a kernel has: text from behind the header on, and data up to the file's end.
  private func setEFIHeader(of head: inout [UInt8]) {
    head.set(UInt32(0x40), at: 0x3c)
    head.replaceSubrange(0x40..<0x44, with: "PE\0\0".utf8)
    head.set(UInt16(0xaa64), at: 0x44)
    head.set(UInt16(2), at: 0x46)
    head.set(UInt16(0xa0), at: 0x54)
    let text = contents.count / 2
    for (index, section) in [(Self.headCount, text), (Self.headCount + text, contents.count - text)].enumerated() {
      head.set(UInt32(section.1), at: 0xf8 + index * 40 + 16)
      head.set(UInt32(section.0), at: 0xf8 + index * 40 + 20)
    }
  }
}

/// An EFI zboot image that a test makes up around a payload.
struct SampleZboot {
  static let payloadOffset = 0x1000

  var compressionName: String
  var payload: [UInt8]
  /// What the file has behind the payload: its unpacked length and the program that unpacks it.
  var tail: [UInt8] = []
  /// The payload's length as the header states it, if not the true one.
  var statedCount: UInt32?

  init(packing image: [UInt8], by compression: Compression) throws {
    payload = try compression.pack(image)
    if compression != .gzip { tail.appendLittleEndian(UInt32(image.count)) }
    tail += [UInt8].sample(count: 4096, seed: 15)
    compressionName =
      switch compression {
      case .gzip: "gzip"
      case .bzip2: "bzip2"
      case .lzma: "lzma"
      case .xz: "xzkern"
      case .lzo: "lzo"
      case .lz4: "lz4"
      case .zstd: "zstd22"
      }
  }

  var bytes: [UInt8] {
    var head = Array("MZ\0\0zimg".utf8)
    head.pad(to: Self.payloadOffset)
    head.set(UInt32(Self.payloadOffset), at: 8)
    head.set(statedCount ?? UInt32(payload.count), at: 12)
    head.replaceSubrange(0x18..<0x18 + compressionName.utf8.count, with: compressionName.utf8)
    head.set(UInt32(0x8182_23cd), at: 0x38)
    head.set(UInt32(0x40), at: 0x3c)
    head.replaceSubrange(0x40..<0x44, with: "PE\0\0".utf8)
    head.set(UInt16(0xaa64), at: 0x44)
    return head + payload + tail
  }
}

extension SampleELF {
  /// The virtual address that an arm64 kernel is linked to, and its ELF states for the physical one.
  static let linkBase: UInt64 = 0xffff_8000_0800_0000

  /// A small arm64 kernel in the shape of a real one, with an Image header in front and zeros that no segment has.
  static func arm64Kernel() -> SampleELF {
    var elf = SampleELF()
    elf.machine = 183
    elf.type = 3
    elf.entry = linkBase
    let image = SampleImage()
    let text = Array(image.bytes.prefix(40_000))
    elf.add(text, offset: 0x1_0000, physical: linkBase, virtual: linkBase)
    elf.add(
      .sample(count: 6_000, seed: 16), offset: 0x1_c000, physical: linkBase + 0xc000, virtual: linkBase + 0xc000,
      zeros: 8_000)
    elf.addNotes(note(owner: "GNU", type: 3, buildID), offset: 0x1_2000)
    elf.contents[0].bytes.replaceSubrange(0x2000..<0x2000 + 36, with: note(owner: "GNU", type: 3, buildID))
    return elf
  }
}
