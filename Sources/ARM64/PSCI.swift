/// The firmware calls of the Power State Coordination Interface (Arm DEN0022D, PSCI 1.1, chapter 5).
///
/// The number is the one without the bit for 64-bit arguments.
public enum PSCI: UInt32, Sendable, CaseIterable {
  case version = 0x8400_0000
  case cpuSuspend = 0x8400_0001
  case cpuOff = 0x8400_0002
  case cpuOn = 0x8400_0003
  case affinityInfo = 0x8400_0004
  case migrate = 0x8400_0005
  case migrateInfoType = 0x8400_0006
  case migrateInfoUpCPU = 0x8400_0007
  case systemOff = 0x8400_0008
  case systemReset = 0x8400_0009
  case features = 0x8400_000a
  case cpuFreeze = 0x8400_000b
  case cpuDefaultSuspend = 0x8400_000c
  case nodeHWState = 0x8400_000d
  case systemSuspend = 0x8400_000e
  case setSuspendMode = 0x8400_000f
  case statResidency = 0x8400_0010
  case statCount = 0x8400_0011
  case systemReset2 = 0x8400_0012
  case memProtect = 0x8400_0013
  case memProtectCheckRange = 0x8400_0014

  /// PSCI 1.1 as `version` answers it: the major number in bits 31:16.
  public static let version11: UInt32 = 0x1_0001

  /// The bit of a function id that says that arguments have 64 bits (SMC64).
  private static let wideBit: UInt32 = 0x4000_0000

  /// The call of a function id, as W0 has it; nil where there is none, or not with arguments of that width.
  public init?(functionID: UInt32) {
    guard let call = PSCI(rawValue: functionID & ~Self.wideBit),
      functionID & Self.wideBit == 0 || call.hasWideForm
    else { return nil }
    self = call
  }

  /// Whether there is a form with arguments of 64 bits.
  public var hasWideForm: Bool {
    switch self {
    case .cpuSuspend, .cpuOn, .affinityInfo, .migrate, .migrateInfoUpCPU, .cpuDefaultSuspend, .nodeHWState,
      .systemSuspend, .statResidency, .statCount, .systemReset2, .memProtectCheckRange:
      true
    default: false
    }
  }

  /// The function id of the form with arguments of 64 bits; nil where there is none.
  public var wideFunctionID: UInt32? { hasWideForm ? rawValue | Self.wideBit : nil }

  /// What a call answers in X0 (section 5.2.2).
  public enum Status: Int32, Sendable, CaseIterable {
    case success = 0
    case notSupported = -1
    case invalidParameters = -2
    case denied = -3
    case alreadyOn = -4
    case onPending = -5
    case internalFailure = -6
    case notPresent = -7
    case disabled = -8
    case invalidAddress = -9

    /// The status as X0 holds it: sign-extended.
    public var registerValue: UInt64 { UInt64(bitPattern: Int64(rawValue)) }
  }

  /// What AFFINITY_INFO answers of a CPU (section 5.7.2).
  public enum AffinityState: UInt64, Sendable, CaseIterable {
    case on = 0
    case off = 1
    case onPending = 2
  }
}
