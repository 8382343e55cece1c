/// A stream of unpacked bytes that is pulled, so that nothing ever holds a whole unpacked kernel.
protocol Unpacker: AnyObject {
  /// Unpacks the next bytes straight into `buffer`.
  ///
  /// - Parameter buffer: where they go; the larger it is, the fewer of them are copied twice.
  /// - Returns: how many bytes were written; fewer than asked for only at the end of the stream.
  /// - Throws: `KernelImageError` where the packed bytes are corrupt or end too early.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(KernelImageError) -> Int

  /// Passes over bytes; returns how many, fewer than `count` only at the end of the stream.
  func skip(_ count: Int) throws(KernelImageError) -> Int
}

extension Unpacker {
  func skip(_ count: Int) throws(KernelImageError) -> Int {
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: min(count, 1 << 16), alignment: 16)
    defer { scratch.deallocate() }
    var done = 0
    while done < count {
      let wanted = UnsafeMutableRawBufferPointer(rebasing: scratch.prefix(count - done))
      let passed = try read(into: wanted)
      done += passed
      if passed < wanted.count { break }
    }
    return done
  }
}

/// The stream of bytes that are not packed at all.
final class StoredBytes: Unpacker {
  private let slice: FileSlice
  private var position = 0

  init(_ slice: FileSlice) { self.slice = slice }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(KernelImageError) -> Int {
    let count = min(buffer.count, slice.count - position)
    try slice.read(at: position, into: UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(count)))
    position += count
    return count
  }

  func skip(_ count: Int) -> Int {
    let passed = min(count, slice.count - position)
    position += passed
    return passed
  }
}

extension UnsafeMutableRawBufferPointer {
  /// Drops the first `count` bytes, at most all of them.
  mutating func consume(_ count: Int) { self = UnsafeMutableRawBufferPointer(rebasing: dropFirst(count)) }
}

extension UnsafeRawBufferPointer {
  /// Drops the first `count` bytes, at most all of them.
  mutating func consume(_ count: Int) { self = UnsafeRawBufferPointer(rebasing: dropFirst(count)) }
}
