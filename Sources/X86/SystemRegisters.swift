public import Architecture

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
  public static var fields: [RegisterField] {
    [
      RegisterField("CF", 0), RegisterField("PF", 2), RegisterField("AF", 4), RegisterField("ZF", 6),
      RegisterField("SF", 7),
      RegisterField("TF", 8), RegisterField("IF", 9), RegisterField("DF", 10), RegisterField("OF", 11),
      RegisterField("IOPL", 12...13),
      RegisterField("NT", 14), RegisterField("RF", 16), RegisterField("VM", 17), RegisterField("AC", 18),
      RegisterField("VIF", 19),
      RegisterField("VIP", 20), RegisterField("ID", 21),
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
  public static var fields: [RegisterField] {
    [
      RegisterField("PE", 0), RegisterField("MP", 1), RegisterField("EM", 2), RegisterField("TS", 3),
      RegisterField("ET", 4),
      RegisterField("NE", 5), RegisterField("WP", 16), RegisterField("AM", 18), RegisterField("NW", 29),
      RegisterField("CD", 30),
      RegisterField("PG", 31),
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
  public static var fields: [RegisterField] {
    [
      RegisterField("PCID", 0...11), RegisterField("PDBR", 12...51), RegisterField("LAM_U57", 61),
      RegisterField("LAM_U48", 62),
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
  public static var fields: [RegisterField] {
    [
      RegisterField("VME", 0), RegisterField("PVI", 1), RegisterField("TSD", 2), RegisterField("DE", 3),
      RegisterField("PSE", 4),
      RegisterField("PAE", 5), RegisterField("MCE", 6), RegisterField("PGE", 7), RegisterField("PCE", 8),
      RegisterField("OSFXSR", 9),
      RegisterField("OSXMMEXCPT", 10), RegisterField("UMIP", 11), RegisterField("LA57", 12), RegisterField("VMXE", 13),
      RegisterField("SMXE", 14), RegisterField("FSGSBASE", 16), RegisterField("PCIDE", 17),
      RegisterField("OSXSAVE", 18),
      RegisterField("KL", 19), RegisterField("SMEP", 20), RegisterField("SMAP", 21), RegisterField("PKE", 22),
      RegisterField("CET", 23), RegisterField("PKS", 24), RegisterField("UINTR", 25), RegisterField("LAM_SUP", 28),
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
  public static var fields: [RegisterField] {
    [
      RegisterField("SCE", 0), RegisterField("LME", 8), RegisterField("LMA", 10), RegisterField("NXE", 11),
      RegisterField("SVME", 12),
      RegisterField("LMSLE", 13), RegisterField("FFXSR", 14), RegisterField("TCE", 15),
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
  public static var fields: [RegisterField] {
    [
      RegisterField("X87", 0), RegisterField("SSE", 1), RegisterField("AVX", 2), RegisterField("BNDREG", 3),
      RegisterField("BNDCSR", 4), RegisterField("OPMASK", 5), RegisterField("ZMM_HI256", 6),
      RegisterField("HI16_ZMM", 7),
      RegisterField("PKRU", 9), RegisterField("TILECFG", 17), RegisterField("TILEDATA", 18),
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
  public static var fields: [RegisterField] {
    [RegisterField("BSP", 8), RegisterField("EXTD", 10), RegisterField("EN", 11), RegisterField("BASE", 12...51)]
  }
}

/// The control and status register of SSE (SDM volume 1, section 10.2.3).
public struct MXCSR: NamedBits {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("IE", 0), RegisterField("DE", 1), RegisterField("ZE", 2), RegisterField("OE", 3),
      RegisterField("UE", 4),
      RegisterField("PE", 5), RegisterField("DAZ", 6), RegisterField("IM", 7), RegisterField("DM", 8),
      RegisterField("ZM", 9),
      RegisterField("OM", 10), RegisterField("UM", 11), RegisterField("PM", 12), RegisterField("RC", 13...14),
      RegisterField("FZ", 15),
    ]
  }
}
