/// An element of a vector register as an integer, signed or not as the instruction sees it.
protocol Lane: FixedWidthInteger, SIMDScalar, BitwiseCopyable, Codable {
  /// The 128 bits of a vector register as elements of this type.
  associatedtype Vector: SIMD & BitwiseCopyable where Vector.Scalar == Self
}

/// An element that has one of twice its size.
protocol NarrowLane: Lane {
  associatedtype Wide: Lane
}

extension UInt8: NarrowLane {
  typealias Vector = SIMD16<UInt8>
  typealias Wide = UInt16
}

extension Int8: NarrowLane {
  typealias Vector = SIMD16<Int8>
  typealias Wide = Int16
}

extension UInt16: NarrowLane {
  typealias Vector = SIMD8<UInt16>
  typealias Wide = UInt32
}

extension Int16: NarrowLane {
  typealias Vector = SIMD8<Int16>
  typealias Wide = Int32
}

extension UInt32: NarrowLane {
  typealias Vector = SIMD4<UInt32>
  typealias Wide = UInt64
}

extension Int32: NarrowLane {
  typealias Vector = SIMD4<Int32>
  typealias Wide = Int64
}

extension UInt64: Lane { typealias Vector = SIMD2<UInt64> }

extension Int64: Lane { typealias Vector = SIMD2<Int64> }

extension Lane {
  /// How many of them a vector register has.
  @inline(__always) static var count: Int { Vector.scalarCount }

  /// All ones or all zeros: what comparisons give.
  @inline(__always) init(mask: Bool) { self = mask ? ~0 : 0 }
}
