/// A queue of at most 16 bytes that lives in place, so that a device which holds one is copied as plain data.
struct ByteFIFO: Equatable, Sendable {
  static let capacity = 16

  private var bytes = SIMD16<UInt8>()
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }
  var isFull: Bool { count == Self.capacity }

  /// The byte that comes out next.
  var first: UInt8? { isEmpty ? nil : bytes[0] }

  /// Puts a byte at the end; false, and nothing changed, when there is no room.
  @discardableResult
  mutating func append(_ byte: UInt8) -> Bool {
    guard !isFull else { return false }
    bytes[count] = byte
    count += 1
    return true
  }

  /// Takes out the byte that has waited longest.
  mutating func popFirst() -> UInt8? {
    guard let byte = first else { return nil }
    count -= 1
    for index in 0..<count { bytes[index] = bytes[index + 1] }
    // Two queues with the same contents are equal only when the unused places are.
    bytes[count] = 0
    return byte
  }

  mutating func removeAll() { self = ByteFIFO() }
}
