internal import Bits

extension CMOSClock {
  /// The registers with a meaning to the clock, by index; every other index is memory.
  enum Register: UInt8 {
    case second = 0x00
    case secondAlarm = 0x01
    case minute = 0x02
    case minuteAlarm = 0x03
    case hour = 0x04
    case hourAlarm = 0x05
    case weekday = 0x06
    case day = 0x07
    case month = 0x08
    case year = 0x09
    case a = 0x0A
    case b = 0x0B
    case c = 0x0C
    case d = 0x0D
    /// Not of the MC146818: PCs keep the century here (the CENTURY field of ACPI's FADT names it).
    case century = 0x32
  }

  /// Register A: the divider.
  struct RegisterA: Equatable, Sendable {
    static let updateInProgress: UInt8 = 0b1000_0000
    let rawValue: UInt8

    /// DV = 11x: the divider is held in reset.
    var holdsDivider: Bool { rawValue[bits: 5...6] == 0b11 }

    /// The time between two periodic interrupts in nanoseconds (MC146818 data sheet, table 5, 32.768 kHz).
    var period: UInt64? {
      let rate = UInt64(rawValue[bits: 0...3])
      guard rate != 0, !holdsDivider else { return nil }
      // The two fastest settings repeat those of rates 8 and 9.
      let ticks: UInt64 = 1 << (rate < 3 ? rate + 6 : rate - 1)
      return ticks * 1_000_000_000 / 32_768
    }
  }

  /// Register B: control.
  struct RegisterB: OptionSet, Sendable {
    let rawValue: UInt8
    static let twentyFourHours = RegisterB(rawValue: 1 << 1)
    static let binary = RegisterB(rawValue: 1 << 2)
    static let updateInterrupt = RegisterB(rawValue: 1 << 4)
    static let alarmInterrupt = RegisterB(rawValue: 1 << 5)
    static let periodicInterrupt = RegisterB(rawValue: 1 << 6)
    static let set = RegisterB(rawValue: 1 << 7)
  }

  /// Register C: flags, at the places of register B's enables.
  struct RegisterC: OptionSet, Sendable {
    let rawValue: UInt8
    static let updateEnded = RegisterC(rawValue: 1 << 4)
    static let alarm = RegisterC(rawValue: 1 << 5)
    static let periodic = RegisterC(rawValue: 1 << 6)
    static let interruptRequest = RegisterC(rawValue: 1 << 7)
    static let events: RegisterC = [.updateEnded, .alarm, .periodic]
  }
}
