public import Architecture
import Bits

/// The main ID register (Arm ARM, D19.2, `MIDR_EL1`).
public struct MIDR: ARM64RegisterFields {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("Revision", 0...3), RegisterField("PartNum", 4...15), RegisterField("Architecture", 16...19),
      RegisterField("Variant", 20...23), RegisterField("Implementer", 24...31),
    ]
  }
}

/// The multiprocessor affinity register (Arm ARM, D19.2, `MPIDR_EL1`).
public struct MPIDR: ARM64RegisterFields {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The affinity that KVM gives to the CPU of an index: groups of 16, as many as one GICv3 SGI reaches.
  ///
  /// Bit 31 is set always; the device tree's `reg` of a CPU is the affinity alone.
  public init(cpuIndex: Int) {
    let index = UInt64(truncatingIfNeeded: cpuIndex)
    var value: UInt64 = 1 << 31
    value[bits: 0...7] = index[bits: 0...3]
    value[bits: 8...15] = index[bits: 4...11]
    value[bits: 16...23] = index[bits: 12...19]
    rawValue = value
  }

  /// Aff3, Aff2, Aff1 and Aff0 at their places in the register: what PSCI and the device tree name a CPU by.
  public var affinity: UInt64 { rawValue & 0xff_00ff_ffff }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("Aff0", 0...7), RegisterField("Aff1", 8...15), RegisterField("Aff2", 16...23),
      RegisterField("MT", 24), RegisterField("U", 30), RegisterField("Aff3", 32...39),
    ]
  }
}

/// The cache type register (Arm ARM, D19.2, `CTR_EL0`).
public struct CTR: ARM64RegisterFields {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The smallest data cache line in bytes.
  public var dataLineSize: Int { 4 << Int(truncatingIfNeeded: rawValue[bits: 16...19]) }
  /// The smallest instruction cache line in bytes.
  public var instructionLineSize: Int { 4 << Int(truncatingIfNeeded: rawValue[bits: 0...3]) }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("IminLine", 0...3), RegisterField("L1Ip", 14...15), RegisterField("DminLine", 16...19),
      RegisterField("ERG", 20...23), RegisterField("CWG", 24...27), RegisterField("IDC", 28),
      RegisterField("DIC", 29), RegisterField("TminLine", 32...37),
    ]
  }
}

/// The data cache zero ID register (Arm ARM, D19.2, `DCZID_EL0`).
public struct DCZID: ARM64RegisterFields {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("BS", 0...3), RegisterField("DZP", 4),
    ]
  }
}

/// Processor features 0 (Arm ARM, D19.2, `ID_AA64PFR0_EL1`).
public struct IDAA64PFR0: ARM64RegisterFields {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Whether there is SVE.
  public var hasSVE: Bool { rawValue[bits: 32...35] != 0 }
  /// Whether EL0 can run AArch32 code.
  public var hasAArch32: Bool { rawValue[bits: 0...3] == 2 }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("EL0", 0...3), RegisterField("EL1", 4...7), RegisterField("EL2", 8...11),
      RegisterField("EL3", 12...15), RegisterField("FP", 16...19), RegisterField("AdvSIMD", 20...23),
      RegisterField("GIC", 24...27), RegisterField("RAS", 28...31), RegisterField("SVE", 32...35),
      RegisterField("SEL2", 36...39), RegisterField("MPAM", 40...43), RegisterField("AMU", 44...47),
      RegisterField("DIT", 48...51), RegisterField("RME", 52...55), RegisterField("CSV2", 56...59),
      RegisterField("CSV3", 60...63),
    ]
  }
}

/// Processor features 1 (Arm ARM, D19.2, `ID_AA64PFR1_EL1`).
public struct IDAA64PFR1: ARM64RegisterFields {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Whether there is SME, and TPIDR2_EL0 with it.
  public var hasSME: Bool { rawValue[bits: 24...27] != 0 }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("BT", 0...3), RegisterField("SSBS", 4...7), RegisterField("MTE", 8...11),
      RegisterField("RAS_frac", 12...15), RegisterField("MPAM_frac", 16...19), RegisterField("SME", 24...27),
      RegisterField("RNDR_trap", 28...31), RegisterField("CSV2_frac", 32...35), RegisterField("NMI", 36...39),
      RegisterField("MTE_frac", 40...43), RegisterField("GCS", 44...47), RegisterField("THE", 48...51),
      RegisterField("MTEX", 52...55), RegisterField("DF2", 56...59), RegisterField("PFAR", 60...63),
    ]
  }
}

/// Debug features 0 (Arm ARM, D19.2, `ID_AA64DFR0_EL1`).
public struct IDAA64DFR0: ARM64RegisterFields {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// How many breakpoints and watchpoints the debug hardware holds.
  public var debugRegisterCounts: DebugRegisterCounts {
    DebugRegisterCounts(
      breakpoints: Int(truncatingIfNeeded: rawValue[bits: 12...15]) + 1,
      watchpoints: Int(truncatingIfNeeded: rawValue[bits: 20...23]) + 1,
      contextAware: Int(truncatingIfNeeded: rawValue[bits: 28...31]) + 1)
  }
  /// Whether there are performance monitors of the architecture.
  public var hasPerformanceMonitors: Bool { ![0, 0xf].contains(rawValue[bits: 8...11]) }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("DebugVer", 0...3), RegisterField("TraceVer", 4...7), RegisterField("PMUVer", 8...11),
      RegisterField("BRPs", 12...15), RegisterField("PMSS", 16...19), RegisterField("WRPs", 20...23),
      RegisterField("SEBEP", 24...27), RegisterField("CTX_CMPs", 28...31), RegisterField("PMSVer", 32...35),
      RegisterField("DoubleLock", 36...39), RegisterField("TraceFilt", 40...43),
      RegisterField("TraceBuffer", 44...47), RegisterField("MTPMU", 48...51), RegisterField("BRBE", 52...55),
      RegisterField("ExtTrcBuff", 56...59), RegisterField("HPMN0", 60...63),
    ]
  }
}

/// Instruction set attributes 0 (Arm ARM, D19.2, `ID_AA64ISAR0_EL1`).
public struct IDAA64ISAR0: ARM64RegisterFields {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("AES", 4...7), RegisterField("SHA1", 8...11), RegisterField("SHA2", 12...15),
      RegisterField("CRC32", 16...19), RegisterField("Atomic", 20...23), RegisterField("TME", 24...27),
      RegisterField("RDM", 28...31), RegisterField("SHA3", 32...35), RegisterField("SM3", 36...39),
      RegisterField("SM4", 40...43), RegisterField("DP", 44...47), RegisterField("FHM", 48...51),
      RegisterField("TS", 52...55), RegisterField("TLB", 56...59), RegisterField("RNDR", 60...63),
    ]
  }
}

/// Instruction set attributes 1 (Arm ARM, D19.2, `ID_AA64ISAR1_EL1`).
public struct IDAA64ISAR1: ARM64RegisterFields {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Whether addresses can be signed, by the algorithms that this register tells: QARMA5 or the implementation's own.
  public var hasPointerAuthentication: Bool { rawValue[bits: 4...11] != 0 }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("DPB", 0...3), RegisterField("APA", 4...7), RegisterField("API", 8...11),
      RegisterField("JSCVT", 12...15), RegisterField("FCMA", 16...19), RegisterField("LRCPC", 20...23),
      RegisterField("GPA", 24...27), RegisterField("GPI", 28...31), RegisterField("FRINTTS", 32...35),
      RegisterField("SB", 36...39), RegisterField("SPECRES", 40...43), RegisterField("BF16", 44...47),
      RegisterField("DGH", 48...51), RegisterField("I8MM", 52...55), RegisterField("XS", 56...59),
      RegisterField("LS64", 60...63),
    ]
  }
}

/// Instruction set attributes 2 (Arm ARM, D19.2, `ID_AA64ISAR2_EL1`).
public struct IDAA64ISAR2: ARM64RegisterFields {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Whether addresses can be signed by QARMA3.
  public var hasPointerAuthentication: Bool { rawValue[bits: 12...15] != 0 }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("WFxT", 0...3), RegisterField("RPRES", 4...7), RegisterField("GPA3", 8...11),
      RegisterField("APA3", 12...15), RegisterField("MOPS", 16...19), RegisterField("BC", 20...23),
      RegisterField("PAC_frac", 24...27), RegisterField("CLRBHB", 28...31), RegisterField("SYSREG_128", 32...35),
      RegisterField("SYSINSTR_128", 36...39), RegisterField("PRFMSLC", 40...43), RegisterField("PCDPHINT", 44...47),
      RegisterField("RPRFM", 48...51), RegisterField("CSSC", 52...55), RegisterField("LUT", 56...59),
      RegisterField("ATS1A", 60...63),
    ]
  }
}

/// Memory model features 0 (Arm ARM, D19.2, `ID_AA64MMFR0_EL1`).
public struct IDAA64MMFR0: ARM64RegisterFields {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// PARange: the width of physical addresses, at most the 52 bits of 64-bit descriptors.
  public var physicalAddressBits: Int {
    // From 7 on (56 bits) the field only adds what 64-bit descriptors cannot say.
    physicalAddressWidth(rawValue[bits: 0...3])
  }

  /// Whether stage 1 knows a granule.
  public func supports(_ granule: TranslationGranule) -> Bool {
    switch granule {
    case .size4K: rawValue[bits: 28...31] != 0xf
    case .size16K: rawValue[bits: 20...23] != 0
    case .size64K: rawValue[bits: 24...27] != 0xf
    }
  }

  /// Whether stage 1 has addresses of 52 bits with a granule of 4 or 16 KiB (FEAT_LPA2).
  public func hasLargeDescriptors(_ granule: TranslationGranule) -> Bool {
    switch granule {
    case .size4K: rawValue[bits: 28...31] == 1
    case .size16K: rawValue[bits: 20...23] == 2
    case .size64K: false
    }
  }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("PARange", 0...3), RegisterField("ASIDBits", 4...7), RegisterField("BigEnd", 8...11),
      RegisterField("SNSMem", 12...15), RegisterField("BigEndEL0", 16...19), RegisterField("TGran16", 20...23),
      RegisterField("TGran64", 24...27), RegisterField("TGran4", 28...31), RegisterField("TGran16_2", 32...35),
      RegisterField("TGran64_2", 36...39), RegisterField("TGran4_2", 40...43), RegisterField("ExS", 44...47),
      RegisterField("FGT", 56...59), RegisterField("ECV", 60...63),
    ]
  }
}

/// Memory model features 1 (Arm ARM, D19.2, `ID_AA64MMFR1_EL1`).
public struct IDAA64MMFR1: ARM64RegisterFields {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Whether the CPU can write to memory that is clean, and mark it dirty by itself (FEAT_HAFDBS).
  public var hasDirtyState: Bool { rawValue[bits: 0...3] >= 2 }
  /// Whether permissions in table descriptors can be disabled (FEAT_HPDS).
  public var hasHierarchicalPermissionDisables: Bool { rawValue[bits: 12...15] != 0 }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("HAFDBS", 0...3), RegisterField("VMIDBits", 4...7), RegisterField("VH", 8...11),
      RegisterField("HPDS", 12...15), RegisterField("LO", 16...19), RegisterField("PAN", 20...23),
      RegisterField("SpecSEI", 24...27), RegisterField("XNX", 28...31), RegisterField("TWED", 32...35),
      RegisterField("ETS", 36...39), RegisterField("HCX", 40...43), RegisterField("AFP", 44...47),
      RegisterField("nTLBPA", 48...51), RegisterField("TIDCP1", 52...55), RegisterField("CMOW", 56...59),
      RegisterField("ECBHB", 60...63),
    ]
  }
}

/// Memory model features 2 (Arm ARM, D19.2, `ID_AA64MMFR2_EL1`).
public struct IDAA64MMFR2: ARM64RegisterFields {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Whether 64 KiB granules have virtual addresses of 52 bits (FEAT_LVA).
  public var hasLargeAddresses: Bool { rawValue[bits: 16...19] != 0 }
  /// Whether virtual addresses can be as narrow as 16 bits (FEAT_TTST).
  public var hasSmallTables: Bool { rawValue[bits: 28...31] != 0 }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("CnP", 0...3), RegisterField("UAO", 4...7), RegisterField("LSM", 8...11),
      RegisterField("IESB", 12...15), RegisterField("VARange", 16...19), RegisterField("CCIDX", 20...23),
      RegisterField("NV", 24...27), RegisterField("ST", 28...31), RegisterField("AT", 32...35),
      RegisterField("IDS", 36...39), RegisterField("FWB", 40...43), RegisterField("TTL", 48...51),
      RegisterField("BBM", 52...55), RegisterField("EVT", 56...59), RegisterField("E0PD", 60...63),
    ]
  }
}

/// Memory model features 3 (Arm ARM, D19.2, `ID_AA64MMFR3_EL1`).
public struct IDAA64MMFR3: ARM64RegisterFields {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Whether stage 1 permissions can be looked up in PIR_EL1 (FEAT_S1PIE).
  public var hasPermissionIndirection: Bool { rawValue[bits: 8...11] != 0 }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("TCRX", 0...3), RegisterField("SCTLRX", 4...7), RegisterField("S1PIE", 8...11),
      RegisterField("S2PIE", 12...15), RegisterField("S1POE", 16...19), RegisterField("S2POE", 20...23),
      RegisterField("AIE", 24...27), RegisterField("MEC", 28...31), RegisterField("D128", 32...35),
      RegisterField("D128_2", 36...39), RegisterField("SNERR", 40...43), RegisterField("ANERR", 44...47),
      RegisterField("SDERR", 52...55), RegisterField("ADERR", 56...59), RegisterField("Spec_FPACC", 60...63),
    ]
  }
}
