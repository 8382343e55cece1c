import Bits

/// The registers that decide how linear addresses are translated (SDM volume 3, section 4.1).
public struct X86TranslationContext: Sendable, Equatable {
  /// CR0: whether paging is on.
  public var cr0: CR0
  /// CR3: where the first table stands.
  public var cr3: UInt64
  /// CR4: which paging mode.
  public var cr4: CR4
  /// EFER: which paging mode, and whether entries can forbid execution.
  public var efer: EFER
  /// MAXPHYADDR (CPUID.80000008H:EAX[7:0]), 32 to 52; address bits of an entry past it are reserved.
  public var maxPhysicalAddressBits: Int {
    didSet { maxPhysicalAddressBits = Self.clamped(maxPhysicalAddressBits) }
  }
  /// Page1GB (CPUID.80000001H:EDX[26]); without it, the page-size bit of a PDPT entry is reserved.
  public var hasGigabytePages: Bool

  /// Puts the registers together.
  ///
  /// - Parameters:
  ///   - cr0: CR0.
  ///   - cr3: CR3.
  ///   - cr4: CR4.
  ///   - efer: IA32_EFER.
  ///   - maxPhysicalAddressBits: MAXPHYADDR; what is outside 32 to 52 is brought inside.
  ///   - hasGigabytePages: whether the CPU knows pages of 1 GiB.
  public init(
    cr0: UInt64, cr3: UInt64, cr4: UInt64, efer: UInt64, maxPhysicalAddressBits: Int = 52, hasGigabytePages: Bool = true
  ) {
    self.cr0 = CR0(rawValue: cr0)
    self.cr3 = cr3
    self.cr4 = CR4(rawValue: cr4)
    self.efer = EFER(rawValue: efer)
    self.maxPhysicalAddressBits = Self.clamped(maxPhysicalAddressBits)
    self.hasGigabytePages = hasGigabytePages
  }

  /// The paging mode (SDM volume 3, section 4.1.1).
  public var pagingMode: X86PagingMode {
    if !cr0.contains(.paging) { return .none }
    if !cr4.contains(.physicalAddressExtension) { return .bits32 }
    if !efer.contains(.longModeActive) { return .pae }
    return cr4.contains(.linearAddresses57) ? .level5 : .level4
  }

  private static func clamped(_ bits: Int) -> Int { min(max(bits, 32), 52) }
}

/// A paging mode (SDM volume 3, section 4.1.1).
public enum X86PagingMode: String, Sendable, CaseIterable {
  case none = "no paging"
  case bits32 = "32-bit paging"
  case pae = "PAE paging"
  case level4 = "4-level paging"
  case level5 = "5-level paging"

  /// How many low bits of a linear address are translated.
  var linearBits: Int {
    switch self {
    case .none, .bits32, .pae: 32
    case .level4: 48
    case .level5: 57
    }
  }

  /// How many bytes an entry has.
  var entryByteCount: Int { self == .bits32 ? 4 : 8 }

  /// The tables from the one that CR3 locates downwards.
  var tables: [PagingTable] {
    switch self {
    case .none: []
    case .bits32: Self.tables32
    case .pae: Self.tablesPAE
    case .level4: Self.tables4
    case .level5: Self.tables5
    }
  }

  private static let tables32 = [PagingTable(.pd, 22...31), PagingTable(.pt, 12...21)]
  private static let tablesPAE = [PagingTable(.pdpt, 30...31), PagingTable(.pd, 21...29), PagingTable(.pt, 12...20)]
  private static let tables4 = [
    PagingTable(.pml4, 39...47), PagingTable(.pdpt, 30...38), PagingTable(.pd, 21...29), PagingTable(.pt, 12...20),
  ]
  private static let tables5 = [PagingTable(.pml5, 48...56)] + tables4
}

/// One level of a paging structure.
struct PagingTable: Sendable {
  /// The levels by what the manual calls their tables.
  enum Level: String, Sendable {
    case pml5 = "PML5"
    case pml4 = "PML4"
    case pdpt = "PDPT"
    case pd = "PD"
    case pt = "PT"
  }

  let level: Level
  /// The bits of the linear address that choose its entry.
  let indexBits: ClosedRange<Int>

  init(_ level: Level, _ indexBits: ClosedRange<Int>) {
    self.level = level
    self.indexBits = indexBits
  }

  /// How much one entry maps, as a power of two.
  var shift: Int { indexBits.lowerBound }
}
