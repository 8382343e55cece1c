extension UnsafeRawBufferPointer {
  /// The little-endian integer at `offset`, of any alignment; nil where it does not lie inside the buffer.
  @inlinable
  public func littleEndian<Value: FixedWidthInteger & BitwiseCopyable>(
    at offset: Int, as type: Value.Type = Value.self
  ) -> Value? {
    guard offset >= 0, offset <= count - MemoryLayout<Value>.size else { return nil }
    return Value(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
  }
}

extension UnsafeMutableRawBufferPointer {
  /// Stores `value` at `offset` in little-endian order; false, and nothing stored, where it does not fit.
  @inlinable
  @discardableResult
  public func storeLittleEndian<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at offset: Int) -> Bool {
    guard offset >= 0, offset <= count - MemoryLayout<Value>.size else { return false }
    storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
    return true
  }
}

extension Array where Element == UInt8 {
  /// The little-endian integer at `offset`; nil where it does not lie inside the array.
  @inlinable
  public func littleEndian<Value: FixedWidthInteger & BitwiseCopyable>(
    at offset: Int, as type: Value.Type = Value.self
  ) -> Value? {
    withUnsafeBytes { $0.littleEndian(at: offset, as: type) }
  }

  /// Appends `value` in little-endian order.
  @inlinable
  public mutating func appendLittleEndian<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
