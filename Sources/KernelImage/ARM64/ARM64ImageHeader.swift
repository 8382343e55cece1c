import Bits

/// The header of an arm64 kernel Image (Documentation/arch/arm64/booting.rst, "Call the kernel image").
public struct ARM64ImageHeader: Sendable, Equatable {
  /// `ARM\x64`, and where it stands.
  private static let magic = (offset: 0x38, bytes: Array("ARMd".utf8))

  /// `text_offset`: how far past a multiple of 2 MiB the Image goes.
  public let textOffset: UInt64
  /// `image_size`: the memory that the kernel takes from its first byte on, zeroed data included; 0 before Linux 3.17.
  public let imageSize: UInt64
  /// `flags`.
  public let flags: ARM64ImageFlags

  /// Reads the header out of an image's first bytes; nil where they are not an arm64 kernel's.
  init?(head: [UInt8]) {
    guard head.dropFirst(Self.magic.offset).starts(with: Self.magic.bytes),
      let offset: UInt64 = head.littleEndian(at: 8),
      let size: UInt64 = head.littleEndian(at: 16), let flags: UInt64 = head.littleEndian(at: 24)
    else { return nil }
    // Without a size, the offset is in whatever byte order the kernel has, and always the same.
    textOffset = size == 0 ? 0x8_0000 : offset
    imageSize = size
    self.flags = ARM64ImageFlags(rawValue: flags)
  }
}

/// `flags` of an arm64 kernel Image.
public struct ARM64ImageFlags: RawRepresentable, Sendable, Equatable {
  /// The number as it stands in the header.
  public let rawValue: UInt64
  /// Makes the flags of the header's number.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Whether the kernel runs in big-endian state.
  public var isBigEndian: Bool { rawValue[bit: 0] }

  /// The size of the kernel's pages in bytes; nil where it does not say.
  public var pageSize: Int? {
    switch rawValue[bits: 1...2] {
    case 1: 4 << 10
    case 2: 16 << 10
    case 3: 64 << 10
    default: nil
    }
  }

  /// Whether the kernel can use all memory wherever it is put; otherwise it has none below itself.
  public var canBePlacedAnywhere: Bool { rawValue[bit: 3] }

  /// What the flags say.
  public var names: [String] {
    [
      isBigEndian ? "big-endian" : "little-endian",
      pageSize.map { "\($0 >> 10) KiB pages" } ?? "pages of unknown size",
      canBePlacedAnywhere ? "anywhere in memory" : "at the start of memory",
    ]
  }
}
