/// Why an exception was taken: the field EC of ESR_ELx (Arm ARM, D19.2, `ESR_EL1`).
public enum ExceptionClass: UInt8, Sendable, CaseIterable, CustomStringConvertible {
  case unknown = 0x00
  case waitInstruction = 0x01
  case mcrCP15 = 0x03
  case mcrrCP15 = 0x04
  case mcrCP14 = 0x05
  case ldcCP14 = 0x06
  case vectorAccess = 0x07
  case vmrs = 0x08
  case pointerAuthentication = 0x09
  case otherTrapped = 0x0a
  case mrrcCP14 = 0x0c
  case branchTarget = 0x0d
  case illegalState = 0x0e
  case svc32 = 0x11
  case hvc32 = 0x12
  case smc32 = 0x13
  case systemRegister128 = 0x14
  case svc64 = 0x15
  case hvc64 = 0x16
  case smc64 = 0x17
  case systemRegister = 0x18
  case sveAccess = 0x19
  case eret = 0x1a
  case transactionStart = 0x1b
  case pointerAuthenticationFailure = 0x1c
  case smeAccess = 0x1d
  case granuleProtection = 0x1e
  case implementationDefined = 0x1f
  case instructionAbortLower = 0x20
  case instructionAbortSame = 0x21
  case pcAlignment = 0x22
  case dataAbortLower = 0x24
  case dataAbortSame = 0x25
  case spAlignment = 0x26
  case memoryOperation = 0x27
  case floatingPoint32 = 0x28
  case floatingPoint64 = 0x2c
  case guardedControlStack = 0x2d
  case sError = 0x2f
  case breakpointLower = 0x30
  case breakpointSame = 0x31
  case softwareStepLower = 0x32
  case softwareStepSame = 0x33
  case watchpointLower = 0x34
  case watchpointSame = 0x35
  case bkpt32 = 0x38
  case vectorCatch32 = 0x3a
  case brk64 = 0x3c
  case profiling = 0x3d

  /// The class in words.
  public var description: String {
    switch self {
    case .unknown: "unknown reason, such as an undefined instruction"
    case .waitInstruction: "trapped WFI or WFE"
    case .mcrCP15: "trapped MCR or MRC of coprocessor 15"
    case .mcrrCP15: "trapped MCRR or MRRC of coprocessor 15"
    case .mcrCP14: "trapped MCR or MRC of coprocessor 14"
    case .ldcCP14: "trapped LDC or STC of coprocessor 14"
    case .vectorAccess: "trapped access to SVE, Advanced SIMD or floating point"
    case .vmrs: "trapped VMRS"
    case .pointerAuthentication: "trapped pointer authentication instruction"
    case .otherTrapped: "trapped LD64B, ST64B or another instruction"
    case .mrrcCP14: "trapped MRRC of coprocessor 14"
    case .branchTarget: "branch target exception"
    case .illegalState: "illegal execution state"
    case .svc32: "SVC in AArch32"
    case .hvc32: "HVC in AArch32"
    case .smc32: "SMC in AArch32"
    case .systemRegister128: "trapped MSRR, MRRS or 128-bit system instruction"
    case .svc64: "SVC"
    case .hvc64: "HVC"
    case .smc64: "SMC"
    case .systemRegister: "trapped MSR, MRS or system instruction"
    case .sveAccess: "trapped access to SVE"
    case .eret: "trapped ERET"
    case .transactionStart: "trapped TSTART"
    case .pointerAuthenticationFailure: "pointer authentication failure"
    case .smeAccess: "trapped access to SME"
    case .granuleProtection: "granule protection check"
    case .implementationDefined: "implementation defined exception to EL3"
    case .instructionAbortLower: "instruction abort from a lower exception level"
    case .instructionAbortSame: "instruction abort"
    case .pcAlignment: "misaligned PC"
    case .dataAbortLower: "data abort from a lower exception level"
    case .dataAbortSame: "data abort"
    case .spAlignment: "misaligned SP"
    case .memoryOperation: "memory copy or set exception"
    case .floatingPoint32: "floating-point exception in AArch32"
    case .floatingPoint64: "floating-point exception"
    case .guardedControlStack: "guarded control stack exception"
    case .sError: "SError"
    case .breakpointLower: "breakpoint from a lower exception level"
    case .breakpointSame: "breakpoint"
    case .softwareStepLower: "software step from a lower exception level"
    case .softwareStepSame: "software step"
    case .watchpointLower: "watchpoint from a lower exception level"
    case .watchpointSame: "watchpoint"
    case .bkpt32: "BKPT in AArch32"
    case .vectorCatch32: "vector catch in AArch32"
    case .brk64: "BRK"
    case .profiling: "performance monitor exception"
    }
  }
}
