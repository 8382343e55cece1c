public import Architecture

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
  public static var fields: [RegisterField] {
    [
      RegisterField("B0", 0), RegisterField("B1", 1), RegisterField("B2", 2), RegisterField("B3", 3),
      RegisterField("BLD", 11),
      RegisterField("BD", 13), RegisterField("BS", 14), RegisterField("BT", 15), RegisterField("RTM", 16),
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
  public static var fields: [RegisterField] {
    [
      RegisterField("L0", 0), RegisterField("G0", 1), RegisterField("L1", 2), RegisterField("G1", 3),
      RegisterField("L2", 4),
      RegisterField("G2", 5), RegisterField("L3", 6), RegisterField("G3", 7), RegisterField("LE", 8),
      RegisterField("GE", 9),
      RegisterField("RTM", 11), RegisterField("GD", 13), RegisterField("RW0", 16...17), RegisterField("LEN0", 18...19),
      RegisterField("RW1", 20...21), RegisterField("LEN1", 22...23), RegisterField("RW2", 24...25),
      RegisterField("LEN2", 26...27),
      RegisterField("RW3", 28...29), RegisterField("LEN3", 30...31),
    ]
  }
}
