import Architecture
import Bits
import Testing

@testable import ARM64

/// Every granule, 52-bit addresses, small tables, HPD; not LPA2 and not LVA.
let plainFeatures = TranslationFeatures(mmfr0: 0x0000_0000_0010_0006, mmfr1: 0x1000, mmfr2: 0x1000_0000)
/// The same with LPA2 for 4 and 16 KiB, and with LVA.
let largeFeatures = TranslationFeatures(mmfr0: 0x0000_0000_1020_0006, mmfr1: 0x1000, mmfr2: 0x1001_0000)

/// Physical memory that holds nothing but translation tables, which are 64 KiB apart from 0x8000_0000 on.
struct StageOneTables {
  /// What an entry of a block or page has besides its address: AF, inner-shareable, AttrIndx 0, read-write at EL1.
  static let leaf: UInt64 = 0x700

  let granuleShift: Int
  let inputBits: Int
  private(set) var entries: [UInt64: UInt64] = [:]
  let root: UInt64
  private var free: UInt64

  init(granuleShift: Int = 12, inputBits: Int = 48, root: UInt64 = 0x8000_0000) {
    self.granuleShift = granuleShift
    self.inputBits = inputBits
    self.root = root
    free = root + 0x1_0000
  }

  func read(_ address: GuestPhysical, _ byteCount: Int) -> UInt64? {
    byteCount == 8 ? entries[address.rawValue] : nil
  }

  /// Where the entry for an address stands in a table, as the manual's figures of "address translation" have the bits.
  func index(_ address: UInt64, _ level: Int, isRoot: Bool) -> UInt64 {
    let low = granuleShift + (3 - level) * (granuleShift - 3)
    let width = isRoot ? inputBits - low : granuleShift - 3
    return (address >> UInt64(low)) % (1 << UInt64(width))
  }

  /// Sets the way to an address, and its last descriptor.
  ///
  /// - Parameters:
  ///   - address: the virtual address.
  ///   - levels: the first level and the last one.
  ///   - descriptor: the last descriptor.
  ///   - tableBits: what the descriptors of tables have besides their address, by level.
  mutating func map(_ address: UInt64, _ levels: ClosedRange<Int>, _ descriptor: UInt64, tableBits: [Int: UInt64] = [:])
  {
    var table = root
    for level in levels {
      let place = table + 8 * index(address, level, isRoot: level == levels.lowerBound)
      if level == levels.upperBound {
        entries[place] = descriptor
      } else {
        let next = (entries[place] ?? 0) & 0xffff_ffff_f000
        if next == 0 {
          table = free
          free += 0x1_0000
        } else {
          table = next
        }
        entries[place] = table | 3 | tableBits[level, default: 0]
      }
    }
  }

  /// Replaces the descriptor at a place.
  mutating func set(_ place: UInt64, _ descriptor: UInt64) { entries[place] = descriptor }
}

/// Registers with the MMU on, both halves alike.
func context(
  _ tables: StageOneTables, tcr extra: UInt64 = 0, sctlr: UInt64 = 1, mair: UInt64 = 0xff, tcr2: UInt64 = 0,
  pir: UInt64 = 0, pire0: UInt64 = 0, features: TranslationFeatures = plainFeatures
) -> ARM64TranslationContext {
  let size = UInt64(64 - tables.inputBits)
  let granules: [Int: (UInt64, UInt64)] = [12: (0, 2), 14: (2, 1), 16: (1, 3)]
  let (tg0, tg1) = granules[tables.granuleShift] ?? (3, 0)
  // IPS is 0b110, 52 bits.
  let tcr = size | size << 16 | tg0 << 14 | tg1 << 30 | 6 << 32
  return ARM64TranslationContext(
    sctlr: sctlr, tcr: tcr | extra, tcr2: tcr2, ttbr0: tables.root, ttbr1: tables.root, mair: mair, pir: pir,
    pire0: pire0, features: features)
}

/// The sentence of the fault that an address meets, nil where it has a place.
func fault(
  _ context: ARM64TranslationContext, _ address: UInt64, _ tables: StageOneTables, at level: ExceptionLevel = .el1,
  for use: AddressUse = .data
) -> String? {
  do throws(TranslationFault) {
    _ = try context.translate(GuestVirtual(address), at: level, for: use, readPhysical: tables.read)
    return nil
  } catch {
    return error.description
  }
}
