import ARM64
import Bits

// Exceptions to EL1 (Arm ARM, section D1.3, "Exception entry"; J1.1.2, `AArch64.TakeException`).
extension SoftCore {
  /// The process state in the format of an SPSR.
  var pstate: UInt64 {
    get { context.pointee.state.pstate }
    set {
      context.pointee.state.pstate = newValue
      needsAttention = true
    }
  }

  /// Takes the exception that an instruction raised, to EL1.
  func takeException() {
    access.finish()
    let run = context.pointee.run
    var syndrome = run.syndrome
    let exceptionClass = ExceptionClass(rawValue: UInt8(truncatingIfNeeded: syndrome >> 26))
    switch exceptionClass {
    case .instructionAbortLower, .dataAbortLower, .breakpointLower, .softwareStepLower, .watchpointLower:
      if context.pointee.state.exceptionLevel != .el0 { syndrome += 1 << 26 }
    default: break
    }
    if exceptionClass == .softwareStepLower { context.pointee.state.system.steppedLoadExclusive = nil }
    context.pointee.state.system.esr = syndrome
    switch exceptionClass {
    case .instructionAbortLower, .dataAbortLower, .watchpointLower, .pcAlignment:
      context.pointee.state.system.far = run.faultAddress
    default: break
    }
    enterEL1(.synchronous)
  }

  /// Takes a pending interrupt, unless it is masked; whether it has.
  func takeInterrupt() -> Bool {
    let mode = PSTATE(rawValue: context.pointee.state.mode)
    if fiq && !mode.masksFIQ {
      enterEL1(.fiq)
    } else if irq && !mode.masksIRQ {
      enterEL1(.irq)
    } else {
      return false
    }
    return true
  }

  /// The four sorts of exceptions by their distance in a part of the vector table.
  enum ExceptionKind: UInt64 {
    case synchronous = 0
    case irq = 0x80
    case fiq = 0x100
    case sError = 0x180
  }

  private func enterEL1(_ kind: ExceptionKind) {
    countEvent(.exceptionTaken, at: context.pointee.state.time)
    let state = PSTATE(rawValue: pstate)
    let vector = ExceptionVector(from: state)
    context.pointee.state.system.elr = context.pointee.state.pc
    context.pointee.state.system.spsr = state.rawValue
    pstate = state.onEntryToEL1(SCTLR(rawValue: context.pointee.state.system.sctlr)).rawValue
    context.pointee.state.pc = context.pointee.state.system.vbar &+ vector.offset &+ kind.rawValue
    context.pointee.state.time &+= 1
    countExceptionEntry()
  }
}

extension CPUState {
  var exceptionLevel: ExceptionLevel { PSTATE(rawValue: mode).exceptionLevel }

  /// The process state in the format of an SPSR; setting it exchanges the stack pointers as the mode says.
  var pstate: UInt64 {
    get {
      mode | (n ? 1 << 31 : 0) | (z ? 1 << 30 : 0) | (c ? 1 << 29 : 0) | (overflow ? 1 << 28 : 0)
    }
    set {
      (n, z, c, overflow) = (newValue[bit: 31], newValue[bit: 30], newValue[bit: 29], newValue[bit: 28])
      setMode(newValue & ~(0xf << 28))
    }
  }

  private mutating func setMode(_ newMode: UInt64) {
    if PSTATE(rawValue: mode).mode?.usesOwnStackPointer == true { spEL1 = x[31] } else { spEL0 = x[31] }
    mode = newMode
    x[31] = PSTATE(rawValue: mode).mode?.usesOwnStackPointer == true ? spEL1 : spEL0
  }
}
