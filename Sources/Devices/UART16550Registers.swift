internal import Bits

// The 16550's registers, named after the PC16550D data sheet, section 8.

/// The lines that a modem drives, in the order of the modem status register.
public struct ModemLines: OptionSet, Sendable {
  /// Bits 0 to 3.
  public let rawValue: UInt8
  /// Makes a set of lines from bits 0 to 3.
  public init(rawValue: UInt8) { self.rawValue = rawValue & 0xF }
  /// CTS.
  public static let clearToSend = ModemLines(rawValue: 1 << 0)
  /// DSR.
  public static let dataSetReady = ModemLines(rawValue: 1 << 1)
  /// RI.
  public static let ringIndicator = ModemLines(rawValue: 1 << 2)
  /// DCD.
  public static let dataCarrierDetect = ModemLines(rawValue: 1 << 3)
}

/// IER.
struct InterruptEnable: OptionSet, Sendable {
  let rawValue: UInt8
  static let receivedData = InterruptEnable(rawValue: 1 << 0)
  static let transmitterEmpty = InterruptEnable(rawValue: 1 << 1)
  static let lineStatus = InterruptEnable(rawValue: 1 << 2)
  static let modemStatus = InterruptEnable(rawValue: 1 << 3)
  static let all = InterruptEnable(rawValue: 0b1111)
}

/// IIR, bits 0 to 3.
enum InterruptIdentification: UInt8 {
  case modemStatus = 0b0000
  case none = 0b0001
  case transmitterEmpty = 0b0010
  case receivedData = 0b0100
  case lineStatus = 0b0110
  case characterTimeout = 0b1100
}

/// FCR.
struct FIFOControl: OptionSet, Sendable {
  let rawValue: UInt8
  static let enable = FIFOControl(rawValue: 1 << 0)
  static let clearReceiver = FIFOControl(rawValue: 1 << 1)
  static let clearTransmitter = FIFOControl(rawValue: 1 << 2)
  static let trigger = FIFOControl(rawValue: 0b11 << 6)
  /// What stays set after the write.
  static let lasting: FIFOControl = [.enable, .trigger]

  /// How many bytes in the receiver raise its interrupt.
  var triggerLevel: Int {
    guard contains(.enable) else { return 1 }
    return switch rawValue[bits: 6...7] {
    case 0: 1
    case 1: 4
    case 2: 8
    default: 14
    }
  }
}

/// LCR; word length, stop bits and parity are kept and have no effect.
struct LineControl: OptionSet, Sendable {
  let rawValue: UInt8
  static let setBreak = LineControl(rawValue: 1 << 6)
  static let divisorLatch = LineControl(rawValue: 1 << 7)
}

/// MCR.
struct ModemControl: OptionSet, Sendable {
  let rawValue: UInt8
  static let dataTerminalReady = ModemControl(rawValue: 1 << 0)
  static let requestToSend = ModemControl(rawValue: 1 << 1)
  static let out1 = ModemControl(rawValue: 1 << 2)
  static let out2 = ModemControl(rawValue: 1 << 3)
  static let loopBack = ModemControl(rawValue: 1 << 4)
  static let all = ModemControl(rawValue: 0b1_1111)
}

/// LSR; parity and framing errors do not happen.
struct LineStatus: OptionSet, Sendable {
  let rawValue: UInt8
  static let dataReady = LineStatus(rawValue: 1 << 0)
  static let overrun = LineStatus(rawValue: 1 << 1)
  static let breakInterrupt = LineStatus(rawValue: 1 << 4)
  static let transmitterHoldingEmpty = LineStatus(rawValue: 1 << 5)
  static let transmitterEmpty = LineStatus(rawValue: 1 << 6)
  static let errorInFIFO = LineStatus(rawValue: 1 << 7)
  /// What raises the line status interrupt.
  static let interrupting: LineStatus = [.overrun, .breakInterrupt]
}
