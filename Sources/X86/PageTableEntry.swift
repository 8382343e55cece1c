import Bits

/// An entry of a paging structure as one level of one paging mode reads it.
///
/// SDM volume 3: section 4.3, tables 4-4 to 4-6 (32-bit); section 4.4, tables 4-8 to 4-11 (PAE); section 4.5, tables 4-14 to 4-20
/// (4-level and 5-level).
struct PageTableEntry {
  let rawValue: UInt64
  let table: PagingTable
  private let mode: X86PagingMode
  private let context: X86TranslationContext

  init(_ rawValue: UInt64, of table: PagingTable, mode: X86PagingMode, in context: X86TranslationContext) {
    self.rawValue = rawValue
    self.table = table
    self.mode = mode
    self.context = context
  }

  var isPresent: Bool { rawValue[bit: 0] }
  var isWritable: Bool { isRoot32Bit || rawValue[bit: 1] }
  var isUser: Bool { isRoot32Bit || rawValue[bit: 2] }
  var isExecutable: Bool { !(mode != .bits32 && context.efer.contains(.noExecuteEnable) && rawValue[bit: 63]) }

  /// Whether it maps a page, and not a further table.
  var mapsPage: Bool {
    switch table.level {
    case .pt: true
    case .pd: rawValue[bit: 7] && (mode != .bits32 || context.cr4.contains(.pageSizeExtensions))
    case .pdpt: rawValue[bit: 7] && mode != .pae && context.hasGigabytePages
    case .pml5, .pml4: false
    }
  }

  /// Where the page or the table that it refers to starts.
  var target: GuestPhysical {
    guard mapsPage else { return GuestPhysical(rawValue & addressMask(from: 12)) }
    if mode == .bits32 && table.level == .pd {
      // PSE-36: bits 20:13 are the address's bits 39:32.
      return GuestPhysical((rawValue & 0xffc0_0000 | rawValue[bits: 13...20] << 32) & UInt64.lowMask(physicalBits))
    }
    return GuestPhysical(rawValue & addressMask(from: table.shift))
  }

  /// The bits that are set and must not be.
  var reservedBits: UInt64 { rawValue & reservedMask }

  /// An entry of PAE's page-directory-pointer table, which has no permissions of its own.
  private var isRoot32Bit: Bool { mode == .pae && table.level == .pdpt }

  /// The address width: 32-bit paging reaches 40 bits at most (SDM volume 3, section 4.3).
  private var physicalBits: Int {
    mode == .bits32 ? min(context.maxPhysicalAddressBits, 40) : context.maxPhysicalAddressBits
  }

  /// The bits of an address field that starts at bit `low`.
  private func addressMask(from low: Int) -> UInt64 {
    UInt64.lowMask(mode == .bits32 ? 32 : physicalBits) & ~UInt64.lowMask(low)
  }

  private var reservedMask: UInt64 {
    if mode == .bits32 {
      // Bits 20:13 of a 4 MiB page hold as many address bits past 32 as the CPU has; bit 21 holds none.
      return mapsPage && table.level == .pd
        ? UInt64.lowMask(22) & ~UInt64.lowMask(13 + max(physicalBits - 32, 0)) : 0
    }
    let beyondAddress = UInt64.lowMask(52) & ~UInt64.lowMask(physicalBits)
    let executeDisable: UInt64 = context.efer.contains(.noExecuteEnable) ? 0 : 1 << 63
    if isRoot32Bit {
      return beyondAddress | ~UInt64.lowMask(52) | 0x1e6
    }
    // PAE has no use for bits 62:52; the other modes leave them to software and to protection keys.
    var mask = beyondAddress | executeDisable | (mode == .pae ? UInt64.lowMask(63) & ~UInt64.lowMask(52) : 0)
    if mapsPage && table.level != .pt {
      // Bit 12 is PAT; the address starts at the page's own size.
      mask |= UInt64.lowMask(table.shift) & ~UInt64.lowMask(13)
    } else if table.level != .pt && table.level != .pd {
      // The page-size bit where no page of this size exists.
      mask |= 1 << 7
    }
    return mask
  }
}

// MARK: - Words

extension PageTableEntry {
  /// The entry in words, such as `present writable supervisor accessed 2M-page -> 0x1200000`.
  var meaning: String {
    guard isPresent else { return "not present" }
    var words = ["present"]
    if !isRoot32Bit {
      words.append(isWritable ? "writable" : "read-only")
      words.append(isUser ? "user" : "supervisor")
    }
    func add(_ word: String, if condition: Bool) { if condition { words.append(word) } }
    add("write-through", if: rawValue[bit: 3])
    add("cache-disabled", if: rawValue[bit: 4])
    add("accessed", if: !isRoot32Bit && rawValue[bit: 5])
    add("dirty", if: mapsPage && rawValue[bit: 6])
    add("global", if: mapsPage && rawValue[bit: 8])
    add("PAT", if: mapsPage && rawValue[bit: table.level == .pt ? 7 : 12])
    add("no-execute", if: !isExecutable)
    add("key=\(protectionKey)", if: protectionKey != 0)
    add("available=0x\(String(available, radix: 16))", if: available != 0)
    add("reserved=0x\(String(reservedBits, radix: 16))", if: reservedBits != 0)
    words.append(mapsPage ? "\(pageSizeName)-page -> \(target)" : "-> \(target)")
    return words.joined(separator: " ")
  }

  /// The protection key, which only 4-level and 5-level paging have, and only where CR4.PKE turns them on.
  private var protectionKey: UInt64 {
    guard mapsPage, mode == .level4 || mode == .level5, context.cr4.contains(.protectionKeys) else { return 0 }
    return rawValue[bits: 59...62]
  }

  /// The bits 11:9, which are software's.
  private var available: UInt64 { rawValue[bits: 9...11] }

  private var pageSizeName: String {
    switch table.shift {
    case 12: "4K"
    case 21: "2M"
    case 22: "4M"
    default: "1G"
    }
  }
}
