import Architecture
import Bits

/// The registers that decide how stage 1 of EL1 and EL0 translates addresses (Arm ARM, section D8.2).
public struct ARM64TranslationContext: Sendable, Equatable {
  /// SCTLR_EL1: whether anything is translated.
  public var sctlr: SCTLR
  /// TCR_EL1: the shape of both halves.
  public var tcr: TCR
  /// TCR2_EL1: where permissions come from; 0 where the CPU does not have it.
  public var tcr2: TCR2
  /// TTBR0_EL1: where the lower half's first table stands.
  public var ttbr0: UInt64
  /// TTBR1_EL1: where the upper half's first table stands.
  public var ttbr1: UInt64
  /// MAIR_EL1: what kinds of memory there are.
  public var mair: MAIR
  /// PIR_EL1: the permissions of EL1 by their index; 0 where the CPU does not have it.
  public var pir: PermissionIndirection
  /// PIRE0_EL1: the permissions of EL0 by their index; 0 where the CPU does not have it.
  public var pire0: PermissionIndirection
  /// What the CPU's stage 1 can do.
  public var features: TranslationFeatures

  /// Puts the registers together.
  ///
  /// - Parameters:
  ///   - sctlr: SCTLR_EL1.
  ///   - tcr: TCR_EL1.
  ///   - tcr2: TCR2_EL1, or 0 where the CPU does not have it.
  ///   - ttbr0: TTBR0_EL1.
  ///   - ttbr1: TTBR1_EL1.
  ///   - mair: MAIR_EL1.
  ///   - pir: PIR_EL1, or 0 where the CPU does not have it.
  ///   - pire0: PIRE0_EL1, or 0 where the CPU does not have it.
  ///   - features: what the CPU's stage 1 can do.
  public init(
    sctlr: UInt64, tcr: UInt64, tcr2: UInt64 = 0, ttbr0: UInt64, ttbr1: UInt64, mair: UInt64, pir: UInt64 = 0,
    pire0: UInt64 = 0, features: TranslationFeatures
  ) {
    self.sctlr = SCTLR(rawValue: sctlr)
    self.tcr = TCR(rawValue: tcr)
    self.tcr2 = TCR2(rawValue: tcr2)
    self.ttbr0 = ttbr0
    self.ttbr1 = ttbr1
    self.mair = MAIR(rawValue: mair)
    self.pir = PermissionIndirection(rawValue: pir)
    self.pire0 = PermissionIndirection(rawValue: pire0)
    self.features = features
  }

  /// Asks for the registers; those that only a CPU with permission indirection has are asked for there alone.
  ///
  /// - Parameters:
  ///   - features: what the CPU's stage 1 can do.
  ///   - value: reads a register.
  /// - Throws: what `value` throws.
  public init<Failure: Error>(
    features: TranslationFeatures, reading value: (SystemRegister) throws(Failure) -> UInt64
  ) throws(Failure) {
    let isIndirect = features.mmfr3.hasPermissionIndirection
    self.init(
      sctlr: try value(.sctlrEL1), tcr: try value(.tcrEL1), tcr2: isIndirect ? try value(.tcr2EL1) : 0,
      ttbr0: try value(.ttbr0EL1), ttbr1: try value(.ttbr1EL1), mair: try value(.mairEL1),
      pir: isIndirect ? try value(.pirEL1) : 0, pire0: isIndirect ? try value(.pire0EL1) : 0, features: features)
  }

  /// Whether permissions are looked up in PIR_EL1 and PIRE0_EL1.
  var usesPermissionIndirection: Bool {
    features.mmfr3.hasPermissionIndirection && tcr2.usesPermissionIndirection
  }

  /// Whether the CPU makes clean memory writable by itself.
  var managesDirtyState: Bool { features.mmfr1.hasDirtyState && tcr.managesDirtyState }
}

/// What a CPU's stage 1 can do, as its ID registers tell.
public struct TranslationFeatures: Sendable, Equatable {
  /// ID_AA64MMFR0_EL1: address width and granules.
  public var mmfr0: IDAA64MMFR0
  /// ID_AA64MMFR1_EL1: hierarchical permission disables.
  public var mmfr1: IDAA64MMFR1
  /// ID_AA64MMFR2_EL1: the narrowest and widest virtual addresses.
  public var mmfr2: IDAA64MMFR2
  /// ID_AA64MMFR3_EL1: permission indirection.
  public var mmfr3: IDAA64MMFR3

  /// Takes the ID registers; `mmfr3` reads 0 where the CPU does not have it.
  public init(mmfr0: UInt64, mmfr1: UInt64, mmfr2: UInt64, mmfr3: UInt64 = 0) {
    self.mmfr0 = IDAA64MMFR0(rawValue: mmfr0)
    self.mmfr1 = IDAA64MMFR1(rawValue: mmfr1)
    self.mmfr2 = IDAA64MMFR2(rawValue: mmfr2)
    self.mmfr3 = IDAA64MMFR3(rawValue: mmfr3)
  }
}

/// Stage 1 of one half of the address space: TCR_EL1's fields as this CPU takes them (Arm ARM, section D8.2).
struct TranslationGeometry: Equatable {
  let range: VARange
  let granule: TranslationGranule
  /// The width of the half's addresses, 16 to 52.
  let inputBits: Int
  /// The width of physical addresses, 32 to 52.
  let outputBits: Int
  /// Descriptors have bits 51:50 of an address in bits 9:8, where they would have the shareability (TCR_EL1.DS).
  let hasLargeDescriptors: Bool
  /// Descriptors of a 64 KiB granule have bits 51:48 of an address in bits 15:12 (FEAT_LPA).
  let hasHighAddressBits: Bool

  /// The half of an address as the registers shape it.
  ///
  /// - Parameters:
  ///   - range: the half.
  ///   - context: the registers.
  /// - Throws: a fault of level 0, where the registers make no sense.
  init(_ range: VARange, in context: ARM64TranslationContext) throws(StageOneFault) {
    let features = context.features
    guard let granule = context.tcr.granule(range) else { throw StageOneFault(.translation, .reservedGranule(range)) }
    guard features.mmfr0.supports(granule) else {
      throw StageOneFault(.translation, .missingGranule(range, granule))
    }
    let isLarge = context.tcr.usesLargeDescriptors && features.mmfr0.hasLargeDescriptors(granule)
    let isHigh = granule == .size64K && features.mmfr0.physicalAddressBits == 52
    let hasWideInput = isLarge || granule == .size64K && features.mmfr2.hasLargeAddresses
    let least = hasWideInput ? 12 : 16
    let most = !features.mmfr2.hasSmallTables ? 39 : granule == .size64K ? 47 : 48
    let offset = context.tcr.sizeOffset(range)
    guard (least...most).contains(offset) else {
      throw StageOneFault(.translation, .sizeOffset(range, offset, allowed: least...most))
    }

    self.range = range
    self.granule = granule
    inputBits = 64 - offset
    let widest = isLarge || isHigh ? 52 : 48
    outputBits = min(context.tcr.physicalAddressBits, features.mmfr0.physicalAddressBits, widest)
    hasLargeDescriptors = isLarge
    hasHighAddressBits = isHigh
  }

  /// The level of the first table, -1 to 3.
  var startLevel: Int { 3 - (inputBits - 1 - granule.shift) / granule.stride }

  /// How much one descriptor of a level maps, as a power of two.
  func shift(at level: Int) -> Int { granule.shift + (3 - level) * granule.stride }

  /// The bits of an address that choose a descriptor of a level's table.
  func indexBits(at level: Int) -> ClosedRange<Int> {
    let shift = shift(at: level)
    return shift...min(shift + granule.stride, inputBits) - 1
  }

  /// Whether descriptors of a level can map memory and not only tables (Arm ARM, section D8.3).
  func mapsMemory(at level: Int) -> Bool {
    switch (granule, level) {
    case (_, 3), (_, 2), (.size4K, 1): true
    case (.size4K, 0), (.size16K, 1): hasLargeDescriptors
    case (.size64K, 1): hasHighAddressBits
    default: false
    }
  }

  /// How many neighbours the contiguous hint of a level's descriptors speaks of (Arm ARM, section D8.7).
  func contiguousCount(at level: Int) -> Int {
    switch (granule, level) {
    case (.size4K, _): 16
    case (.size16K, 3): 128
    case (.size16K, _): 32
    case (.size64K, _): 32
    }
  }

  /// Where TTBR0_EL1 or TTBR1_EL1 says that the first table stands: aligned to its own size.
  func rootTable(_ ttbr: UInt64) -> GuestPhysical {
    var sizeBits = indexBits(at: startLevel).count + 3
    var base = ttbr[bits: 0...47]
    if hasLargeDescriptors || hasHighAddressBits && outputBits == 52 {
      sizeBits = max(sizeBits, 6)
      base[bits: 48...51] = ttbr[bits: 2...5]
    }
    return GuestPhysical(base & ~UInt64.lowMask(sizeBits))
  }

  /// Whether an address is one that TCR_EL1.IPS and the CPU allow.
  func allows(_ address: GuestPhysical) -> Bool { address.rawValue >> UInt64(outputBits) == 0 }
}
