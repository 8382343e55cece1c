/// An address in one of the guest's address spaces, without the operators that would trap on a guest's values.
public protocol GuestAddress: RawRepresentable<UInt64>, Hashable, Comparable, Sendable, CustomStringConvertible {
  init(_ rawValue: UInt64)
}

extension GuestAddress {
  /// The address of this number.
  @inlinable
  public init(rawValue: UInt64) { self.init(rawValue) }

  /// Whether `left` lies below `right`.
  @inlinable
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  /// The address `distance` bytes on, or nil where the address space ends before that.
  @inlinable
  public func advanced(by distance: UInt64) -> Self? {
    let (sum, overflow) = rawValue.addingReportingOverflow(distance)
    return overflow ? nil : Self(sum)
  }

  /// The address `distance` bytes on, wrapped to 64 bits as the CPU's own adder does.
  @inlinable
  public func wrapping(by distance: UInt64) -> Self { Self(rawValue &+ distance) }

  /// The address rounded down to a multiple of `alignment`, which is a power of two.
  @inlinable
  public func alignedDown(to alignment: UInt64) -> Self { Self(rawValue & ~(alignment &- 1)) }

  /// The offset inside an aligned block of `alignment` bytes, which is a power of two.
  @inlinable
  public func offset(in alignment: UInt64) -> UInt64 { rawValue & (alignment &- 1) }

  /// The address in hexadecimal behind `0x`.
  public var description: String { "0x" + String(rawValue, radix: 16) }
}

/// An address on the guest's physical bus.
public struct GuestPhysical: GuestAddress {
  /// The number on the guest's physical bus.
  public let rawValue: UInt64
  /// The address of this number.
  @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// An address as the guest's instructions use it, before translation.
///
/// On x86-64 this is the linear address: segment bases are added already.
public struct GuestVirtual: GuestAddress {
  /// The number as the guest's instructions use it.
  public let rawValue: UInt64
  /// The address of this number.
  @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }

  /// Whether it lies in the half of the address space that kernels on arm64 and x86-64 keep for themselves.
  @inlinable public var isInUpperHalf: Bool { rawValue >> 63 == 1 }
}
