/// The bytes of a file that a kernel's image is packed in, or stands in as it is.
struct Payload: Sendable {
  /// The packed bytes alone, without a length behind them.
  let slice: FileSlice
  /// How they are packed; nil where they are not.
  let compression: Compression?
  /// The unpacked length that the file states; nil where it states none.
  let unpackedCount: Int?

  /// The most bytes that it may unpack to: a few packed bytes can stand for far more than any kernel has.
  var unpackedLimit: Int { unpackedCount ?? 1 << 32 }

  /// Starts unpacking at the first byte; each caller has a stream of its own.
  func open() throws(KernelImageError) -> PayloadReader {
    PayloadReader(unpacker: try unpacker(), limit: unpackedLimit, count: unpackedCount)
  }

  private func unpacker() throws(KernelImageError) -> any Unpacker {
    switch compression {
    case nil: StoredBytes(slice)
    case .gzip: try StreamUnpacker<GzipCodec>(slice)
    case .bzip2: try StreamUnpacker<Bzip2Codec>(slice)
    case .lzma: try StreamUnpacker<LZMACodec>(slice)
    case .xz: try StreamUnpacker<XZCodec>(slice)
    case .zstd: try StreamUnpacker<ZstdCodec>(slice)
    case .lz4: LZ4LegacyUnpacker(slice)
    case .lzo:
      throw KernelImageError(
        "the payload is packed by LZO, which hvgdb does not unpack: a bzImage does it itself by --through-decompressor")
    }
  }

  /// The first unpacked bytes, at most `limit` of them.
  func prefix(_ limit: Int) throws(KernelImageError) -> [UInt8] {
    var reader = try open()
    return try reader.bytes(limit)
  }
}

/// A payload's unpacked bytes, read forwards.
struct PayloadReader: ~Copyable {
  private let unpacker: any Unpacker
  private let limit: Int
  /// The unpacked length that the file states.
  private let statedCount: Int?
  /// How many unpacked bytes were read or passed over.
  private(set) var position = 0

  fileprivate init(unpacker: any Unpacker, limit: Int, count: Int?) {
    self.unpacker = unpacker
    self.limit = limit
    self.statedCount = count
  }

  /// Fills the buffer with the next bytes.
  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(KernelImageError) {
    let count = try unpacker.read(into: buffer)
    position += count
    guard count == buffer.count else { throw endedTooEarly() }
  }

  /// The next bytes, `limit` of them where there are as many.
  mutating func bytes(_ limit: Int) throws(KernelImageError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: limit)
    var count = 0
    // A closure cannot take the reader along while it is being changed.
    let unpacker = unpacker
    try bytes.fill { buffer throws(KernelImageError) in count = try unpacker.read(into: buffer) }
    position += count
    bytes.removeLast(limit - count)
    return bytes
  }

  /// Passes over the bytes up to `offset`, which is not behind the reader.
  mutating func advance(to offset: Int) throws(KernelImageError) {
    position += try unpacker.skip(offset - position)
    guard position == offset else { throw endedTooEarly() }
  }

  /// Unpacks the rest, since checksums stand at the end, and compares the length with what the file states.
  mutating func finish() throws(KernelImageError) {
    position += try unpacker.skip(max(limit - position, 0) + 1)
    guard position <= limit else {
      throw KernelImageError("the payload is corrupt: it unpacks to more than the \(limit) bytes that it should")
    }
    if let statedCount, position < statedCount { throw endedTooEarly() }
  }

  private func endedTooEarly() -> KernelImageError {
    let wanted = statedCount.map { "the \($0) that the file states" } ?? "its headers announce"
    return KernelImageError("the payload is corrupt: it ends after \(position) unpacked bytes, fewer than \(wanted)")
  }
}
