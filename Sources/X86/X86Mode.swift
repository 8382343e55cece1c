public import Bits

/// How a CPU interprets instructions and addresses (SDM volume 3, section 2.2).
public enum X86Mode: String, Sendable, CaseIterable {
  case real = "real mode"
  case virtual8086 = "virtual-8086 mode"
  case protected16 = "16-bit protected mode"
  case protected32 = "32-bit protected mode"
  case compatibility16 = "16-bit compatibility mode"
  case compatibility32 = "32-bit compatibility mode"
  case long = "long mode"

  /// The mode that these registers make.
  public init(cr0: CR0, efer: EFER, rflags: RFLAGS, codeSegment: X86SegmentAttributes) {
    let is32Bit = codeSegment.contains(.big)
    if !cr0.contains(.protectionEnable) {
      self = .real
    } else if efer.contains(.longModeActive) {
      self = codeSegment.contains(.long) ? .long : is32Bit ? .compatibility32 : .compatibility16
    } else if rflags.contains(.virtual8086) {
      self = .virtual8086
    } else {
      self = is32Bit ? .protected32 : .protected16
    }
  }

  /// The size of an address in an instruction without a prefix.
  public var addressBits: Int {
    switch self {
    case .real, .virtual8086, .protected16, .compatibility16: 16
    case .protected32, .compatibility32: 32
    case .long: 64
    }
  }

  /// Mode and ring in words, such as `ring 0, long mode`.
  ///
  /// - Parameter stackSegment: its descriptor privilege level is the CPU's current one (SDM volume 3, section 5.5).
  /// - Returns: the words; real mode knows no rings.
  public func description(stackSegment: X86SegmentAttributes) -> String {
    switch self {
    case .real: rawValue
    case .virtual8086: "ring 3, \(rawValue)"
    default: "ring \(stackSegment.privilegeLevel), \(rawValue)"
    }
  }

  /// The linear address of an offset into a segment (SDM volume 3, section 3.4).
  ///
  /// - Parameters:
  ///   - offset: the effective address, of any width: outside long mode it need not fit `addressBits`.
  ///   - segment: which segment register; long mode takes the base of fs and gs only.
  ///   - base: the base in that segment register's hidden part.
  /// - Returns: the sum, wrapped to 32 bits outside long mode.
  public func linearAddress(_ offset: UInt64, in segment: X86Register.Segment, base: UInt64) -> GuestVirtual {
    if self == .long {
      return GuestVirtual(segment == .fs || segment == .gs ? base &+ offset : offset)
    }
    return GuestVirtual((base &+ offset)[bits: 0...31])
  }
}
