public import Architecture
public import Bits

/// The system control register of EL1 (Arm ARM, D19.2, `SCTLR_EL1`).
public struct SCTLR: ARM64RegisterFields {
  /// The register's bits.
  public var rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// M: stage 1 translates.
  public var enablesMMU: Bool { rawValue[bit: 0] }
  /// I: instructions are cached while the MMU is off.
  public var cachesInstructions: Bool { rawValue[bit: 12] }
  /// WXN: what can be written cannot be executed.
  public var writeImpliesExecuteNever: Bool { rawValue[bit: 19] }
  /// EE: data of EL1 and translation tables are big-endian.
  public var isBigEndian: Bool { rawValue[bit: 25] }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("M", 0), RegisterField("A", 1), RegisterField("C", 2), RegisterField("SA", 3),
      RegisterField("SA0", 4), RegisterField("CP15BEN", 5), RegisterField("nAA", 6), RegisterField("ITD", 7),
      RegisterField("SED", 8), RegisterField("UMA", 9), RegisterField("EnRCTX", 10), RegisterField("EOS", 11),
      RegisterField("I", 12), RegisterField("EnDB", 13), RegisterField("DZE", 14), RegisterField("UCT", 15),
      RegisterField("nTWI", 16), RegisterField("nTWE", 18), RegisterField("WXN", 19), RegisterField("TSCXT", 20),
      RegisterField("IESB", 21), RegisterField("EIS", 22), RegisterField("SPAN", 23), RegisterField("E0E", 24),
      RegisterField("EE", 25), RegisterField("UCI", 26), RegisterField("EnDA", 27), RegisterField("nTLSMD", 28),
      RegisterField("LSMAOE", 29), RegisterField("EnIB", 30), RegisterField("EnIA", 31), RegisterField("CMOW", 32),
      RegisterField("MSCEn", 33), RegisterField("EnFPM", 34), RegisterField("BT0", 35), RegisterField("BT1", 36),
      RegisterField("ITFSB", 37),
      RegisterField("TCF0", 38...39), RegisterField("TCF", 40...41), RegisterField("ATA0", 42),
      RegisterField("ATA", 43), RegisterField("DSSBS", 44), RegisterField("TWEDEn", 45),
      RegisterField("TWEDEL", 46...49), RegisterField("TMT0", 50), RegisterField("TMT", 51),
      RegisterField("TME0", 52), RegisterField("TME", 53), RegisterField("EnASR", 54), RegisterField("EnAS0", 55),
      RegisterField("EnALS", 56), RegisterField("EPAN", 57), RegisterField("TCSO0", 58), RegisterField("TCSO", 59),
      RegisterField("EnTP2", 60), RegisterField("NMI", 61), RegisterField("SPINTMASK", 62), RegisterField("TIDCP", 63),
    ]
  }
}

/// A half of the virtual address space (Arm ARM, section D8.1).
public enum VARange: Sendable, CaseIterable {
  /// From 0 up, by TTBR0_EL1.
  case lower
  /// From the top down, by TTBR1_EL1.
  case upper

  /// The half that bit 55 of an address selects.
  public init(of address: GuestVirtual) { self = address.rawValue[bit: 55] ? .upper : .lower }
}

/// What an address is used for; a tag in the top byte can be for data alone.
public enum AddressUse: Sendable, CaseIterable {
  case data
  case instruction
}

/// The size of the smallest page, and of every table (Arm ARM, section D8.1).
public enum TranslationGranule: String, Sendable, CaseIterable {
  case size4K = "4K"
  case size16K = "16K"
  case size64K = "64K"

  /// The granule's size as a power of two.
  public var shift: Int {
    switch self {
    case .size4K: 12
    case .size16K: 14
    case .size64K: 16
    }
  }

  /// How many bits of an address choose a descriptor in a whole table of 8-byte descriptors.
  var stride: Int { shift - 3 }
}

/// The translation control register of EL1 (Arm ARM, D19.2, `TCR_EL1`).
public struct TCR: ARM64RegisterFields {
  /// The register's bits.
  public var rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// T0SZ or T1SZ: 64 less the width of the half's addresses.
  public func sizeOffset(_ range: VARange) -> Int {
    Int(truncatingIfNeeded: rawValue[bits: range == .lower ? 0...5 : 16...21])
  }

  /// EPD0 or EPD1: no walk is made in this half.
  public func disablesWalks(_ range: VARange) -> Bool { flag(range, 7, 23) }

  /// TG0 or TG1; nil for the reserved encoding.
  public func granule(_ range: VARange) -> TranslationGranule? {
    switch (range, rawValue[bits: range == .lower ? 14...15 : 30...31]) {
    case (.lower, 0), (.upper, 2): .size4K
    case (.lower, 1), (.upper, 3): .size64K
    case (.lower, 2), (.upper, 1): .size16K
    default: nil
    }
  }

  /// SH0 or SH1: the shareability of walks, and with `usesLargeDescriptors` of what they map.
  public func shareability(_ range: VARange) -> Shareability {
    Shareability(bits: rawValue[bits: range == .lower ? 12...13 : 28...29])
  }

  /// TBI0 or TBI1, and not TBID0 or TBID1 for instructions: bits 63:56 of an address do not count.
  public func ignoresTopByte(_ range: VARange, for use: AddressUse) -> Bool {
    flag(range, 37, 38) && !(use == .instruction && flag(range, 51, 52))
  }

  /// HPD0 or HPD1: the permissions in table descriptors do not count.
  public func disablesHierarchicalPermissions(_ range: VARange) -> Bool { flag(range, 41, 42) }

  /// E0PD0 or E0PD1: EL0 gets a fault in this half.
  public func excludesEL0(_ range: VARange) -> Bool { flag(range, 55, 56) }

  /// IPS: the width of physical addresses; reserved encodings count as the widest.
  public var physicalAddressBits: Int { physicalAddressWidth(rawValue[bits: 32...34]) }

  /// A1: the address space's number is TTBR1_EL1's, not TTBR0_EL1's.
  public var takesUpperASID: Bool { rawValue[bit: 22] }

  /// AS: numbers of address spaces have 16 bits, not 8.
  public var hasWideASIDs: Bool { rawValue[bit: 36] }

  /// HA: the CPU sets the access flag by itself.
  public var managesAccessFlag: Bool { rawValue[bit: 39] }

  /// HA and HD: the CPU makes clean memory writable by itself where a descriptor allows it.
  public var managesDirtyState: Bool { rawValue[bit: 39] && rawValue[bit: 40] }

  /// DS: descriptors of 4 KiB and 16 KiB granules have addresses of 52 bits.
  public var usesLargeDescriptors: Bool { rawValue[bit: 59] }

  private func flag(_ range: VARange, _ lower: Int, _ upper: Int) -> Bool {
    rawValue[bit: range == .lower ? lower : upper]
  }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("T0SZ", 0...5), RegisterField("EPD0", 7), RegisterField("IRGN0", 8...9),
      RegisterField("ORGN0", 10...11), RegisterField("SH0", 12...13), RegisterField("TG0", 14...15),
      RegisterField("T1SZ", 16...21), RegisterField("A1", 22), RegisterField("EPD1", 23),
      RegisterField("IRGN1", 24...25), RegisterField("ORGN1", 26...27), RegisterField("SH1", 28...29),
      RegisterField("TG1", 30...31), RegisterField("IPS", 32...34), RegisterField("AS", 36), RegisterField("TBI0", 37),
      RegisterField("TBI1", 38), RegisterField("HA", 39), RegisterField("HD", 40), RegisterField("HPD0", 41),
      RegisterField("HPD1", 42), RegisterField("HWU059", 43), RegisterField("HWU060", 44),
      RegisterField("HWU061", 45), RegisterField("HWU062", 46), RegisterField("HWU159", 47),
      RegisterField("HWU160", 48), RegisterField("HWU161", 49), RegisterField("HWU162", 50),
      RegisterField("TBID0", 51), RegisterField("TBID1", 52), RegisterField("NFD0", 53), RegisterField("NFD1", 54),
      RegisterField("E0PD0", 55), RegisterField("E0PD1", 56), RegisterField("TCMA0", 57), RegisterField("TCMA1", 58),
      RegisterField("DS", 59), RegisterField("MTX0", 60), RegisterField("MTX1", 61),
    ]
  }
}

/// The width of a physical address as TCR_EL1.IPS and ID_AA64MMFR0_EL1.PARange encode it.
///
/// It is at most the 52 bits that 64-bit descriptors can say.
func physicalAddressWidth(_ encoding: UInt64) -> Int {
  switch encoding {
  case 0: 32
  case 1: 36
  case 2: 40
  case 3: 42
  case 4: 44
  case 5: 48
  default: 52
  }
}

/// The extended translation control register of EL1 (Arm ARM, D19.2, `TCR2_EL1`).
public struct TCR2: ARM64RegisterFields {
  /// The register's bits.
  public var rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// PIE: permissions are looked up in PIR_EL1 and PIRE0_EL1.
  public var usesPermissionIndirection: Bool { rawValue[bit: 1] }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("PnCH", 0), RegisterField("PIE", 1), RegisterField("E0POE", 2), RegisterField("POE", 3),
      RegisterField("AIE", 4), RegisterField("D128", 5), RegisterField("PTTWI", 10), RegisterField("HAFT", 11),
      RegisterField("DisCH0", 14), RegisterField("DisCH1", 15), RegisterField("A2", 16), RegisterField("FNG0", 17),
      RegisterField("FNG1", 18),
    ]
  }
}

/// A translation table base register of EL1 (Arm ARM, D19.2, `TTBR0_EL1`).
public struct TTBR: ARM64RegisterFields {
  /// The register's bits.
  public var rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The named bits.
  public static var fields: [RegisterField] {
    [RegisterField("CnP", 0), RegisterField("BADDR", 1...47), RegisterField("ASID", 48...63)]
  }
}

/// The architectural feature access control register (Arm ARM, D19.2, `CPACR_EL1`).
public struct CPACR: ARM64RegisterFields {
  /// The register's bits.
  public var rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// FPEN: whether an exception level gets a trap at instructions of the floating-point and vector unit.
  public func trapsVectorAccess(at level: ExceptionLevel) -> Bool {
    switch rawValue[bits: 20...21] {
    case 0b11: false
    case 0b01: level == .el0
    default: true
    }
  }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("ZEN", 16...17), RegisterField("FPEN", 20...21), RegisterField("SMEN", 24...25),
      RegisterField("TTA", 28), RegisterField("E0POE", 29), RegisterField("TAM", 30), RegisterField("TCPAC", 31),
    ]
  }
}

/// The monitor debug system control register (Arm ARM, D19.3, `MDSCR_EL1`).
public struct MDSCR: ARM64RegisterFields {
  /// The register's bits.
  public var rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// SS: software step is active.
  public var enablesSoftwareStep: Bool { rawValue[bit: 0] }
  /// KDE: debug exceptions are taken within EL1 too.
  public var enablesKernelDebug: Bool { rawValue[bit: 13] }
  /// MDE: breakpoints, watchpoints and vector catches raise exceptions.
  public var enablesMonitorDebug: Bool { rawValue[bit: 15] }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("SS", 0), RegisterField("ERR", 6), RegisterField("TDCC", 12), RegisterField("KDE", 13),
      RegisterField("HDE", 14), RegisterField("MDE", 15), RegisterField("SC2", 19), RegisterField("TDA", 21),
      RegisterField("INTdis", 22...23), RegisterField("TXU", 26), RegisterField("RXO", 27), RegisterField("TXfull", 29),
      RegisterField("RXfull", 30), RegisterField("TFO", 31), RegisterField("EMBWE", 32), RegisterField("TTA", 33),
      RegisterField("EnSPM", 34), RegisterField("EHBWE", 35),
    ]
  }
}

/// The result of an address translation instruction, where it succeeded (Arm ARM, D19.2, `PAR_EL1`).
public struct PAR: ARM64RegisterFields {
  /// The register's bits.
  public var rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// F: the translation failed.
  public var isFault: Bool { rawValue[bit: 0] }
  /// FST: why it failed; of no meaning where it did not.
  public var faultStatus: FaultStatus { FaultStatus(rawValue: UInt8(truncatingIfNeeded: rawValue[bits: 1...6])) }
  /// The physical address of the 4 KiB that hold the address; of no meaning where the translation failed.
  public var physicalPage: GuestPhysical { GuestPhysical(rawValue[bits: 12...51] << 12) }
  /// ATTR: the memory attributes in MAIR_EL1's encoding; of no meaning where the translation failed.
  public var attributes: MemoryAttributes { MemoryAttributes(rawValue: UInt8(truncatingIfNeeded: rawValue >> 56)) }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("F", 0), RegisterField("SH", 7...8), RegisterField("NS", 9), RegisterField("PA", 12...51),
      RegisterField("ATTR", 56...63),
    ]
  }
}

/// The interrupt status register (Arm ARM, D19.2, `ISR_EL1`).
public struct ISR: ARM64RegisterFields {
  /// The register's bits.
  public var rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("F", 6), RegisterField("I", 7), RegisterField("A", 8), RegisterField("FS", 9),
      RegisterField("IS", 10),
    ]
  }
}

/// The SVE control register of EL1 (Arm ARM, D19.2, `ZCR_EL1`).
public struct ZCR: ARM64RegisterFields {
  /// The register's bits.
  public var rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// LEN: the vector length that EL1 asks for, in bytes.
  public var vectorLength: Int { (Int(truncatingIfNeeded: rawValue[bits: 0...3]) + 1) * 16 }

  /// The named bits.
  public static var fields: [RegisterField] { [RegisterField("LEN", 0...3)] }
}

/// The control register of a generic timer (Arm ARM, D19.12, `CNTV_CTL_EL0`).
public struct TimerControl: ARM64RegisterFields {
  /// The register's bits.
  public var rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The named bits.
  public static var fields: [RegisterField] {
    [RegisterField("ENABLE", 0), RegisterField("IMASK", 1), RegisterField("ISTATUS", 2)]
  }
}

/// What EL0 may do with the generic timers (Arm ARM, D19.12, `CNTKCTL_EL1`).
public struct CNTKCTL: ARM64RegisterFields {
  /// The register's bits.
  public var rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("EL0PCTEN", 0), RegisterField("EL0VCTEN", 1), RegisterField("EVNTEN", 2),
      RegisterField("EVNTDIR", 3), RegisterField("EVNTI", 4...7), RegisterField("EL0VTEN", 8),
      RegisterField("EL0PTEN", 9), RegisterField("EVNTIS", 17),
    ]
  }
}

/// The control register of the performance monitors (Arm ARM, D19.5, `PMCR_EL0`).
public struct PMCR: ARM64RegisterFields {
  /// The register's bits.
  public var rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("E", 0), RegisterField("P", 1), RegisterField("C", 2), RegisterField("D", 3), RegisterField("X", 4),
      RegisterField("DP", 5), RegisterField("LC", 6), RegisterField("LP", 7), RegisterField("FZO", 9),
      RegisterField("N", 11...15), RegisterField("IDCODE", 16...23), RegisterField("IMP", 24...31),
    ]
  }
}
