/// Owns bytes that are filled from the start and grow when they must; nothing is zeroed and nothing reallocated per use.
struct ByteBuffer: ~Copyable {
  private var storage: UnsafeMutableRawBufferPointer
  /// How many bytes, from the start, are filled.
  var count = 0

  init(capacity: Int) {
    storage = .allocate(byteCount: capacity, alignment: 64)
  }

  /// The filled bytes; valid until the buffer grows.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: storage[..<count]) }

  /// The room after the filled bytes, at least `minimum` bytes of it; valid until the buffer grows.
  mutating func room(_ minimum: Int) -> UnsafeMutableRawBufferPointer {
    if storage.count - count < minimum {
      let larger = UnsafeMutableRawBufferPointer.allocate(
        byteCount: max(2 * storage.count, count + minimum), alignment: 64)
      larger.copyMemory(from: bytes)
      storage.deallocate()
      storage = larger
    }
    return UnsafeMutableRawBufferPointer(rebasing: storage[count...])
  }

  mutating func append(_ source: Slice<UnsafeRawBufferPointer>) {
    room(source.count).copy(source, at: 0)
    count += source.count
  }

  mutating func append(_ byte: UInt8) { append(repeating: byte, count: 1) }

  mutating func append(repeating byte: UInt8, count added: Int) {
    let room = room(added)
    for index in 0..<added { room[index] = byte }
    count += added
  }

  // SAFETY: the owner frees what it allocated; pointers into it are documented to end before.
  deinit { storage.deallocate() }
}
