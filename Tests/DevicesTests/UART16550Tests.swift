import Devices
import Testing

/// Register offsets and bits as the PC16550D data sheet names them.
private enum Reg {
  static let rbr: UInt64 = 0, thr: UInt64 = 0, dll: UInt64 = 0
  static let ier: UInt64 = 1, dlm: UInt64 = 1
  static let iir: UInt64 = 2, fcr: UInt64 = 2
  static let lcr: UInt64 = 3
  static let mcr: UInt64 = 4
  static let lsr: UInt64 = 5
  static let msr: UInt64 = 6
  static let scr: UInt64 = 7
}

@Suite struct UART16550Tests {
  var uart = UART16550()

  @Test mutating func registersAfterReset() {
    expect(uart.read(at: Reg.ier), is: 0)
    expect(uart.read(at: Reg.iir), is: 0x01)
    expect(uart.read(at: Reg.lcr), is: 0)
    expect(uart.read(at: Reg.mcr), is: 0)
    expect(uart.read(at: Reg.lsr), is: 0x60)
    expect(uart.read(at: Reg.msr), is: 0xB0)
    #expect(!uart.interruptRequest)
  }

  @Test(arguments: UInt8.min...UInt8.max)
  mutating func whatIsWrittenIsSent(byte: UInt8) {
    expect(uart.write(byte, at: Reg.thr), is: byte)
  }

  @Test mutating func onlyTheHoldingRegisterSends() {
    for offset in Reg.ier...Reg.scr { expect(uart.write(0x55, at: offset), is: nil) }
  }

  @Test mutating func divisorLatchHidesDataAndInterruptEnable() {
    _ = uart.write(0x05, at: Reg.ier)
    _ = uart.write(0x83, at: Reg.lcr)
    expect(uart.write(0x01, at: Reg.dll), is: nil)
    _ = uart.write(0xC2, at: Reg.dlm)
    expect(uart.read(at: Reg.dll), is: 0x01)
    expect(uart.read(at: Reg.dlm), is: 0xC2)
    _ = uart.write(0x03, at: Reg.lcr)
    expect(uart.read(at: Reg.ier), is: 0x05)
    expect(uart.write(0x41, at: Reg.thr), is: 0x41)
  }

  @Test mutating func scratchAndReservedBits() {
    _ = uart.write(0xA5, at: Reg.scr)
    expect(uart.read(at: Reg.scr), is: 0xA5)
    _ = uart.write(0xFF, at: Reg.ier)
    expect(uart.read(at: Reg.ier), is: 0x0F)
    _ = uart.write(0xFF, at: Reg.mcr)
    expect(uart.read(at: Reg.mcr), is: 0x1F)
  }

  // MARK: Receiver

  @Test mutating func receiverHoldsOneByteWithoutFIFOs() {
    #expect(uart.freeReceiveSpace == 1)
    expect(uart.receive(1), is: true)
    expect(uart.receive(2), is: false)
    expect(uart.read(at: Reg.lsr), is: 0x61)
    expect(uart.read(at: Reg.rbr), is: 1)
    expect(uart.read(at: Reg.lsr), is: 0x60)
  }

  @Test mutating func nothingPastedIsLost() {
    _ = uart.write(0x01, at: Reg.fcr)
    let pasted = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    var waiting = pasted[...]
    var seen: [UInt8] = []
    while seen.count < pasted.count {
      while let byte = waiting.first, uart.receive(byte) { waiting.removeFirst() }
      #expect(uart.freeReceiveSpace == 0 || waiting.isEmpty)
      for _ in 0..<5 where uart.read(at: Reg.lsr) & 1 != 0 { seen.append(uart.read(at: Reg.rbr)) }
    }
    #expect(seen == pasted)
    expect(uart.read(at: Reg.lsr), is: 0x60)
  }

  @Test(arguments: [(UInt8(0x01), 1), (0x41, 4), (0x81, 8), (0xC1, 14)])
  mutating func triggerLevelsAndTimeout(control: UInt8, level: Int) {
    _ = uart.write(control, at: Reg.fcr)
    _ = uart.write(0x01, at: Reg.ier)
    _ = uart.write(0x08, at: Reg.mcr)
    for count in 1...16 {
      expect(uart.receive(UInt8(count)), is: true)
      expect(uart.read(at: Reg.iir), is: (count >= level ? 0xC4 : 0xCC))
      #expect(uart.interruptRequest)
    }
    expect(uart.receive(17), is: false)
    for count in 1...16 { expect(uart.read(at: Reg.rbr), is: UInt8(count)) }
    expect(uart.read(at: Reg.iir), is: 0xC1)
    #expect(!uart.interruptRequest)
  }

  @Test mutating func clearingAndSwitchingFIFOsEmptiesThem() {
    _ = uart.write(0x01, at: Reg.fcr)
    expect(uart.receive(1), is: true)
    _ = uart.write(0x03, at: Reg.fcr)
    expect(uart.read(at: Reg.lsr), is: 0x60)
    expect(uart.receive(2), is: true)
    _ = uart.write(0x00, at: Reg.fcr)
    expect(uart.read(at: Reg.lsr), is: 0x60)
    expect(uart.read(at: Reg.iir) & 0xC0, is: 0)
  }

  @Test mutating func breakIsReportedWithItsByte() {
    _ = uart.write(0x01, at: Reg.fcr)
    _ = uart.write(0x04, at: Reg.ier)
    expect(uart.receive(0x41), is: true)
    expect(uart.receiveBreak(), is: true)
    expect(uart.read(at: Reg.lsr), is: 0xE1)
    expect(uart.read(at: Reg.iir), is: 0xC1)
    expect(uart.read(at: Reg.rbr), is: 0x41)
    expect(uart.read(at: Reg.iir), is: 0xC6)
    expect(uart.read(at: Reg.lsr), is: 0xF1)
    expect(uart.read(at: Reg.lsr), is: 0x61)
    expect(uart.read(at: Reg.rbr), is: 0)
  }

  // MARK: Interrupts

  /// The test in Linux's serial8250_do_startup: enabling the interrupt with an empty transmitter raises it each time.
  @Test mutating func transmitterInterruptIsReasserted() {
    _ = uart.write(0x02, at: Reg.ier)
    expect(uart.read(at: Reg.iir), is: 0x02)
    _ = uart.write(0x00, at: Reg.ier)
    _ = uart.write(0x02, at: Reg.ier)
    expect(uart.read(at: Reg.iir), is: 0x02)
    expect(uart.read(at: Reg.iir), is: 0x01)
    _ = uart.write(0x00, at: Reg.ier)
    expect(uart.read(at: Reg.iir), is: 0x01)
  }

  @Test mutating func transmitterInterruptFollowsEachByte() {
    _ = uart.write(0x08, at: Reg.mcr)
    _ = uart.write(0x02, at: Reg.ier)
    #expect(uart.interruptRequest)
    expect(uart.read(at: Reg.iir), is: 0x02)
    #expect(!uart.interruptRequest)
    _ = uart.write(0x02, at: Reg.ier)
    #expect(!uart.interruptRequest)
    _ = uart.write(0x41, at: Reg.thr)
    #expect(uart.interruptRequest)
  }

  @Test mutating func interruptsRank() {
    _ = uart.write(0x01, at: Reg.fcr)
    _ = uart.write(0x0F, at: Reg.ier)
    expect(uart.receiveBreak(), is: true)
    uart.setModemLines([])
    expect(uart.read(at: Reg.iir), is: 0xC6)
    _ = uart.read(at: Reg.lsr)
    expect(uart.read(at: Reg.iir), is: 0xC4)
    _ = uart.read(at: Reg.rbr)
    expect(uart.read(at: Reg.iir), is: 0xC2)
    expect(uart.read(at: Reg.iir), is: 0xC0)
    expect(uart.read(at: Reg.msr), is: 0x0B)
    expect(uart.read(at: Reg.iir), is: 0xC1)
  }

  @Test mutating func out2SwitchesTheLine() {
    _ = uart.write(0x01, at: Reg.ier)
    expect(uart.receive(1), is: true)
    #expect(!uart.interruptRequest)
    _ = uart.write(0x08, at: Reg.mcr)
    #expect(uart.interruptRequest)
    _ = uart.write(0x18, at: Reg.mcr)
    #expect(!uart.interruptRequest)
  }

  // MARK: Modem and loop-back

  @Test mutating func ringCountsWhenItEnds() {
    uart.setModemLines([.clearToSend, .dataSetReady, .dataCarrierDetect, .ringIndicator])
    expect(uart.read(at: Reg.msr), is: 0xF0)
    uart.setModemLines([.clearToSend, .dataSetReady, .dataCarrierDetect])
    expect(uart.read(at: Reg.msr), is: 0xB4)
    expect(uart.read(at: Reg.msr), is: 0xB0)
  }

  @Test(arguments: [(UInt8(0x11), UInt8(0x20)), (0x12, 0x10), (0x14, 0x40), (0x18, 0x80), (0x1A, 0x90), (0x10, 0)])
  mutating func loopBackMapsOutputsToInputs(control: UInt8, status: UInt8) {
    _ = uart.write(control, at: Reg.mcr)
    expect(uart.read(at: Reg.msr) & 0xF0, is: status)
  }

  @Test mutating func loopBackReceivesWhatIsSent() {
    _ = uart.write(0x01, at: Reg.fcr)
    _ = uart.write(0x10, at: Reg.mcr)
    expect(uart.receive(1), is: false)
    for byte in UInt8(1)...16 { expect(uart.write(byte, at: Reg.thr), is: nil) }
    expect(uart.read(at: Reg.lsr), is: 0x61)
    _ = uart.write(17, at: Reg.thr)
    expect(uart.read(at: Reg.lsr), is: 0x63)
    expect(uart.read(at: Reg.lsr), is: 0x61)
    for byte in UInt8(1)...16 { expect(uart.read(at: Reg.rbr), is: byte) }
  }

  @Test mutating func overrunWithoutFIFOsKeepsTheNewByte() {
    _ = uart.write(0x10, at: Reg.mcr)
    _ = uart.write(1, at: Reg.thr)
    _ = uart.write(2, at: Reg.thr)
    expect(uart.read(at: Reg.lsr), is: 0x63)
    expect(uart.read(at: Reg.rbr), is: 2)
  }

  @Test mutating func loopBackOfBreak() {
    _ = uart.write(0x10, at: Reg.mcr)
    _ = uart.write(0x43, at: Reg.lcr)
    expect(uart.read(at: Reg.lsr), is: 0x71)
  }

  // MARK: Linux

  /// What Linux's 8250 autoconfig and autoconfig_16550a do, in their order, and what makes them say "16550A".
  @Test mutating func linuxFindsA16550A() {
    _ = uart.write(0x00, at: Reg.ier)
    expect(uart.read(at: Reg.ier) & 0x0F, is: 0)
    _ = uart.write(0x0F, at: Reg.ier)
    expect(uart.read(at: Reg.ier) & 0x0F, is: 0x0F)
    _ = uart.write(0x00, at: Reg.ier)

    _ = uart.write(0x1A, at: Reg.mcr)
    expect(uart.read(at: Reg.msr) & 0xF0, is: 0x90)
    _ = uart.write(0x00, at: Reg.mcr)

    _ = uart.write(0xBF, at: Reg.lcr)
    _ = uart.write(0x00, at: Reg.fcr)  // EFR of other chips
    _ = uart.write(0x00, at: Reg.lcr)
    _ = uart.write(0x01, at: Reg.fcr)
    expect(uart.read(at: Reg.iir) >> 6, is: 3)

    for configuration in [UInt8(0x80), 0xBF] {
      // An EFR that reads zero would be a 16650 or a 16850.
      _ = uart.write(configuration, at: Reg.lcr)
      expect(uart.read(at: Reg.fcr) == 0, is: false)
    }

    for configuration in [UInt8(0x00), 0x80] {
      // A third FIFO bit that sticks would be a 16750.
      _ = uart.write(configuration, at: Reg.lcr)
      _ = uart.write(0x21, at: Reg.fcr)
      expect(uart.read(at: Reg.iir) & 0xE0, is: 0xC0)
      _ = uart.write(0x01, at: Reg.fcr)
    }

    _ = uart.write(0x00, at: Reg.lcr)
    _ = uart.write(0x40, at: Reg.ier)
    expect(uart.read(at: Reg.ier) & 0x40, is: 0)  // An UUE bit that sticks would be an XScale.
  }

  @Test mutating func copyIsTheWholeState() {
    _ = uart.write(0x81, at: Reg.fcr)
    _ = uart.write(0x0F, at: Reg.ier)
    for byte in UInt8(0)..<9 { expect(uart.receive(byte), is: true) }
    expect(uart.receiveBreak(), is: true)
    var copy = uart
    #expect(copy == uart)
    var other = UART16550()
    other = copy
    for offset in [Reg.iir, Reg.lsr, Reg.rbr, Reg.msr, Reg.rbr, Reg.iir] {
      expect(other.read(at: offset), is: uart.read(at: offset))
      #expect(other == uart)
    }
    _ = copy.read(at: Reg.rbr)
    #expect(copy != uart)
  }
}
