internal import Bits

/// The fixed hardware of ACPI: PM1a event block, PM1a control block and PM timer (ACPI specification, section 4.8.3).
///
/// They stand in one range of 12 bytes: status at 0, enable at 2, control at 4, timer at 8. The machine is always in
/// ACPI mode: there is no SMI command port, so SCI_EN reads one.
public struct ACPIPowerManagement: Equatable, Sendable {
  /// The length of the range in bytes.
  public static let count: UInt64 = 12
  /// The PM timer's rate, counts a second.
  public static let timerFrequency: UInt64 = 3_579_545
  /// The PM timer's top bit: it counts with 32, as the TMR_VAL_EXT flag of the FADT tells the guest.
  private static let topBit = 31

  /// Bits of PM1 status and, at the same places, of PM1 enable.
  private struct Events: OptionSet, Sendable {
    let rawValue: UInt16
    static let timer = Events(rawValue: 1 << 0)
    static let globalLock = Events(rawValue: 1 << 5)
    static let powerButton = Events(rawValue: 1 << 8)
    static let sleepButton = Events(rawValue: 1 << 9)
    static let clockAlarm = Events(rawValue: 1 << 10)
    static let all: Events = [.timer, .globalLock, .powerButton, .sleepButton, .clockAlarm]
  }

  private let softOffSleepType: UInt8
  private var status: Events = []
  private var enable: Events = []
  private var sleepType: UInt8 = 0
  /// The timer's top bit when time was last passed in: TMR_STS is set when it changes.
  private var timerTopBit = false

  /// Makes the block as it is after power-on.
  ///
  /// - Parameter softOffSleepType: The SLP_TYP that switches the machine off; the \_S5 package of the DSDT names it.
  public init(softOffSleepType: UInt8) {
    self.softOffSleepType = softOffSleepType
  }

  /// Whether the system control interrupt is requested; it is level-triggered.
  public var interruptRequest: Bool { !status.isDisjoint(with: enable) }

  /// Sets PWRBTN_STS: the guest is asked to shut down.
  public mutating func pressPowerButton() { status.insert(.powerButton) }

  /// Reads 1 to 4 bytes.
  ///
  /// - Parameters:
  ///   - offset: The distance from the start of the range in bytes.
  ///   - size: How many bytes are read.
  ///   - now: Nanoseconds since the machine was switched on.
  /// - Returns: The bytes in little-endian order; what lies outside the registers reads zero.
  public mutating func read(at offset: UInt64, size: Int, now: UInt64) -> UInt32 {
    advance(to: now)
    var value: UInt32 = 0
    for lane in 0..<max(0, min(size, 4)) {
      value[bits: lane * 8...lane * 8 + 7] = UInt32(byte(at: offset &+ UInt64(lane), now: now))
    }
    return value
  }

  /// Writes 1 to 4 bytes.
  ///
  /// - Parameters:
  ///   - value: The bytes in little-endian order.
  ///   - offset: The distance from the start of the range in bytes.
  ///   - size: How many bytes are written.
  ///   - now: Nanoseconds since the machine was switched on.
  /// - Returns: `.powerOff` where SLP_EN is written with the sleep type of soft-off.
  public mutating func write(_ value: UInt32, at offset: UInt64, size: Int, now: UInt64) -> MachineRequest? {
    advance(to: now)
    var request: MachineRequest?
    for lane in 0..<max(0, min(size, 4)) {
      let byte = UInt8(truncatingIfNeeded: value[bits: lane * 8...lane * 8 + 7])
      request = write(byte, at: offset &+ UInt64(lane)) ?? request
    }
    return request
  }

  /// Lets time pass: sets TMR_STS when the timer's top bit has changed.
  ///
  /// - Parameter now: Nanoseconds since the machine was switched on.
  public mutating func advance(to now: UInt64) {
    let topBit = timer(at: now)[bit: Self.topBit]
    if topBit != timerTopBit { status.insert(.timer) }
    timerTopBit = topBit
  }

  /// When the timer will request the system control interrupt.
  ///
  /// - Parameter now: Nanoseconds since the machine was switched on.
  /// - Returns: The same clock's time, or nil where the guest wants no such interrupt or has one already.
  public func nextInterrupt(after now: UInt64) -> UInt64? {
    guard enable.contains(.timer), !status.contains(.timer) else { return nil }
    let left = UInt64(1) << Self.topBit - UInt64(timer(at: now)[bits: 0...Self.topBit - 1])
    // At most 2^31 counts: the product fits. Rounded up, and on by one count, so that the bit has surely changed.
    return now &+ (left + 1) * 1_000_000_000 / Self.timerFrequency &+ 1
  }

  private func byte(at offset: UInt64, now: UInt64) -> UInt8 {
    switch offset {
    case 0...1: byte(offset, of: UInt32(status.rawValue))
    case 2...3: byte(offset - 2, of: UInt32(enable.rawValue))
    case 4: 1  // SCI_EN
    case 5: sleepType << 2
    case 8...11: byte(offset - 8, of: timer(at: now))
    default: 0
    }
  }

  private func byte(_ lane: UInt64, of value: UInt32) -> UInt8 {
    let low = Int(truncatingIfNeeded: lane & 3) * 8
    return UInt8(truncatingIfNeeded: value[bits: low...low + 7])
  }

  private mutating func write(_ byte: UInt8, at offset: UInt64) -> MachineRequest? {
    switch offset {
    case 0: status.subtract(Events(rawValue: UInt16(byte)))
    case 1: status.subtract(Events(rawValue: UInt16(byte) << 8))
    case 2: replaceEnable(bits: 0...7, with: byte)
    case 3: replaceEnable(bits: 8...15, with: byte)
    case 5:
      sleepType = byte[bits: 2...4]
      let sleepEnable = byte[bit: 5]
      if sleepEnable, sleepType == softOffSleepType { return .powerOff }
    default: break
    }
    return nil
  }

  private mutating func replaceEnable(bits: ClosedRange<Int>, with byte: UInt8) {
    var value = enable.rawValue
    value[bits: bits] = UInt16(byte)
    enable = Events(rawValue: value).intersection(.all)
  }

  private func timer(at now: UInt64) -> UInt32 {
    // The high half is below the frequency, and so below the divisor: the quotient always fits.
    let product = now.multipliedFullWidth(by: Self.timerFrequency)
    let (count, _) = UInt64(1_000_000_000).dividingFullWidth(product)
    return UInt32(truncatingIfNeeded: count)
  }
}
