import Architecture
import Bits
import Testing

@testable import X86

/// Physical memory that holds nothing but page tables.
private struct TableMemory {
  private var entries: [UInt64: UInt64] = [:]

  /// Sets the entry `index` of the table at `table`.
  mutating func set(_ table: UInt64, _ index: UInt64, _ value: UInt64, byteCount: UInt64 = 8) {
    entries[table + index * byteCount] = value
  }

  func read(_ address: GuestPhysical, _ byteCount: Int) -> UInt64? { entries[address.rawValue] }
}

private let pg: UInt64 = 0x8000_0001
private let pae: UInt64 = 1 << 5
private let pse: UInt64 = 1 << 4
private let la57: UInt64 = 1 << 12
private let lma: UInt64 = 0x500
private let nxe: UInt64 = 1 << 11
private let xd: UInt64 = 1 << 63

@Suite("Page walk") struct PageWalkTests {
  /// 4-level tables at 0x1000 to 0x4000 for 0xffff_8880_1234_5000; the entries' low bits are `flags`.
  private func fourLevels(_ flags: [UInt64] = [7, 7, 7, 7]) -> TableMemory {
    var memory = TableMemory()
    memory.set(0x1000, 273, 0x2000 | flags[0])
    memory.set(0x2000, 0, 0x3000 | flags[1])
    memory.set(0x3000, 0x91, 0x4000 | flags[2])
    memory.set(0x4000, 0x145, 0xabc_d000 | flags[3])
    return memory
  }
  private let address = GuestVirtual(0xffff_8880_1234_5678)

  private func long(_ extra: UInt64 = nxe, bits: Int = 46) -> X86TranslationContext {
    X86TranslationContext(cr0: pg, cr3: 0x1000, cr4: pae, efer: lma | extra, maxPhysicalAddressBits: bits)
  }

  private func fault(
    _ context: X86TranslationContext, _ address: GuestVirtual, _ memory: TableMemory
  ) -> String? {
    do throws(TranslationFault) {
      _ = try context.translate(address, readPhysical: memory.read)
      return nil
    } catch {
      return error.description
    }
  }

  @Test("paging modes follow CR0, CR4 and EFER")
  func modes() {
    func mode(_ cr0: UInt64, _ cr4: UInt64, _ efer: UInt64) -> X86PagingMode {
      X86TranslationContext(cr0: cr0, cr3: 0, cr4: cr4, efer: efer).pagingMode
    }
    #expect(mode(1, pae | la57, lma) == .none)
    #expect(mode(pg, la57, 0) == .bits32)
    #expect(mode(pg, pae | la57, 0x100) == .pae)
    #expect(mode(pg, pae, lma) == .level4)
    #expect(mode(pg, pae | la57, lma) == .level5)
  }

  @Test("without paging an address of 32 bits is physical and all is allowed")
  func noPaging() throws {
    let context = X86TranslationContext(cr0: 0x10, cr3: 0, cr4: 0, efer: 0)
    let memory = TableMemory()
    let translation = try context.translate(GuestVirtual(0xffff_fff0), readPhysical: memory.read)
    #expect(
      translation
        == Translation(
          physical: GuestPhysical(0xffff_fff0), pageSize: .max, isWritable: true, isExecutable: true, isUser: true))
    #expect(fault(context, GuestVirtual(0x1_0000_0000), memory)?.contains("past the 4 GiB") == true)
    #expect(fault(context, GuestVirtual(0xffff_ffff_8100_0000), memory)?.contains("past the 4 GiB") == true)
  }

  @Test("a 4 KiB page by four levels, every level with its entry")
  func fourLevelPage() throws {
    let memory = fourLevels()
    let (steps, result) = long().pageWalk(address, readPhysical: memory.read)
    let translation = try result.get()
    #expect(
      translation
        == Translation(
          physical: GuestPhysical(0xabc_d678), pageSize: 4096, isWritable: true, isExecutable: true, isUser: true))
    #expect(translation.contiguousCount == 0x988)
    #expect(steps.map(\.table) == ["PML4", "PDPT", "PD", "PT"])
    #expect(steps.map(\.index) == [273, 0, 0x91, 0x145])
    #expect(steps.map(\.address.rawValue) == [0x1888, 0x2000, 0x3488, 0x4a28])
    #expect(steps.last?.entry == 0xabc_d007)
    #expect(steps.last?.meaning == "present writable user 4K-page -> 0xabcd000")
    #expect(steps.first?.meaning == "present writable user -> 0x2000")
  }

  @Test("rights are the least of all levels", arguments: 0..<4)
  func hierarchicalRights(level: Int) throws {
    func translate(_ flags: UInt64) throws -> Translation {
      var all: [UInt64] = [7, 7, 7, 7]
      all[level] = flags
      return try long().translate(address, readPhysical: fourLevels(all).read)
    }
    let readOnly = try translate(5)
    #expect(!readOnly.isWritable && readOnly.isUser && readOnly.isExecutable)
    let supervisor = try translate(3)
    #expect(supervisor.isWritable && !supervisor.isUser && supervisor.isExecutable)
    let noExecute = try translate(7 | xd)
    #expect(noExecute.isWritable && noExecute.isUser && !noExecute.isExecutable)
  }

  @Test("an entry that is not present ends the walk at its level", arguments: 0..<4)
  func notPresent(level: Int) throws {
    var flags: [UInt64] = [7, 7, 7, 7]
    flags[level] = 6
    let (steps, result) = long().pageWalk(address, readPhysical: fourLevels(flags).read)
    #expect(steps.count == level + 1)
    #expect(steps.last?.meaning == "not present")
    guard case .failure(let fault) = result else {
      Issue.record("the walk did not end")
      return
    }
    let place = [
      "PML4 entry 273 at 0x1888", "PDPT entry 0 at 0x2000", "PD entry 145 at 0x3488", "PT entry 325 at 0x4a28",
    ]
    #expect(fault.description.hasPrefix("\(place[level]) is not present (0x"))
  }

  @Test("a table outside memory is a fault, not a crash")
  func outsideMemory() {
    #expect(fault(long(), address, TableMemory()) == "PML4 entry 273 at 0x1888 lies outside memory")
  }

  @Test("execute-disable is reserved where EFER.NXE is clear", arguments: 0..<4)
  func executeDisableReserved(level: Int) {
    var flags: [UInt64] = [7, 7, 7, 7]
    flags[level] |= xd
    #expect(fault(long(0), address, fourLevels(flags))?.contains("reserved bits 0x8000000000000000 set") == true)
    #expect(fault(long(nxe), address, fourLevels(flags)) == nil)
  }

  @Test("address bits past the CPU's width are reserved; software's bits and keys are not", arguments: 0..<4)
  func physicalWidth(level: Int) {
    for bit in 46..<52 {
      var flags: [UInt64] = [7, 7, 7, 7]
      flags[level] |= 1 << UInt64(bit)
      #expect(fault(long(bits: bit), address, fourLevels(flags))?.contains("reserved bits") == true)
    }
    for bit in [9, 10, 11, 52, 58, 59, 62] {
      var flags: [UInt64] = [7, 7, 7, 7]
      flags[level] |= 1 << UInt64(bit)
      #expect(fault(long(), address, fourLevels(flags)) == nil, "bit \(bit)")
    }
  }

  @Test("page size is reserved in a PML4 entry, and in a PDPT entry of a CPU without 1 GiB pages")
  func pageSizeReserved() {
    #expect(fault(long(), address, fourLevels([0x87, 7, 7, 7]))?.contains("reserved bits 0x80 set") == true)
    var context = long()
    context.hasGigabytePages = false
    #expect(fault(context, address, fourLevels([7, 0x87, 7, 7]))?.contains("PDPT entry 0") == true)
  }

  @Test("a 2 MiB page, with PAT at bit 12 and reserved bits below the address")
  func twoMegabytes() throws {
    var memory = fourLevels()
    memory.set(0x3000, 0x91, 0x4020_0000 | 0x11e7)
    let (steps, result) = long().pageWalk(address, readPhysical: memory.read)
    let translation = try result.get()
    #expect(translation.physical == GuestPhysical(0x4034_5678))
    #expect(translation.pageSize == 2 << 20)
    #expect(
      steps.last?.meaning == "present writable user accessed dirty global PAT 2M-page -> 0x40200000")
    for bit in 13..<21 {
      memory.set(0x3000, 0x91, 0x4020_0083 | 1 << UInt64(bit))
      #expect(fault(long(), address, memory)?.contains("reserved bits") == true, "bit \(bit)")
    }
  }

  @Test("a 1 GiB page")
  func gigabyte() throws {
    var memory = fourLevels()
    memory.set(0x2000, 0, 0x1_4000_0083)
    let translation = try long().translate(address, readPhysical: memory.read)
    #expect(translation.physical == GuestPhysical(0x1_5234_5678))
    #expect(translation.pageSize == 1 << 30)
    for bit in 13..<30 {
      memory.set(0x2000, 0, 0x1_4000_0083 | 1 << UInt64(bit))
      #expect(fault(long(), address, memory)?.contains("reserved bits") == true, "bit \(bit)")
    }
  }

  @Test("canonical addresses end at bit 47, or at bit 56 with five levels")
  func canonical() {
    let memory = TableMemory()
    for outside: UInt64 in [0x8000_0000_0000, 0xffff_7fff_ffff_ffff, 0x1234_0000_0000_0000] {
      #expect(fault(long(), GuestVirtual(outside), memory)?.contains("not canonical") == true)
    }
    for inside: UInt64 in [0x7fff_ffff_ffff, 0xffff_8000_0000_0000, .max] {
      #expect(fault(long(), GuestVirtual(inside), memory)?.contains("outside memory") == true)
    }
    let five = X86TranslationContext(cr0: pg, cr3: 0x1000, cr4: pae | la57, efer: lma)
    for outside: UInt64 in [0x100_0000_0000_0000, 0xfeff_ffff_ffff_ffff] {
      #expect(fault(five, GuestVirtual(outside), memory)?.contains("not canonical") == true)
    }
    for inside: UInt64 in [0xff_ffff_ffff_ffff, 0xff00_0000_0000_0000, 0x8000_0000_0000] {
      #expect(fault(five, GuestVirtual(inside), memory)?.contains("outside memory") == true)
    }
  }

  @Test("five levels")
  func fiveLevels() throws {
    var memory = fourLevels()
    memory.set(0x9000, 0x1ff, 0x1000 | 7)
    let context = X86TranslationContext(cr0: pg, cr3: 0x9fff, cr4: pae | la57, efer: lma)
    let (steps, result) = context.pageWalk(address, readPhysical: memory.read)
    #expect(try result.get().physical == GuestPhysical(0xabc_d678))
    #expect(steps.map(\.table) == ["PML5", "PML4", "PDPT", "PD", "PT"])
    memory.set(0x9000, 0x1ff, 0x1000 | 0x87)
    #expect(fault(context, address, memory)?.contains("PML5 entry 511") == true)
  }

  @Test("bits of CR3 that are no address are left out")
  func cr3() throws {
    var context = long()
    context.cr3 = 0x8000_0000_0000_1fff
    #expect(try context.translate(address, readPhysical: fourLevels().read).physical == GuestPhysical(0xabc_d678))
  }

  @Test("a translation without steps finds what one with steps finds")
  func stepsDoNotMatter() throws {
    let memory = fourLevels([7, 7, 5, 3])
    let plain = try long().translate(address, readPhysical: memory.read)
    #expect(try long().pageWalk(address, readPhysical: memory.read).result.get() == plain)
  }

  @Test("protection keys are shown where CR4.PKE turns them on")
  func protectionKey() {
    let memory = fourLevels([7, 7, 7, 7 | 5 << 59 | 3 << 9])
    var context = long()
    #expect(
      context.pageWalk(address, readPhysical: memory.read).steps.last?.meaning
        == "present writable user available=0x3 4K-page -> 0xabcd000")
    context.cr4.insert(.protectionKeys)
    #expect(
      context.pageWalk(address, readPhysical: memory.read).steps.last?.meaning
        == "present writable user key=5 available=0x3 4K-page -> 0xabcd000")
  }
}

@Suite("Page walk of 32 bits") struct PageWalk32Tests {
  private func fault(
    _ context: X86TranslationContext, _ address: GuestVirtual, _ memory: TableMemory
  ) -> String? {
    do throws(TranslationFault) {
      _ = try context.translate(address, readPhysical: memory.read)
      return nil
    } catch {
      return error.description
    }
  }

  @Test("32-bit paging: a 4 KiB page, with entries of 4 bytes")
  func page32() throws {
    var memory = TableMemory()
    memory.set(0x1000, 0x300, 0x2007, byteCount: 4)
    memory.set(0x2000, 0x345, 0xdead_b061, byteCount: 4)
    let context = X86TranslationContext(cr0: pg, cr3: 0x1018, cr4: 0, efer: nxe)
    let (steps, result) = context.pageWalk(GuestVirtual(0xc034_5abc), readPhysical: memory.read)
    #expect(
      try result.get()
        == Translation(
          physical: GuestPhysical(0xdead_babc), pageSize: 4096, isWritable: false, isExecutable: true, isUser: false))
    #expect(steps.map(\.table) == ["PD", "PT"])
    #expect(steps.map(\.address.rawValue) == [0x1c00, 0x2d14])
    #expect(fault(context, GuestVirtual(0x1_0000_0000), memory)?.contains("32-bit paging") == true)
  }

  @Test("32-bit paging: 4 MiB pages need CR4.PSE, and reach 40 bits by PSE-36")
  func page4M() throws {
    var memory = TableMemory()
    // Address bits 39:32 are 0xab.
    memory.set(0x1000, 0x300, 0x1240_0083 | 0xab << 13, byteCount: 4)
    var context = X86TranslationContext(cr0: pg, cr3: 0x1000, cr4: pse, efer: 0, maxPhysicalAddressBits: 46)
    let translation = try context.translate(GuestVirtual(0xc034_5abc), readPhysical: memory.read)
    #expect(translation.physical == GuestPhysical(0xab_1274_5abc))
    #expect(translation.pageSize == 4 << 20)
    // Bit 21 holds no address.
    memory.set(0x1000, 0x300, 0x1260_0083, byteCount: 4)
    #expect(fault(context, GuestVirtual(0xc034_5abc), memory)?.contains("reserved bits 0x200000 set") == true)
    // With 36 bits of address, bit 17 is reserved already.
    context.maxPhysicalAddressBits = 36
    memory.set(0x1000, 0x300, 0x1240_0083 | 1 << 17, byteCount: 4)
    #expect(fault(context, GuestVirtual(0xc034_5abc), memory)?.contains("reserved bits 0x20000 set") == true)
    // Without PSE the entry leads to a table.
    context.cr4.remove(.pageSizeExtensions)
    #expect(fault(context, GuestVirtual(0xc034_5abc), memory)?.hasPrefix("PT entry") == true)
  }

  @Test("PAE: the first table has four entries at a 32-byte border, without rights of their own")
  func pagePAE() throws {
    var memory = TableMemory()
    memory.set(0x1020, 3, 0x2001)
    memory.set(0x2000, 1, 0x3007)
    memory.set(0x3000, 0x145, 0xf_abcd_e007 | xd)
    let context = X86TranslationContext(
      cr0: pg, cr3: 0x103f, cr4: pae, efer: nxe, maxPhysicalAddressBits: 40)
    let (steps, result) = context.pageWalk(GuestVirtual(0xc034_5abc), readPhysical: memory.read)
    #expect(
      try result.get()
        == Translation(
          physical: GuestPhysical(0xf_abcd_eabc), pageSize: 4096, isWritable: true, isExecutable: false, isUser: true))
    #expect(steps.map(\.table) == ["PDPT", "PD", "PT"])
    #expect(steps.first?.meaning == "present -> 0x2000")
    #expect(steps.first?.address == GuestPhysical(0x1038))
  }

  @Test("PAE: reserved bits of PDPT entries and of the others")
  func reservedPAE() {
    func faults(_ root: UInt64, _ directory: UInt64) -> String? {
      var memory = TableMemory()
      memory.set(0x1000, 0, 0x2000 | root)
      memory.set(0x2000, 0, 0x3000 | directory)
      memory.set(0x3000, 0, 0x4007)
      return fault(
        X86TranslationContext(cr0: pg, cr3: 0x1000, cr4: pae, efer: nxe, maxPhysicalAddressBits: 40), GuestVirtual(0),
        memory)
    }
    #expect(faults(1, 7) == nil)
    #expect(faults(0x19 | 0xe00, 7) == nil)
    for bit in [1, 2, 5, 6, 7, 8, 40, 51, 52, 62, 63] {
      #expect(faults(1 | 1 << UInt64(bit), 7)?.hasPrefix("PDPT entry 0") == true, "bit \(bit)")
    }
    for bit in [40, 51, 52, 62] {
      #expect(faults(1, 7 | 1 << UInt64(bit))?.hasPrefix("PD entry 0") == true, "bit \(bit)")
    }
    #expect(faults(1, 7 | xd) == nil)
  }

  @Test("PAE: a 2 MiB page")
  func page2MPAE() throws {
    var memory = TableMemory()
    memory.set(0x1000, 0, 0x2001)
    memory.set(0x2000, 1, 0x1_2340_0083)
    let context = X86TranslationContext(cr0: pg, cr3: 0x1000, cr4: pae, efer: 0)
    let translation = try context.translate(GuestVirtual(0x31_2345), readPhysical: memory.read)
    #expect(translation.physical == GuestPhysical(0x1_2351_2345))
    #expect(translation.pageSize == 2 << 20)
  }

  @Test("no entry and no address traps", arguments: X86PagingMode.allCases)
  func anyEntry(mode: X86PagingMode) {
    var generator = SystemRandomNumberGenerator()
    let cr4: [X86PagingMode: UInt64] = [.bits32: pse, .pae: pae, .level4: pae, .level5: pae | la57]
    for _ in 0..<2000 {
      var context = X86TranslationContext(
        cr0: mode == .none ? 1 : pg, cr3: generator.next(), cr4: cr4[mode] ?? 0,
        efer: mode == .level4 || mode == .level5 ? lma | nxe : 0,
        maxPhysicalAddressBits: Int.random(in: -10...100))
      context.hasGigabytePages = Bool.random()
      #expect(context.pagingMode == mode)
      let address = GuestVirtual(generator.next() & (Bool.random() ? .max : 0x7fff_ffff))
      let entry = generator.next() & (Bool.random() ? .max : 0x0000_003f_ffff_ffff) | 1
      let walk = context.pageWalk(address) { _, byteCount in byteCount == 4 ? entry & 0xffff_ffff : entry }
      if case .success(let translation) = walk.result, mode != .none {
        #expect(translation.physical.offset(in: translation.pageSize) == address.offset(in: translation.pageSize))
        #expect(translation.physical.rawValue < 1 << UInt64(context.maxPhysicalAddressBits))
      }
    }
  }
}
