import Devices
import Testing

/// A guest that does anything at all to the PrimeCells: none may trap, and one that is put back goes on as before.
@Suite struct PrimeCellFuzzTests {
  /// An offset that is mostly a register's.
  private func offset(_ random: inout Random) -> UInt64 {
    random.next() % 8 == 0 ? random.next() : random.next() % 32 * 4
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func serialPort(seed: UInt64) {
    FuzzTests().driveTwice(PL011.setUpByFirmware(clock: .max), seed: seed) { uart, random in
      let (offset, value) = (offset(&random), UInt32(truncatingIfNeeded: random.next()))
      switch random.next() % 8 {
      case 0: return uart.receive(random.byte()) ? 1 : 0
      case 1: return uart.receiveBreak() ? UInt64(uart.freeReceiveSpace) : 0
      case 2: uart.noteIdleInput()
      case 3: uart.setModemLines(ModemLines(rawValue: random.byte()))
      case 4: return UInt64(uart.send() ?? 0)
      case 5, 6: return uart.write(value, at: offset) ? 1 : 0
      default: return UInt64(uart.read(at: offset) ?? 0)
      }
      return uart.interruptRequest ? 1 : 0
    }
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func clock(seed: UInt64) {
    var now: UInt64 = 1
    FuzzTests().driveTwice(PL031(now: now), seed: seed) { clock, random in
      now = random.next() % 64 == 0 ? random.next() : 1_709_214_330_000_000_000 &+ random.next() % 3_000_000_000_000
      let (offset, value) = (offset(&random), UInt32(truncatingIfNeeded: random.next()))
      switch random.next() % 8 {
      case 0: clock.advance(to: now)
      case 1: return clock.nextInterrupt(after: now) ?? 0
      case 2...4: return clock.write(value, at: offset, now: now) ? 1 : 0
      default: return UInt64(clock.read(at: offset, now: now) ?? 0)
      }
      return clock.interruptRequest ? 1 : 0
    }
  }
}
