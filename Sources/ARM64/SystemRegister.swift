import Bits

/// A system register by its encoding in MRS and MSR (Arm ARM, section C5.1.2).
public struct SystemRegister: RawRepresentable, Hashable, Sendable {
  /// The encoding as MRS has it in its bits 20:5: op0, op1, CRn, CRm and op2 from the top down.
  ///
  /// KVM has it in the low 16 bits of the register's id.
  public let rawValue: UInt16
  /// Takes an encoding.
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// Puts an encoding together; each part is cut to its width.
  ///
  /// - Parameters:
  ///   - op0: 2 bits; 2 for debug and trace registers, 3 for all others.
  ///   - op1: 3 bits.
  ///   - crn: 4 bits.
  ///   - crm: 4 bits.
  ///   - op2: 3 bits.
  public init(op0: UInt8, op1: UInt8, crn: UInt8, crm: UInt8, op2: UInt8) {
    var value: UInt16 = 0
    value[bits: 14...15] = UInt16(op0)
    value[bits: 11...13] = UInt16(op1)
    value[bits: 7...10] = UInt16(crn)
    value[bits: 3...6] = UInt16(crm)
    value[bits: 0...2] = UInt16(op2)
    rawValue = value
  }

  /// The encoding `S<op0>_<op1>_C<CRn>_C<CRm>_<op2>`, in the order of its name.
  init(_ op0: UInt8, _ op1: UInt8, _ crn: UInt8, _ crm: UInt8, _ op2: UInt8) {
    self.init(op0: op0, op1: op1, crn: crn, crm: crm, op2: op2)
  }

  /// The two bits op0.
  public var op0: UInt8 { UInt8(rawValue[bits: 14...15]) }
  /// The three bits op1.
  public var op1: UInt8 { UInt8(rawValue[bits: 11...13]) }
  /// The four bits CRn.
  public var crn: UInt8 { UInt8(rawValue[bits: 7...10]) }
  /// The four bits CRm.
  public var crm: UInt8 { UInt8(rawValue[bits: 3...6]) }
  /// The three bits op2.
  public var op2: UInt8 { UInt8(rawValue[bits: 0...2]) }
}

// MARK: - Names

extension SystemRegister: CustomStringConvertible {
  /// The register of a name in either case, architectural (`SCTLR_EL1`) or generic (`S3_0_C1_C0_0`).
  public init?(named name: String) {
    let name = name.lowercased()
    guard let register = SystemRegisterTable.registers[name] ?? Self.generic(name) else { return nil }
    self = register
  }

  /// Its name in lower case: the architectural one, or the generic one where the table has none.
  public var name: String { SystemRegisterTable.entries[self]?.name ?? genericName }

  /// Its name as the manual writes it.
  public var description: String { name.uppercased() }

  /// The name that every assembler takes, in lower case, such as `s3_0_c1_c0_0`.
  public var genericName: String { "s\(op0)_\(op1)_c\(crn)_c\(crm)_\(op2)" }

  /// Whether the table has an architectural name for it.
  public var hasArchitecturalName: Bool { SystemRegisterTable.entries[self] != nil }

  /// The register of a generic name in lower case.
  private static func generic(_ name: String) -> SystemRegister? {
    let parts = name.split(separator: "_", omittingEmptySubsequences: false)
    let prefixes = ["s", "", "c", "c", ""]
    guard parts.count == prefixes.count else { return nil }
    let numbers = zip(parts, prefixes).compactMap { UInt8($0.dropFirst($1.count)) }
    guard numbers.count == prefixes.count else { return nil }
    let register = SystemRegister(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4])
    // What was cut, what had another prefix or a sign does not come back the same.
    return register.genericName == name ? register : nil
  }
}

// MARK: - Those that logic asks for

extension SystemRegister {
  /// SCTLR_EL1.
  public static let sctlrEL1 = SystemRegister(3, 0, 1, 0, 0)
  /// CPACR_EL1.
  public static let cpacrEL1 = SystemRegister(3, 0, 1, 0, 2)
  /// ZCR_EL1.
  public static let zcrEL1 = SystemRegister(3, 0, 1, 2, 0)
  /// TCR_EL1.
  public static let tcrEL1 = SystemRegister(3, 0, 2, 0, 2)
  /// TCR2_EL1.
  public static let tcr2EL1 = SystemRegister(3, 0, 2, 0, 3)
  /// TTBR0_EL1.
  public static let ttbr0EL1 = SystemRegister(3, 0, 2, 0, 0)
  /// TTBR1_EL1.
  public static let ttbr1EL1 = SystemRegister(3, 0, 2, 0, 1)
  /// MAIR_EL1.
  public static let mairEL1 = SystemRegister(3, 0, 10, 2, 0)
  /// PIRE0_EL1.
  public static let pire0EL1 = SystemRegister(3, 0, 10, 2, 2)
  /// PIR_EL1.
  public static let pirEL1 = SystemRegister(3, 0, 10, 2, 3)
  /// ESR_EL1.
  public static let esrEL1 = SystemRegister(3, 0, 5, 2, 0)
  /// FAR_EL1.
  public static let farEL1 = SystemRegister(3, 0, 6, 0, 0)
  /// PAR_EL1.
  public static let parEL1 = SystemRegister(3, 0, 7, 4, 0)
  /// VBAR_EL1.
  public static let vbarEL1 = SystemRegister(3, 0, 12, 0, 0)
  /// ELR_EL1.
  public static let elrEL1 = SystemRegister(3, 0, 4, 0, 1)
  /// SPSR_EL1.
  public static let spsrEL1 = SystemRegister(3, 0, 4, 0, 0)
  /// SPSR_abt.
  public static let spsrAbort = SystemRegister(3, 4, 4, 3, 1)
  /// SPSR_und.
  public static let spsrUndefined = SystemRegister(3, 4, 4, 3, 2)
  /// SPSR_irq.
  public static let spsrIRQ = SystemRegister(3, 4, 4, 3, 0)
  /// SPSR_fiq.
  public static let spsrFIQ = SystemRegister(3, 4, 4, 3, 3)
  /// SP_EL0.
  public static let spEL0 = SystemRegister(3, 0, 4, 1, 0)
  /// SP_EL1.
  public static let spEL1 = SystemRegister(3, 4, 4, 1, 0)
  /// TPIDR_EL0.
  public static let tpidrEL0 = SystemRegister(3, 3, 13, 0, 2)
  /// TPIDR2_EL0.
  public static let tpidr2EL0 = SystemRegister(3, 3, 13, 0, 5)
  /// MIDR_EL1.
  public static let midrEL1 = SystemRegister(3, 0, 0, 0, 0)
  /// MPIDR_EL1.
  public static let mpidrEL1 = SystemRegister(3, 0, 0, 0, 5)
  /// MDSCR_EL1.
  public static let mdscrEL1 = SystemRegister(2, 0, 0, 2, 2)
  /// CNTVCT_EL0.
  public static let cntvctEL0 = SystemRegister(3, 3, 14, 0, 2)
  /// CNTP_CVAL_EL0.
  public static let cntpCvalEL0 = SystemRegister(3, 3, 14, 2, 2)
  /// CNTV_CTL_EL0.
  public static let cntvCtlEL0 = SystemRegister(3, 3, 14, 3, 1)
  /// CNTV_CVAL_EL0.
  public static let cntvCvalEL0 = SystemRegister(3, 3, 14, 3, 2)
  /// ID_AA64PFR0_EL1.
  public static let idAA64PFR0EL1 = SystemRegister(3, 0, 0, 4, 0)
  /// ID_AA64PFR1_EL1.
  public static let idAA64PFR1EL1 = SystemRegister(3, 0, 0, 4, 1)
  /// ID_AA64DFR0_EL1.
  public static let idAA64DFR0EL1 = SystemRegister(3, 0, 0, 5, 0)
  /// ID_AA64ISAR0_EL1.
  public static let idAA64ISAR0EL1 = SystemRegister(3, 0, 0, 6, 0)
  /// ID_AA64ISAR1_EL1.
  public static let idAA64ISAR1EL1 = SystemRegister(3, 0, 0, 6, 1)
  /// ID_AA64ISAR2_EL1.
  public static let idAA64ISAR2EL1 = SystemRegister(3, 0, 0, 6, 2)
  /// ID_AA64MMFR0_EL1.
  public static let idAA64MMFR0EL1 = SystemRegister(3, 0, 0, 7, 0)
  /// ID_AA64MMFR1_EL1.
  public static let idAA64MMFR1EL1 = SystemRegister(3, 0, 0, 7, 1)
  /// ID_AA64MMFR2_EL1.
  public static let idAA64MMFR2EL1 = SystemRegister(3, 0, 0, 7, 2)
  /// ID_AA64MMFR3_EL1.
  public static let idAA64MMFR3EL1 = SystemRegister(3, 0, 0, 7, 3)
  /// DBGBVR<number>_EL1; `number` is 0 to 15.
  public static func dbgbvrEL1(_ number: UInt8) -> SystemRegister { SystemRegister(2, 0, 0, number, 4) }
  /// DBGBCR<number>_EL1; `number` is 0 to 15.
  public static func dbgbcrEL1(_ number: UInt8) -> SystemRegister { SystemRegister(2, 0, 0, number, 5) }
  /// DBGWVR<number>_EL1; `number` is 0 to 15.
  public static func dbgwvrEL1(_ number: UInt8) -> SystemRegister { SystemRegister(2, 0, 0, number, 6) }
  /// DBGWCR<number>_EL1; `number` is 0 to 15.
  public static func dbgwcrEL1(_ number: UInt8) -> SystemRegister { SystemRegister(2, 0, 0, number, 7) }
}
