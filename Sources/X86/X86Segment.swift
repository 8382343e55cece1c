public import Architecture
import Bits

/// The access rights of a segment register's hidden part, laid out as VMX does (SDM volume 3, table 25-2).
///
/// That is the second word of a descriptor from bit 8 on, without the limit's high bits, and with bit 16 for a segment
/// register that holds nothing usable.
public struct X86SegmentAttributes: NamedBits {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// S: a code or data segment; clear for a system segment.
  public static let codeOrData = X86SegmentAttributes(bit: 4)
  /// P.
  public static let present = X86SegmentAttributes(bit: 7)
  /// L: 64-bit code.
  public static let long = X86SegmentAttributes(bit: 13)
  /// D/B: 32-bit operands, addresses and stack pointer.
  public static let big = X86SegmentAttributes(bit: 14)
  /// G: the limit in the descriptor counts pages of 4 KiB.
  public static let granularity = X86SegmentAttributes(bit: 15)
  /// The segment register was loaded with a null selector.
  public static let unusable = X86SegmentAttributes(bit: 16)

  /// Puts attributes together.
  ///
  /// - Parameters:
  ///   - type: the four type bits (SDM volume 3, table 3-1 for code and data, 3-2 for system segments).
  ///   - privilegeLevel: the descriptor's privilege level, 0 to 3.
  ///   - options: the rest.
  public init(type: UInt8, privilegeLevel: UInt8 = 0, _ options: X86SegmentAttributes) {
    var value = options.rawValue
    value[bits: 0...3] = UInt64(type)
    value[bits: 5...6] = UInt64(privilegeLevel)
    self.init(rawValue: value)
  }

  /// The four type bits.
  public var type: UInt8 { UInt8(truncatingIfNeeded: rawValue[bits: 0...3]) }
  /// DPL, 0 to 3.
  public var privilegeLevel: UInt8 { UInt8(truncatingIfNeeded: rawValue[bits: 5...6]) }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("TYPE", 0...3), RegisterField("S", 4), RegisterField("DPL", 5...6), RegisterField("P", 7),
      RegisterField("AVL", 12), RegisterField("L", 13), RegisterField("DB", 14), RegisterField("G", 15),
      RegisterField("U", 16),
    ]
  }
}
