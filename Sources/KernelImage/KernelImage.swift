public import Architecture
public import Bits

/// A kernel file: what it is, known from its first bytes, and how it is loaded.
///
/// The file stays open, and nothing of it is kept in memory but its headers. A kernel can be loaded any number of times.
public struct KernelImage: Sendable {
  /// What a kernel file is.
  public enum Kind: String, Sendable, CustomStringConvertible {
    /// An x86 boot sector, setup code and a decompressor with the packed kernel.
    case bzImage
    /// A kernel as the linker made it, packed or not.
    case vmlinux = "ELF vmlinux"
    /// An arm64 kernel behind a header of its own, packed or not.
    case image = "Image"
    /// An EFI program that unpacks the arm64 kernel in it.
    case zboot = "EFI zboot image"
    /// Bytes that the caller says where to put.
    case raw = "raw image"

    /// The kind in the words of a report.
    public var description: String { rawValue }

    /// The kind in the words of a sentence.
    var withArticle: String {
      switch self {
      case .bzImage, .raw: "a \(self)"
      case .vmlinux, .image, .zboot: "an \(self)"
      }
    }
  }

  /// Where a raw image goes, which nothing in it says.
  public struct RawPlacement: Sendable, Equatable {
    /// The architecture of its code.
    public let architecture: GuestArchitecture
    /// Where its first byte goes.
    public let address: GuestPhysical
    /// Where it is entered.
    public let entry: GuestPhysical

    /// Places a raw image.
    ///
    /// - Parameters:
    ///   - architecture: the architecture of its code.
    ///   - address: where its first byte goes.
    ///   - entry: where it is entered.
    public init(architecture: GuestArchitecture, address: GuestPhysical, entry: GuestPhysical) {
      self.architecture = architecture
      self.address = address
      self.entry = entry
    }
  }

  /// What each kind of kernel is known by.
  enum Content {
    /// The payload is nil where the setup header states none.
    case bzImage(SetupHeader, payload: Payload?)
    case vmlinux(ELFImage, payload: Payload)
    case arm64(ARM64Image, payload: Payload)
    case raw(RawPlacement, payload: Payload)
  }

  let file: FileSlice
  let content: Content

  /// Tells what a file is.
  ///
  /// - Parameters:
  ///   - file: the file; it stays open as long as the image and its loads are there.
  ///   - placement: where to put the file as it is, whatever is in it; nil to load it as the kernel that it is.
  /// - Throws: `KernelImageError` where it is no kernel, is cut short, or its headers are corrupt.
  public init(reading file: KernelFile, asRawAt placement: RawPlacement? = nil) throws(KernelImageError) {
    let slice = FileSlice(file)
    guard file.count > 0 else { throw KernelImageError("the kernel file is empty") }
    self.file = slice
    if let placement {
      content = .raw(placement, payload: Payload(slice: slice, compression: nil, unpackedCount: slice.count))
    } else {
      content = try Self.identify(slice)
    }
  }

  private static func identify(_ file: FileSlice) throws(KernelImageError) -> Content {
    let head = try file.prefix(ELFImage.headCount)
    if let header = SetupHeader(head: head) {
      try header.check(fileCount: file.count)
      return .bzImage(header, payload: try payload(of: header, in: file))
    }
    let stored = Payload(slice: file, compression: nil, unpackedCount: file.count)
    if let content = try kernel(in: stored, head: head) { return content }
    if let zboot = ZbootHeader(head: head) {
      return try packedKernel(in: zboot.payload(in: file), container: "EFI zboot image", isZboot: true)
    }
    guard let compression = Compression(magic: head) else { throw ForeignFile.error(head: head) }
    // A packed file states its unpacked length only where its own format does, which the unpacker checks by itself.
    let payload = Payload(slice: file, compression: compression, unpackedCount: nil)
    return try packedKernel(in: payload, container: "\(compression) file")
  }

  /// The kernel that a payload's bytes are without further unpacking; nil where they are none.
  private static func kernel(
    in payload: Payload, head: [UInt8], isZboot: Bool = false
  ) throws(KernelImageError) -> Content? {
    if head.starts(with: ELFImage.magic) {
      return .vmlinux(try ELFImage(head: head, count: payload.unpackedLimit), payload: payload)
    }
    guard let header = ARM64ImageHeader(head: head) else { return nil }
    return .arm64(try ARM64Image(header, head: head, payload: payload, isZboot: isZboot), payload: payload)
  }

  /// The kernel that a payload unpacks to.
  private static func packedKernel(
    in payload: Payload, container: String, isZboot: Bool = false
  ) throws(KernelImageError) -> Content {
    let head = try payload.prefix(ELFImage.headCount)
    do throws(KernelImageError) {
      if let content = try kernel(in: payload, head: head, isZboot: isZboot) { return content }
    } catch {
      throw error.inside(container)
    }
    let inner: Kind? = SetupHeader(head: head) != nil ? .bzImage : ZbootHeader(head: head) != nil ? .zboot : nil
    guard let inner else { throw ForeignFile.error(head: head, within: container) }
    throw KernelImageError("in the \(container) is \(inner.withArticle), which is packed itself: unpack the file first")
  }

  /// The packed kernel of a bzImage; its unpacked length stands behind it in four bytes, which are the end of a gzip
  /// stream and which the kernel's build adds to every other (scripts/Makefile.lib, "size_append").
  private static func payload(of header: SetupHeader, in file: FileSlice) throws(KernelImageError) -> Payload? {
    guard let (offset, count) = header.payload else { return nil }
    let start = header.setupCount + offset
    guard let packed = file.slice(at: start, count: count) else {
      throw KernelImageError(
        "the setup header states a payload up to offset \(hex(start + count)) of a file of \(hex(file.count)) bytes:"
          + " the file was cut short or is corrupt")
    }
    let magic = try packed.prefix(8)
    let compression = Compression(magic: magic)
    guard compression != nil || magic.starts(with: ELFImage.magic) else {
      throw KernelImageError(
        "the payload at offset \(hex(start)) is packed by no compression that the kernel uses: the file is corrupt")
    }
    guard let bare = file.slice(at: start, count: count - 4), count > 4 else {
      throw KernelImageError("the payload of \(count) bytes at offset \(hex(start)) is too short to be a kernel")
    }
    let size: UInt32 = try packed.bytes(at: count - 4, count: 4).littleEndian(at: 0) ?? 0
    return Payload(
      slice: compression == .gzip ? packed : bare, compression: compression, unpackedCount: Int(size))
  }
}

extension SetupHeader {
  /// Checks what the header says of the file against the file.
  fileprivate func check(fileCount: Int) throws(KernelImageError) {
    guard loadFlags.contains(.loadedHigh) else {
      throw KernelImageError(
        "the setup header says that the kernel loads below 1 MiB: this is a zImage where a bzImage is needed")
    }
    // The length is rounded up to 16 bytes, and the last of these may be missing.
    let end = setupCount + (protectedModeCount ?? 0)
    guard fileCount > end - 16, fileCount > setupCount else {
      throw KernelImageError(
        "the bzImage ends at offset \(hex(fileCount)) where its setup header announces \(hex(end)): it was cut short")
    }
  }
}

extension KernelImage {
  /// Checks that the kernel is for a machine.
  ///
  /// - Parameter wanted: the machine's architecture.
  /// - Throws: `KernelImageError` where the kernel is for another.
  public func check(isFor wanted: GuestArchitecture) throws(KernelImageError) {
    guard architecture == wanted else {
      throw KernelImageError("this is \(kind.withArticle) for \(architecture) where a kernel for \(wanted) is needed")
    }
  }

  /// What the file is.
  public var kind: Kind {
    switch content {
    case .bzImage: .bzImage
    case .vmlinux: .vmlinux
    case .arm64(let image, _): image.isZboot ? .zboot : .image
    case .raw: .raw
    }
  }

  /// The architecture that the kernel is for.
  public var architecture: GuestArchitecture {
    switch content {
    case .bzImage: .x86_64
    case .vmlinux(let image, _): image.architecture
    case .arm64: .arm64
    case .raw(let placement, _): placement.architecture
    }
  }

  /// A bzImage's setup header.
  public var setupHeader: SetupHeader? {
    if case .bzImage(let header, _) = content { header } else { nil }
  }

  /// How the kernel is packed; nil where it is not.
  public var compression: Compression? { payload?.compression }

  /// The bytes that the kernel is unpacked from.
  var payload: Payload? {
    switch content {
    case .bzImage(_, let payload): payload
    case .vmlinux(_, let payload), .arm64(_, let payload), .raw(_, let payload): payload
    }
  }
}
