import ARM64
import Bits
import Devices

/// The system registers of this CPU: all there are.
///
/// What is not here is UNDEFINED.
enum SystemRegisterFile {
  static let definitions: [SystemRegisterDefinition] =
    identification + control + exceptions + processState + timers + interruptController + debug + performanceMonitors

  private static let positions = Dictionary(
    definitions.enumerated().map { ($1.register, $0) }, uniquingKeysWith: { first, _ in first })

  /// The position of a register's definition; nil where there is no such register.
  static func position(of register: SystemRegister) -> Int? { positions[register] }

  static func definition(of register: SystemRegister) -> SystemRegisterDefinition? {
    positions[register].map { definitions[$0] }
  }

  /// The system registers that a debugger is shown.
  static let readable = definitions.map(\.register).filter { register in
    register.hasArchitecturalName && !changing.contains(register.name) && definition(of: register)?.isReadable == true
  }

  /// Registers whose value cannot be put back later: those that change bits in place of taking a value, and those that
  /// show the distance to a compare value or what another register selects.
  private static let changing: Set<String> = [
    "dbgclaimset_el1", "dbgclaimclr_el1", "cntp_tval_el0", "cntv_tval_el0",
    "pmcntenset_el0", "pmcntenclr_el0", "pmovsset_el0", "pmovsclr_el0", "pmintenset_el1", "pmintenclr_el1",
    "pmxevtyper_el0", "pmxevcntr_el0",
  ]

  // MARK: Identification

  private static let identification: [SystemRegisterDefinition] =
    [
      .constant("midr_el1", Identification.midr),
      .computed("mpidr_el1", read: { core, _ in MPIDR(cpuIndex: core.index).rawValue }),
      .constant("revidr_el1"), .constant("aidr_el1"),
      .constant("ctr_el0", Identification.ctr, user: .read(.sctlr(15))),
      .computed(
        "dczid_el0", user: .read(.open),
        read: { core, _ in
          // DZP tells whether the instruction is prohibited.
          let isProhibited = core.context.pointee.state.exceptionLevel == .el0 && !core.isOpen(.sctlr(14))
          return Identification.dczid | (isProhibited ? 1 << 4 : 0)
        }),
      .constant("clidr_el1", Identification.clidr),
      .stored("csselr_el1", \.csselr, writable: 0xf),
      .computed("ccsidr_el1", read: { core, _ in Identification.ccsidr(core.context.pointee.state.system.csselr) }),
    ] + featureRegisters

  /// All of the space of ID registers, which read zero where nothing is defined (section D18.2, table D18-2).
  private static let featureRegisters: [SystemRegisterDefinition] = {
    let values: [SystemRegister: UInt64] = [
      .idAA64PFR0EL1: Identification.pfr0, .idAA64DFR0EL1: Identification.dfr0, .idAA64ISAR0EL1: Identification.isar0,
      .idAA64ISAR1EL1: Identification.isar1, .idAA64MMFR0EL1: Identification.mmfr0,
      .idAA64MMFR1EL1: Identification.mmfr1, .idAA64MMFR2EL1: Identification.mmfr2,
    ]
    return (1...7).flatMap { crm in
      (0...7).map { op2 in
        let register = SystemRegister(op0: 3, op1: 0, crn: 0, crm: UInt8(crm), op2: UInt8(op2))
        return SystemRegisterDefinition(
          register: register, value: .constant(values[register] ?? 0), user: .none, effect: .none)
      }
    }
  }()

  // MARK: Control and translation

  /// The bits of SCTLR_EL1 that are one: EOS, EIS, nTLSMD and LSMAOE; without AArch32 ITD and SED.
  static let sctlrFixed: UInt64 = 1 << 7 | 1 << 8 | 1 << 11 | 1 << 22 | 1 << 28 | 1 << 29
  /// What else is one after a reset: nTWI, nTWE and SPAN.
  static let sctlrReset: UInt64 = 1 << 16 | 1 << 18 | 1 << 23
  /// M, A, C, SA, SA0, UMA, I, DZE, UCT, nTWI, nTWE, WXN, TSCXT, SPAN and UCI.
  private static let sctlrWritable: UInt64 = 0x049d_d21f
  /// T0SZ, EPD0 to TG0, T1SZ, A1, EPD1 to TG1, IPS, AS, TBI0, TBI1, HA, HD, HPD0, HPD1, E0PD0 and E0PD1.
  private static let tcrWritable: UInt64 = 0x0180_07f7_ffff_ffbf

  private static let control: [SystemRegisterDefinition] = [
    .stored("sctlr_el1", \.sctlr, writable: sctlrWritable, fixed: sctlrFixed, then: .translation),
    .ignored("actlr_el1"),
    // FPEN.
    .stored("cpacr_el1", \.cpacr, writable: 0b11 << 20, then: .regime),
    .stored("ttbr0_el1", \.ttbr0, then: .addressSpace),
    .stored("ttbr1_el1", \.ttbr1, then: .addressSpace),
    .stored("tcr_el1", \.tcr, writable: tcrWritable, then: .translation),
    .stored("mair_el1", \.mair, then: .translation),
    .stored("amair_el1", \.amair),
    .stored("contextidr_el1", \.contextidr, writable: 0xffff_ffff),
    .stored("tpidr_el1", \.tpidrEL1),
    .stored("tpidr_el0", \.tpidrEL0, user: .readWrite(.open)),
    .stored("tpidrro_el0", \.tpidrroEL0, user: .read(.open)),
    .stored("scxtnum_el1", \.scxtnumEL1),
    .stored("scxtnum_el0", \.scxtnumEL0, user: .readWrite(.sctlrClear(20))),
    // FEAT_LOR with no regions: all ordered accesses are ordered to all.
    .constant("lorid_el1"), .ignored("lorsa_el1"), .ignored("lorea_el1"), .ignored("lorn_el1"), .ignored("lorc_el1"),
  ]

  // MARK: Exceptions

  private static let exceptions: [SystemRegisterDefinition] = [
    .stored("esr_el1", \.esr, writable: 0xffff_ffff),
    .stored("far_el1", \.far),
    .stored("afsr0_el1", \.afsr0),
    .stored("afsr1_el1", \.afsr1),
    .stored("par_el1", \.par),
    .stored("vbar_el1", \.vbar, writable: ~0x7ff),
    .stored("elr_el1", \.elr),
    .stored("spsr_el1", \.spsr, writable: 0xffff_ffff),
    .computed("isr_el1", read: { core, _ in (core.irq ? 1 << 7 : 0) | (core.fiq ? 1 << 6 : 0) }),
  ]

  // MARK: Process state

  /// AHP, DN, FZ, RMode and FZ16; traps of floating-point exceptions are not there.
  static let fpcrWritable: UInt64 =
    0b11 << 25 | 1 << 24 | 0b11 << 22 | (Feature.announced.contains(.fp16) ? 1 << 19 : 0)
  /// QC, IDC, IXC, UFC, OFC, DZC and IOC.
  static let fpsrWritable: UInt64 = 1 << 27 | 0x9f

  private static let processState: [SystemRegisterDefinition] = [
    .computed(
      "sp_el0", read: { core, _ in core.context.pointee.state.stackPointerEL0 },
      write: { core, value, _ in core.context.pointee.state.stackPointerEL0 = value },
      peek: { $0.context.pointee.state.stackPointerEL0 },
      // It is SP itself.
      isUndefined: { $0.context.pointee.state.mode[bits: 0...3] == 0b0100 }),
    .computed(
      "sp_el1", user: .debuggerOnly, read: { core, _ in core.context.pointee.state.stackPointerEL1 },
      write: { core, value, _ in core.context.pointee.state.stackPointerEL1 = value }),
    .computed(
      "spsel", read: { core, _ in core.context.pointee.state.mode & 1 },
      write: { core, value, _ in core.pstate = core.pstate & ~1 | value & 1 },
      peek: { $0.context.pointee.state.mode & 1 },
      // EL0 has SP_EL0 alone.
      isUndefined: { $0.context.pointee.state.exceptionLevel == .el0 }),
    .computed("currentel", read: { core, _ in core.context.pointee.state.mode & 0b1100 }),
    .computed(
      "pan", then: .regime, read: { core, _ in core.context.pointee.state.mode & 1 << 22 },
      write: { core, value, _ in core.context.pointee.state.mode[bit: 22] = value[bit: 22] }),
    .computed(
      "daif", user: .readWrite(.sctlr(9)), read: { core, _ in core.context.pointee.state.mode & 0x3c0 },
      write: { core, value, _ in
        core.context.pointee.state.mode[bits: 6...9] = value[bits: 6...9]
        core.needsAttention = true
      }),
    .computed(
      "nzcv", user: .readWrite(.open), read: { core, _ in core.pstate & 0xf << 28 },
      write: { core, value, _ in core.cpu.setFlags(UInt8(truncatingIfNeeded: value[bits: 28...31])) }),
    .computed(
      "fpcr", user: .readWrite(.vectorAccess), read: { core, _ in core.context.pointee.state.fpcr },
      write: { core, value, _ in core.context.pointee.state.fpcr = value & fpcrWritable }),
    .computed(
      "fpsr", user: .readWrite(.vectorAccess), read: { core, _ in core.context.pointee.state.fpsr },
      write: { core, value, _ in core.context.pointee.state.fpsr = value & fpsrWritable }),
  ]

  // MARK: Timers

  /// EL0PCTEN, EL0VCTEN, EVNTEN, EVNTDIR, EVNTI, EL0VTEN and EL0PTEN.
  private static let cntkctlWritable: UInt64 = 0x3ff

  private static let timers: [SystemRegisterDefinition] =
    [
      .stored("cntkctl_el1", \.cntkctl, writable: cntkctlWritable),
      .constant("cntfrq_el0", SoftMachine.counterFrequency, user: .read(.cntkctl(0b11))),
      .computed(
        "cntpct_el0", user: .read(.cntkctl(0b01)), read: { $0.readCounter(at: $1) },
        peek: { $0.shownCounter }),
      .computed(
        "cntvct_el0", user: .read(.cntkctl(0b10)), read: { $0.readCounter(at: $1) },
        peek: { $0.shownCounter }),
    ] + timer("cntp", .physical, gate: .cntkctl(1 << 9)) + timer("cntv", .virtual, gate: .cntkctl(1 << 8))

  private static func timer(
    _ prefix: String, _ timer: GenericTimer, gate: SystemRegisterDefinition.Gate
  ) -> [SystemRegisterDefinition] {
    [
      .computed(
        "\(prefix)_ctl_el0", user: .readWrite(gate),
        read: { $0.timerControl(timer, counter: $0.readCounter(at: $1)) },
        write: { core, value, time in core.setTimer(timer, at: time) { $0.control = value & 0b11 } },
        peek: { $0.timerControl(timer, counter: $0.shownCounter) }),
      .computed(
        "\(prefix)_cval_el0", user: .readWrite(gate), read: { core, _ in core[timer].compareValue },
        write: { core, value, time in core.setTimer(timer, at: time) { $0.compareValue = value } }),
      .computed(
        "\(prefix)_tval_el0", user: .readWrite(gate),
        read: { $0.timerValue(timer, counter: $0.readCounter(at: $1)) },
        write: { core, value, time in
          let offset = UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value)))
          let compareValue = core.readCounter(at: time) &+ offset
          core.setTimer(timer, at: time) { $0.compareValue = compareValue }
        }, peek: { $0.timerValue(timer, counter: $0.shownCounter) }),
    ]
  }

  // MARK: The interrupt controller

  private static let interruptController: [SystemRegisterDefinition] =
    GICv3.CPUInterfaceRegister.allCases.map { register in
      let read: @Sendable (SoftCore, UInt64) -> UInt64 = { core, _ in
        core.machine.readInterruptController(register, of: core.index)
      }
      let write: @Sendable (SoftCore, UInt64, UInt64) -> Void = { core, value, _ in
        _ = core.machine.interruptController.write(value, to: register, of: core.index)
      }
      let peek: @Sendable (SoftCore) -> UInt64 = { core in
        core.machine.interruptController.peek(register, of: core.index) ?? 0
      }
      return .computed(
        register.rawValue, then: .interrupts, read: register.isReadable ? read : nil,
        write: register.isWritable ? write : nil, peek: register.isReadable ? peek : nil)
    }

  // MARK: Debug

  /// SS, ERR, TDCC, KDE, HDE, MDE, RXO, TXU, TXfull and RXfull.
  private static let mdscrWritable: UInt64 = 1 | 1 << 6 | 0b1111 << 12 | 0b11 << 26 | 0b11 << 29
  /// E, PMC, BAS, HMC, SSC, LBN and BT.
  private static let dbgbcrWritable: UInt64 = 0b111 | 0xf << 5 | 0x7ff << 13
  /// E, PAC, LSC, BAS, HMC, SSC, LBN, WT and MASK.
  private static let dbgwcrWritable: UInt64 = 0x1fff | 0xff << 13 | 0x1f << 24

  private static let debug: [SystemRegisterDefinition] =
    [
      .stored("mdscr_el1", \.mdscr, writable: mdscrWritable, then: .debug),
      .computed(
        "oslar_el1", then: .debug,
        write: { core, value, _ in core.context.pointee.state.system.isOSLocked = value[bit: 0] }),
      // OSLM tells that there is a lock.
      .computed(
        "oslsr_el1", read: { core, _ in 1 << 3 | (core.context.pointee.state.system.isOSLocked ? 1 << 1 : 0) }),
      .ignored("osdlr_el1"), .ignored("dbgprcr_el1"), .ignored("oseccr_el1"), .ignored("osdtrrx_el1"),
      .ignored("osdtrtx_el1"), .constant("mdrar_el1"), .constant("dbgauthstatus_el1"),
      .stored("mdccint_el1", \.mdccint, writable: 0b11 << 29),
      .constant("mdccsr_el0", user: .read(.debugChannel)),
      .computed(
        "dbgdtr_el0", user: .readWrite(.debugChannel), read: { _, _ in 0 }, write: { _, _, _ in }),
      .computed(
        "dbgdtrrx_el0", user: .readWrite(.debugChannel), read: { _, _ in 0 }, write: { _, _, _ in }),
      .computed(
        "dbgclaimset_el1", read: { _, _ in 0xff },
        write: { core, value, _ in core.context.pointee.state.system.claims |= value & 0xff }),
      .computed(
        "dbgclaimclr_el1", read: { core, _ in core.context.pointee.state.system.claims },
        write: { core, value, _ in core.context.pointee.state.system.claims &= ~value }),
    ]
    + numbered("dbgbvr", \.dbgbvr, Identification.breakpointCount, writable: .max)
    + numbered("dbgbcr", \.dbgbcr, Identification.breakpointCount, writable: dbgbcrWritable)
    + numbered("dbgwvr", \.dbgwvr, Identification.watchpointCount, writable: ~0b11)
    + numbered("dbgwcr", \.dbgwcr, Identification.watchpointCount, writable: dbgwcrWritable)

  /// Registers of one name and several numbers, which are stored one behind the other.
  private static func numbered(
    _ name: String, _ first: PartialKeyPath<SystemState>, _ count: Int, writable: UInt64
  ) -> [SystemRegisterDefinition] {
    (0..<count).map { number in
      .stored("\(name)\(number)_el1", first, at: number, writable: writable, then: .debug)
    }
  }
}

extension CPUState {
  /// SP_EL0, wherever it is now.
  var stackPointerEL0: UInt64 {
    get { usesOwnStackPointer ? spEL0 : x[31] }
    set { if usesOwnStackPointer { spEL0 = newValue } else { x[31] = newValue } }
  }

  /// SP_EL1, wherever it is now.
  var stackPointerEL1: UInt64 {
    get { usesOwnStackPointer ? x[31] : spEL1 }
    set { if usesOwnStackPointer { x[31] = newValue } else { spEL1 = newValue } }
  }

  private var usesOwnStackPointer: Bool { PSTATE(rawValue: mode).mode?.usesOwnStackPointer == true }
}
