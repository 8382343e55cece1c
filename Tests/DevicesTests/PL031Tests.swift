import Devices
import Testing

private let second: UInt64 = 1_000_000_000

/// Register offsets as DDI 0224C names them, without the RTC in front.
private enum Reg {
  static let dr: UInt64 = 0x00, mr: UInt64 = 0x04, lr: UInt64 = 0x08, cr: UInt64 = 0x0C
  static let imsc: UInt64 = 0x10, ris: UInt64 = 0x14, mis: UInt64 = 0x18, icr: UInt64 = 0x1C
}

@Suite struct PL031Tests {
  /// 29 February 2024, 13:45:30 UTC.
  private let start: UInt64 = 1_709_214_330

  private func clock() -> PL031 { PL031(now: start * second) }

  @Test func showsTheTime() {
    var clock = clock()
    expect(clock.read(at: Reg.dr, now: start * second), is: UInt32(start))
    expect(clock.read(at: Reg.dr, now: (start + 1) * second - 1), is: UInt32(start))
    expect(clock.read(at: Reg.dr, now: (start + 1) * second), is: UInt32(start + 1))
    expect(clock.read(at: Reg.cr, now: start * second), is: 1)
    expect(clock.read(at: Reg.lr, now: start * second), is: 0)
  }

  @Test func wrapsIn32Bits() {
    var clock = clock()
    expect(clock.read(at: Reg.dr, now: (1 << 32) * second), is: 0)
    expect(clock.read(at: Reg.dr, now: .max), is: UInt32(truncatingIfNeeded: UInt64.max / second))
  }

  @Test func identification() {
    var clock = clock()
    let bytes = (0..<8).map { clock.read(at: 0xFE0 + 4 * $0, now: 0) }
    #expect(bytes == [0x31, 0x10, 0x14, 0x00, 0x0D, 0xF0, 0x05, 0xB1])
  }

  @Test func isSet() {
    var clock = clock()
    expect(clock.write(1000, at: Reg.lr, now: start * second), is: true)
    expect(clock.read(at: Reg.lr, now: start * second), is: 1000)
    expect(clock.read(at: Reg.dr, now: (start + 7) * second), is: 1007)
  }

  @Test func cannotBeStopped() {
    var clock = clock()
    expect(clock.write(0, at: Reg.cr, now: start * second), is: true)
    expect(clock.read(at: Reg.cr, now: start * second), is: 1)
    expect(clock.read(at: Reg.dr, now: (start + 1) * second), is: UInt32(start + 1))
  }

  @Test func matchRaisesTheInterrupt() {
    var clock = clock()
    expect(clock.write(UInt32(start + 5), at: Reg.mr, now: start * second), is: true)
    expect(clock.read(at: Reg.mr, now: start * second), is: UInt32(start + 5))
    #expect(clock.nextInterrupt(after: start * second) == nil)
    expect(clock.write(.max, at: Reg.imsc, now: start * second), is: true)
    expect(clock.read(at: Reg.imsc, now: start * second), is: 1)
    #expect(clock.nextInterrupt(after: start * second + 3) == (start + 5) * second)
    clock.advance(to: (start + 5) * second - 1)
    #expect(!clock.interruptRequest)
    clock.advance(to: (start + 5) * second)
    #expect(clock.interruptRequest)
    expect(clock.read(at: Reg.mis, now: (start + 6) * second), is: 1)
    // Its cause gone by, it stays until it is cleared; then it comes when the counter has run round.
    expect(clock.write(0, at: Reg.icr, now: (start + 6) * second), is: true)
    #expect(clock.interruptRequest)
    expect(clock.write(1, at: Reg.icr, now: (start + 6) * second), is: true)
    expect(clock.read(at: Reg.ris, now: (start + 6) * second), is: 0)
    #expect(!clock.interruptRequest)
    #expect(clock.nextInterrupt(after: (start + 6) * second) == (start + 5 + 1 << 32) * second)
  }

  @Test func maskHidesTheInterrupt() {
    var clock = clock()
    expect(clock.write(UInt32(start + 1), at: Reg.mr, now: start * second), is: true)
    expect(clock.read(at: Reg.ris, now: (start + 9) * second), is: 1)
    expect(clock.read(at: Reg.mis, now: (start + 9) * second), is: 0)
    #expect(!clock.interruptRequest)
    expect(clock.write(1, at: Reg.imsc, now: (start + 9) * second), is: true)
    #expect(clock.interruptRequest)
  }

  @Test(arguments: [Reg.mr, Reg.lr])
  func matchThatIsWrittenComesAtOnce(register: UInt64) {
    var clock = clock()
    let value: UInt32 = register == Reg.mr ? UInt32(start) : 0
    expect(clock.write(value, at: register, now: start * second), is: true)
    expect(clock.read(at: Reg.ris, now: start * second), is: 1)
  }

  @Test func timeThatGoesBackRaisesNothing() {
    var clock = clock()
    expect(clock.write(UInt32(start - 5), at: Reg.mr, now: start * second), is: true)
    clock.advance(to: (start - 10) * second)
    expect(clock.read(at: Reg.ris, now: (start - 10) * second), is: 0)
    expect(clock.read(at: Reg.ris, now: (start - 5) * second), is: 1)
  }

  @Test(arguments: [0x20, 0xFDC, 0x1000, 0x02, .max] as [UInt64])
  func unknownRegisters(offset: UInt64) {
    var clock = clock()
    expect(clock.read(at: offset, now: start * second), is: nil)
    let before = clock
    expect(clock.write(.max, at: offset, now: start * second), is: false)
    #expect(clock == before)
  }

  @Test func copyIsTheWholeState() {
    var clock = clock()
    expect(clock.write(77, at: Reg.lr, now: start * second), is: true)
    expect(clock.write(80, at: Reg.mr, now: start * second), is: true)
    expect(clock.write(1, at: Reg.imsc, now: start * second), is: true)
    var copy = clock
    clock.advance(to: (start + 3) * second)
    #expect(copy != clock)
    #expect(!copy.interruptRequest)
    copy.advance(to: (start + 3) * second)
    #expect(copy == clock)
    #expect(copy.interruptRequest)
  }
}
