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
    /// Bytes that the caller says where to put.
    case raw = "raw image"

    /// The kind in the words of a report.
    public var description: String { rawValue }
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
    if head.starts(with: ELFImage.magic) {
      let payload = Payload(slice: file, compression: nil, unpackedCount: file.count)
      return .vmlinux(try ELFImage(head: head, count: payload.unpackedLimit), payload: payload)
    }
    guard let compression = Compression(magic: head) else { throw ForeignFile.error(head: head) }
    // A packed file states its unpacked length only where its own format does, which the unpacker checks by itself.
    let payload = Payload(slice: file, compression: compression, unpackedCount: nil)
    let inner = try payload.prefix(ELFImage.headCount)
    guard inner.starts(with: ELFImage.magic) else {
      if SetupHeader(head: inner) != nil {
        throw KernelImageError("this is a \(compression) file with a bzImage in it: unpack it first")
      }
      throw ForeignFile.error(head: inner, within: compression)
    }
    do throws(KernelImageError) {
      return .vmlinux(try ELFImage(head: inner, count: payload.unpackedLimit), payload: payload)
    } catch {
      throw error.inside("\(compression) file")
    }
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
  /// What the file is.
  public var kind: Kind {
    switch content {
    case .bzImage: .bzImage
    case .vmlinux: .vmlinux
    case .raw: .raw
    }
  }

  /// The architecture that the kernel is for.
  public var architecture: GuestArchitecture {
    switch content {
    case .bzImage: .x86_64
    case .vmlinux(let image, _): image.architecture
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
    case .vmlinux(_, let payload), .raw(_, let payload): payload
    }
  }
}
