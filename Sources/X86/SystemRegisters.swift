/// The flags register (SDM volume 1, section 3.4.3).
public struct RFLAGS: NamedBits {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Bit 1 reads as set always.
  public static let fixed = RFLAGS(bit: 1)
  /// TF: a debug exception after each instruction.
  public static let trap = RFLAGS(bit: 8)
  /// IF: maskable interrupts are taken.
  public static let interruptEnable = RFLAGS(bit: 9)
  /// NT: this task was called by another.
  public static let nestedTask = RFLAGS(bit: 14)
  /// RF: no instruction breakpoint at the next instruction.
  public static let resume = RFLAGS(bit: 16)
  /// VM: virtual-8086 mode.
  public static let virtual8086 = RFLAGS(bit: 17)

  /// The named bits.
  public static var fields: [NamedField] {
    [
      NamedField("CF", 0), NamedField("PF", 2), NamedField("AF", 4), NamedField("ZF", 6), NamedField("SF", 7),
      NamedField("TF", 8), NamedField("IF", 9), NamedField("DF", 10), NamedField("OF", 11), NamedField("IOPL", 12...13),
      NamedField("NT", 14), NamedField("RF", 16), NamedField("VM", 17), NamedField("AC", 18), NamedField("VIF", 19),
      NamedField("VIP", 20), NamedField("ID", 21),
    ]
  }
}

/// CR0 (SDM volume 3, section 2.5).
public struct CR0: NamedBits {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// PE: protected mode.
  public static let protectionEnable = CR0(bit: 0)
  /// MP: WAIT heeds TS.
  public static let monitorCoprocessor = CR0(bit: 1)
  /// ET: a 387 is there; always set.
  public static let extensionType = CR0(bit: 4)
  /// NE: x87 errors raise #MF.
  public static let numericError = CR0(bit: 5)
  /// WP: the supervisor heeds read-only pages.
  public static let writeProtect = CR0(bit: 16)
  /// AM: alignment checks may be turned on by RFLAGS.AC.
  public static let alignmentMask = CR0(bit: 18)
  /// PG: paging.
  public static let paging = CR0(bit: 31)

  /// The named bits.
  public static var fields: [NamedField] {
    [
      NamedField("PE", 0), NamedField("MP", 1), NamedField("EM", 2), NamedField("TS", 3), NamedField("ET", 4),
      NamedField("NE", 5), NamedField("WP", 16), NamedField("AM", 18), NamedField("NW", 29), NamedField("CD", 30),
      NamedField("PG", 31),
    ]
  }
}

/// CR3 as 4-level and 5-level paging read it (SDM volume 3, tables 4-12 and 4-13).
///
/// The low 12 bits are a process-context identifier only with CR4.PCIDE; else bits 3 and 4 are PWT and PCD.
public struct CR3: NamedBits {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The named bits.
  public static var fields: [NamedField] {
    [
      NamedField("PCID", 0...11), NamedField("PDBR", 12...51), NamedField("LAM_U57", 61), NamedField("LAM_U48", 62),
    ]
  }
}

/// CR4 (SDM volume 3, section 2.5).
public struct CR4: NamedBits {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// PSE: 4 MiB pages in 32-bit paging.
  public static let pageSizeExtensions = CR4(bit: 4)
  /// PAE: 64-bit page-table entries.
  public static let physicalAddressExtension = CR4(bit: 5)
  /// LA57: 5-level paging.
  public static let linearAddresses57 = CR4(bit: 12)
  /// PCIDE: process-context identifiers.
  public static let pcidEnable = CR4(bit: 17)
  /// OSXSAVE: XSAVE and its family are enabled.
  public static let osXSAVE = CR4(bit: 18)
  /// SMEP: the supervisor does not execute user pages.
  public static let smep = CR4(bit: 20)
  /// SMAP: the supervisor does not access user pages.
  public static let smap = CR4(bit: 21)
  /// PKE: protection keys of user pages.
  public static let protectionKeys = CR4(bit: 22)

  /// The named bits.
  public static var fields: [NamedField] {
    [
      NamedField("VME", 0), NamedField("PVI", 1), NamedField("TSD", 2), NamedField("DE", 3), NamedField("PSE", 4),
      NamedField("PAE", 5), NamedField("MCE", 6), NamedField("PGE", 7), NamedField("PCE", 8), NamedField("OSFXSR", 9),
      NamedField("OSXMMEXCPT", 10), NamedField("UMIP", 11), NamedField("LA57", 12), NamedField("VMXE", 13),
      NamedField("SMXE", 14), NamedField("FSGSBASE", 16), NamedField("PCIDE", 17), NamedField("OSXSAVE", 18),
      NamedField("KL", 19), NamedField("SMEP", 20), NamedField("SMAP", 21), NamedField("PKE", 22),
      NamedField("CET", 23), NamedField("PKS", 24), NamedField("UINTR", 25), NamedField("LAM_SUP", 28),
    ]
  }
}

/// IA32_EFER (SDM volume 3, section 2.2.1; APM volume 2, section 3.1.7 for bits 12 and up).
public struct EFER: NamedBits {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// SCE: SYSCALL and SYSRET.
  public static let systemCallEnable = EFER(bit: 0)
  /// LME: long mode once paging is on.
  public static let longModeEnable = EFER(bit: 8)
  /// LMA: long mode is active.
  public static let longModeActive = EFER(bit: 10)
  /// NXE: execute-disable bits in page-table entries.
  public static let noExecuteEnable = EFER(bit: 11)

  /// The named bits.
  public static var fields: [NamedField] {
    [
      NamedField("SCE", 0), NamedField("LME", 8), NamedField("LMA", 10), NamedField("NXE", 11), NamedField("SVME", 12),
      NamedField("LMSLE", 13), NamedField("FFXSR", 14), NamedField("TCE", 15),
    ]
  }
}

/// XCR0 (SDM volume 1, section 13.3).
public struct XCR0: NamedBits {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The named bits.
  public static var fields: [NamedField] {
    [
      NamedField("X87", 0), NamedField("SSE", 1), NamedField("AVX", 2), NamedField("BNDREG", 3),
      NamedField("BNDCSR", 4), NamedField("OPMASK", 5), NamedField("ZMM_HI256", 6), NamedField("HI16_ZMM", 7),
      NamedField("PKRU", 9), NamedField("TILECFG", 17), NamedField("TILEDATA", 18),
    ]
  }
}

/// IA32_APIC_BASE (SDM volume 3, section 11.4.4).
public struct APICBase: NamedBits {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The named bits.
  public static var fields: [NamedField] {
    [NamedField("BSP", 8), NamedField("EXTD", 10), NamedField("EN", 11), NamedField("BASE", 12...51)]
  }
}

/// The control and status register of SSE (SDM volume 1, section 10.2.3).
public struct MXCSR: NamedBits {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The named bits.
  public static var fields: [NamedField] {
    [
      NamedField("IE", 0), NamedField("DE", 1), NamedField("ZE", 2), NamedField("OE", 3), NamedField("UE", 4),
      NamedField("PE", 5), NamedField("DAZ", 6), NamedField("IM", 7), NamedField("DM", 8), NamedField("ZM", 9),
      NamedField("OM", 10), NamedField("UM", 11), NamedField("PM", 12), NamedField("RC", 13...14), NamedField("FZ", 15),
    ]
  }
}
