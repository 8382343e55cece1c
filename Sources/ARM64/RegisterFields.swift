public import Architecture

/// A register of the AArch64 system (Arm ARM, which is DDI 0487J.a here and below, chapters C5 and D19).
///
/// Its properties are those that logic asks for.
public protocol ARM64RegisterFields: RegisterFields, Hashable, Sendable {
  /// Takes the register's bits.
  init(rawValue: UInt64)
}

/// A number in hexadecimal behind `0x`.
func hexadecimal(_ value: some FixedWidthInteger) -> String { "0x" + String(value, radix: 16) }
