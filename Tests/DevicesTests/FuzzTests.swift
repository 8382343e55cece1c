import Devices
import Testing

/// SplitMix64: the same numbers in every run.
struct Random: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: next()) }
}

/// A guest that does anything at all: no device may trap, and one that is put back must go on as the first time.
@Suite struct FuzzTests {
  /// Drives a device, takes a copy, goes on with both, and expects both to show the same.
  ///
  /// - Parameters:
  ///   - device: The device, as after power-on.
  ///   - seed: Where the random numbers start.
  ///   - step: Makes one random access and returns what it showed.
  func driveTwice<Device: Equatable>(
    _ device: Device, seed: UInt64, step: (inout Device, inout Random) -> UInt64
  ) {
    var device = device
    var random = Random(seed: seed)
    for _ in 0..<5_000 { _ = step(&device, &random) }
    var (copy, sameNumbers) = (device, random)
    let shown = (0..<5_000).map { _ in step(&device, &random) }
    let shownAgain = (0..<5_000).map { _ in step(&copy, &sameNumbers) }
    #expect(shown == shownAgain)
    #expect(device == copy)
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func serialPort(seed: UInt64) {
    driveTwice(UART16550(), seed: seed) { uart, random in
      let (offset, value) = (random.next(), random.byte())
      switch random.next() % 4 {
      case 0: return uart.receive(value) ? 1 : 0
      case 1: return UInt64(uart.write(value, at: offset) ?? 0)
      case 2: return uart.receiveBreak() ? UInt64(uart.freeReceiveSpace) : 0
      default: return UInt64(uart.read(at: offset)) + (uart.interruptRequest ? 256 : 0)
      }
    }
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func clock(seed: UInt64) {
    let clock = CMOSClock(memoryBelow4GiB: .max, memoryAbove4GiB: .max, now: 1)
    var now: UInt64 = 1
    driveTwice(clock, seed: seed) { clock, random in
      // Mostly the times near 2024, at times any time at all.
      now = random.next() % 64 == 0 ? random.next() : 1_709_214_330_000_000_000 &+ random.next() % 3_000_000_000_000
      let (value, offset) = (random.byte(), random.next())
      switch random.next() % 8 {
      case 0: clock.advance(to: now)
      case 1: return clock.nextInterrupt(after: now) ?? 0
      case 2...4: clock.write(value, at: offset, now: now)
      default: return UInt64(clock.read(at: offset, now: now))
      }
      return clock.interruptRequest ? 1 : 0
    }
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func keyboardController(seed: UInt64) {
    driveTwice(I8042(), seed: seed) { controller, random in
      let value = random.byte()
      switch random.next() % 6 {
      case 0: return controller.writeCommand(value) == .reset ? 1 : 0
      case 1: return controller.writeData(value) == .reset ? 1 : 0
      case 2: return controller.receive(value) ? 1 : 0
      case 3: return UInt64(controller.readStatus())
      case 4:
        controller.refill()
        return controller.interruptRequest ? 1 : 0
      default: return UInt64(controller.readData())
      }
    }
  }

  @Test func keyboardControllerIsNeverWedged() {
    var random = Random(seed: 9)
    var controller = I8042()
    for _ in 0..<200 {
      for _ in 0..<50 {
        _ = random.next() % 2 == 0 ? controller.writeCommand(random.byte()) : controller.writeData(random.byte())
      }
      _ = controller.writeCommand(0xAA)
      expect(controller.readStatus() & 1, is: 1)
      expect(controller.readData(), is: 0x55)
    }
  }

  @Test func powerManagement() {
    driveTwice(ACPIPowerManagement(softOffSleepType: 5), seed: 1) { block, random in
      let (value, now, size) = (UInt32(truncatingIfNeeded: random.next()), random.next(), Int(random.next() % 7) - 1)
      let offset = random.next() % 2 == 0 ? random.next() : random.next() % 16
      guard random.next() % 2 == 0 else { return UInt64(block.read(at: offset, size: size, now: now)) }
      return block.write(value, at: offset, size: size, now: now) == .powerOff ? 1 : 0
    }
  }

  @Test func adapter() {
    driveTwice(VGAText(), seed: 1) { adapter, random in
      let offset = random.next() % 2 == 0 ? random.next() : random.next() % 32
      guard random.next() % 2 == 0 else { return UInt64(adapter.read(at: offset)) }
      adapter.write(random.byte(), at: offset)
      return UInt64(adapter.cursorAddress)
    }
  }
}
