/// The debug status register (SDM volume 3, section 18.2.3).
public struct DR6: NamedBits {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// BD: an access to a debug register was caught.
  public static let registerAccess = DR6(bit: 13)
  /// BS: a single step.
  public static let singleStep = DR6(bit: 14)
  /// BT: a task switch.
  public static let taskSwitch = DR6(bit: 15)

  /// The named bits.
  public static var fields: [NamedField] {
    [
      NamedField("B0", 0), NamedField("B1", 1), NamedField("B2", 2), NamedField("B3", 3), NamedField("BLD", 11),
      NamedField("BD", 13), NamedField("BS", 14), NamedField("BT", 15), NamedField("RTM", 16),
    ]
  }
}

/// The debug control register (SDM volume 3, section 18.2.4).
public struct DR7: NamedBits {
  /// The register's bits.
  public let rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Bit 10 reads as set always.
  public static let fixed = DR7(bit: 10)
  /// GE: the 386's exact data breakpoints, which the manual still recommends to set.
  public static let globalExact = DR7(bit: 9)

  /// The named bits.
  public static var fields: [NamedField] {
    [
      NamedField("L0", 0), NamedField("G0", 1), NamedField("L1", 2), NamedField("G1", 3), NamedField("L2", 4),
      NamedField("G2", 5), NamedField("L3", 6), NamedField("G3", 7), NamedField("LE", 8), NamedField("GE", 9),
      NamedField("RTM", 11), NamedField("GD", 13), NamedField("RW0", 16...17), NamedField("LEN0", 18...19),
      NamedField("RW1", 20...21), NamedField("LEN1", 22...23), NamedField("RW2", 24...25), NamedField("LEN2", 26...27),
      NamedField("RW3", 28...29), NamedField("LEN3", 30...31),
    ]
  }
}
