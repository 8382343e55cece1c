public import Architecture
import Bits

/// What an exception was about: ESR_EL1, and what KVM tells of an exit (Arm ARM, D19.2, `ESR_EL1`).
public struct ExceptionSyndrome: ARM64RegisterFields {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// EC: why the exception was taken; nil for a reserved class.
  public var exceptionClass: ExceptionClass? { ExceptionClass(rawValue: classCode) }
  /// The six bits EC.
  public var classCode: UInt8 { UInt8(truncatingIfNeeded: rawValue[bits: 26...31]) }
  /// IL: the instruction has 32 bits, not 16.
  public var isLongInstruction: Bool { rawValue[bit: 25] }
  /// ISS: the 25 bits whose meaning the class decides.
  public var specific: UInt64 { rawValue[bits: 0...24] }

  /// What the syndrome tells besides its class.
  public var detail: Detail {
    switch exceptionClass {
    case .svc32, .svc64, .hvc32, .hvc64, .smc64, .bkpt32, .brk64:
      .immediate(UInt16(truncatingIfNeeded: specific))
    case .dataAbortLower, .dataAbortSame: .dataAbort(DataAbort(specific))
    case .instructionAbortLower, .instructionAbortSame: .instructionAbort(InstructionAbort(specific))
    case .watchpointLower, .watchpointSame: .watchpoint(WatchpointSyndrome(specific))
    case .softwareStepLower, .softwareStepSame:
      .softwareStep(isExclusiveLoad: specific[bit: 24] ? specific[bit: 6] : nil)
    case .systemRegister: .systemRegister(SystemRegisterAccess(specific))
    case .waitInstruction: .wait(WaitInstruction(specific))
    case .floatingPoint32, .floatingPoint64: .floatingPoint(FloatingPointException(specific))
    case .sError: .sError(SErrorSyndrome(specific))
    case .branchTarget: .branchTarget(UInt8(truncatingIfNeeded: specific[bits: 0...1]))
    default: .none
    }
  }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("ISS", 0...24), RegisterField("IL", 25), RegisterField("EC", 26...31),
      RegisterField("ISS2", 32...55),
    ]
  }
}

extension ExceptionSyndrome {
  /// What a syndrome tells besides its class.
  public enum Detail: Sendable, Equatable {
    case none
    /// The immediate of SVC, HVC, SMC, BRK or BKPT.
    case immediate(UInt16)
    case dataAbort(DataAbort)
    case instructionAbort(InstructionAbort)
    case watchpoint(WatchpointSyndrome)
    /// Whether the instruction that was stepped is a load-exclusive; nil where the CPU does not tell.
    case softwareStep(isExclusiveLoad: Bool?)
    case systemRegister(SystemRegisterAccess)
    case wait(WaitInstruction)
    case floatingPoint(FloatingPointException)
    case sError(SErrorSyndrome)
    /// PSTATE.BTYPE when the branch had been made.
    case branchTarget(UInt8)
  }
}

// MARK: - Aborts

/// ISS of a data abort.
public struct DataAbort: Sendable, Equatable {
  /// DFSC.
  public let status: FaultStatus
  /// WnR: a store, or a cache maintenance instruction.
  public let isWrite: Bool
  /// S1PTW: stage 2 faulted on a read of a stage 1 table.
  public let isOnStage1Walk: Bool
  /// CM: a cache maintenance or address translation instruction.
  public let isCacheMaintenance: Bool
  /// EA: a class of external aborts that the implementation defines.
  public let isExternal: Bool
  /// FnV clear: FAR_ELx has the address.
  public let hasAddress: Bool
  /// What was accessed by which register; nil where ISV is clear.
  public let access: Access?

  /// The instruction's access, as far as one register's load or store is concerned.
  public struct Access: Sendable, Equatable {
    /// 1, 2, 4 or 8 bytes (SAS).
    public let byteCount: Int
    /// The number of the register that is loaded or stored, 31 for XZR (SRT).
    public let register: Int
    /// A load extends the sign (SSE).
    public let isSigned: Bool
    /// The register is an X register, and not a W register (SF).
    public let is64Bit: Bool
    /// The instruction has acquire or release semantics (AR).
    public let isOrdered: Bool
  }

  /// Takes the 25 bits ISS.
  public init(_ specific: UInt64) {
    status = FaultStatus(rawValue: UInt8(truncatingIfNeeded: specific[bits: 0...5]))
    isWrite = specific[bit: 6]
    isOnStage1Walk = specific[bit: 7]
    isCacheMaintenance = specific[bit: 8]
    isExternal = specific[bit: 9]
    hasAddress = !specific[bit: 10]
    access =
      specific[bit: 24]
      ? Access(
        byteCount: 1 << Int(truncatingIfNeeded: specific[bits: 22...23]),
        register: Int(truncatingIfNeeded: specific[bits: 16...20]), isSigned: specific[bit: 21],
        is64Bit: specific[bit: 15], isOrdered: specific[bit: 14]) : nil
  }
}

/// ISS of an instruction abort.
public struct InstructionAbort: Sendable, Equatable {
  /// IFSC.
  public let status: FaultStatus
  /// S1PTW: stage 2 faulted on a read of a stage 1 table.
  public let isOnStage1Walk: Bool
  /// EA: a class of external aborts that the implementation defines.
  public let isExternal: Bool
  /// FnV clear: FAR_ELx has the address.
  public let hasAddress: Bool

  /// Takes the 25 bits ISS.
  public init(_ specific: UInt64) {
    status = FaultStatus(rawValue: UInt8(truncatingIfNeeded: specific[bits: 0...5]))
    isOnStage1Walk = specific[bit: 7]
    isExternal = specific[bit: 9]
    hasAddress = !specific[bit: 10]
  }
}

/// ISS of a watchpoint.
public struct WatchpointSyndrome: Sendable, Equatable {
  /// WnR: a store.
  public let isWrite: Bool
  /// CM: a cache maintenance instruction.
  public let isCacheMaintenance: Bool
  /// FnV clear: FAR_ELx has the address.
  public let hasAddress: Bool
  /// WPT: the number of the watchpoint; nil where the CPU does not tell (WPTV is clear).
  public let number: Int?

  /// Takes the 25 bits ISS.
  public init(_ specific: UInt64) {
    isWrite = specific[bit: 6]
    isCacheMaintenance = specific[bit: 8]
    hasAddress = !specific[bit: 10]
    number = specific[bit: 17] ? Int(truncatingIfNeeded: specific[bits: 18...23]) : nil
  }
}

// MARK: - Instructions

/// ISS of a trapped MSR, MRS or system instruction.
public struct SystemRegisterAccess: Sendable, Equatable {
  /// The encoding; with `op0` 1 a system instruction, such as DC or TLBI.
  public let register: SystemRegister
  /// A read: MRS.
  public let isRead: Bool
  /// Rt: the number of the general-purpose register, 31 for XZR.
  public let generalRegister: Int

  /// Takes the 25 bits ISS.
  public init(_ specific: UInt64) {
    func part(_ bits: ClosedRange<Int>) -> UInt8 { UInt8(truncatingIfNeeded: specific[bits: bits]) }
    register = SystemRegister(
      op0: part(20...21), op1: part(14...16), crn: part(10...13), crm: part(1...4), op2: part(17...19))
    isRead = specific[bit: 0]
    generalRegister = Int(part(5...9))
  }
}

/// ISS of a trapped wait instruction: which one.
public enum WaitInstruction: String, Sendable {
  case wfi = "WFI"
  case wfe = "WFE"
  case wfit = "WFIT"
  case wfet = "WFET"

  /// Takes the 25 bits ISS.
  public init(_ specific: UInt64) {
    switch specific[bits: 0...1] {
    case 0: self = .wfi
    case 1: self = .wfe
    case 2: self = .wfit
    default: self = .wfet
    }
  }
}

/// ISS of a floating-point exception.
public struct FloatingPointException: Sendable, Equatable {
  /// The conditions by FPSR's mnemonics without their last letter; empty where the CPU does not tell (TFV is clear).
  public let conditions: [String]

  /// Takes the 25 bits ISS.
  public init(_ specific: UInt64) {
    let names = [(0, "IO"), (1, "DZ"), (2, "OF"), (3, "UF"), (4, "IX"), (7, "ID")]
    conditions = specific[bit: 23] ? names.filter { specific[bit: $0.0] }.map(\.1) : []
  }
}

/// ISS of an SError.
public struct SErrorSyndrome: Sendable, Equatable {
  /// What is lost, by the field AET (FEAT_RAS).
  public enum Severity: UInt8, Sendable, CaseIterable {
    case uncontainable = 0
    case unrecoverable = 1
    case restartable = 2
    case recoverable = 3
    case corrected = 6
  }

  /// IDS: the other bits are the implementation's own.
  public let isImplementationDefined: Bool
  /// AET; nil where DFSC does not say that there is one, or for a reserved value.
  public let severity: Severity?

  /// Takes the 25 bits ISS.
  public init(_ specific: UInt64) {
    isImplementationDefined = specific[bit: 24]
    let hasSeverity = !isImplementationDefined && specific[bits: 0...5] == 0b010001
    severity = hasSeverity ? Severity(rawValue: UInt8(truncatingIfNeeded: specific[bits: 10...12])) : nil
  }
}
