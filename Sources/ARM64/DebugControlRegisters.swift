public import Architecture
import Bits

/// A breakpoint control register (Arm ARM, D19.3, `DBGBCR<n>_EL1`).
public struct DBGBCR: ARM64RegisterFields {
  /// The register's bits.
  public var rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// An enabled breakpoint on the address of an instruction at EL1 and EL0: BT 0, BAS 0b1111, PMC 0b11, E.
  ///
  /// PMC 0b10 would be EL0 alone.
  static let addressMatch = DBGBCR(rawValue: 0x1e7)

  /// E: the breakpoint is enabled.
  public var isEnabled: Bool { rawValue[bit: 0] }
  /// PMC: the exception levels whose instructions count; 0b11 for EL1 and EL0.
  public var privilegeControl: UInt64 { rawValue[bits: 1...2] }
  /// LBN: the breakpoint whose context is compared as well, where `type` says so.
  public var linkedBreakpoint: Int { Int(rawValue[bits: 16...19]) }
  /// BT; nil where it compares what only EL2 and AArch32 have.
  public var type: BreakpointType? { BreakpointType(rawValue: UInt8(rawValue[bits: 20...23])) }

  /// What a breakpoint compares.
  public enum BreakpointType: UInt8, Sendable {
    /// The instruction's address.
    case address = 0b0000
    /// The instruction's address, and the context of the linked breakpoint.
    case linkedAddress = 0b0001
    /// CONTEXTIDR_EL1.
    case context = 0b0010
    /// CONTEXTIDR_EL1, for those that are linked to it.
    case linkedContext = 0b0011
  }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("E", 0), RegisterField("PMC", 1...2), RegisterField("BAS", 5...8),
      RegisterField("HMC", 13), RegisterField("SSC", 14...15), RegisterField("LBN", 16...19),
      RegisterField("BT", 20...23), RegisterField("MASK", 24...28), RegisterField("SSCE", 29),
      RegisterField("LBNX", 30...31),
    ]
  }
}

/// A watchpoint control register (Arm ARM, D19.3, `DBGWCR<n>_EL1`).
public struct DBGWCR: ARM64RegisterFields {
  /// The register's bits.
  public var rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// E: the watchpoint is enabled.
  public var isEnabled: Bool {
    get { rawValue[bit: 0] }
    set { rawValue[bit: 0] = newValue }
  }
  /// PAC: the exception levels whose accesses count; 0b11 for EL1 and EL0.
  public var privilegeControl: UInt64 {
    get { rawValue[bits: 1...2] }
    set { rawValue[bits: 1...2] = newValue }
  }
  /// LSC: the accesses that hit it; nil for the reserved encoding.
  public var access: ARM64DebugRegisters.Watchpoint.Access? {
    get { ARM64DebugRegisters.Watchpoint.Access(rawValue: UInt8(truncatingIfNeeded: rawValue[bits: 3...4])) }
    set { rawValue[bits: 3...4] = UInt64(newValue?.rawValue ?? 0) }
  }
  /// BAS: the bytes of the doubleword that are watched.
  public var byteSelect: UInt64 {
    get { rawValue[bits: 5...12] }
    set { rawValue[bits: 5...12] = newValue }
  }
  /// WT: the context of a breakpoint is compared as well.
  public var isLinked: Bool { rawValue[bit: 20] }
  /// LBN: the breakpoint whose context that is.
  public var linkedBreakpoint: Int { Int(rawValue[bits: 16...19]) }
  /// MASK: how many low bits of the address do not count, 3 to 31; 0 for none.
  public var mask: Int {
    get { Int(truncatingIfNeeded: rawValue[bits: 24...28]) }
    set { rawValue[bits: 24...28] = UInt64(truncatingIfNeeded: newValue) }
  }

  /// The named bits.
  public static var fields: [RegisterField] {
    [
      RegisterField("E", 0), RegisterField("PAC", 1...2), RegisterField("LSC", 3...4), RegisterField("BAS", 5...12),
      RegisterField("HMC", 13), RegisterField("SSC", 14...15), RegisterField("LBN", 16...19), RegisterField("WT", 20),
      RegisterField("MASK", 24...28), RegisterField("SSCE", 29),
      RegisterField("LBNX", 30...31),
    ]
  }
}
