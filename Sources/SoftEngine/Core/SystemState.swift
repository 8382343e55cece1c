import ARM64
import Bits

/// The system registers that are storage, by their architectural names: words of 64 bits alone, so that there is no padding.
struct SystemState: BitwiseCopyable {
  // Control and translation.
  var sctlr = SystemRegisterFile.sctlrFixed | SystemRegisterFile.sctlrReset
  var actlr: UInt64 = 0
  var cpacr: UInt64 = 0
  var ttbr0: UInt64 = 0
  var ttbr1: UInt64 = 0
  var tcr: UInt64 = 0
  var mair: UInt64 = 0
  var amair: UInt64 = 0
  var csselr: UInt64 = 0

  // Exceptions.
  var esr: UInt64 = 0
  var far: UInt64 = 0
  var afsr0: UInt64 = 0
  var afsr1: UInt64 = 0
  var par: UInt64 = 0
  var vbar: UInt64 = 0
  var elr: UInt64 = 0
  var spsr: UInt64 = 0

  // Software's own.
  var contextidr: UInt64 = 0
  var tpidrEL0: UInt64 = 0
  var tpidrroEL0: UInt64 = 0
  var tpidrEL1: UInt64 = 0
  var scxtnumEL0: UInt64 = 0
  var scxtnumEL1: UInt64 = 0

  // The generic timers.
  var cntkctl: UInt64 = 0
  var virtualTimer = TimerState()
  var physicalTimer = TimerState()

  // Performance monitors.
  var pmu = PMU()

  // Debug.
  var mdscr: UInt64 = 0
  /// OSLSR_EL1.OSLK, in its place; set by a reset.
  var oslsr: UInt64 = 1 << 1
  /// The claim tags, which DBGCLAIMSET_EL1 and DBGCLAIMCLR_EL1 change.
  var claims: UInt64 = 0
  var mdccint: UInt64 = 0
  /// Whether the instruction that the guest stepped last left the exclusive monitor set: 1, or 2 if so; 0 after none.
  var steppedWord: UInt64 = 0
  var dbgbvr = InlineArray<6, UInt64>(repeating: 0)
  var dbgbcr = InlineArray<6, UInt64>(repeating: 0)
  var dbgwvr = InlineArray<4, UInt64>(repeating: 0)
  var dbgwcr = InlineArray<4, UInt64>(repeating: 0)
}

/// A generic timer of EL1 (Arm ARM, section D11.2.4).
struct TimerState: BitwiseCopyable {
  /// CTL but for ISTATUS, which follows from the counter.
  var control: UInt64 = 0
  /// CVAL.
  var compareValue: UInt64 = 0
  /// The interrupt controller's input, as it was set last: 1 or 0.
  var output: UInt64 = 0
}

extension SystemState {
  /// The OS lock: OSLSR_EL1.OSLK.
  var isOSLocked: Bool {
    get { oslsr[bit: 1] }
    set { oslsr[bit: 1] = newValue }
  }
}

extension SystemState {
  /// Whether the instruction that the guest stepped last left the exclusive monitor set; nil after none.
  var steppedLoadExclusive: Bool? {
    get { steppedWord == 0 ? nil : steppedWord == 2 }
    set { steppedWord = newValue.map { $0 ? 2 : 1 } ?? 0 }
  }
}

extension TimerState {
  /// Whether the interrupt controller's input is high.
  var isAsserted: Bool {
    get { output != 0 }
    set { output = newValue ? 1 : 0 }
  }
}
