import Bits

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

  /// Whether the CPU pushes an error code.
  public var hasErrorCode: Bool {
    switch self {
    case .doubleFault, .invalidTSS, .segmentNotPresent, .stackSegmentFault, .generalProtection, .pageFault,
      .alignmentCheck, .controlProtection:
      true
    default: false
    }
  }

  /// The exception with its error code in words, such as `#PF, a write by the kernel to a page that is not present`.
  public func description(errorCode: UInt32) -> String {
    switch self {
    case .pageFault: "\(mnemonic), \(PageFaultCode(rawValue: UInt64(errorCode)).description)"
    case .invalidTSS, .segmentNotPresent, .stackSegmentFault, .generalProtection:
      errorCode == 0 ? mnemonic : "\(mnemonic), \(Self.selectorDescription(errorCode))"
    default: hasErrorCode && errorCode != 0 ? "\(mnemonic), error code \(errorCode)" : mnemonic
    }
  }

  /// An error code that names a selector (SDM volume 3, section 6.13).
  private static func selectorDescription(_ errorCode: UInt32) -> String {
    let index = errorCode[bits: 3...15]
    let place = errorCode[bit: 1] ? "IDT vector \(index)" : "\(errorCode[bit: 2] ? "LDT" : "GDT") entry \(index)"
    return place + (errorCode[bit: 0] ? " while an event was delivered" : "")
  }
}

/// A page fault's error code (SDM volume 3, section 4.7).
public struct PageFaultCode: NamedBits, CustomStringConvertible {
  /// The code's bits.
  public let rawValue: UInt64
  /// Takes the code's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// P: the page is present and does not allow the access.
  public static let present = PageFaultCode(bit: 0)
  /// W/R: a write.
  public static let write = PageFaultCode(bit: 1)
  /// U/S: an access by ring 3.
  public static let user = PageFaultCode(bit: 2)
  /// RSVD: a reserved bit is set in an entry.
  public static let reserved = PageFaultCode(bit: 3)
  /// I/D: an instruction fetch.
  public static let fetch = PageFaultCode(bit: 4)
  /// PK: a protection key forbids the access.
  public static let protectionKey = PageFaultCode(bit: 5)
  /// SS: a shadow-stack access.
  public static let shadowStack = PageFaultCode(bit: 6)

  /// The named bits.
  public static var fields: [NamedField] {
    [
      NamedField("P", 0), NamedField("WR", 1), NamedField("US", 2), NamedField("RSVD", 3), NamedField("ID", 4),
      NamedField("PK", 5), NamedField("SS", 6), NamedField("HLAT", 7), NamedField("SGX", 15),
    ]
  }

  /// The code in words.
  public var description: String {
    let access = contains(.fetch) ? "an instruction fetch" : contains(.write) ? "a write" : "a read"
    let cause =
      contains(.reserved)
      ? "through an entry with reserved bits set"
      : contains(.protectionKey)
        ? "that a protection key forbids"
        : contains(.present) ? "that the page does not allow" : "of a page that is not present"
    return "\(access)\(contains(.shadowStack) ? " of the shadow stack" : "") by \(contains(.user) ? "user" : "kernel")"
      + " code \(cause)"
  }
}
