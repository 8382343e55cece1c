internal import Bits

/// Arm's PrimeCell real-time clock, PL031 (DDI 0224C): a counter of seconds with a match register.
///
/// The clock runs with the time that is passed in to each access, in nanoseconds since the start of 1970, and shows its
/// seconds, in 32 bits, until the guest sets it. `nextInterrupt(after:)` tells the board when to call `advance(to:)`.
/// It runs from the start, as behind a battery; once it runs it cannot be stopped.
public struct PL031: Equatable, Sendable {
  /// The length of its range in bytes.
  public static let count: UInt64 = 0x1000

  private static let identification = PrimeCellIdentification(part: 0x031, revision: 1)

  /// The registers, by their place in bytes.
  private enum Register: UInt64 {
    case data = 0x00
    case match = 0x04
    case load = 0x08
    case control = 0x0C
    case interruptMask = 0x10
    case rawInterrupt = 0x14
    case maskedInterrupt = 0x18
    case interruptClear = 0x1C
  }

  /// Ahead of the time passed in by so many seconds, in the counter's 32 bits.
  private var ahead: UInt32 = 0
  private var match: UInt32 = 0
  /// What was last written to the load register.
  private var load: UInt32 = 0
  private var isUnmasked = false
  /// The counter has come to the match register's value.
  private var isRaised = false
  /// Seconds since 1970: a match up to then has been noticed.
  private var seen: UInt64

  /// Makes a clock that shows the time.
  ///
  /// - Parameter now: Nanoseconds since the start of 1970.
  public init(now: UInt64) { seen = now / nanosecondsPerSecond }

  /// Whether the interrupt, RTCINTR, is driven high.
  public var interruptRequest: Bool { isRaised && isUnmasked }

  // MARK: Registers

  /// Reads a register.
  ///
  /// - Parameters:
  ///   - offset: In bytes, a multiple of 4.
  ///   - now: Nanoseconds since the start of 1970.
  /// - Returns: The register's value; nil where there is none.
  public mutating func read(at offset: UInt64, now: UInt64) -> UInt32? {
    advance(to: now)
    guard let register = Register(rawValue: offset) else { return Self.identification.value(at: offset) }
    return switch register {
    case .data: counter(at: seen)
    case .match: match
    case .load: load
    case .control: 1
    case .interruptMask: isUnmasked ? 1 : 0
    case .rawInterrupt: isRaised ? 1 : 0
    case .maskedInterrupt: interruptRequest ? 1 : 0
    case .interruptClear: 0
    }
  }

  /// Writes a register.
  ///
  /// - Parameters:
  ///   - value: What is written.
  ///   - offset: In bytes, a multiple of 4.
  ///   - now: Nanoseconds since the start of 1970.
  /// - Returns: False where there is no register.
  public mutating func write(_ value: UInt32, at offset: UInt64, now: UInt64) -> Bool {
    advance(to: now)
    guard let register = Register(rawValue: offset) else { return Self.identification.value(at: offset) != nil }
    switch register {
    case .match:
      match = value
      noticeMatch()
    case .load:
      load = value
      ahead = value &- UInt32(truncatingIfNeeded: seen)
      noticeMatch()
    case .interruptMask: isUnmasked = value[bit: 0]
    case .interruptClear: if value[bit: 0] { isRaised = false }
    case .control, .data, .rawInterrupt, .maskedInterrupt: break  // A running clock cannot be stopped.
    }
    return true
  }

  // MARK: Time

  /// Lets time pass: notices whether the counter has come to the match since.
  ///
  /// - Parameter now: Nanoseconds since the start of 1970; a time that goes back raises nothing.
  public mutating func advance(to now: UInt64) {
    let second = now / nanosecondsPerSecond
    if second > seen, second - seen >= secondsToMatch(from: seen) { isRaised = true }
    seen = second
  }

  /// When the clock will next raise its interrupt, in nanoseconds since the start of 1970.
  ///
  /// - Parameter now: Nanoseconds since the start of 1970.
  /// - Returns: A time after `now`, or nil while the interrupt is masked.
  public func nextInterrupt(after now: UInt64) -> UInt64? {
    guard isUnmasked else { return nil }
    let second = now / nanosecondsPerSecond
    let (time, overflow) = (second + secondsToMatch(from: second))
      .multipliedReportingOverflow(by: nanosecondsPerSecond)
    return overflow ? nil : time
  }

  private func counter(at second: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: second) &+ ahead }

  /// From 1 to 2³² seconds: a match that is now comes again when the counter has run round.
  private func secondsToMatch(from second: UInt64) -> UInt64 { UInt64(match &- counter(at: second) &- 1) + 1 }

  /// Raises the interrupt of a match that was written.
  private mutating func noticeMatch() {
    if counter(at: seen) == match { isRaised = true }
  }
}

private let nanosecondsPerSecond: UInt64 = 1_000_000_000
