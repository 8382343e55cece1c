import ARM64
import Bits

/// What the CPU says of itself: the ID registers, made of the list of its features (Arm ARM, D19.2).
enum Identification {
  /// MIDR_EL1: implementer 0, which is for software, an architecture that the ID registers tell, and part 1.
  static let midr: UInt64 = 0xf << 16 | 1 << 4

  /// CTR_EL0: lines of 64 bytes; neither instructions nor data need maintenance for coherence (DIC, IDC).
  static let ctr: UInt64 =
    1 << 31 | 1 << 29 | 1 << 28 | line << 24 | line << 20 | line << 16 | 0b11 << 14 | line
  /// The size of a line in words, as a power of two.
  private static let line: UInt64 = 4

  /// DCZID_EL0: DC ZVA clears 64 bytes.
  static let dczid: UInt64 = 4
  /// How many bytes DC ZVA clears.
  static let zeroedByteCount = 64

  /// CLIDR_EL1: separate caches at level 1, a unified one at level 2; neither is seen, so that nothing is cleaned.
  static let clidr: UInt64 = 0b100 << 3 | 0b011

  /// CCSIDR_EL1 by CSSELR_EL1: lines of 64 bytes, 4 ways of 256 sets, and 16 of 1024 at level 2.
  static func ccsidr(_ csselr: UInt64) -> UInt64 {
    switch csselr[bits: 0...3] {
    case 0, 1: 255 << 13 | 3 << 3 | 2
    case 2: 1023 << 13 | 15 << 3 | 2
    default: 0
    }
  }

  /// How many breakpoints and watchpoints a guest has.
  static let breakpointCount = 6
  static let watchpointCount = 4
  /// How many of the breakpoints can compare contexts: the last ones.
  static let contextBreakpointCount = 2

  // MARK: ID registers

  /// AArch64 at EL0 and EL1 alone; CSV2 and CSV3: nothing is executed speculatively, so that there is
  /// nothing to mitigate.
  static let pfr0 = register([
    Field(0, 1), Field(4, 1), Field(16, 1, if: .fp16), Field(20, 1, if: .fp16), Field(24, 1), Field(56, 3),
    Field(60, 1),
  ])
  static let dfr0 = register([
    Field(0, 6), Field(8, 1, if: .pmuv3), Field(12, UInt64(breakpointCount - 1)),
    Field(20, UInt64(watchpointCount - 1)), Field(28, UInt64(contextBreakpointCount - 1)), Field(36, 0xf),
  ])
  static let isar0 = register([
    Field(4, 1, if: .aes), Field(4, 2, if: .pmull), Field(8, 1, if: .sha1), Field(12, 1, if: .sha256),
    Field(16, 1, if: .crc32), Field(20, 2, if: .lse), Field(28, 1, if: .rdm), Field(44, 1, if: .dotProd),
  ])
  static let isar1 = register([Field(0, 1, if: .dpb), Field(20, 1, if: .lrcpc)])
  /// Physical addresses of 44 bits, ASIDs of 16, all granules.
  static let mmfr0 = register([Field(0, 4), Field(4, 2), Field(20, 1)])
  static let mmfr1 = register([
    Field(0, 2, if: .hafdbs), Field(12, 1, if: .hpds), Field(16, 1, if: .lor), Field(20, 1, if: .pan),
    Field(20, 2, if: .pan2),
  ])
  static let mmfr2 = register([Field(0, 1, if: .ttcnp), Field(28, 1, if: .ttst), Field(60, 1, if: .e0pd)])

  /// What the walk is to know of them.
  static let translation = TranslationFeatures(mmfr0: mmfr0, mmfr1: mmfr1, mmfr2: mmfr2)

  /// Four bits of an ID register, which are 0 where a feature is missing.
  private struct Field {
    let position: Int
    let value: UInt64

    init(_ position: Int, _ value: UInt64, if feature: Feature? = nil) {
      self.position = position
      self.value = feature.map(Feature.announced.contains) ?? true ? value : 0
    }
  }

  /// A register of its fields; of two in one place the greater value counts.
  private static func register(_ fields: [Field]) -> UInt64 {
    fields.reduce(into: 0) { value, field in
      let bits = field.position...field.position + 3
      value[bits: bits] = max(value[bits: bits], field.value)
    }
  }
}
