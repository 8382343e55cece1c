import Bits

/// What an instruction does to, or by, the interrupt masks of PSTATE, for who masks interrupts behind the guest's back
/// (Arm ARM, sections C5.2.2, C6.2, "MSR (immediate)", and D1.5).
public enum InterruptMaskInstruction: Hashable, Sendable {
  /// MSR DAIFSet: masks by an immediate of the bits D, A, I and F.
  case set(UInt8)
  /// MSR DAIFClr: unmasks by an immediate of the bits D, A, I and F.
  case clear(UInt8)
  /// MSR DAIF: all masks come from a register.
  case write
  /// MRS of DAIF into X0 to X30, or into XZR, which is 31.
  case read(Int)
  /// ERET and its authenticated forms: all of PSTATE comes from an SPSR.
  case exceptionReturn
  /// WFI, WFE and their forms with a time-out: waits, and may as well not.
  case wait
  /// Another instruction of the system: it may change how addresses are translated.
  case system

  /// What an A64 instruction is; nil for one that has to do with none of this.
  public init?(encoding: UInt32) {
    let immediate = UInt8(truncatingIfNeeded: encoding[bits: 8...11])
    let register = Int(encoding[bits: 0...4])
    switch encoding {
    case _ where encoding & 0xffff_f0ff == 0xd503_40df: self = .set(immediate)
    case _ where encoding & 0xffff_f0ff == 0xd503_40ff: self = .clear(immediate)
    case _ where encoding & 0xffff_ffe0 == 0xd51b_4220: self = .write
    case _ where encoding & 0xffff_ffe0 == 0xd53b_4220: self = .read(register)
    case _ where encoding & 0xffff_f3e0 == 0xd69f_03e0: self = .exceptionReturn
    case 0xd503_205f, 0xd503_207f: self = .wait
    case _ where encoding & 0xffff_ffc0 == 0xd503_1000: self = .wait
    // The other hints do nothing that matters here.
    case _ where encoding & 0xffff_f01f == 0xd503_201f: return nil
    case _ where encoding & 0xffc0_0000 == 0xd500_0000: self = .system
    default: return nil
    }
  }
}

extension PSTATE {
  /// The process state after an instruction that was executed with IRQs and FIQs masked, had it been executed without.
  ///
  /// - Parameters:
  ///   - original: the state before it, as the guest left it.
  ///   - instruction: what it does to the masks.
  /// - Returns: the masks as the guest would find them, and all else as it is.
  public func unmasked(from original: PSTATE, after instruction: InterruptMaskInstruction?) -> PSTATE {
    var state = self
    switch instruction {
    case .write, .exceptionReturn: break
    case .set(let bits):
      state.masksIRQ = original.masksIRQ || bits & 0b0010 != 0
      state.masksFIQ = original.masksFIQ || bits & 0b0001 != 0
    case .clear(let bits):
      state.masksIRQ = original.masksIRQ && bits & 0b0010 == 0
      state.masksFIQ = original.masksFIQ && bits & 0b0001 == 0
    case .read, .wait, .system, nil:
      state.masksIRQ = original.masksIRQ
      state.masksFIQ = original.masksFIQ
    }
    return state
  }
}
