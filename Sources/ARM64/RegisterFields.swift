import Bits

/// A register whose fields have names (Arm ARM, which is DDI 0487J.a here and below, chapters C5 and D19).
///
/// The names drive both what GDB prints of the register and `summary`; the properties are those that logic asks for.
public protocol RegisterFields: RawRepresentable, Hashable, Sendable where RawValue == UInt64 {
  /// The fields in ascending order of their bits; bits between them are reserved, or of no use to a debugger.
  static var fields: [RegisterField] { get }
  /// Takes the register's bits.
  init(rawValue: UInt64)
}

/// A named bit, or several that are one number.
public struct RegisterField: Sendable {
  /// The manual's mnemonic.
  public let name: String
  /// The bits, 63 at most.
  public let bits: ClosedRange<Int>

  /// Names the bits `bits`.
  public init(_ name: String, _ bits: ClosedRange<Int>) {
    self.name = name
    self.bits = bits
  }

  /// Names the bit `bit`.
  public init(_ name: String, _ bit: Int) { self.init(name, bit...bit) }
}

extension RegisterFields {
  /// The mnemonics of the bits that are set, numbers as `NAME=value` where they are not 0, with spaces between.
  public var summary: String {
    Self.fields.compactMap { field in
      let value = rawValue[bits: field.bits]
      guard value != 0 else { return nil }
      if field.bits.count == 1 { return field.name }
      return value < 10 ? "\(field.name)=\(value)" : "\(field.name)=\(hexadecimal(value))"
    }.joined(separator: " ")
  }

  /// The fields as a GDB flags type takes them.
  static var gdbFields: [(name: String, bits: ClosedRange<Int>, type: String?)] {
    fields.map { (name: $0.name, bits: $0.bits, type: nil) }
  }
}

/// A number in hexadecimal behind `0x`.
func hexadecimal(_ value: some FixedWidthInteger) -> String { "0x" + String(value, radix: 16) }
