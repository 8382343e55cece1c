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
    context.pointee.state.system.esr = raisedSyndrome
    switch ExceptionSyndrome(rawValue: context.pointee.run.syndrome).exceptionClass {
    case .instructionAbortLower, .dataAbortLower, .watchpointLower, .pcAlignment:
      context.pointee.state.system.far = context.pointee.run.faultAddress
    case .softwareStepLower: context.pointee.state.system.steppedLoadExclusive = nil
    default: break
    }
    enterEL1(.synchronous)
  }

  /// The syndrome of the exception that was raised.
  ///
  /// What raises one takes the class for a lower exception level, where there are two.
  var raisedSyndrome: UInt64 {
    let syndrome = context.pointee.run.syndrome
    switch ExceptionSyndrome(rawValue: syndrome).exceptionClass {
    case .instructionAbortLower, .dataAbortLower, .breakpointLower, .softwareStepLower, .watchpointLower:
      return context.pointee.state.exceptionLevel == .el0 ? syndrome : syndrome + 1 << 26
    default: return syndrome
    }
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
