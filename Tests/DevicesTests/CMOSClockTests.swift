import Devices
import Testing

private let second: UInt64 = 1_000_000_000

@Suite struct CMOSClockTests {
  /// 29 February 2024, 13:45:30 UTC, a Thursday.
  let leapDay: UInt64 = 1_709_214_330 * second

  private func clock(at now: UInt64) -> CMOSClock { CMOSClock(memoryBelow4GiB: 512 << 20, now: now) }

  private func read(_ clock: inout CMOSClock, _ index: UInt8, at now: UInt64) -> UInt8 {
    clock.write(index, at: 0, now: now)
    return clock.read(at: 1, now: now)
  }

  private func write(_ clock: inout CMOSClock, _ index: UInt8, _ value: UInt8, at now: UInt64) {
    clock.write(index, at: 0, now: now)
    clock.write(value, at: 1, now: now)
  }

  /// Register C without the periodic flag, which comes by itself all the time.
  private func flags(_ clock: inout CMOSClock, at now: UInt64) -> UInt8 { read(&clock, 0x0C, at: now) & 0xBF }

  private func time(_ clock: inout CMOSClock, at now: UInt64) -> [UInt8] {
    [0x32, 0x09, 0x08, 0x07, 0x06, 0x04, 0x02, 0x00].map { read(&clock, $0, at: now) }
  }

  @Test func readsTimeInBCD() {
    var clock = clock(at: leapDay)
    expect(time(&clock, at: leapDay), is: [0x20, 0x24, 0x02, 0x29, 0x05, 0x13, 0x45, 0x30])
    expect(time(&clock, at: leapDay + 86_400 * second), is: [0x20, 0x24, 0x03, 0x01, 0x06, 0x13, 0x45, 0x30])
  }

  @Test func readsTimeInBinaryAndTwelveHours() {
    var clock = clock(at: leapDay)
    write(&clock, 0x0B, 0x04, at: leapDay)
    expect(time(&clock, at: leapDay), is: [20, 24, 2, 29, 5, 0x81, 45, 30])
    expect(read(&clock, 0x04, at: leapDay - 2 * 3600 * second), is: 11)
    expect(read(&clock, 0x04, at: leapDay - 3600 * second), is: 0x8C)
    expect(read(&clock, 0x04, at: leapDay + 11 * 3600 * second), is: 12)
  }

  /// Dates checked against the calendar of `date -u`.
  static let dates: [(UInt64, [UInt8])] = [
    (0, [0x19, 0x70, 0x01, 0x01, 0x05, 0x00, 0x00, 0x00]),
    (951_782_400, [0x20, 0x00, 0x02, 0x29, 0x03, 0x00, 0x00, 0x00]),
    (1_234_567_890, [0x20, 0x09, 0x02, 0x13, 0x06, 0x23, 0x31, 0x30]),
    (4_107_542_399, [0x21, 0x00, 0x02, 0x28, 0x01, 0x23, 0x59, 0x59]),
    (4_107_542_400, [0x21, 0x00, 0x03, 0x01, 0x02, 0x00, 0x00, 0x00]),
  ]

  @Test(arguments: dates)
  func calendar(seconds: UInt64, registers: [UInt8]) {
    var clock = clock(at: seconds * second)
    expect(time(&clock, at: seconds * second), is: registers)
  }

  @Test func setsTimeWhileHeld() {
    var clock = clock(at: leapDay)
    write(&clock, 0x0B, 0x82, at: leapDay)
    // A day that the month does not have until the month is written too.
    for (index, value) in [(UInt8(0x07), UInt8(0x31)), (0x08, 0x12), (0x09, 0x99), (0x32, 0x19), (0x04, 0x23)] {
      write(&clock, index, value, at: leapDay)
    }
    write(&clock, 0x02, 0x59, at: leapDay)
    write(&clock, 0x00, 0x58, at: leapDay + 5 * second)
    let release = leapDay + 9 * second
    expect(time(&clock, at: release), is: [0x19, 0x99, 0x12, 0x31, 0x06, 0x23, 0x59, 0x58])
    write(&clock, 0x0B, 0x02, at: release)
    expect(time(&clock, at: release + 2 * second), is: [0x20, 0x00, 0x01, 0x01, 0x07, 0x00, 0x00, 0x00])
  }

  @Test func setsTimeWhileRunning() {
    var clock = clock(at: leapDay)
    write(&clock, 0x02, 0x00, at: leapDay)
    expect(time(&clock, at: leapDay + second), is: [0x20, 0x24, 0x02, 0x29, 0x05, 0x13, 0x00, 0x31])
  }

  @Test func dividerResetHoldsTheClock() {
    var clock = clock(at: leapDay)
    write(&clock, 0x0A, 0x76, at: leapDay)
    expect(read(&clock, 0x00, at: leapDay + 9 * second), is: 0x30)
    write(&clock, 0x0A, 0x26, at: leapDay + 9 * second)
    expect(read(&clock, 0x00, at: leapDay + 10 * second), is: 0x31)
  }

  @Test func updateInProgressBeforeEachSecond() {
    var clock = clock(at: leapDay)
    expect(read(&clock, 0x0A, at: leapDay), is: 0x26)
    expect(read(&clock, 0x0A, at: leapDay + second - 100_000), is: 0xA6)
    expect(read(&clock, 0x0A, at: leapDay + second), is: 0x26)
  }

  @Test func updateFlagIsClearedByReading() {
    var clock = clock(at: leapDay)
    expect(flags(&clock, at: leapDay + second), is: 0x10)
    expect(flags(&clock, at: leapDay + second), is: 0)
    #expect(!clock.interruptRequest)
    write(&clock, 0x0B, 0x12, at: leapDay + second)
    #expect(clock.nextInterrupt(after: leapDay + second) == leapDay + 2 * second)
    clock.advance(to: leapDay + 2 * second)
    #expect(clock.interruptRequest)
    expect(flags(&clock, at: leapDay + 2 * second), is: 0x90)
    #expect(!clock.interruptRequest)
  }

  @Test func alarm() {
    var clock = clock(at: leapDay)
    write(&clock, 0x01, 0x05, at: leapDay)
    write(&clock, 0x03, 0x46, at: leapDay)
    write(&clock, 0x05, 0xC0, at: leapDay)  // Any hour.
    #expect(clock.nextInterrupt(after: leapDay) == nil)
    write(&clock, 0x0B, 0x22, at: leapDay)
    #expect(clock.nextInterrupt(after: leapDay) == leapDay + 35 * second)
    clock.advance(to: leapDay + 34 * second)
    #expect(!clock.interruptRequest)
    clock.advance(to: leapDay + 35 * second)
    #expect(clock.interruptRequest)
    expect(flags(&clock, at: leapDay + 35 * second), is: 0xB0)
    #expect(clock.nextInterrupt(after: leapDay + 35 * second) == leapDay + 3635 * second)
  }

  @Test func alarmThatCannotCome() {
    var clock = clock(at: leapDay)
    write(&clock, 0x01, 0x75, at: leapDay)
    write(&clock, 0x0B, 0x22, at: leapDay)
    #expect(clock.nextInterrupt(after: leapDay) == nil)
    clock.advance(to: leapDay + 200_000 * second)
    #expect(!clock.interruptRequest)
  }

  @Test func periodicInterrupt() {
    let start = leapDay
    var clock = clock(at: start)
    write(&clock, 0x0B, 0x42, at: start)
    // Rate 6: 1024 Hz.
    #expect(clock.nextInterrupt(after: start).map { $0 > start && $0 - start <= 976_563 } == true)
    clock.advance(to: start + 976_563)
    #expect(clock.interruptRequest)
    expect(read(&clock, 0x0C, at: start + 976_563), is: 0xC0)
    write(&clock, 0x0A, 0x20, at: start + 976_563)
    #expect(clock.nextInterrupt(after: start + 976_563) == nil)
    expect(read(&clock, 0x0C, at: start + 50_000_000), is: 0)
  }

  @Test func memorySize() {
    var clock = CMOSClock(memoryBelow4GiB: 512 << 20, memoryAbove4GiB: 1 << 30, now: 0)
    expect([0x15, 0x16].map { read(&clock, $0, at: 0) }, is: [0x80, 0x02])  // 640 KiB
    expect([0x17, 0x18, 0x30, 0x31].map { read(&clock, $0, at: 0) }, is: [0xFF, 0xFF, 0xFF, 0xFF])
    expect([0x34, 0x35].map { read(&clock, $0, at: 0) }, is: [0x00, 0x1F])  // 496 MiB
    expect([0x5B, 0x5C, 0x5D].map { read(&clock, $0, at: 0) }, is: [0x00, 0x40, 0x00])
    var small = CMOSClock(memoryBelow4GiB: 8 << 20, now: 0)
    expect([0x30, 0x31, 0x34, 0x35].map { read(&small, $0, at: 0) }, is: [0x00, 0x1C, 0x00, 0x00])
  }

  @Test func memoryKeepsWhatIsWritten() {
    var clock = clock(at: 0)
    for index in UInt8(0x40)...0x5A { write(&clock, index, index &* 3, at: 0) }
    for index in UInt8(0x40)...0x5A { expect(read(&clock, index | 0x80, at: 0), is: index &* 3) }
    expect(clock.read(at: 0, now: 0), is: 0xFF)
    expect(read(&clock, 0x0D, at: 0), is: 0x80)
  }

  @Test func copyIsTheWholeState() {
    var clock = clock(at: leapDay)
    write(&clock, 0x0B, 0x82, at: leapDay)
    write(&clock, 0x09, 0x42, at: leapDay)
    var copy = clock
    #expect(copy == clock)
    write(&clock, 0x0B, 0x02, at: leapDay)
    #expect(copy != clock)
    write(&copy, 0x0B, 0x02, at: leapDay)
    #expect(copy == clock)
    expect(time(&copy, at: leapDay + 77 * second), is: time(&clock, at: leapDay + 77 * second))
  }
}
