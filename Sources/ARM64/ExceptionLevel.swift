/// An exception level, from the least privileged up (Arm ARM, section D1.1).
public enum ExceptionLevel: UInt8, Sendable, CaseIterable, Comparable, CustomStringConvertible {
  case el0, el1, el2, el3

  /// Whether `left` is less privileged than `right`.
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  /// The level as the manual writes it, such as `EL1`.
  public var description: String { "EL\(rawValue)" }
}
