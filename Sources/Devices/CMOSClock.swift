internal import Bits

/// A PC's clock and CMOS memory: an MC146818 behind I/O ports 0x70 (index) and 0x71 (data).
///
/// The clock runs with the time that is passed in to each access, in nanoseconds since the start of 1970, and shows it in
/// UTC until the guest sets it. `nextInterrupt(after:)` tells the board when to call `advance(to:)`; a board that never
/// does finds the flags set at the guest's next access. The day of the week follows from the date and cannot be set.
/// Daylight saving and the square-wave output are not driven.
public struct CMOSClock: Equatable, Sendable {
  /// The length of its range in bytes.
  public static let count: UInt64 = 2

  private enum Timekeeping: Equatable, Sendable {
    /// Ahead of the time passed in by so many seconds.
    case running(ahead: Int64)
    /// Held by SET or by the divider's reset; the fields are being written.
    case stopped(CalendarTime)
  }

  private var index: UInt8 = 0
  private var memory: [UInt8]
  private var timekeeping = Timekeeping.running(ahead: 0)
  private var registerA = RegisterA(rawValue: 0x26)
  private var registerB: RegisterB = [.twentyFourHours]
  private var flags: RegisterC = []
  /// Nanoseconds since 1970: events up to then are in `flags`.
  private var seen: UInt64

  /// Makes a clock and the memory in which firmware would have noted the size of RAM.
  ///
  /// - Parameters:
  ///   - memoryBelow4GiB: Bytes of RAM that start at address 0.
  ///   - memoryAbove4GiB: Bytes of RAM that start at 4 GiB.
  ///   - now: Nanoseconds since the start of 1970.
  public init(memoryBelow4GiB: UInt64, memoryAbove4GiB: UInt64 = 0, now: UInt64) {
    memory = [UInt8](repeating: 0, count: 128)
    seen = now
    let mebibyte: UInt64 = 1 << 20
    let conventional = min(memoryBelow4GiB, 640 << 10) / 1024
    let above1MiB = min(memoryBelow4GiB.subtractingOrZero(mebibyte) / 1024, 0xFFFF)
    let above16MiB = min(memoryBelow4GiB.subtractingOrZero(16 * mebibyte) / 65_536, 0xFFFF)
    let above4GiB = min(memoryAbove4GiB / 65_536, 0xFF_FFFF)
    memory[0x14] = 0b10  // Equipment: a floating-point unit.
    note(conventional, at: 0x15...0x16)
    note(above1MiB, at: 0x17...0x18)
    note(above1MiB, at: 0x30...0x31)
    note(above16MiB, at: 0x34...0x35)
    note(above4GiB, at: 0x5B...0x5D)
  }

  private mutating func note(_ value: UInt64, at places: ClosedRange<Int>) {
    for (position, place) in places.enumerated() {
      memory[place] = UInt8(truncatingIfNeeded: value[bits: position * 8...position * 8 + 7])
    }
  }

  // MARK: Ports

  /// Reads a port.
  ///
  /// - Parameters:
  ///   - offset: 0 for the index, which cannot be read; 1 for the data.
  ///   - now: Nanoseconds since the start of 1970.
  /// - Returns: What the port shows.
  public mutating func read(at offset: UInt64, now: UInt64) -> UInt8 {
    guard offset & 1 == 1 else { return 0xFF }
    advance(to: now)
    switch Register(rawValue: index) {
    case .a: return registerA.rawValue | (isUpdating(at: now) ? RegisterA.updateInProgress : 0)
    case .b: return registerB.rawValue
    case .c:
      defer { flags = [] }
      return registerC.rawValue
    case .d: return 0b1000_0000  // VRT: the battery is good.
    case .secondAlarm, .minuteAlarm, .hourAlarm, nil: return memory[Int(index)]
    case .some(let field): return readTime(field, at: now)
    }
  }

  /// Writes a port.
  ///
  /// - Parameters:
  ///   - value: What is written; bit 7 of the index, the NMI mask, has no effect.
  ///   - offset: 0 for the index, 1 for the data.
  ///   - now: Nanoseconds since the start of 1970.
  public mutating func write(_ value: UInt8, at offset: UInt64, now: UInt64) {
    guard offset & 1 == 1 else {
      index = value[bits: 0...6]
      return
    }
    advance(to: now)
    switch Register(rawValue: index) {
    case .a:
      registerA = RegisterA(rawValue: value & ~RegisterA.updateInProgress)
      holdOrRelease(at: now)
    case .b:
      registerB = RegisterB(rawValue: value)
      if registerB.contains(.set) { registerB.remove(.updateInterrupt) }
      holdOrRelease(at: now)
    case .c, .d: break
    case .secondAlarm, .minuteAlarm, .hourAlarm, nil: memory[Int(index)] = value
    case .some(let field): writeTime(value, to: field, at: now)
    }
  }

  // MARK: Time registers

  private func calendar(at now: UInt64) -> CalendarTime {
    switch timekeeping {
    case .running(let ahead): CalendarTime(secondsSinceEpoch: now.wholeSeconds + ahead)
    case .stopped(let fields): fields
    }
  }

  private func readTime(_ field: Register, at now: UInt64) -> UInt8 {
    let time = calendar(at: now)
    return switch field {
    case .second: encode(time.second)
    case .minute: encode(time.minute)
    case .hour: encodeHour(time.hour)
    case .weekday: encode(time.weekday)
    case .day: encode(time.day)
    case .month: encode(time.month)
    case .year: encode(time.year % 100)
    default: encode(time.year / 100)
    }
  }

  private mutating func writeTime(_ value: UInt8, to field: Register, at now: UInt64) {
    var time = calendar(at: now)
    switch field {
    case .second: time.second = decode(value)
    case .minute: time.minute = decode(value)
    case .hour: time.hour = decodeHour(value)
    case .weekday: break
    case .day: time.day = decode(value)
    case .month: time.month = decode(value)
    case .year: time.year = time.year / 100 * 100 + min(decode(value), 99)
    default: time.year = min(decode(value), 99) * 100 + time.year % 100
    }
    switch timekeeping {
    case .running: run(from: time, at: now)
    case .stopped: timekeeping = .stopped(time)
    }
  }

  /// Starts the clock at a time from 1970 to 9999; the nearest where the registers name another.
  private mutating func run(from time: CalendarTime, at now: UInt64) {
    let seconds = min(max(time.secondsSinceEpoch, 0), CalendarTime.lastSecond)
    timekeeping = .running(ahead: seconds - now.wholeSeconds)
  }

  /// Stops or starts the clock as registers A and B now say.
  private mutating func holdOrRelease(at now: UInt64) {
    let held = registerB.contains(.set) || registerA.holdsDivider
    switch timekeeping {
    case .running where held: timekeeping = .stopped(calendar(at: now))
    case .stopped(let fields) where !held: run(from: fields, at: now)
    default: break
    }
  }

  private func encode(_ value: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: registerB.contains(.binary) ? value : value / 10 * 16 + value % 10)
  }

  private func decode(_ value: UInt8) -> Int {
    Int(registerB.contains(.binary) ? value : value / 16 * 10 + value % 16)
  }

  private func encodeHour(_ hour: Int) -> UInt8 {
    guard !registerB.contains(.twentyFourHours) else { return encode(hour) }
    return encode((hour + 11) % 12 + 1) | (hour >= 12 ? Self.afternoon : 0)
  }

  private func decodeHour(_ value: UInt8) -> Int {
    guard !registerB.contains(.twentyFourHours) else { return decode(value) }
    return decode(value & ~Self.afternoon) % 12 + (value & Self.afternoon != 0 ? 12 : 0)
  }

  /// The bit of the hours that says PM in 12-hour mode.
  private static let afternoon: UInt8 = 0b1000_0000

  // MARK: Events

  /// Whether interrupt request 8 is driven high.
  public var interruptRequest: Bool { registerC.contains(.interruptRequest) }

  private var registerC: RegisterC {
    let enabled = registerB.rawValue & flags.rawValue & RegisterC.events.rawValue
    return enabled == 0 ? flags : flags.union(.interruptRequest)
  }

  /// Lets time pass: sets the flags of what has happened since.
  ///
  /// - Parameter now: Nanoseconds since the start of 1970; a time that goes back sets nothing.
  public mutating func advance(to now: UInt64) {
    defer { seen = now }
    guard now > seen else { return }
    if let period = registerA.period, now / period != seen / period { flags.insert(.periodic) }
    guard case .running(let ahead) = timekeeping, now.wholeSeconds != seen.wholeSeconds else { return }
    flags.insert(.updateEnded)
    if !flags.contains(.alarm), let alarm = firstAlarm(from: seen.wholeSeconds + ahead + 1),
      alarm <= now.wholeSeconds + ahead
    {
      flags.insert(.alarm)
    }
  }

  /// When the clock will next raise its interrupt, in nanoseconds since the start of 1970.
  ///
  /// - Parameter now: Nanoseconds since the start of 1970.
  /// - Returns: A time after `now`, or nil when no event is enabled that could come.
  public func nextInterrupt(after now: UInt64) -> UInt64? {
    var next: UInt64?
    func consider(_ time: UInt64) { next = min(next ?? time, time) }
    if registerB.contains(.periodicInterrupt), let period = registerA.period {
      consider((now / period + 1).multipliedReportingOverflow(by: period).partialValue)
    }
    if case .running(let ahead) = timekeeping {
      if registerB.contains(.updateInterrupt) { consider((now.wholeSeconds + 1).inNanoseconds) }
      if registerB.contains(.alarmInterrupt), let alarm = firstAlarm(from: now.wholeSeconds + ahead + 1) {
        consider((alarm - ahead).inNanoseconds)
      }
    }
    return next
  }

  /// The first second from `start` on, in the clock's own time, at which the alarm registers match.
  ///
  /// An alarm has no date, so that is within a day; nil where the registers hold a time that does not exist.
  private func firstAlarm(from start: Int64) -> Int64? {
    let second = alarmField(.secondAlarm, decode)
    let minute = alarmField(.minuteAlarm, decode)
    let hour = alarmField(.hourAlarm, decodeHour)
    guard second ?? 0 < 60, minute ?? 0 < 60, hour ?? 0 < 24 else { return nil }
    var candidate = start
    while true {
      let time = CalendarTime(secondsSinceEpoch: candidate)
      if hour ?? time.hour != time.hour {
        candidate += Int64(3600 - time.minute * 60 - time.second)
      } else if minute ?? time.minute != time.minute {
        candidate += Int64(60 - time.second)
      } else if second ?? time.second != time.second {
        candidate += 1
      } else {
        return candidate
      }
    }
  }

  /// What an alarm register asks for; nil where its two top bits say that anything matches.
  private func alarmField(_ register: Register, _ decode: (UInt8) -> Int) -> Int? {
    let value = memory[Int(register.rawValue)]
    return value[bits: 6...7] == 0b11 ? nil : decode(value)
  }

  /// Whether the last 244 microseconds before the next second run, in which the time may not be read.
  private func isUpdating(at now: UInt64) -> Bool {
    guard case .running = timekeeping else { return false }
    return now % nanosecondsPerSecond >= nanosecondsPerSecond - 244_000
  }
}

private let nanosecondsPerSecond: UInt64 = 1_000_000_000

extension UInt64 {
  fileprivate var wholeSeconds: Int64 { Int64(self / nanosecondsPerSecond) }

  fileprivate func subtractingOrZero(_ other: UInt64) -> UInt64 { self > other ? self - other : 0 }
}

extension Int64 {
  /// Seconds since 1970 in nanoseconds; times before 1970 count as its start.
  fileprivate var inNanoseconds: UInt64 { UInt64(Swift.max(self, 0)) &* nanosecondsPerSecond }
}
