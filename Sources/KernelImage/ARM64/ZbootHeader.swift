import Bits

/// The header of an EFI zboot image, a kernel packed in an EFI program that unpacks it
/// (drivers/firmware/efi/libstub/zboot-header.S of Linux).
struct ZbootHeader: Sendable {
  private static let magic = (offset: 4, bytes: Array("zimg".utf8))

  /// Where the packed kernel stands in the file.
  private let payloadOffset: Int
  /// Its length, without the unpacked length behind it.
  private let payloadCount: Int
  /// The name of the compression, as the kernel's build spells it.
  private let compressionName: String

  /// Reads the header out of a file's first bytes; nil where they are not a zboot image's.
  init?(head: [UInt8]) {
    guard head.starts(with: PortableExecutable.magic), head.dropFirst(Self.magic.offset).starts(with: Self.magic.bytes),
      let offset: UInt32 = head.littleEndian(at: 8), let count: UInt32 = head.littleEndian(at: 12)
    else { return nil }
    payloadOffset = Int(offset)
    payloadCount = Int(count)
    let name = head.dropFirst(0x18).prefix(0x20).prefix { $0 != 0 }
    compressionName = String(decoding: name, as: UTF8.self)
  }

  /// The packed kernel; its unpacked length stands in the four bytes that end a gzip stream, or behind any other.
  func payload(in file: FileSlice) throws(KernelImageError) -> Payload {
    let compression = try compression()
    let sizeOffset = payloadOffset + payloadCount - (compression == .gzip ? 4 : 0)
    guard let packed = file.slice(at: payloadOffset, count: payloadCount), payloadCount >= 4,
      let size = file.slice(at: sizeOffset, count: 4)
    else {
      throw KernelImageError(
        "the EFI zboot header states a payload of \(payloadCount) bytes at offset \(hex(payloadOffset)) of a file of"
          + " \(file.count): the file was cut short or is corrupt")
    }
    let count: UInt32 = try size.bytes(at: 0, count: 4).littleEndian(at: 0) ?? 0
    return Payload(slice: packed, compression: compression, unpackedCount: Int(count))
  }

  private func compression() throws(KernelImageError) -> Compression {
    // Some names are of the build's rule: those for XZ and Zstandard carry its parameters.
    switch compressionName {
    case "gzip": return .gzip
    case "lz4": return .lz4
    case "lzma": return .lzma
    case "lzo": return .lzo
    case "xz", "xzkern": return .xz
    case "zstd", "zstd22": return .zstd
    default:
      throw KernelImageError(
        "the EFI zboot header names the unknown compression `\(printable: compressionName)`: the file is corrupt")
    }
  }
}

extension String.StringInterpolation {
  /// Appends what of a file's text can be printed on one line.
  fileprivate mutating func appendInterpolation(printable text: String) {
    appendLiteral(String(text.map { $0.isASCII && !$0.isNewline && ($0.asciiValue ?? 0) >= 32 ? $0 : "?" }))
  }
}
