import Devices
import Testing

/// Register offsets as DDI 0183G names them, without the UART in front.
private enum Reg {
  static let dr: UInt64 = 0x000, rsr: UInt64 = 0x004, fr: UInt64 = 0x018, ilpr: UInt64 = 0x020
  static let ibrd: UInt64 = 0x024, fbrd: UInt64 = 0x028, lcrH: UInt64 = 0x02C, cr: UInt64 = 0x030
  static let ifls: UInt64 = 0x034, imsc: UInt64 = 0x038, ris: UInt64 = 0x03C, mis: UInt64 = 0x040
  static let icr: UInt64 = 0x044, dmacr: UInt64 = 0x048, periphID0: UInt64 = 0xFE0
}

/// Bits of UARTRIS, UARTIMSC, UARTMIS and UARTICR.
private enum Source {
  static let rx: UInt32 = 1 << 4, tx: UInt32 = 1 << 5, rt: UInt32 = 1 << 6, be: UInt32 = 1 << 9, oe: UInt32 = 1 << 10
  static let modem: UInt32 = 0b1111
}

@Suite struct PL011Tests {
  var uart = PL011()

  private mutating func write(_ value: UInt32, _ offset: UInt64) { expect(uart.write(value, at: offset), is: true) }
  private mutating func read(_ offset: UInt64) -> UInt32? { uart.read(at: offset) }

  /// Enables the port; `fen` with FIFOs.
  private mutating func enable(fen: Bool, extra: UInt32 = 0) {
    write(fen ? 0x70 : 0x60, Reg.lcrH)
    write(0x301 | extra, Reg.cr)
  }

  /// Everything that leaves the port now.
  private mutating func sent() -> [UInt8] {
    var bytes: [UInt8] = []
    while let byte = uart.send() { bytes.append(byte) }
    return bytes
  }

  // MARK: Registers

  @Test mutating func registersAfterReset() {
    // DDI 0183G, table 3-1; the modem's lines are ready.
    let values: [(UInt64, UInt32)] = [
      (Reg.rsr, 0), (Reg.fr, 0x097), (Reg.ilpr, 0), (Reg.ibrd, 0), (Reg.fbrd, 0), (Reg.lcrH, 0), (Reg.cr, 0x300),
      (Reg.ifls, 0x12), (Reg.imsc, 0), (Reg.ris, 0), (Reg.mis, 0), (Reg.icr, 0), (Reg.dmacr, 0), (Reg.dr, 0),
    ]
    for (offset, value) in values { expect(read(offset), is: value) }
    #expect(!uart.interruptRequest)
  }

  @Test mutating func identification() {
    let bytes = (0..<8).map { read(Reg.periphID0 + 4 * $0) }
    #expect(bytes == [0x11, 0x10, 0x34, 0x00, 0x0D, 0xF0, 0x05, 0xB1])
  }

  @Test mutating func registersKeepTheirBits() {
    let masks: [(UInt64, UInt32)] = [
      (Reg.ilpr, 0xFF), (Reg.ibrd, 0xFFFF), (Reg.fbrd, 0x3F), (Reg.ifls, 0x3F), (Reg.imsc, 0x7FF), (Reg.dmacr, 7),
      (Reg.lcrH, 0xFF), (Reg.cr, 0xFF87),
    ]
    for (offset, mask) in masks {
      write(.max, offset)
      expect(read(offset), is: mask)
    }
  }

  @Test mutating func readOnlyRegistersIgnoreWrites() {
    for offset in [Reg.fr, Reg.ris, Reg.mis, Reg.periphID0] {
      let before = read(offset)
      write(.max, offset)
      expect(read(offset), is: before)
    }
  }

  @Test(arguments: [0x008, 0x014, 0x01C, 0x04C, 0x080, 0xFDC, 0x1000, .max, 0x001] as [UInt64])
  mutating func unknownRegisters(offset: UInt64) {
    expect(read(offset), is: nil)
    let before = uart
    expect(uart.write(.max, at: offset), is: false)
    #expect(uart == before)
  }

  // MARK: Transmitter

  @Test mutating func whatIsWrittenIsSent() {
    enable(fen: true)
    let bytes = Array(UInt8.min...UInt8.max)
    for byte in bytes {
      write(UInt32(byte) | 0xFF00, Reg.dr)
      #expect(sent() == [byte])
    }
    expect(read(Reg.fr), is: 0x097)
  }

  @Test(arguments: [(false, 1), (true, 32)])
  mutating func transmitterWaitsUntilItIsEnabled(fen: Bool, depth: UInt32) {
    write(fen ? 0x70 : 0x60, Reg.lcrH)
    for byte in 0..<depth {
      expect(read(Reg.fr).map { $0 & 0x20 }, is: 0)
      write(byte, Reg.dr)
    }
    // TXFF and BUSY without TXFE; one more is lost.
    expect(read(Reg.fr).map { $0 & 0xA8 }, is: 0x28)
    write(0xEE, Reg.dr)
    #expect(sent() == [])
    write(0x001, Reg.cr)
    #expect(sent() == [])
    write(0x101, Reg.cr)
    #expect(sent() == (0..<depth).map { UInt8($0) })
    expect(read(Reg.fr).map { $0 & 0xA8 }, is: 0x80)
  }

  @Test mutating func transmitInterruptFollowsEachByte() {
    enable(fen: true)
    write(Source.tx, Reg.imsc)
    // "If the interrupt is enabled before any data is written, it is not set" (DDI 0183G, section 2.8.2).
    #expect(!uart.interruptRequest)
    write(0x41, Reg.dr)
    _ = sent()
    #expect(uart.interruptRequest)
    write(Source.tx, Reg.icr)
    #expect(!uart.interruptRequest)
  }

  /// Held back, the FIFO really fills: the interrupt goes as it rises above the level and comes as it sinks to it.
  @Test(arguments: [(0, 4), (1, 8), (2, 16), (3, 24), (4, 28), (7, 28)] as [(UInt32, UInt32)])
  mutating func transmitLevels(selection: UInt32, level: UInt32) {
    enable(fen: true)
    write(selection, Reg.ifls)
    write(0, Reg.dr)
    _ = sent()
    write(0x201, Reg.cr)
    for count in 1...32 as ClosedRange<UInt32> {
      write(count, Reg.dr)
      expect(read(Reg.ris), is: count > level ? 0 : Source.tx)
    }
    write(0x301, Reg.cr)
    for count in (0..<32 as Range<UInt32>).reversed() {
      #expect(uart.send() != nil)
      expect(read(Reg.ris), is: count > level ? 0 : Source.tx)
    }
  }

  @Test mutating func flowControlHoldsTheTransmitter() {
    enable(fen: true, extra: 0x8000)
    uart.setModemLines([.dataSetReady])
    write(0x41, Reg.dr)
    #expect(sent() == [])
    uart.setModemLines([.clearToSend])
    #expect(sent() == [0x41])
  }

  // MARK: Receiver

  @Test mutating func receiverIsClosedUntilItIsEnabled() {
    expect(uart.receive(1), is: false)
    for control in [0x001, 0x200, 0x381] as [UInt32] {
      write(control, Reg.cr)
      #expect(uart.freeReceiveSpace == 0)
      expect(uart.receive(1), is: false)
      expect(uart.receiveBreak(), is: false)
    }
    write(0x201, Reg.cr)
    expect(uart.receive(1), is: true)
  }

  @Test mutating func receiverHoldsOneByteWithoutFIFOs() {
    enable(fen: false)
    write(Source.rx, Reg.imsc)
    expect(uart.receive(0x41), is: true)
    #expect(uart.interruptRequest)
    expect(uart.receive(0x42), is: false)
    expect(read(Reg.fr).map { $0 & 0x50 }, is: 0x40)
    expect(read(Reg.dr), is: 0x41)
    #expect(!uart.interruptRequest)
    expect(read(Reg.fr).map { $0 & 0x50 }, is: 0x10)
  }

  @Test(arguments: [(0, 4), (1, 8), (2, 16), (3, 24), (4, 28), (5, 28)] as [(UInt32, UInt32)])
  mutating func receiveLevelsAndTimeout(selection: UInt32, level: UInt32) {
    enable(fen: true)
    write(selection << 3, Reg.ifls)
    write(Source.rx | Source.rt, Reg.imsc)
    for count in 1...32 as ClosedRange<UInt32> {
      expect(uart.receive(UInt8(count)), is: true)
      expect(read(Reg.mis), is: count >= level ? Source.rx : 0)
    }
    expect(uart.receive(33), is: false)
    uart.noteIdleInput()
    expect(read(Reg.mis), is: Source.rx)
    for count in 1...32 as ClosedRange<UInt32> {
      expect(read(Reg.dr), is: count)
      expect(read(Reg.mis), is: 32 - count >= level ? Source.rx : 0)
    }
  }

  @Test mutating func timeoutGoesWithTheLastByte() {
    enable(fen: true)
    write(Source.rt, Reg.imsc)
    expect(uart.receive(1), is: true)
    expect(uart.receive(2), is: true)
    #expect(!uart.interruptRequest)
    uart.noteIdleInput()
    #expect(uart.interruptRequest)
    expect(read(Reg.dr), is: 1)
    #expect(uart.interruptRequest)
    expect(read(Reg.dr), is: 2)
    #expect(!uart.interruptRequest)
    uart.noteIdleInput()
    expect(read(Reg.ris), is: 0)
  }

  @Test mutating func clearedInterruptComesBackWithItsData() {
    enable(fen: false)
    expect(uart.receive(1), is: true)
    write(Source.rx, Reg.icr)
    expect(read(Reg.ris), is: 0)
    uart.noteIdleInput()
    expect(read(Reg.ris), is: Source.rx)
  }

  @Test mutating func newLevelIsJudgedAtOnce() {
    enable(fen: true)
    for byte in UInt8(0)..<8 { expect(uart.receive(byte), is: true) }
    expect(read(Reg.ris), is: 0)
    write(1 << 3, Reg.ifls)
    expect(read(Reg.ris), is: Source.rx)
    write(4 << 3, Reg.ifls)
    expect(read(Reg.ris), is: 0)
  }

  @Test mutating func switchingFIFOsOnKeepsWhatCame() {
    enable(fen: false)
    expect(uart.receive(0x41), is: true)
    expect(read(Reg.ris), is: Source.rx)
    enable(fen: true)
    expect(read(Reg.ris), is: 0)
    uart.noteIdleInput()
    expect(read(Reg.ris), is: Source.rt)
    expect(read(Reg.dr), is: 0x41)
    expect(read(Reg.fr), is: 0x097)
  }

  @Test mutating func switchingFIFOsOffEmptiesThem() {
    enable(fen: true)
    for byte in UInt8(0)..<20 { expect(uart.receive(byte), is: true) }
    write(0x201, Reg.cr)
    write(0x41, Reg.dr)
    write(0x60, Reg.lcrH)
    expect(read(Reg.ris), is: 0)
    expect(read(Reg.fr), is: 0x097)
    write(0x301, Reg.cr)
    #expect(sent() == [])
    expect(uart.receive(0x42), is: true)
    expect(read(Reg.dr), is: 0x42)
  }

  @Test mutating func nothingPastedIsLost() throws {
    enable(fen: true)
    let pasted = (0..<1 << 14).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
    var waiting = pasted[...]
    var seen: [UInt8] = []
    // The guest reads in bursts that are longer and shorter than the FIFO.
    var burst = 0
    while seen.count < pasted.count {
      burst += 1
      while let byte = waiting.first, uart.receive(byte) { waiting.removeFirst() }
      for _ in 0..<burst % 40 where uart.read(at: Reg.fr).map({ $0 & 0x10 }) == 0 {
        seen.append(UInt8(truncatingIfNeeded: uart.read(at: Reg.dr) ?? 0))
      }
      try #require(burst < pasted.count)
    }
    #expect(seen == pasted)
    expect(read(Reg.ris).map { $0 & Source.oe }, is: 0)
  }

  @Test mutating func breakIsReportedWithItsCharacter() {
    enable(fen: true)
    write(Source.be, Reg.imsc)
    expect(uart.receive(0x41), is: true)
    expect(uart.receiveBreak(), is: true)
    #expect(uart.interruptRequest)
    expect(read(Reg.dr), is: 0x41)
    expect(read(Reg.rsr), is: 0)
    expect(read(Reg.dr), is: 0x400)
    expect(read(Reg.rsr), is: 0x4)
    write(0, Reg.rsr)
    expect(read(Reg.rsr), is: 0)
    write(Source.be, Reg.icr)
    #expect(!uart.interruptRequest)
  }

  // MARK: Loop-back and modem

  @Test mutating func loopBackReceivesWhatIsSent() {
    enable(fen: true, extra: 0x80)
    expect(uart.receive(1), is: false)
    for byte in 0..<32 as Range<UInt32> { write(byte, Reg.dr) }
    #expect(uart.send() == nil)
    expect(read(Reg.rsr), is: 0)
    write(0xEE, Reg.dr)
    expect(read(Reg.rsr), is: 0x8)
    expect(read(Reg.ris).map { $0 & ~Source.modem }, is: Source.oe | Source.tx | Source.rx)
    // The lost one shows with the next character that is read, the FIFO keeps what it had.
    expect(read(Reg.dr), is: 0x800)
    for byte in 1..<32 as Range<UInt32> { expect(read(Reg.dr), is: byte) }
    expect(read(Reg.rsr), is: 0x8)
    write(0, Reg.rsr)
    expect(read(Reg.rsr), is: 0)
  }

  @Test mutating func loopBackTakesWhatWaited() {
    write(0x70, Reg.lcrH)
    write(0x41, Reg.dr)
    write(0x381, Reg.cr)
    expect(read(Reg.dr), is: 0x41)
  }

  @Test mutating func loopBackOfBreak() {
    enable(fen: false, extra: 0x80)
    write(0x61, Reg.lcrH)
    write(0x61, Reg.lcrH)
    expect(read(Reg.dr), is: 0x400)
    expect(read(Reg.fr).map { $0 & 0x10 }, is: 0x10)
  }

  @Test(arguments: [(0x0400, 0x002), (0x0800, 0x001), (0x1000, 0x004), (0x2000, 0x100), (0, 0)] as [(UInt32, UInt32)])
  mutating func loopBackMapsOutputsToInputs(outputs: UInt32, flags: UInt32) {
    write(0x80 | outputs, Reg.cr)
    expect(read(Reg.fr).map { $0 & 0x107 }, is: flags)
  }

  @Test mutating func modemLinesInterruptWhenTheyChange() {
    write(Source.modem, Reg.imsc)
    uart.setModemLines([.clearToSend, .dataSetReady, .dataCarrierDetect])
    #expect(!uart.interruptRequest)
    let changes: [(ModemLines, UInt32)] = [
      ([.clearToSend, .dataSetReady, .dataCarrierDetect, .ringIndicator], 1 << 0),
      ([.dataSetReady, .dataCarrierDetect, .ringIndicator], 1 << 1), ([.dataSetReady, .ringIndicator], 1 << 2),
      ([.ringIndicator], 1 << 3),
    ]
    for (lines, interrupt) in changes {
      uart.setModemLines(lines)
      expect(read(Reg.mis), is: interrupt)
      #expect(uart.interruptRequest)
      write(interrupt, Reg.icr)
      #expect(!uart.interruptRequest)
    }
  }

  // MARK: Linux

  /// What earlycon does for each character: it sets nothing up, since firmware has.
  @Test mutating func earlyConsolePrints() {
    uart = .setUpByFirmware(clock: 24_000_000)
    for byte in Array("Booting Linux\n".utf8) {
      expect(read(Reg.fr).map { $0 & 0x20 }, is: 0)
      write(UInt32(byte), Reg.dr)
      #expect(uart.send() == byte)
      expect(read(Reg.fr).map { $0 & 0x08 }, is: 0)
    }
  }

  /// The steps of Linux's amba-pl011 from probe to an opened console: identification, FIFO depth by revision, start-up,
  /// line settings, the drain before interrupts are enabled, one printed line, one received.
  @Test mutating func linuxOpensTheConsole() {
    uart = .setUpByFirmware(clock: 24_000_000)
    expect(read(Reg.periphID0 + 8).map { $0 >> 4 >= 3 }, is: true)
    write(0x7FF, Reg.icr)
    write(0, Reg.imsc)
    write(0x12, Reg.ifls)
    write(0x301, Reg.cr)
    write(0, Reg.cr)
    write(13, Reg.ibrd)
    write(1, Reg.fbrd)
    write(0x70, Reg.lcrH)
    write(0x301, Reg.cr)
    write(Source.rt | Source.rx, Reg.icr)
    while read(Reg.fr).map({ $0 & 0x10 }) == 0 { _ = read(Reg.dr) }
    write(Source.rt | Source.rx, Reg.imsc)

    for byte in Array("login: ".utf8) { write(UInt32(byte), Reg.dr) }
    #expect(sent() == Array("login: ".utf8))
    for byte in Array("root\n".utf8) { expect(uart.receive(byte), is: true) }
    uart.noteIdleInput()
    expect(read(Reg.mis), is: Source.rt)
    var line: [UInt8] = []
    while read(Reg.fr).map({ $0 & 0x10 }) == 0 { line.append(UInt8(truncatingIfNeeded: read(Reg.dr) ?? 0)) }
    #expect(line == Array("root\n".utf8))
    #expect(!uart.interruptRequest)
  }

  @Test mutating func copyIsTheWholeState() {
    enable(fen: true)
    write(0x7FF, Reg.imsc)
    for byte in UInt8(0)..<9 { expect(uart.receive(byte), is: true) }
    expect(uart.receiveBreak(), is: true)
    var other = uart
    for offset in [Reg.mis, Reg.fr, Reg.dr, Reg.rsr, Reg.dr, Reg.ris] {
      expect(other.read(at: offset), is: uart.read(at: offset))
      #expect(other == uart)
    }
    _ = other.read(at: Reg.dr)
    #expect(other != uart)
  }
}
