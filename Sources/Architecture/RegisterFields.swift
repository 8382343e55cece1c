import Bits

/// A register whose bits have names, by which GDB and `summary` show it.
public protocol RegisterFields: RawRepresentable where RawValue == UInt64 {
  /// The fields in ascending order of their bits; bits between them are reserved, or of no use to a debugger.
  static var fields: [RegisterField] { get }
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
      return value < 10 ? "\(field.name)=\(value)" : "\(field.name)=0x\(String(value, radix: 16))"
    }.joined(separator: " ")
  }

  /// The fields as a GDB flags type takes them.
  public static var gdbFields: [(name: String, bits: ClosedRange<Int>, type: String?)] {
    fields.map { (name: $0.name, bits: $0.bits, type: nil) }
  }
}
