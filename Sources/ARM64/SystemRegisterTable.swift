import Architecture

/// The architectural names of system registers: the one place where names and encodings meet.
///
/// Arm ARM, chapters D19 (registers) and D18.2 (encodings); the GIC's from the GICv3 specification, chapter 12. Those
/// of EL3 are left out: no guest has it.
enum SystemRegisterTable {
  /// A register's name, and how GDB shows its value.
  struct Entry: Sendable {
    enum Display: Sendable {
      case integer
      case codeAddress
      case dataAddress
      case fields(any ARM64RegisterFields.Type)
    }

    /// In lower case.
    let name: String
    let register: SystemRegister
    let display: Display

    init(_ name: String, _ register: SystemRegister, _ display: Display = .integer) {
      self.name = name
      self.register = register
      self.display = display
    }
  }

  /// All entries in the order in which a debugger lists them.
  static let all: [Entry] = named + numbered

  /// The entries by encoding.
  static let entries = Dictionary(all.map { ($0.register, $0) }, uniquingKeysWith: { first, _ in first })

  /// The encodings by name in lower case.
  static let registers = Dictionary(all.map { ($0.name, $0.register) }, uniquingKeysWith: { first, _ in first })

  /// The position of each encoding in `all`.
  static let positions = Dictionary(
    all.enumerated().map { ($1.register, $0) }, uniquingKeysWith: { first, _ in first })
}

// MARK: - Registers that come in numbers

extension SystemRegisterTable {
  private static let numbered: [Entry] =
    family("dbgbvr", "_el1", 16, .codeAddress) { .dbgbvrEL1($0) }
    + family("dbgbcr", "_el1", 16, .fields(DBGBCR.self)) { .dbgbcrEL1($0) }
    + family("dbgwvr", "_el1", 16, .dataAddress) { .dbgwvrEL1($0) }
    + family("dbgwcr", "_el1", 16, .fields(DBGWCR.self)) { .dbgwcrEL1($0) }
    + family("pmevcntr", "_el0", 31) { .init(3, 3, 14, 8 + $0 / 8, $0 % 8) }
    + family("pmevtyper", "_el0", 31) { .init(3, 3, 14, 12 + $0 / 8, $0 % 8) }
    + family("amevcntr0", "_el0", 4) { .init(3, 3, 13, 4, $0) }
    + family("amevtyper0", "_el0", 4) { .init(3, 3, 13, 6, $0) }
    + family("amevcntr1", "_el0", 16) { .init(3, 3, 13, 12 + $0 / 8, $0 % 8) }
    + family("amevtyper1", "_el0", 16) { .init(3, 3, 13, 14 + $0 / 8, $0 % 8) }
    + family("icc_ap0r", "_el1", 4) { .init(3, 0, 12, 8, 4 + $0) }
    + family("icc_ap1r", "_el1", 4) { .init(3, 0, 12, 9, $0) }
    + family("ich_ap0r", "_el2", 4) { .init(3, 4, 12, 8, $0) }
    + family("ich_ap1r", "_el2", 4) { .init(3, 4, 12, 9, $0) }
    + family("ich_lr", "_el2", 16) { .init(3, 4, 12, 12 + $0 / 8, $0 % 8) }

  private static func family(
    _ prefix: String, _ suffix: String, _ count: UInt8, _ display: Entry.Display = .integer,
    _ register: (UInt8) -> SystemRegister
  ) -> [Entry] {
    (0..<count).map { Entry("\(prefix)\($0)\(suffix)", register($0), display) }
  }
}

// MARK: - Registers of their own

extension SystemRegisterTable {
  private static let named: [Entry] = [
    // Identification and caches.
    .init("midr_el1", .midrEL1, .fields(MIDR.self)),
    .init("mpidr_el1", .mpidrEL1, .fields(MPIDR.self)),
    .init("revidr_el1", .init(3, 0, 0, 0, 6)),
    .init("ctr_el0", .init(3, 3, 0, 0, 1), .fields(CTR.self)),
    .init("dczid_el0", .init(3, 3, 0, 0, 7), .fields(DCZID.self)),
    .init("clidr_el1", .init(3, 1, 0, 0, 1)),
    .init("ccsidr_el1", .init(3, 1, 0, 0, 0)),
    .init("ccsidr2_el1", .init(3, 1, 0, 0, 2)),
    .init("csselr_el1", .init(3, 2, 0, 0, 0)),
    .init("aidr_el1", .init(3, 1, 0, 0, 7)),
    .init("gmid_el1", .init(3, 1, 0, 0, 4)),
    .init("smidr_el1", .init(3, 1, 0, 0, 6)),

    // Features of AArch64 state.
    .init("id_aa64pfr0_el1", .idAA64PFR0EL1, .fields(IDAA64PFR0.self)),
    .init("id_aa64pfr1_el1", .idAA64PFR1EL1, .fields(IDAA64PFR1.self)),
    .init("id_aa64pfr2_el1", .init(3, 0, 0, 4, 2)),
    .init("id_aa64zfr0_el1", .init(3, 0, 0, 4, 4)),
    .init("id_aa64smfr0_el1", .init(3, 0, 0, 4, 5)),
    .init("id_aa64fpfr0_el1", .init(3, 0, 0, 4, 7)),
    .init("id_aa64dfr0_el1", .idAA64DFR0EL1, .fields(IDAA64DFR0.self)),
    .init("id_aa64dfr1_el1", .init(3, 0, 0, 5, 1)),
    .init("id_aa64dfr2_el1", .init(3, 0, 0, 5, 2)),
    .init("id_aa64afr0_el1", .init(3, 0, 0, 5, 4)),
    .init("id_aa64afr1_el1", .init(3, 0, 0, 5, 5)),
    .init("id_aa64isar0_el1", .idAA64ISAR0EL1, .fields(IDAA64ISAR0.self)),
    .init("id_aa64isar1_el1", .idAA64ISAR1EL1, .fields(IDAA64ISAR1.self)),
    .init("id_aa64isar2_el1", .idAA64ISAR2EL1, .fields(IDAA64ISAR2.self)),
    .init("id_aa64isar3_el1", .init(3, 0, 0, 6, 3)),
    .init("id_aa64mmfr0_el1", .idAA64MMFR0EL1, .fields(IDAA64MMFR0.self)),
    .init("id_aa64mmfr1_el1", .idAA64MMFR1EL1, .fields(IDAA64MMFR1.self)),
    .init("id_aa64mmfr2_el1", .idAA64MMFR2EL1, .fields(IDAA64MMFR2.self)),
    .init("id_aa64mmfr3_el1", .idAA64MMFR3EL1, .fields(IDAA64MMFR3.self)),
    .init("id_aa64mmfr4_el1", .init(3, 0, 0, 7, 4)),

    // Features of AArch32 state.
    .init("id_pfr0_el1", .init(3, 0, 0, 1, 0)),
    .init("id_pfr1_el1", .init(3, 0, 0, 1, 1)),
    .init("id_pfr2_el1", .init(3, 0, 0, 3, 4)),
    .init("id_dfr0_el1", .init(3, 0, 0, 1, 2)),
    .init("id_dfr1_el1", .init(3, 0, 0, 3, 5)),
    .init("id_afr0_el1", .init(3, 0, 0, 1, 3)),
    .init("id_mmfr0_el1", .init(3, 0, 0, 1, 4)),
    .init("id_mmfr1_el1", .init(3, 0, 0, 1, 5)),
    .init("id_mmfr2_el1", .init(3, 0, 0, 1, 6)),
    .init("id_mmfr3_el1", .init(3, 0, 0, 1, 7)),
    .init("id_mmfr4_el1", .init(3, 0, 0, 2, 6)),
    .init("id_mmfr5_el1", .init(3, 0, 0, 3, 6)),
    .init("id_isar0_el1", .init(3, 0, 0, 2, 0)),
    .init("id_isar1_el1", .init(3, 0, 0, 2, 1)),
    .init("id_isar2_el1", .init(3, 0, 0, 2, 2)),
    .init("id_isar3_el1", .init(3, 0, 0, 2, 3)),
    .init("id_isar4_el1", .init(3, 0, 0, 2, 4)),
    .init("id_isar5_el1", .init(3, 0, 0, 2, 5)),
    .init("id_isar6_el1", .init(3, 0, 0, 2, 7)),
    .init("mvfr0_el1", .init(3, 0, 0, 3, 0)),
    .init("mvfr1_el1", .init(3, 0, 0, 3, 1)),
    .init("mvfr2_el1", .init(3, 0, 0, 3, 2)),

    // Control and translation.
    .init("sctlr_el1", .sctlrEL1, .fields(SCTLR.self)),
    .init("sctlr2_el1", .init(3, 0, 1, 0, 3)),
    .init("actlr_el1", .init(3, 0, 1, 0, 1)),
    .init("cpacr_el1", .init(3, 0, 1, 0, 2), .fields(CPACR.self)),
    .init("rgsr_el1", .init(3, 0, 1, 0, 5)),
    .init("gcr_el1", .init(3, 0, 1, 0, 6)),
    .init("zcr_el1", .init(3, 0, 1, 2, 0), .fields(ZCR.self)),
    .init("trfcr_el1", .init(3, 0, 1, 2, 1)),
    .init("smpri_el1", .init(3, 0, 1, 2, 4)),
    .init("smcr_el1", .init(3, 0, 1, 2, 6)),
    .init("ttbr0_el1", .ttbr0EL1, .fields(TTBR.self)),
    .init("ttbr1_el1", .ttbr1EL1, .fields(TTBR.self)),
    .init("tcr_el1", .tcrEL1, .fields(TCR.self)),
    .init("tcr2_el1", .tcr2EL1, .fields(TCR2.self)),
    .init("mair_el1", .mairEL1, .fields(MAIR.self)),
    .init("mair2_el1", .init(3, 0, 10, 2, 1)),
    .init("amair_el1", .init(3, 0, 10, 3, 0)),
    .init("amair2_el1", .init(3, 0, 10, 3, 1)),
    .init("pire0_el1", .pire0EL1),
    .init("pir_el1", .pirEL1),
    .init("por_el1", .init(3, 0, 10, 2, 4)),
    .init("por_el0", .init(3, 3, 10, 2, 4)),
    .init("s2por_el1", .init(3, 0, 10, 2, 5)),

    // Pointer authentication keys.
    .init("apiakeylo_el1", .init(3, 0, 2, 1, 0)),
    .init("apiakeyhi_el1", .init(3, 0, 2, 1, 1)),
    .init("apibkeylo_el1", .init(3, 0, 2, 1, 2)),
    .init("apibkeyhi_el1", .init(3, 0, 2, 1, 3)),
    .init("apdakeylo_el1", .init(3, 0, 2, 2, 0)),
    .init("apdakeyhi_el1", .init(3, 0, 2, 2, 1)),
    .init("apdbkeylo_el1", .init(3, 0, 2, 2, 2)),
    .init("apdbkeyhi_el1", .init(3, 0, 2, 2, 3)),
    .init("apgakeylo_el1", .init(3, 0, 2, 3, 0)),
    .init("apgakeyhi_el1", .init(3, 0, 2, 3, 1)),

    // Stack pointers, saved state and PSTATE.
    .init("spsr_el1", .spsrEL1, .fields(PSTATE.self)),
    .init("elr_el1", .elrEL1, .codeAddress),
    .init("sp_el0", .spEL0, .dataAddress),
    .init("sp_el1", .spEL1, .dataAddress),
    .init("spsel", .init(3, 0, 4, 2, 0)),
    .init("currentel", .init(3, 0, 4, 2, 2)),
    .init("pan", .init(3, 0, 4, 2, 3)),
    .init("uao", .init(3, 0, 4, 2, 4)),
    .init("allint", .init(3, 0, 4, 3, 0)),
    .init("nzcv", .init(3, 3, 4, 2, 0)),
    .init("daif", .init(3, 3, 4, 2, 1)),
    .init("svcr", .init(3, 3, 4, 2, 2)),
    .init("dit", .init(3, 3, 4, 2, 5)),
    .init("ssbs", .init(3, 3, 4, 2, 6)),
    .init("tco", .init(3, 3, 4, 2, 7)),
    .init("fpcr", .init(3, 3, 4, 4, 0)),
    .init("fpsr", .init(3, 3, 4, 4, 1)),
    .init("fpmr", .init(3, 3, 4, 4, 2)),
    .init("dspsr_el0", .init(3, 3, 4, 5, 0)),
    .init("dlr_el0", .init(3, 3, 4, 5, 1), .codeAddress),

    // Guarded control stack.
    .init("gcscr_el1", .init(3, 0, 2, 5, 0)),
    .init("gcspr_el1", .init(3, 0, 2, 5, 1), .dataAddress),
    .init("gcscre0_el1", .init(3, 0, 2, 5, 2)),
    .init("gcspr_el0", .init(3, 3, 2, 5, 1), .dataAddress),

    // Exceptions.
    .init("esr_el1", .esrEL1, .fields(ExceptionSyndrome.self)),
    .init("far_el1", .farEL1, .dataAddress),
    .init("afsr0_el1", .init(3, 0, 5, 1, 0)),
    .init("afsr1_el1", .init(3, 0, 5, 1, 1)),
    .init("par_el1", .parEL1, .fields(PAR.self)),
    .init("vbar_el1", .vbarEL1, .codeAddress),
    .init("rvbar_el1", .init(3, 0, 12, 0, 1), .codeAddress),
    .init("rmr_el1", .init(3, 0, 12, 0, 2)),
    .init("isr_el1", .init(3, 0, 12, 1, 0), .fields(ISR.self)),
    .init("disr_el1", .init(3, 0, 12, 1, 1)),
    .init("tfsr_el1", .init(3, 0, 5, 6, 0)),
    .init("tfsre0_el1", .init(3, 0, 5, 6, 1)),
    .init("contextidr_el1", .init(3, 0, 13, 0, 1)),

    // Error records.
    .init("erridr_el1", .init(3, 0, 5, 3, 0)),
    .init("errselr_el1", .init(3, 0, 5, 3, 1)),
    .init("erxfr_el1", .init(3, 0, 5, 4, 0)),
    .init("erxctlr_el1", .init(3, 0, 5, 4, 1)),
    .init("erxstatus_el1", .init(3, 0, 5, 4, 2)),
    .init("erxaddr_el1", .init(3, 0, 5, 4, 3)),
    .init("erxpfgf_el1", .init(3, 0, 5, 4, 4)),
    .init("erxpfgctl_el1", .init(3, 0, 5, 4, 5)),
    .init("erxpfgcdn_el1", .init(3, 0, 5, 4, 6)),
    .init("erxmisc0_el1", .init(3, 0, 5, 5, 0)),
    .init("erxmisc1_el1", .init(3, 0, 5, 5, 1)),
    .init("erxmisc2_el1", .init(3, 0, 5, 5, 2)),
    .init("erxmisc3_el1", .init(3, 0, 5, 5, 3)),

    // Limited ordering regions.
    .init("lorsa_el1", .init(3, 0, 10, 4, 0)),
    .init("lorea_el1", .init(3, 0, 10, 4, 1)),
    .init("lorn_el1", .init(3, 0, 10, 4, 2)),
    .init("lorc_el1", .init(3, 0, 10, 4, 3)),
    .init("lorid_el1", .init(3, 0, 10, 4, 7)),

    // Thread ids and random numbers.
    .init("tpidr_el0", .tpidrEL0, .dataAddress),
    .init("tpidrro_el0", .init(3, 3, 13, 0, 3), .dataAddress),
    .init("tpidr_el1", .init(3, 0, 13, 0, 4), .dataAddress),
    .init("tpidr2_el0", .tpidr2EL0, .dataAddress),
    .init("scxtnum_el0", .init(3, 3, 13, 0, 7)),
    .init("scxtnum_el1", .init(3, 0, 13, 0, 7)),
    .init("rndr", .init(3, 3, 2, 4, 0)),
    .init("rndrrs", .init(3, 3, 2, 4, 1)),

    // Generic timer.
    .init("cntkctl_el1", .init(3, 0, 14, 1, 0), .fields(CNTKCTL.self)),
    .init("cntfrq_el0", .init(3, 3, 14, 0, 0)),
    .init("cntpct_el0", .init(3, 3, 14, 0, 1)),
    .init("cntvct_el0", .cntvctEL0),
    .init("cntpctss_el0", .init(3, 3, 14, 0, 5)),
    .init("cntvctss_el0", .init(3, 3, 14, 0, 6)),
    .init("cntp_tval_el0", .init(3, 3, 14, 2, 0)),
    .init("cntp_ctl_el0", .init(3, 3, 14, 2, 1), .fields(TimerControl.self)),
    .init("cntp_cval_el0", .cntpCvalEL0),
    .init("cntv_tval_el0", .init(3, 3, 14, 3, 0)),
    .init("cntv_ctl_el0", .cntvCtlEL0, .fields(TimerControl.self)),
    .init("cntv_cval_el0", .cntvCvalEL0),

    // Debug.
    .init("mdscr_el1", .mdscrEL1, .fields(MDSCR.self)),
    .init("mdccint_el1", .init(2, 0, 0, 2, 0)),
    .init("osdtrrx_el1", .init(2, 0, 0, 0, 2)),
    .init("osdtrtx_el1", .init(2, 0, 0, 3, 2)),
    .init("oseccr_el1", .init(2, 0, 0, 6, 2)),
    .init("mdrar_el1", .init(2, 0, 1, 0, 0)),
    .init("oslar_el1", .init(2, 0, 1, 0, 4)),
    .init("oslsr_el1", .init(2, 0, 1, 1, 4)),
    .init("osdlr_el1", .init(2, 0, 1, 3, 4)),
    .init("dbgprcr_el1", .init(2, 0, 1, 4, 4)),
    .init("dbgclaimset_el1", .init(2, 0, 7, 8, 6)),
    .init("dbgclaimclr_el1", .init(2, 0, 7, 9, 6)),
    .init("dbgauthstatus_el1", .init(2, 0, 7, 14, 6)),
    .init("mdccsr_el0", .init(2, 3, 0, 1, 0)),
    .init("dbgdtr_el0", .init(2, 3, 0, 4, 0)),
    .init("dbgdtrrx_el0", .init(2, 3, 0, 5, 0)),
    .init("dbgvcr32_el2", .init(2, 4, 0, 7, 0)),

    // Performance monitors.
    .init("pmcr_el0", .init(3, 3, 9, 12, 0), .fields(PMCR.self)),
    .init("pmcntenset_el0", .init(3, 3, 9, 12, 1)),
    .init("pmcntenclr_el0", .init(3, 3, 9, 12, 2)),
    .init("pmovsclr_el0", .init(3, 3, 9, 12, 3)),
    .init("pmovsset_el0", .init(3, 3, 9, 14, 3)),
    .init("pmswinc_el0", .init(3, 3, 9, 12, 4)),
    .init("pmselr_el0", .init(3, 3, 9, 12, 5)),
    .init("pmceid0_el0", .init(3, 3, 9, 12, 6)),
    .init("pmceid1_el0", .init(3, 3, 9, 12, 7)),
    .init("pmccntr_el0", .init(3, 3, 9, 13, 0)),
    .init("pmxevtyper_el0", .init(3, 3, 9, 13, 1)),
    .init("pmxevcntr_el0", .init(3, 3, 9, 13, 2)),
    .init("pmuserenr_el0", .init(3, 3, 9, 14, 0)),
    .init("pmccfiltr_el0", .init(3, 3, 14, 15, 7)),
    .init("pmintenset_el1", .init(3, 0, 9, 14, 1)),
    .init("pmintenclr_el1", .init(3, 0, 9, 14, 2)),
    .init("pmmir_el1", .init(3, 0, 9, 14, 6)),
    .init("pmicntr_el0", .init(3, 3, 9, 4, 0)),
    .init("pmicfiltr_el0", .init(3, 3, 9, 6, 0)),
    .init("pmzr_el0", .init(3, 3, 9, 13, 4)),
    .init("pmuacr_el1", .init(3, 0, 9, 14, 4)),
    .init("pmsscr_el1", .init(3, 0, 9, 13, 3)),

    // Statistical profiling.
    .init("pmscr_el1", .init(3, 0, 9, 9, 0)),
    .init("pmsnevfr_el1", .init(3, 0, 9, 9, 1)),
    .init("pmsicr_el1", .init(3, 0, 9, 9, 2)),
    .init("pmsirr_el1", .init(3, 0, 9, 9, 3)),
    .init("pmsfcr_el1", .init(3, 0, 9, 9, 4)),
    .init("pmsevfr_el1", .init(3, 0, 9, 9, 5)),
    .init("pmslatfr_el1", .init(3, 0, 9, 9, 6)),
    .init("pmsidr_el1", .init(3, 0, 9, 9, 7)),
    .init("pmblimitr_el1", .init(3, 0, 9, 10, 0)),
    .init("pmbptr_el1", .init(3, 0, 9, 10, 1)),
    .init("pmbsr_el1", .init(3, 0, 9, 10, 3)),
    .init("pmbidr_el1", .init(3, 0, 9, 10, 7)),

    // Trace buffer.
    .init("trblimitr_el1", .init(3, 0, 9, 11, 0)),
    .init("trbptr_el1", .init(3, 0, 9, 11, 1)),
    .init("trbbaser_el1", .init(3, 0, 9, 11, 2)),
    .init("trbsr_el1", .init(3, 0, 9, 11, 3)),
    .init("trbmar_el1", .init(3, 0, 9, 11, 4)),
    .init("trbtrg_el1", .init(3, 0, 9, 11, 6)),
    .init("trbidr_el1", .init(3, 0, 9, 11, 7)),

    // Activity monitors.
    .init("amcr_el0", .init(3, 3, 13, 2, 0)),
    .init("amcfgr_el0", .init(3, 3, 13, 2, 1)),
    .init("amcgcr_el0", .init(3, 3, 13, 2, 2)),
    .init("amuserenr_el0", .init(3, 3, 13, 2, 3)),
    .init("amcntenclr0_el0", .init(3, 3, 13, 2, 4)),
    .init("amcntenset0_el0", .init(3, 3, 13, 2, 5)),
    .init("amcntenclr1_el0", .init(3, 3, 13, 3, 0)),
    .init("amcntenset1_el0", .init(3, 3, 13, 3, 1)),
    .init("amcg1idr_el0", .init(3, 3, 13, 2, 6)),

    // GIC CPU interface.
    .init("icc_pmr_el1", .init(3, 0, 4, 6, 0)),
    .init("icc_iar0_el1", .init(3, 0, 12, 8, 0)),
    .init("icc_eoir0_el1", .init(3, 0, 12, 8, 1)),
    .init("icc_hppir0_el1", .init(3, 0, 12, 8, 2)),
    .init("icc_bpr0_el1", .init(3, 0, 12, 8, 3)),
    .init("icc_dir_el1", .init(3, 0, 12, 11, 1)),
    .init("icc_rpr_el1", .init(3, 0, 12, 11, 3)),
    .init("icc_sgi1r_el1", .init(3, 0, 12, 11, 5)),
    .init("icc_asgi1r_el1", .init(3, 0, 12, 11, 6)),
    .init("icc_sgi0r_el1", .init(3, 0, 12, 11, 7)),
    .init("icc_iar1_el1", .init(3, 0, 12, 12, 0)),
    .init("icc_eoir1_el1", .init(3, 0, 12, 12, 1)),
    .init("icc_hppir1_el1", .init(3, 0, 12, 12, 2)),
    .init("icc_bpr1_el1", .init(3, 0, 12, 12, 3)),
    .init("icc_ctlr_el1", .init(3, 0, 12, 12, 4)),
    .init("icc_sre_el1", .init(3, 0, 12, 12, 5)),
    .init("icc_igrpen0_el1", .init(3, 0, 12, 12, 6)),
    .init("icc_igrpen1_el1", .init(3, 0, 12, 12, 7)),
    .init("icc_nmiar1_el1", .init(3, 0, 12, 9, 5)),

    // EL2.
    .init("vpidr_el2", .init(3, 4, 0, 0, 0)),
    .init("vmpidr_el2", .init(3, 4, 0, 0, 5)),
    .init("sctlr_el2", .init(3, 4, 1, 0, 0)),
    .init("sctlr2_el2", .init(3, 4, 1, 0, 3)),
    .init("actlr_el2", .init(3, 4, 1, 0, 1)),
    .init("hcr_el2", .init(3, 4, 1, 1, 0)),
    .init("hcrx_el2", .init(3, 4, 1, 2, 2)),
    .init("mdcr_el2", .init(3, 4, 1, 1, 1)),
    .init("cptr_el2", .init(3, 4, 1, 1, 2)),
    .init("hstr_el2", .init(3, 4, 1, 1, 3)),
    .init("hacr_el2", .init(3, 4, 1, 1, 7)),
    .init("hfgrtr_el2", .init(3, 4, 1, 1, 4)),
    .init("hfgwtr_el2", .init(3, 4, 1, 1, 5)),
    .init("hfgitr_el2", .init(3, 4, 1, 1, 6)),
    .init("hdfgrtr_el2", .init(3, 4, 3, 1, 4)),
    .init("hdfgwtr_el2", .init(3, 4, 3, 1, 5)),
    .init("hafgrtr_el2", .init(3, 4, 3, 1, 6)),
    .init("zcr_el2", .init(3, 4, 1, 2, 0)),
    .init("trfcr_el2", .init(3, 4, 1, 2, 1)),
    .init("smcr_el2", .init(3, 4, 1, 2, 6)),
    .init("smprimap_el2", .init(3, 4, 1, 2, 5)),
    .init("ttbr0_el2", .init(3, 4, 2, 0, 0)),
    .init("ttbr1_el2", .init(3, 4, 2, 0, 1)),
    .init("tcr_el2", .init(3, 4, 2, 0, 2)),
    .init("tcr2_el2", .init(3, 4, 2, 0, 3)),
    .init("vttbr_el2", .init(3, 4, 2, 1, 0)),
    .init("vtcr_el2", .init(3, 4, 2, 1, 2)),
    .init("vncr_el2", .init(3, 4, 2, 2, 0)),
    .init("dacr32_el2", .init(3, 4, 3, 0, 0)),
    .init("spsr_el2", .init(3, 4, 4, 0, 0)),
    .init("elr_el2", .init(3, 4, 4, 0, 1), .codeAddress),
    .init("sp_el2", .init(3, 6, 4, 1, 0), .dataAddress),
    .init("spsr_irq", .spsrIRQ),
    .init("spsr_abt", .spsrAbort),
    .init("spsr_und", .spsrUndefined),
    .init("spsr_fiq", .spsrFIQ),
    .init("ifsr32_el2", .init(3, 4, 5, 0, 1)),
    .init("afsr0_el2", .init(3, 4, 5, 1, 0)),
    .init("afsr1_el2", .init(3, 4, 5, 1, 1)),
    .init("esr_el2", .init(3, 4, 5, 2, 0)),
    .init("vsesr_el2", .init(3, 4, 5, 2, 3)),
    .init("fpexc32_el2", .init(3, 4, 5, 3, 0)),
    .init("tfsr_el2", .init(3, 4, 5, 6, 0)),
    .init("far_el2", .init(3, 4, 6, 0, 0), .dataAddress),
    .init("hpfar_el2", .init(3, 4, 6, 0, 4)),
    .init("mair_el2", .init(3, 4, 10, 2, 0)),
    .init("mair2_el2", .init(3, 4, 10, 1, 1)),
    .init("amair_el2", .init(3, 4, 10, 3, 0)),
    .init("amair2_el2", .init(3, 4, 10, 3, 1)),
    .init("pire0_el2", .init(3, 4, 10, 2, 2)),
    .init("pir_el2", .init(3, 4, 10, 2, 3)),
    .init("por_el2", .init(3, 4, 10, 2, 4)),
    .init("vbar_el2", .init(3, 4, 12, 0, 0), .codeAddress),
    .init("rvbar_el2", .init(3, 4, 12, 0, 1), .codeAddress),
    .init("rmr_el2", .init(3, 4, 12, 0, 2)),
    .init("vdisr_el2", .init(3, 4, 12, 1, 1)),
    .init("contextidr_el2", .init(3, 4, 13, 0, 1)),
    .init("tpidr_el2", .init(3, 4, 13, 0, 2), .dataAddress),
    .init("scxtnum_el2", .init(3, 4, 13, 0, 7)),
    .init("gcscr_el2", .init(3, 4, 2, 5, 0)),
    .init("gcspr_el2", .init(3, 4, 2, 5, 1)),
    .init("cntvoff_el2", .init(3, 4, 14, 0, 3)),
    .init("cntpoff_el2", .init(3, 4, 14, 0, 6)),
    .init("cnthctl_el2", .init(3, 4, 14, 1, 0)),
    .init("cnthp_tval_el2", .init(3, 4, 14, 2, 0)),
    .init("cnthp_ctl_el2", .init(3, 4, 14, 2, 1)),
    .init("cnthp_cval_el2", .init(3, 4, 14, 2, 2)),
    .init("cnthv_tval_el2", .init(3, 4, 14, 3, 0)),
    .init("cnthv_ctl_el2", .init(3, 4, 14, 3, 1)),
    .init("cnthv_cval_el2", .init(3, 4, 14, 3, 2)),
    .init("pmscr_el2", .init(3, 4, 9, 9, 0)),

    // GIC hypervisor interface.
    .init("ich_hcr_el2", .init(3, 4, 12, 11, 0)),
    .init("ich_vtr_el2", .init(3, 4, 12, 11, 1)),
    .init("ich_misr_el2", .init(3, 4, 12, 11, 2)),
    .init("ich_eisr_el2", .init(3, 4, 12, 11, 3)),
    .init("ich_elrsr_el2", .init(3, 4, 12, 11, 5)),
    .init("ich_vmcr_el2", .init(3, 4, 12, 11, 7)),
    .init("icc_sre_el2", .init(3, 4, 12, 9, 5)),
  ]
}
