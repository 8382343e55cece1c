internal import Bits

// The PL011's registers, named after DDI 0183G, section 3.3.

extension PL011 {
  /// Where each register is, in bytes from the start of the range; the test registers are not among them.
  enum Register: UInt64 {
    case data = 0x000
    /// UARTRSR when read, UARTECR when written.
    case receiveStatus = 0x004
    case flag = 0x018
    case lowPowerCounter = 0x020
    case integerBaudRate = 0x024
    case fractionalBaudRate = 0x028
    case lineControl = 0x02C
    case control = 0x030
    case fifoLevels = 0x034
    case interruptMask = 0x038
    case rawInterrupts = 0x03C
    case maskedInterrupts = 0x040
    case interruptClear = 0x044
    case dmaControl = 0x048
  }

  /// What the receive FIFO holds and UARTDR shows: a character with the errors of its reception.
  struct Character: OptionSet, Sendable {
    let rawValue: UInt16
    static let framingError = Character(rawValue: 1 << 8)
    static let parityError = Character(rawValue: 1 << 9)
    static let breakError = Character(rawValue: 1 << 10)
    /// Not of this character: one that came after it was lost.
    static let overrunError = Character(rawValue: 1 << 11)

    /// The errors in the order of UARTRSR.
    var status: ReceiveStatus { ReceiveStatus(rawValue: UInt8(rawValue[bits: 8...11])) }
  }

  /// UARTRSR.
  struct ReceiveStatus: OptionSet, Sendable {
    let rawValue: UInt8
    static let framingError = ReceiveStatus(rawValue: 1 << 0)
    static let parityError = ReceiveStatus(rawValue: 1 << 1)
    static let breakError = ReceiveStatus(rawValue: 1 << 2)
    static let overrunError = ReceiveStatus(rawValue: 1 << 3)
  }

  /// UARTFR.
  struct Flags: OptionSet, Sendable {
    let rawValue: UInt16
    static let clearToSend = Flags(rawValue: 1 << 0)
    static let dataSetReady = Flags(rawValue: 1 << 1)
    static let dataCarrierDetect = Flags(rawValue: 1 << 2)
    static let busy = Flags(rawValue: 1 << 3)
    static let receiveFIFOEmpty = Flags(rawValue: 1 << 4)
    static let transmitFIFOFull = Flags(rawValue: 1 << 5)
    static let receiveFIFOFull = Flags(rawValue: 1 << 6)
    static let transmitFIFOEmpty = Flags(rawValue: 1 << 7)
    static let ringIndicator = Flags(rawValue: 1 << 8)
  }

  /// UARTLCR_H; word length, stop bits and parity are kept and have no effect.
  struct LineControl: OptionSet, Sendable {
    let rawValue: UInt8
    static let sendBreak = LineControl(rawValue: 1 << 0)
    static let enableFIFOs = LineControl(rawValue: 1 << 4)
    /// WLEN: characters of 8 bits.
    static let eightBits = LineControl(rawValue: 0b11 << 5)
  }

  /// UARTCR; the SIR bits and RTSEn are kept and have no effect.
  struct Control: OptionSet, Sendable {
    let rawValue: UInt16
    static let enable = Control(rawValue: 1 << 0)
    static let loopBack = Control(rawValue: 1 << 7)
    static let transmitEnable = Control(rawValue: 1 << 8)
    static let receiveEnable = Control(rawValue: 1 << 9)
    static let dataTerminalReady = Control(rawValue: 1 << 10)
    static let requestToSend = Control(rawValue: 1 << 11)
    /// A terminal's data carrier detect.
    static let out1 = Control(rawValue: 1 << 12)
    /// A terminal's ring indicator.
    static let out2 = Control(rawValue: 1 << 13)
    static let clearToSendFlowControl = Control(rawValue: 1 << 15)
    /// Every bit that is not reserved.
    static let all = Control(rawValue: 0b1111_1111_1000_0111)
  }

  /// UARTIFLS: how full a FIFO is at its trigger level.
  struct FIFOLevels: Equatable, Sendable {
    let rawValue: UInt8

    /// Entries in the transmit FIFO at or below which it asks for more.
    var transmit: Int { Self.entries(rawValue[bits: 0...2]) }
    /// Entries in the receive FIFO from which it asks to be read.
    var receive: Int { Self.entries(rawValue[bits: 3...5]) }

    private static func entries(_ selection: UInt8) -> Int {
      let eighths =
        switch selection {
        case 0: 1
        case 1: 2
        case 2: 4
        case 3: 6
        default: 7  // 0b100; the values above it are reserved.
        }
      return PL011.fifoDepth * eighths / 8
    }
  }

  /// The interrupts, as UARTRIS, UARTIMSC, UARTMIS and UARTICR have them.
  struct Interrupts: OptionSet, Sendable {
    let rawValue: UInt16
    static let ringIndicator = Interrupts(rawValue: 1 << 0)
    static let clearToSend = Interrupts(rawValue: 1 << 1)
    static let dataCarrierDetect = Interrupts(rawValue: 1 << 2)
    static let dataSetReady = Interrupts(rawValue: 1 << 3)
    static let receive = Interrupts(rawValue: 1 << 4)
    static let transmit = Interrupts(rawValue: 1 << 5)
    static let receiveTimeout = Interrupts(rawValue: 1 << 6)
    static let framingError = Interrupts(rawValue: 1 << 7)
    static let parityError = Interrupts(rawValue: 1 << 8)
    static let breakError = Interrupts(rawValue: 1 << 9)
    static let overrunError = Interrupts(rawValue: 1 << 10)
    static let all = Interrupts(rawValue: 0b111_1111_1111)

    /// The modem status interrupts of the lines that changed.
    init(changesOf lines: ModemLines) {
      self = []
      if lines.contains(.ringIndicator) { insert(.ringIndicator) }
      if lines.contains(.clearToSend) { insert(.clearToSend) }
      if lines.contains(.dataCarrierDetect) { insert(.dataCarrierDetect) }
      if lines.contains(.dataSetReady) { insert(.dataSetReady) }
    }

    init(rawValue: UInt16) { self.rawValue = rawValue }
  }
}
