/// Owns bytes that are appended at the end and taken away at the start.
///
/// It takes memory when bytes are appended and keeps it for the next ones, so that a session that has seen its largest
/// packet allocates no more. Pointers handed out are good until the next call that appends.
struct ByteBuffer: ~Copyable {
  private var storage: UnsafeMutableRawPointer?
  private var capacity = 0
  private var start = 0
  private var end = 0

  init() {}

  deinit { storage?.deallocate() }

  var count: Int { end - start }
  var isEmpty: Bool { start == end }

  /// The bytes that are there.
  var bytes: UnsafeMutableRawBufferPointer {
    // SAFETY: start and end never leave the storage.
    UnsafeMutableRawBufferPointer(start: storage.map { $0 + start }, count: end - start)
  }

  /// Room for at least `count` bytes past the end; `commit` makes what was written there part of the buffer.
  mutating func reserve(_ count: Int) -> UnsafeMutableRawPointer {
    // SAFETY: the storage reaches `capacity` bytes from its start.
    if let storage, capacity - end >= count { return storage + end }
    return grow(count)
  }

  private mutating func grow(_ count: Int) -> UnsafeMutableRawPointer {
    let kept = self.count
    if let storage, capacity - kept >= count, start >= kept {
      // The dead space at the front is enough, and no larger than what has to move into it.
      storage.copyMemory(from: storage + start, byteCount: kept)
      (start, end) = (0, kept)
      return storage + kept
    }
    let newCapacity = max(256, (kept + count) + (kept + count) / 2)
    // SAFETY: this buffer is the only owner of the storage; the old one is given back once its bytes have moved.
    let grown = UnsafeMutableRawPointer.allocate(byteCount: newCapacity, alignment: 16)
    if let storage {
      grown.copyMemory(from: storage + start, byteCount: kept)
      storage.deallocate()
    }
    (storage, capacity, start, end) = (grown, newCapacity, 0, kept)
    return grown + kept
  }

  /// Makes the `count` bytes after the end, which `reserve` gave, part of the buffer.
  mutating func commit(_ count: Int) {
    assert(count <= capacity - end)
    end += count
  }

  mutating func append(_ byte: UInt8) {
    reserve(1).storeBytes(of: byte, as: UInt8.self)
    end += 1
  }

  mutating func append(contentsOf bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    reserve(bytes.count).copyMemory(from: base, byteCount: bytes.count)
    end += bytes.count
  }

  /// Drops bytes at the start, at most those that are there.
  mutating func removeFirst(_ count: Int) {
    start += min(max(count, 0), self.count)
    if start == end { (start, end) = (0, 0) }
  }

  /// Drops bytes at the end, at most those that are there.
  mutating func removeLast(_ count: Int) {
    end -= min(max(count, 0), self.count)
  }

  mutating func removeAll() { (start, end) = (0, 0) }

  /// `count` bytes of any contents in place of what the buffer held: working space.
  mutating func prepare(_ count: Int) -> UnsafeMutableRawBufferPointer {
    removeAll()
    return UnsafeMutableRawBufferPointer(start: reserve(count), count: count)
  }
}
