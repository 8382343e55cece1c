extension FixedWidthInteger {
  /// Whether bit `index` is set.
  ///
  /// - Parameter index: 0 up to `bitWidth - 1`; a bit past the width reads as clear and is not written.
  @inlinable
  public subscript(bit index: Int) -> Bool {
    @inline(__always) get { (self >> index) & 1 != 0 }
    set {
      let mask: Self = 1 << index
      self = newValue ? self | mask : self & ~mask
    }
  }

  /// The field of the bits `range`, shifted down to bit 0.
  ///
  /// The manuals write fields with the high bit first (`[11:0]`); a Swift range runs upwards, so that field is
  /// `value[bits: 0...11]`. What is written is cut to the width of the field.
  @inlinable
  public subscript(bits range: ClosedRange<Int>) -> Self {
    @inline(__always) get { (self >> range.lowerBound) & Self.lowMask(range.count) }
    set {
      let mask = Self.lowMask(range.count) << range.lowerBound
      self = (self & ~mask) | ((newValue << range.lowerBound) & mask)
    }
  }

  /// A value whose low `count` bits are set.
  @inlinable
  public static func lowMask(_ count: Int) -> Self {
    count >= Self.bitWidth ? ~0 : (1 << count) &- 1
  }
}
