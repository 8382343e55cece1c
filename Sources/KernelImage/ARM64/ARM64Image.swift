import Bits

/// An arm64 kernel Image, of which every length is known before a byte of it is copied.
struct ARM64Image: Sendable {
  /// What is left free behind a kernel that does not say how much it needs: the zeroed data and the page tables of
  /// kernels of that time take a few MiB.
  private static let guessedZeros: UInt64 = 16 << 20

  let header: ARM64ImageHeader
  /// How many bytes of the unpacked file are the kernel's.
  let count: Int
  /// Whether it stands in an EFI program that unpacks it.
  let isZboot: Bool
  /// Whether it is an EFI program itself.
  let hasEFIStub: Bool

  /// The memory that it takes from its first byte on.
  var memoryCount: UInt64 { header.imageSize == 0 ? UInt64(count) + Self.guessedZeros : header.imageSize }

  /// Checks a header against the bytes that it stands in.
  ///
  /// - Parameters:
  ///   - header: the header.
  ///   - head: the image's first bytes.
  ///   - payload: where the image comes from.
  ///   - isZboot: whether that is an EFI zboot image.
  /// - Throws: `KernelImageError` where the kernel cannot run or the file is cut short or corrupt.
  init(_ header: ARM64ImageHeader, head: [UInt8], payload: Payload, isZboot: Bool) throws(KernelImageError) {
    guard !header.flags.isBigEndian else {
      throw KernelImageError(
        "this is a big-endian arm64 kernel (flags \(hex(header.flags.rawValue))) where a little-endian one is needed")
    }
    self.header = header
    self.isZboot = isZboot
    hasEFIStub = head.starts(with: PortableExecutable.magic)
    count = try hasEFIStub ? Self.sectionsEnd(head, payload) : Self.count(of: payload)
    guard header.imageSize == 0 || UInt64(count) <= header.imageSize else {
      throw KernelImageError(
        "the arm64 Image has \(count) bytes but states an image_size of \(header.imageSize): the file is corrupt")
    }
  }

  /// Where the sections of a kernel with an EFI stub end: what follows can only be a signature for Secure Boot.
  private static func sectionsEnd(_ head: [UInt8], _ payload: Payload) throws(KernelImageError) -> Int {
    guard let end = PortableExecutable(head: head)?.sectionsEnd else {
      throw KernelImageError("the EFI header of the arm64 Image has no sections: the file was cut short or is corrupt")
    }
    if let count = payload.unpackedCount, end > count {
      throw KernelImageError(
        "the arm64 Image ends at offset \(hex(count)) where its EFI header announces \(hex(end)): it was cut short")
    }
    return end
  }

  /// The length of a kernel that does not say; packed, it is unpacked once to learn it.
  private static func count(of payload: Payload) throws(KernelImageError) -> Int {
    if let count = payload.unpackedCount { return count }
    var reader = try payload.open()
    try reader.finish()
    return reader.position
  }
}
