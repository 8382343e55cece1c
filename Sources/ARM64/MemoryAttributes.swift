public import Architecture
import Bits

/// The type of memory that one of MAIR_EL1's eight bytes describes (Arm ARM, D19.2, `MAIR_EL1`).
public struct MemoryAttributes: RawRepresentable, Hashable, Sendable, BitwiseCopyable, CustomStringConvertible {
  /// The byte.
  public let rawValue: UInt8
  /// Takes the byte.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// What data accesses see where stage 1 does not translate.
  public static let deviceNGnRnE = MemoryAttributes(rawValue: 0)

  /// Whether it is Device memory: no caches, no speculation.
  public var isDevice: Bool { rawValue[bits: 4...7] == 0 }

  /// The type in words, such as `Device-nGnRE` or `Normal WB RA WA`.
  public var description: String {
    switch (rawValue[bits: 4...7], rawValue[bits: 0...3]) {
    case (0, let inner): Self.device(inner) ?? reserved
    case (0b0100, 0): "Normal NC, XS=0"
    case (0b1010, 0): "Normal WT RA, XS=0"
    case (0b1111, 0): "Normal WB RA WA, tagged"
    case (_, 0): reserved
    case (let outer, let inner) where outer == inner: "Normal \(Self.cacheability(inner))"
    case (let outer, let inner): "Normal inner \(Self.cacheability(inner)), outer \(Self.cacheability(outer))"
    }
  }

  private var reserved: String { "reserved \(hexadecimal(rawValue))" }

  private static func device(_ encoding: UInt8) -> String? {
    let types = ["nGnRnE", "nGnRE", "nGRE", "GRE"]
    switch encoding[bits: 0...1] {
    case 0: return "Device-\(types[Int(encoding >> 2)])"
    case 1: return "Device-\(types[Int(encoding >> 2)]), XS=0"
    default: return nil
    }
  }

  /// A half of a byte for Normal memory, which is not 0: policy and allocation hints.
  private static func cacheability(_ encoding: UInt8) -> String {
    if encoding == 0b0100 { return "NC" }
    let policy = encoding[bit: 2] ? "WB" : "WT"
    let hints = (encoding[bit: 1] ? " RA" : "") + (encoding[bit: 0] ? " WA" : "")
    return policy + hints + (encoding[bit: 3] ? "" : " transient")
  }
}

/// The memory attribute indirection register (Arm ARM, D19.2, `MAIR_EL1`).
public struct MAIR: ARM64RegisterFields {
  /// The register's bits.
  public var rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The attributes of an index, which is cut to 3 bits.
  public subscript(index: Int) -> MemoryAttributes {
    let position = (index & 7) * 8
    return MemoryAttributes(rawValue: UInt8(truncatingIfNeeded: rawValue[bits: position...position + 7]))
  }

  /// The named bits.
  public static var fields: [RegisterField] {
    (0..<8).map { RegisterField("Attr\($0)", $0 * 8...$0 * 8 + 7) }
  }
}

/// Who keeps a memory location coherent (Arm ARM, section D8.6).
public enum Shareability: UInt8, Sendable, CaseIterable, CustomStringConvertible {
  case non = 0
  case reserved = 1
  case outer = 2
  case inner = 3

  /// The two bits SH of a descriptor or of TCR_EL1.
  init(bits: UInt64) {
    switch bits & 3 {
    case 0: self = .non
    case 1: self = .reserved
    case 2: self = .outer
    default: self = .inner
    }
  }

  /// The domain in words, such as `inner-shareable`.
  public var description: String {
    switch self {
    case .non: "non-shareable"
    case .reserved: "reserved-shareability"
    case .outer: "outer-shareable"
    case .inner: "inner-shareable"
    }
  }
}
