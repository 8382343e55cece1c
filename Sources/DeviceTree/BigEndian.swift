/// The byte order of the format: it was born on PowerPC.
extension [UInt8] {
  /// The big-endian integer at `offset`; nil where it does not lie inside the array.
  func bigEndian<Integer: FixedWidthInteger>(at offset: Int, as type: Integer.Type = Integer.self) -> Integer? {
    let width = Integer.bitWidth / 8
    guard offset >= 0, offset <= count - width else { return nil }
    return self[offset..<offset + width].reduce(0) { $0 << 8 | Integer($1) }
  }

  /// Appends `value` in big-endian order.
  mutating func appendBigEndian<Integer: FixedWidthInteger>(_ value: Integer) {
    for shift in stride(from: Integer.bitWidth - 8, through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }
}
