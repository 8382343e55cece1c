/// How a kernel's payload is packed, told apart by its first bytes (Documentation/arch/x86/boot.rst, "payload_offset").
public enum Compression: String, Sendable, CaseIterable, CustomStringConvertible {
  case gzip
  case bzip2
  case lzma = "LZMA"
  case xz = "XZ"
  case lzo = "LZO"
  /// The legacy frame of LZ4, which the kernel's build uses.
  case lz4 = "LZ4"
  case zstd = "Zstandard"

  /// The name as the format's own documentation writes it.
  public var description: String { rawValue }

  /// Tells the compression by the payload's first bytes; nil where none is known that starts so.
  init?(magic bytes: [UInt8]) {
    guard let match = Self.allCases.first(where: { bytes.starts(with: $0.magic) }) else { return nil }
    self = match
  }

  private var magic: [UInt8] {
    switch self {
    case .gzip: [0x1f, 0x8b]
    case .bzip2: Array("BZh".utf8)
    case .lzma: [0x5d, 0x00, 0x00]
    case .xz: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]
    case .lzo: [0x89, 0x4c, 0x5a, 0x4f]
    case .lz4: LZ4LegacyUnpacker.magic
    case .zstd: [0x28, 0xb5, 0x2f, 0xfd]
    }
  }
}
