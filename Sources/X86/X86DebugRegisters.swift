public import Bits

/// DR0 to DR3 and DR7: what the debug hardware looks for (SDM volume 3, section 18.2).
public struct X86DebugRegisters: Sendable, Equatable {
  /// How many breakpoints the hardware holds, of either sort.
  public static let count = 4

  /// When a breakpoint hits, by its encoding in DR7's R/W fields.
  public enum Condition: UInt8, Sendable, CaseIterable {
    case execute = 0
    case write = 1
    /// An I/O port is accessed; CR4.DE only.
    case portAccess = 2
    /// The hardware has no condition for reads alone.
    case readWrite = 3
  }

  /// A breakpoint that the hardware can hold.
  public struct Breakpoint: Sendable, Hashable {
    /// A linear address, a multiple of `length`.
    public let address: GuestVirtual
    /// 1, 2, 4 or 8 bytes; 1 for an instruction.
    public let length: Int
    /// When it hits.
    public let condition: Condition

    /// Makes a breakpoint; nil where the hardware cannot hold it.
    ///
    /// - Parameters:
    ///   - address: a linear address.
    ///   - length: in bytes.
    ///   - condition: when it hits.
    public init?(_ address: GuestVirtual, length: Int, condition: Condition) {
      guard [1, 2, 4, 8].contains(length), address.offset(in: UInt64(length)) == 0,
        condition != .execute || length == 1
      else { return nil }
      self.address = address
      self.length = length
      self.condition = condition
    }
  }

  /// DR0 to DR3.
  public private(set) var addresses: [UInt64] = [0, 0, 0, 0]
  /// DR7.
  public private(set) var control: DR7 = .fixed

  /// Encodes breakpoints, the first in DR0; nil for more than four.
  public init?(_ breakpoints: [Breakpoint]) {
    guard breakpoints.count <= Self.count else { return nil }
    var control = DR7.fixed
    if !breakpoints.isEmpty { control.insert(.globalExact) }
    for (number, breakpoint) in breakpoints.enumerated() {
      addresses[number] = breakpoint.address.rawValue
      control.set(breakpoint, number: number)
    }
    self.control = control
  }

  /// Takes the registers as they were read.
  ///
  /// - Parameters:
  ///   - addresses: DR0 to DR3; missing ones read 0.
  ///   - control: DR7.
  public init(addresses: [UInt64], control: UInt64) {
    self.addresses = (0..<Self.count).map { $0 < addresses.count ? addresses[$0] : 0 }
    self.control = DR7(rawValue: control)
  }

  /// What each of DR0 to DR3 looks for; nil for one that is not enabled, or whose fields make no sense.
  public var breakpoints: [Breakpoint?] {
    addresses.enumerated().map { number, address in
      control.isEnabled(number) ? control.breakpoint(number, at: GuestVirtual(address)) : nil
    }
  }

  /// Splits a range of data into as few aligned pieces of 1, 2, 4 or 8 bytes as cover exactly it.
  ///
  /// - Parameters:
  ///   - address: the first byte.
  ///   - count: how many bytes, any number.
  ///   - limit: how many pieces there may be.
  /// - Returns: the pieces in ascending order; nil where the range is empty, wraps, or takes more pieces than that.
  public static func pieces(
    at address: GuestVirtual, count: UInt64, limit: Int = X86DebugRegisters.count
  ) -> [(address: GuestVirtual, length: Int)]? {
    // The last byte may be the address space's last, so that the end need not be an address.
    guard count > 0, address.advanced(by: count - 1) != nil else { return nil }
    var pieces: [(address: GuestVirtual, length: Int)] = []
    var next = address
    var left = count
    while left > 0 {
      guard pieces.count < limit else { return nil }
      var length: UInt64 = 8
      while length > left || next.offset(in: length) != 0 { length /= 2 }
      pieces.append((address: next, length: Int(length)))
      next = next.wrapping(by: length)
      left -= length
    }
    return pieces
  }
}

extension DR7 {
  /// Whether breakpoint `number` is enabled, for this task (L) or all (G).
  func isEnabled(_ number: Int) -> Bool { rawValue[bits: number * 2...number * 2 + 1] != 0 }

  /// Enables breakpoint `number`, for all tasks.
  mutating func set(_ breakpoint: X86DebugRegisters.Breakpoint, number: Int) {
    var value = rawValue
    value[bit: number * 2 + 1] = true
    value[bits: Self.conditionBits(number)] = UInt64(breakpoint.condition.rawValue)
    value[bits: Self.lengthBits(number)] = Self.lengths.firstIndex(of: breakpoint.length).map { UInt64($0) } ?? 0
    self = DR7(rawValue: value)
  }

  /// What breakpoint `number` looks for at an address that DR0 to DR3 hold; nil where its fields make no sense.
  func breakpoint(_ number: Int, at address: GuestVirtual) -> X86DebugRegisters.Breakpoint? {
    let condition = X86DebugRegisters.Condition(
      rawValue: UInt8(truncatingIfNeeded: rawValue[bits: Self.conditionBits(number)]))
    let length = Self.lengths[Int(truncatingIfNeeded: rawValue[bits: Self.lengthBits(number)])]
    guard let condition else { return nil }
    // The hardware masks the address by the length.
    return X86DebugRegisters.Breakpoint(
      address.alignedDown(to: UInt64(length)), length: length, condition: condition)
  }

  /// The lengths in the order of their encodings.
  private static let lengths = [1, 2, 8, 4]
  private static func conditionBits(_ number: Int) -> ClosedRange<Int> { 16 + number * 4...17 + number * 4 }
  private static func lengthBits(_ number: Int) -> ClosedRange<Int> { 18 + number * 4...19 + number * 4 }
}

extension DR6 {
  /// The numbers of the breakpoints whose conditions were met, whether or not DR7 enables them.
  public var hits: [Int] { (0..<X86DebugRegisters.count).filter { rawValue[bit: $0] } }
}
