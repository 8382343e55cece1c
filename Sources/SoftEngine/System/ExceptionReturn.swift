import ARM64
import Bits

// The return from an exception (Arm ARM, section D1.4; J1.1.2, `AArch64.ExceptionReturn`).
extension SoftCore {
  /// Does what ERET does at a time, but for the jump that has to follow; false where it is UNDEFINED, which is raised.
  func returnFromException(at time: UInt64) -> Bool {
    guard context.pointee.state.exceptionLevel != .el0 else { return cpu.raise(Syndrome.unknown) }
    // It is itself an instruction of the level that it leaves.
    countEvent(.exceptionReturn, at: time &+ 1)
    let saved = context.pointee.state.system.spsr
    let arms = armsSoftwareStep(returningTo: saved)
    pstate = Self.isLegalReturn(saved) ? saved & Self.stateBits : illegalReturn(saved)
    if !arms { context.pointee.state.mode[bit: 21] = false }
    context.pointee.state.pc = context.pointee.state.system.elr
    context.pointee.state.exclusiveSize = 0
    context.pointee.state.event = true
    if context.pointee.state.system.pmu.isCounting { notePMUChange() }
    return true
  }

  /// The bits of an SPSR that there are: N, Z, C, V, PAN, SS, IL, D, A, I, F and M.
  static let stateBits: UInt64 = 0xf << 28 | 0b111 << 20 | 0x3cf

  /// Whether an SPSR is of EL0 or EL1 in AArch64 state.
  private static func isLegalReturn(_ saved: UInt64) -> Bool {
    switch PSTATE(rawValue: saved).mode {
    case .el0t, .el1t, .el1h: true
    default: false
    }
  }

  /// The process state after an illegal return: the mode stays, and IL makes the next instruction raise an exception.
  private func illegalReturn(_ saved: UInt64) -> UInt64 {
    let taken: UInt64 = 0xf << 28 | 1 << 22 | 0x3c0
    return saved & taken | pstate & 0xf | 1 << 20
  }
}
