extension FloatFormat {
  /// None: the format is left to the exact way.
  @inlinable public static func hostSum(_ a: Self, _ b: Self, mayBeInexact: Bool) -> Self? { nil }
  /// None: the format is left to the exact way.
  @inlinable public static func hostDifference(_ a: Self, _ b: Self, mayBeInexact: Bool) -> Self? { nil }
  /// None: the format is left to the exact way.
  @inlinable public static func hostProduct(_ a: Self, _ b: Self, mayBeInexact: Bool) -> Self? { nil }
  /// None: the format is left to the exact way.
  @inlinable public static func hostQuotient(_ a: Self, _ b: Self, mayBeInexact: Bool) -> Self? { nil }
  /// None: the format is left to the exact way.
  @inlinable public static func hostSquareRoot(_ a: Self, mayBeInexact: Bool) -> Self? { nil }
  /// None: the format is left to the exact way.
  @inlinable public static func hostSumOfProduct(_ addend: Self, _ a: Self, _ b: Self, mayBeInexact: Bool) -> Self? {
    nil
  }
  /// None: the format is left to the exact way.
  @inlinable public static func hostNumber(_ integer: Int, mayBeInexact: Bool) -> Self? { nil }
  /// None: the format is left to the exact way.
  @inlinable public static func hostInteger(_ a: Self, mayBeInexact: Bool) -> Int? { nil }
  /// None: the format is left to the exact way.
  @inlinable public static func hostRelation(_ a: Self, _ b: Self) -> FPRelation? { nil }
}

/// A format in which hosts compute as well: IEEE 754 arithmetic, rounding to nearest.
///
/// With FPCR at that too, a result's bits are Arm's unless it is a NaN. Its flags are at most IXC if it is finite, not an
/// infinity out of finite operands, and not tiny before rounding, which all larger magnitudes than the smallest normal
/// number's are certain not to be. The rest is left to the exact way.
public protocol HostFloatFormat: FloatFormat {
  /// The host's type.
  associatedtype Host: BinaryFloatingPoint
  /// The bits as a number.
  var host: Host { get }
  /// Takes a number's bits.
  init(host: Host)
  /// The number cut off to an integer; nil where it is not certain to fit.
  var hostInteger: Int? { get }
}

extension UInt32: HostFloatFormat {
  /// The bits as a number.
  @inlinable public var host: Float { Float(bitPattern: self) }
  /// Takes a number's bits.
  @inlinable public init(host: Float) { self = host.bitPattern }
  /// The number cut off to an integer; nil where it is not certain to fit.
  @inlinable public var hostInteger: Int? { host.magnitude < 0x1p62 ? Int(host) : nil }
}

extension UInt64: HostFloatFormat {
  /// The bits as a number.
  @inlinable public var host: Double { Double(bitPattern: self) }
  /// Takes a number's bits.
  @inlinable public init(host: Double) { self = host.bitPattern }
  /// The number cut off to an integer; nil where it is not certain to fit.
  @inlinable public var hostInteger: Int? { host.magnitude < 0x1p62 ? Int(host) : nil }
}

extension HostFloatFormat {
  /// `a + b` by the host's arithmetic; a sum's error is a number, and tiny sums have none.
  @inlinable @inline(__always) public static func hostSum(_ a: Self, _ b: Self, mayBeInexact: Bool) -> Self? {
    let (x, y) = (a.host, b.host)
    let sum = x + y
    let result = Self(host: sum)
    guard result.biasedExponent < maximumBiasedExponent else { return nil }
    if mayBeInexact { return result }
    let (partOfX, partOfY) = (sum - (sum - x), sum - x)
    return (x - partOfX) + (y - partOfY) == 0 ? result : nil
  }

  /// `a - b`, as `hostSum`.
  @inlinable @inline(__always) public static func hostDifference(_ a: Self, _ b: Self, mayBeInexact: Bool) -> Self? {
    hostSum(a, b ^ signMask, mayBeInexact: mayBeInexact)
  }

  /// `a * b`, as `hostSum`.
  @inlinable @inline(__always) public static func hostProduct(_ a: Self, _ b: Self, mayBeInexact: Bool) -> Self? {
    let product = a.host * b.host
    let result = Self(host: product)
    guard result.isCertainlyNormal else {
      return result.isZeroNumber && (a.isZeroNumber || b.isZeroNumber) ? result : nil
    }
    guard !mayBeInexact else { return result }
    return result.hasNormalError && (-product).addingProduct(a.host, b.host) == 0 ? result : nil
  }

  /// `a / b`, as `hostSum`.
  @inlinable @inline(__always) public static func hostQuotient(_ a: Self, _ b: Self, mayBeInexact: Bool) -> Self? {
    let quotient = a.host / b.host
    let result = Self(host: quotient)
    guard result.isCertainlyNormal else { return nil }
    guard !mayBeInexact else { return result }
    return a.hasNormalError && a.host.addingProduct(-quotient, b.host) == 0 ? result : nil
  }

  /// The square root, as `hostSum`.
  @inlinable @inline(__always) public static func hostSquareRoot(_ a: Self, mayBeInexact: Bool) -> Self? {
    let root = a.host.squareRoot()
    let result = Self(host: root)
    guard result.isCertainlyNormal else { return nil }
    guard !mayBeInexact else { return result }
    return a.hasNormalError && a.host.addingProduct(-root, root) == 0 ? result : nil
  }

  /// `addend + a * b` rounded once, as `hostSum`.
  @inlinable @inline(__always) public static func hostSumOfProduct(
    _ addend: Self, _ a: Self, _ b: Self, mayBeInexact: Bool
  ) -> Self? {
    guard mayBeInexact else { return nil }
    let result = Self(host: addend.host.addingProduct(a.host, b.host))
    return result.isCertainlyNormal ? result : nil
  }

  /// The number that an integer is, rounded to nearest, as `hostSum`.
  @inlinable @inline(__always) public static func hostNumber(_ integer: Int, mayBeInexact: Bool) -> Self? {
    guard mayBeInexact || integer.magnitude <= 1 << (fractionBits + 1) else { return nil }
    return Self(host: Host(integer))
  }

  /// The integer that a number is, cut off, as `hostSum`.
  @inlinable @inline(__always) public static func hostInteger(_ a: Self, mayBeInexact: Bool) -> Int? {
    guard let integer = a.hostInteger, mayBeInexact || Host(integer) == a.host else { return nil }
    return integer
  }

  /// How two numbers compare; nil where one is a NaN.
  @inlinable @inline(__always) public static func hostRelation(_ a: Self, _ b: Self) -> FPRelation? {
    let (x, y) = (a.host, b.host)
    return x == y ? .equal : x < y ? .less : x > y ? .greater : nil
  }

  /// Finite and larger than the smallest normal number.
  @inlinable var isCertainlyNormal: Bool {
    withoutSign > (1 << Self.fractionBits) && biasedExponent < Self.maximumBiasedExponent
  }

  /// So large that the error of an operation with this product, dividend or square is a number of the format.
  @inlinable var hasNormalError: Bool { biasedExponent > 2 * Self.fractionBits + 3 }
}
