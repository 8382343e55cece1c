import Devices
import Testing

@Suite struct ACPIPowerManagementTests {
  var block = ACPIPowerManagement(softOffSleepType: 5)

  private mutating func read(_ offset: UInt64, _ size: Int, now: UInt64 = 0) -> UInt32 {
    block.read(at: offset, size: size, now: now)
  }

  private mutating func write(_ value: UInt32, _ offset: UInt64, _ size: Int) -> MachineRequest? {
    block.write(value, at: offset, size: size, now: 0)
  }

  @Test mutating func softOff() {
    expect(write(5 << 10, 4, 2), is: nil)
    expect(read(4, 2), is: 5 << 10 | 1)
    expect(write(4 << 10 | 1 << 13, 4, 2), is: nil)
    expect(write(5 << 10 | 1 << 13, 4, 2), is: .powerOff)
    expect(write(0x34, 5, 1), is: .powerOff)
    expect(read(4, 2), is: 5 << 10 | 1)  // SLP_EN reads zero, SCI_EN one.
  }

  @Test mutating func statusIsClearedByOnes() {
    block.pressPowerButton()
    expect(read(0, 2), is: 1 << 8)
    #expect(!block.interruptRequest)
    _ = write(1 << 8, 2, 2)
    #expect(block.interruptRequest)
    _ = write(0, 0, 2)
    #expect(block.interruptRequest)
    _ = write(1 << 8, 0, 2)
    #expect(!block.interruptRequest)
    expect(read(0, 4), is: 1 << 24)
  }

  @Test mutating func reservedEnablesStayClear() {
    _ = write(0xFFFF, 2, 2)
    expect(read(2, 2), is: 0x0721)
  }

  /// Nanoseconds and what the 32-bit timer then shows.
  static let counts: [(UInt64, UInt32)] = [
    (0, 0), (1_000_000_000, 3_579_545), (86_400_000_000_000, UInt32(truncatingIfNeeded: 309_272_688_000 as UInt64)),
  ]

  @Test(arguments: counts)
  mutating func timerCounts(now: UInt64, count: UInt32) {
    expect(read(8, 4, now: now), is: count)
  }

  @Test mutating func timerStatusWhenTheTopBitChanges() {
    _ = write(1, 2, 2)
    block.advance(to: 599_000_000_000)
    #expect(!block.interruptRequest)
    block.advance(to: 600_000_000_000)  // 2^31 counts take 599.9 seconds.
    #expect(block.interruptRequest)
    _ = block.read(at: 8, size: 4, now: .max)
  }

  @Test(arguments: [0, 1, 299_000_000_000, 599_932_000_000, 600_000_000_000, 86_400_000_000_000] as [UInt64])
  mutating func timerInterruptsInTime(start: UInt64) throws {
    #expect(block.nextInterrupt(after: start) == nil)
    block.advance(to: start)
    _ = block.write(1, at: 0, size: 2, now: start)
    _ = block.write(1, at: 2, size: 2, now: start)
    let next = try #require(block.nextInterrupt(after: start))
    #expect(next > start && next - start < 599_940_000_000)
    block.advance(to: next - 1_000)
    #expect(!block.interruptRequest)
    block.advance(to: next)
    #expect(block.interruptRequest)
    #expect(block.nextInterrupt(after: next) == nil)
  }

  @Test mutating func bytesAndWordsAreParts() {
    let now: UInt64 = 123_456_789_012
    let count = read(8, 4, now: now)
    expect(read(8, 2, now: now), is: count & 0xFFFF)
    expect(read(11, 1, now: now), is: count >> 24)
    expect(read(10, 4, now: now), is: count >> 16)
    expect(read(.max, 4, now: now) & 0xFF, is: 0)
  }

  @Test mutating func copyIsTheWholeState() {
    block.pressPowerButton()
    var copy = block
    #expect(copy == block)
    _ = copy.write(1 << 8, at: 0, size: 2, now: 0)
    #expect(copy != block)
  }
}

@Suite struct ResetAndExitTests {
  @Test func resetControlActsOnTheRisingBit() {
    var control = ResetControl()
    expect(control.write(0x02), is: nil)
    expect(control.read(), is: 0x02)
    expect(control.write(0x06), is: .reset)
    expect(control.write(0x06), is: nil)
    expect(control.write(0x00), is: nil)
    expect(control.write(0xFF), is: .reset)
    expect(control.read(), is: 0x0E)
  }

  @Test(arguments: [(UInt32(0), UInt32(1)), (0x31, 0x63), (0x7F, 0xFF), (.max, .max)])
  func debugExitStatus(value: UInt32, status: UInt32) {
    #expect(DebugExit().write(value) == .exit(status: status))
  }
}
