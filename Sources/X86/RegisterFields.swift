public import Architecture

/// A register whose fields are options; the options are those that logic asks for.
public protocol NamedBits: RegisterFields, OptionSet, Sendable where Element == Self {}

extension NamedBits {
  /// Makes the option of one bit.
  public init(bit: Int) { self.init(rawValue: 1 << UInt64(truncatingIfNeeded: bit)) }
}
