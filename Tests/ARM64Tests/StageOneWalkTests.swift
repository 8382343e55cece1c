import Architecture
import Bits
import Testing

@testable import ARM64

@Suite("Stage 1 walk") struct StageOneWalkTests {
  /// Tables of 4 KiB granules and 48 bits for a page that Linux might have, 0xffff_8000_0801_2000.
  private func linux(_ last: UInt64 = 0x4120_1703, tableBits: [Int: UInt64] = [:]) -> StageOneTables {
    var tables = StageOneTables()
    tables.map(address, 0...3, last, tableBits: tableBits)
    return tables
  }
  private let address: UInt64 = 0xffff_8000_0801_2345

  @Test("a 4 KiB page by four levels, every level with its descriptor")
  func linuxPage() throws {
    let tables = linux(0x0040_0000_4120_1f83)
    let walk = context(tables).pageWalk(GuestVirtual(address), readPhysical: tables.read)
    let mapping = try walk.result.get()
    #expect(mapping.physical == GuestPhysical(0x4120_1345))
    #expect(mapping.blockSize == 4096)
    #expect(mapping.level == 3)
    #expect(walk.steps.map(\.table) == ["level 0", "level 1", "level 2", "level 3"])
    #expect(walk.steps.map(\.index) == [256, 0, 64, 18])
    #expect(walk.steps.map(\.address.rawValue) == [0x8000_0800, 0x8001_0000, 0x8002_0200, 0x8003_0090])
    #expect(walk.steps.map(\.entry) == [0x8001_0003, 0x8002_0003, 0x8003_0003, 0x0040_0000_4120_1f83])
    #expect(walk.steps.first?.meaning == "table -> 0x80010000")
    #expect(
      walk.steps.last?.meaning
        == "4K page -> 0x41201000 EL1 r-x EL0 --- UXN AF inner-shareable nG Normal WB RA WA (0)")
    let translation = try context(tables).translate(GuestVirtual(address), readPhysical: tables.read)
    #expect(
      translation
        == Translation(
          physical: GuestPhysical(0x4120_1345), pageSize: 4096, isWritable: false, isExecutable: true, isUser: false))
  }

  /// The first level by TnSZ: Arm ARM, section D8.2, tables of the initial lookup level for each granule.
  private static let firstLevels: [(shift: Int, sizes: ClosedRange<Int>, level: Int)] = [
    (12, 12...15, -1), (12, 16...24, 0), (12, 25...33, 1), (12, 34...42, 2), (12, 43...48, 3),
    (14, 12...16, 0), (14, 17...27, 1), (14, 28...38, 2), (14, 39...48, 3),
    (16, 12...21, 1), (16, 22...34, 2), (16, 35...47, 3),
  ]

  @Test("every granule, every size, both halves, every level that maps memory")
  func shapes() throws {
    var generator = SystemRandomNumberGenerator()
    var count = 0
    for (shift, sizes, first) in Self.firstLevels {
      for size in sizes {
        let inputBits = 64 - size
        let isLarge = inputBits > 48 && shift != 16
        for last in max(first, 0)...3 {
          // The levels with blocks: Arm ARM, section D8.3; the top ones need 52-bit addresses.
          let blocks = [12: isLarge ? [0, 1, 2, 3] : [1, 2, 3], 14: isLarge ? [1, 2, 3] : [2, 3], 16: [1, 2, 3]]
          guard blocks[shift]?.contains(last) == true else { continue }
          for upper in [false, true] {
            var tables = StageOneTables(granuleShift: shift, inputBits: inputBits)
            let low = UInt64.random(in: 0...UInt64.max, using: &generator) % (1 << UInt64(inputBits))
            let address = upper ? ~0 << UInt64(inputBits) | low : low
            let blockSize: UInt64 = 1 << UInt64(shift + (3 - last) * (shift - 3))
            // Below 2^48, where the address stands in the descriptor as it is.
            let physical = (UInt64.random(in: 0...UInt64.max, using: &generator) & 0xffff_ffff_ffff) & ~(blockSize - 1)
            tables.map(address, first...last, physical | 0x400 | (last == 3 ? 3 : 1))
            let context = context(tables, tcr: isLarge ? 1 << 59 : 0, features: largeFeatures)
            let walk = context.pageWalk(GuestVirtual(address), readPhysical: tables.read)
            guard case .success(let mapping) = walk.result else {
              Issue.record("shift \(shift) TnSZ \(size) level \(last): \(walk.result)")
              return
            }
            #expect(mapping.physical.rawValue == physical | address & (blockSize - 1))
            #expect(mapping.blockSize == blockSize)
            #expect(walk.steps.map(\.table) == (first...last).map { "level \($0)" })
            count += 1
          }
        }
      }
    }
    #expect(count > 400)
  }

  @Test("52-bit physical addresses of 64 KiB granules are in bits 15:12")
  func lpa() throws {
    var tables = StageOneTables(granuleShift: 16)
    tables.map(0, 1...3, 0x0000_1234_5678_f403)
    let page = try context(tables).translate(GuestVirtual(0x1234), readPhysical: tables.read)
    #expect(page.physical == GuestPhysical(0xf_1234_5678_1234))
    #expect(page.pageSize == 0x1_0000)
    // A 4 TiB block.
    tables.map(0x400_0000_0000, 1...1, 0x0000_0400_0000_a401)
    let block = try context(tables).translate(GuestVirtual(0x400_1234_5678), readPhysical: tables.read)
    #expect(block.physical == GuestPhysical(0xa_0400_1234_5678))
    #expect(block.pageSize == 1 << 42)
    // With 48 bits of address there are no such blocks, and no bits 51:48.
    var narrow = plainFeatures
    narrow.mmfr0 = IDAA64MMFR0(rawValue: 0x10_0005)
    #expect(
      fault(context(tables, features: narrow), 0x400_1234_5678, tables)
        == "level 1 descriptor 1 at 0x80000008 is a block where this level has none (0x4000000a401): "
        + "translation fault, level 1")
    #expect(
      try context(tables, features: narrow).translate(GuestVirtual(0x1234), readPhysical: tables.read).physical
        == GuestPhysical(0x1234_5678_1234))
  }

  @Test("52-bit addresses of 4 and 16 KiB granules are in bits 49:48 and 9:8 (LPA2)")
  func lpa2() throws {
    var tables = StageOneTables(inputBits: 52)
    tables.map(0xf_0000_0000_0000, -1...3, 0x3_fff0_0000_1703)
    let large = context(tables, tcr: 1 << 59 | 3 << 12, features: largeFeatures)
    let mapping = try large.pageWalk(GuestVirtual(0xf_0000_0000_0042), readPhysical: tables.read).result.get()
    #expect(mapping.physical == GuestPhysical(0xf_fff0_0000_1042))
    // The shareability is TCR_EL1.SH0's.
    #expect(mapping.shareability == .inner)
    // A 512 GiB block at level 0; bits 51:50 of its address are 0b10.
    tables.map(0x80_0000_0000, -1...0, 0x0_0080_0000_0601)
    let block = try large.translate(GuestVirtual(0x80_1234_5678), readPhysical: tables.read)
    #expect(block.physical == GuestPhysical(0x8_0080_1234_5678))
    #expect(block.pageSize == 1 << 39)
    // 16 KiB: a 64 GiB block at level 1.
    var tables16 = StageOneTables(granuleShift: 14, inputBits: 52)
    tables16.map(0x10_0000_0000, 0...1, 0x1_0020_0000_0501)
    let block16 = try context(tables16, tcr: 1 << 59, features: largeFeatures)
      .translate(GuestVirtual(0x10_0000_0001), readPhysical: tables16.read)
    #expect(block16.physical == GuestPhysical(0x5_0020_0000_0001))
    #expect(block16.pageSize == 1 << 36)
    // A CPU without LPA2 takes DS for 0: TnSZ of 12 is too small, and level 0 has no blocks.
    #expect(
      fault(context(tables, tcr: 1 << 59), 0, tables)
        == "TCR_EL1.T0SZ is 12, and not 16 to 48: translation fault, level 0")
    var tables48 = StageOneTables()
    tables48.map(0, 0...0, 0x401)
    #expect(fault(context(tables48, tcr: 1 << 59), 0, tables48)?.contains("is a block where") == true)
    #expect(fault(context(tables48, tcr: 1 << 59, features: largeFeatures), 0, tables48) == nil)
  }

  @Test("the first table is aligned to its own size, and at bits 5:2 for 52-bit addresses")
  func rootTables() throws {
    // 31 bits: two descriptors of level 1.
    var small = StageOneTables(inputBits: 31, root: 0x8000_0010)
    small.map(0x4000_0000, 1...1, 0x4000_0401)
    var registers = context(small)
    #expect(
      try registers.translate(GuestVirtual(0x4000_0001), readPhysical: small.read).physical.rawValue == 0x4000_0001)
    // CnP, the ASID and what is below the alignment do not count.
    registers.ttbr0 |= 0xabcd_0000_0000_000f
    #expect(
      try registers.translate(GuestVirtual(0x4000_0001), readPhysical: small.read).physical.rawValue == 0x4000_0001)

    var high = StageOneTables(granuleShift: 16, root: 0xa_0000_8000_0000)
    high.map(0, 1...1, 0x401)
    var wide = context(high)
    wide.ttbr0 = 0x0000_8000_0028
    #expect(try wide.translate(GuestVirtual(5), readPhysical: high.read).physical.rawValue == 5)
    // With IPS of 48 bits those bits do not count.
    wide.tcr.rawValue[bits: 32...34] = 5
    #expect(
      wide.pageWalk(GuestVirtual(5)) { place, _ in place.rawValue == 0x8000_0000 ? 0x401 : nil }.steps.first?.entry
        == 0x401)
  }

  @Test("a first table of two descriptors is aligned to 64 bytes where TTBR has 52-bit addresses")
  func smallHighRootTable() throws {
    var tables = StageOneTables(inputBits: 31, root: 0x8_0000_8000_0040)
    tables.map(0x4000_0000, 1...1, 0x4000_0401)
    var registers = context(tables, tcr: 1 << 59, features: largeFeatures)
    registers.ttbr0 = 0x8000_0060
    let translation = try registers.translate(GuestVirtual(0x4000_0001), readPhysical: tables.read)
    #expect(translation.physical == GuestPhysical(0x4000_0001))
  }

  @Test("an address that the half does not have", arguments: [16, 25, 39])
  func outside(size: Int) {
    let tables = StageOneTables(inputBits: 64 - size)
    let registers = context(tables)
    let end: UInt64 = 1 << UInt64(64 - size)
    for inside: UInt64 in [0, end - 1, 0 &- end, .max] {
      #expect(fault(registers, inside, tables)?.contains("lies outside memory") == true)
    }
    for outside: UInt64 in [end, 0 &- end - 1, 0x80_0000_0000_0000 - 1, 0x0100_0000_0000_0000, 0xfeff_ffff_ffff_ffff] {
      #expect(fault(registers, outside, tables)?.hasSuffix("half: translation fault, level 0") == true)
    }
  }

  @Test("the top byte is a tag by TBI0 and TBI1, for instructions only without TBID")
  func topByte() throws {
    var tables = StageOneTables()
    tables.map(0x1000, 0...3, 0x5000_0403)
    tables.map(0xffff_ffff_ffff_1000, 0...3, 0x6000_0403)
    let tagged: [UInt64] = [0xab00_0000_0000_1000, 0x12ff_ffff_ffff_1000]
    let (tbi0, tbi1, tbid0, tbid1): (UInt64, UInt64, UInt64, UInt64) = (1 << 37, 1 << 38, 1 << 51, 1 << 52)
    for use in AddressUse.allCases {
      #expect(fault(context(tables), tagged[0], tables, for: use) != nil)
      #expect(fault(context(tables, tcr: tbi0), tagged[0], tables, for: use) == nil)
      #expect(fault(context(tables, tcr: tbi0), tagged[1], tables, for: use) != nil)
      #expect(fault(context(tables, tcr: tbi1), tagged[1], tables, for: use) == nil)
      #expect((fault(context(tables, tcr: tbi0 | tbid0), tagged[0], tables, for: use) != nil) == (use == .instruction))
      #expect((fault(context(tables, tcr: tbi1 | tbid1), tagged[1], tables, for: use) != nil) == (use == .instruction))
    }
    let physical = try context(tables, tcr: tbi1).translate(GuestVirtual(tagged[1] + 5), readPhysical: tables.read)
    #expect(physical.physical == GuestPhysical(0x6000_0005))
  }

  @Test("a half without walks, a half without EL0, a reserved granule and one that the CPU has not")
  func halves() {
    var tables = StageOneTables()
    tables.map(0x1000, 0...3, 0x5000_0443)
    tables.map(0xffff_ffff_ffff_1000, 0...3, 0x6000_0443)
    let upper: UInt64 = 0xffff_ffff_ffff_1000
    #expect(
      fault(context(tables, tcr: 1 << 7), 0x1000, tables)
        == "TCR_EL1.EPD0 disables walks of the lower half: translation fault, level 0")
    #expect(fault(context(tables, tcr: 1 << 7), upper, tables) == nil)
    #expect(
      fault(context(tables, tcr: 1 << 23), upper, tables)
        == "TCR_EL1.EPD1 disables walks of the upper half: translation fault, level 0")
    #expect(
      fault(context(tables, tcr: 1 << 56), upper, tables, at: .el0)
        == "TCR_EL1.E0PD1 keeps EL0 out of the upper half: translation fault, level 0")
    #expect(fault(context(tables, tcr: 1 << 56), upper, tables, at: .el1) == nil)
    #expect(fault(context(tables, tcr: 1 << 56), 0x1000, tables, at: .el0) == nil)
    #expect(fault(context(tables, tcr: 3 << 14), 0x1000, tables)?.hasPrefix("TCR_EL1.TG0 is reserved") == true)
    var features = plainFeatures
    features.mmfr0 = IDAA64MMFR0(rawValue: 0xf000_0006)
    #expect(
      fault(context(tables, features: features), 0x1000, tables)
        == "TCR_EL1.TG0 asks for 4K granules, which this CPU does not have")
    #expect(fault(context(StageOneTables(granuleShift: 14), features: features), 0, tables)?.contains("16K") == true)
  }

  @Test("an invalid descriptor ends the walk at its level", arguments: 0...3)
  func invalid(level: Int) throws {
    var tables = linux()
    let steps = context(tables).pageWalk(GuestVirtual(address), readPhysical: tables.read).steps
    tables.set(steps[level].address.rawValue, 0xfff0)
    let walk = context(tables).pageWalk(GuestVirtual(address), readPhysical: tables.read)
    #expect(walk.steps.count == level + 1)
    #expect(walk.steps.last?.meaning == "invalid")
    #expect(
      fault(context(tables), address, tables)
        == "level \(level) descriptor \(steps[level].index) at \(steps[level].address) is invalid (0xfff0): "
        + "translation fault, level \(level)")
    tables.set(steps[level].address.rawValue, 0x4000_0401)
    // Blocks are at levels 1 and 2.
    #expect((fault(context(tables), address, tables) == nil) == (1...2).contains(level))
  }

  @Test("a table outside memory is an external abort on the walk, not a crash")
  func outsideMemory() {
    let tables = StageOneTables()
    #expect(
      fault(context(tables), 0, tables)
        == "level 0 descriptor 0 at 0x80000000 lies outside memory: "
        + "synchronous external abort on the table walk, level 0")
  }

  @Test("addresses past IPS, in a table, in a page and in TTBR", arguments: [0, 1, 2, 3, 4, 5])
  func addressSize(ips: Int) {
    let width = [32, 36, 40, 42, 44, 48][ips]
    var tables = linux()
    var registers = context(tables)
    registers.tcr.rawValue[bits: 32...34] = UInt64(ips)
    #expect(fault(registers, address, tables) == nil)
    guard width < 48 else { return }
    let beyond: UInt64 = 1 << UInt64(width)
    tables.set(0x8003_0090, 0x4120_1403 | beyond)
    #expect(
      fault(registers, address, tables)?.hasSuffix(
        "past \(width) bits (0x\(String(0x4120_1403 | beyond, radix: 16))): address size fault, level 3") == true)
    tables.set(0x8001_0000, 0x8002_0003 | beyond)
    #expect(fault(registers, address, tables)?.hasSuffix("address size fault, level 1") == true)
    registers.ttbr1 |= beyond
    #expect(
      fault(registers, address, tables)
        == "TTBR1_EL1 leads to \(GuestPhysical(0x8000_0000 | beyond)), past \(width) bits: address size fault, level 0")
    // What the CPU has not, IPS cannot give.
    registers = context(tables)
    registers.features.mmfr0 = IDAA64MMFR0(rawValue: 0x10_0000 | UInt64(ips))
    #expect(fault(registers, address, tables)?.hasSuffix("address size fault, level 1") == true)
  }

  @Test("big-endian tables by SCTLR_EL1.EE")
  func bigEndian() throws {
    let tables = linux()
    let registers = context(tables, sctlr: 1 | 1 << 25)
    let walk = registers.pageWalk(GuestVirtual(address)) { place, count in tables.read(place, count)?.byteSwapped }
    #expect(try walk.result.get().physical == GuestPhysical(0x4120_1345))
    #expect(walk.steps.last?.entry == 0x4120_1703)
  }

  @Test("with the MMU off an address is physical, whatever the tables say")
  func untranslated() throws {
    let tables = StageOneTables()
    let registers = context(tables, sctlr: 0)
    let data = registers.pageWalk(GuestVirtual(0xf_ffff_0000_1234), readPhysical: tables.read)
    #expect(data.steps.isEmpty)
    let mapping = try data.result.get()
    #expect(mapping.physical == GuestPhysical(0xf_ffff_0000_1234))
    #expect(mapping.attributes.description == "Device-nGnRnE")
    #expect(
      mapping.translation(at: .el0)
        == Translation(
          physical: mapping.physical, pageSize: .max, isWritable: true, isExecutable: true, isUser: true))
    let cached = context(tables, sctlr: 1 << 12)
    #expect(
      try cached.pageWalk(GuestVirtual(0), for: .instruction, readPhysical: tables.read).result.get().attributes
        .description == "Normal WT RA")
    #expect(
      fault(registers, 0xffff_8000_0801_2345, tables)
        == "0xffff800008012345 is past the 52 bits of a physical address, with the MMU off: address size fault, level 0"
    )
    // The tag is no part of the address.
    #expect(fault(registers, 0xab00_0000_0000_1000, tables) != nil)
    let tagged = try context(tables, tcr: 1 << 37, sctlr: 0)
      .translate(GuestVirtual(0xab00_0000_0000_1000), readPhysical: tables.read)
    #expect(tagged.physical == GuestPhysical(0x1000))
  }

  @Test("no register and no descriptor traps")
  func anything() {
    var generator = SystemRandomNumberGenerator()
    var successes = 0
    for _ in 0..<20_000 {
      let isLarge = Bool.random(using: &generator)
      var tcr = generator.next()
      // Plausible sizes, so that walks happen.
      for range in [0...5, 16...21] where Bool.random(using: &generator) {
        tcr[bits: range] = UInt64.random(in: 10...49, using: &generator)
      }
      let registers = ARM64TranslationContext(
        sctlr: generator.next() | (generator.next() & 7 == 0 ? 0 : 1), tcr: tcr, tcr2: generator.next(),
        ttbr0: generator.next(), ttbr1: generator.next(), mair: generator.next(), pir: generator.next(),
        pire0: generator.next(),
        features: Bool.random(using: &generator)
          ? (isLarge ? largeFeatures : plainFeatures)
          : TranslationFeatures(
            mmfr0: generator.next(), mmfr1: generator.next(), mmfr2: generator.next(), mmfr3: generator.next()))
      let address = GuestVirtual(generator.next() >> UInt64.random(in: 0...40, using: &generator))
      let entry = generator.next() & (Bool.random(using: &generator) ? .max : 0xffff_ffff) | 1
      let use: AddressUse = Bool.random(using: &generator) ? .data : .instruction
      let walk = registers.pageWalk(address, at: .el0, for: use) { _, _ in entry }
      guard case .success(let mapping) = walk.result else { continue }
      successes += 1
      #expect(mapping.physical.rawValue < 1 << 52)
      if mapping.blockSize != .max {
        #expect(mapping.physical.offset(in: mapping.blockSize) == address.offset(in: mapping.blockSize))
      }
    }
    #expect(successes > 100)
  }
}
