/// A stretch of a kernel file; every position is checked against its bounds.
struct FileSlice: Sendable {
  let file: KernelFile
  /// Where it starts in the file, and its length: inside the file as it was when opened.
  let offset: Int
  let count: Int

  init(_ file: KernelFile) {
    self.file = file
    self.offset = 0
    self.count = file.count
  }

  private init(file: KernelFile, offset: Int, count: Int) {
    self.file = file
    self.offset = offset
    self.count = count
  }

  /// The part of `count` bytes from `offset` on, or nil where this slice ends before it does.
  func slice(at offset: Int, count: Int) -> FileSlice? {
    guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else { return nil }
    return FileSlice(file: file, offset: self.offset + offset, count: count)
  }

  /// Fills the buffer with the bytes at `position`.
  func read(at position: Int, into buffer: UnsafeMutableRawBufferPointer) throws(KernelImageError) {
    guard position >= 0, position <= count, buffer.count <= count - position else {
      throw KernelImageError("the file ends at \(hex(offset + count)), before the bytes that it announces")
    }
    let done = try file.read(at: offset + position, into: buffer)
    guard done == buffer.count else {
      throw KernelImageError("the file was cut short to \(hex(offset + position + done)) bytes while it was read")
    }
  }

  /// The `count` bytes at `position`, which are inside of the slice.
  func bytes(at position: Int, count: Int) throws(KernelImageError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.fill { buffer throws(KernelImageError) in try read(at: position, into: buffer) }
    return bytes
  }

  /// The first bytes, at most `limit` of them.
  func prefix(_ limit: Int) throws(KernelImageError) -> [UInt8] { try bytes(at: 0, count: min(limit, count)) }
}

extension [UInt8] {
  /// Has `body` overwrite the bytes; an error of `body` is thrown on.
  mutating func fill(
    by body: (UnsafeMutableRawBufferPointer) throws(KernelImageError) -> Void
  ) throws(KernelImageError) {
    let result: Result<Void, KernelImageError> = withUnsafeMutableBytes { buffer in
      do throws(KernelImageError) { return .success(try body(buffer)) } catch { return .failure(error) }
    }
    try result.get()
  }
}
