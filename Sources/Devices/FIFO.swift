/// A queue of as many entries as `Storage` has, which lives in place, so that a device that holds one is copied as plain
/// data.
struct FIFO<Storage: SIMD>: Equatable, Sendable where Storage: Sendable, Storage.Scalar: FixedWidthInteger {
  static var capacity: Int { Storage.scalarCount }

  private var entries = Storage()
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }
  var isFull: Bool { count == Self.capacity }

  /// The entry that comes out next.
  var first: Storage.Scalar? { isEmpty ? nil : entries[0] }

  /// Puts an entry at the end; false, and nothing changed, when there is no room.
  @discardableResult
  mutating func append(_ entry: Storage.Scalar) -> Bool {
    guard !isFull else { return false }
    entries[count] = entry
    count += 1
    return true
  }

  /// Takes out the entry that has waited longest.
  mutating func popFirst() -> Storage.Scalar? {
    guard let entry = first else { return nil }
    count -= 1
    for index in 0..<count { entries[index] = entries[index + 1] }
    // Two queues with the same contents are equal only when the unused places are.
    entries[count] = 0
    return entry
  }

  mutating func removeAll() { self = FIFO() }
}

/// A queue of at most 16 bytes.
typealias ByteFIFO = FIFO<SIMD16<UInt8>>
