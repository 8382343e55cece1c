/// The exceptions that the CPU raises by itself, by their vectors (SDM volume 3, table 6-1).
public enum X86Exception: UInt8, Sendable, CaseIterable {
  case divideError = 0
  case debug = 1
  case nonMaskableInterrupt = 2
  case breakpoint = 3
  case overflow = 4
  case boundRangeExceeded = 5
  case invalidOpcode = 6
  case deviceNotAvailable = 7
  case doubleFault = 8
  case coprocessorSegmentOverrun = 9
  case invalidTSS = 10
  case segmentNotPresent = 11
  case stackSegmentFault = 12
  case generalProtection = 13
  case pageFault = 14
  case floatingPointError = 16
  case alignmentCheck = 17
  case machineCheck = 18
  case simdFloatingPoint = 19
  case virtualization = 20
  case controlProtection = 21

  /// The manual's mnemonic; the words where it has none.
  public var mnemonic: String {
    switch self {
    case .divideError: "#DE"
    case .debug: "#DB"
    case .nonMaskableInterrupt: "NMI"
    case .breakpoint: "#BP"
    case .overflow: "#OF"
    case .boundRangeExceeded: "#BR"
    case .invalidOpcode: "#UD"
    case .deviceNotAvailable: "#NM"
    case .doubleFault: "#DF"
    case .coprocessorSegmentOverrun: "coprocessor segment overrun"
    case .invalidTSS: "#TS"
    case .segmentNotPresent: "#NP"
    case .stackSegmentFault: "#SS"
    case .generalProtection: "#GP"
    case .pageFault: "#PF"
    case .floatingPointError: "#MF"
    case .alignmentCheck: "#AC"
    case .machineCheck: "#MC"
    case .simdFloatingPoint: "#XM"
    case .virtualization: "#VE"
    case .controlProtection: "#CP"
    }
  }
}
