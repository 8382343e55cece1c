/// One register of an AArch64 CPU, as the manuals name it.
public enum ARM64Register: Hashable, Sendable {
  /// X0 to X30.
  case general(Int)
  /// The stack pointer that PSTATE selects, SP_EL0 or that of the exception level.
  case sp
  case pc
  /// The process state in the format of `PSTATE`; GDB's `cpsr` is its low 32 bits.
  case pstate
  /// V0 to V31, 128 bits each.
  case vector(Int)
  /// SVE's Z0 to Z31, whose low 128 bits are V0 to V31.
  case scalableVector(Int)
  /// SVE's P0 to P15.
  case predicate(Int)
  /// SVE's first fault register.
  case ffr
  case fpcr
  case fpsr
  /// SVE's vector length in units of 64 bits, read only.
  case vg
  /// The bits of a pointer that hold its authentication code; follows from TCR_EL1, read only.
  case pointerMask(PointerMask)
  case system(SystemRegister)

  /// GDB's registers for pointer authentication, in its order.
  public enum PointerMask: String, CaseIterable, Sendable {
    case data = "pauth_dmask"
    case code = "pauth_cmask"
    case dataHigh = "pauth_dmask_high"
    case codeHigh = "pauth_cmask_high"
  }
}
