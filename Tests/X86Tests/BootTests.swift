import Architecture
import Bits
import Testing

@testable import X86

@Suite("Boot protocols") struct BootTests {
  private func blob(_ state: BootState, at address: GuestPhysical) throws -> [UInt8] {
    try #require(state.blobs.first { $0.address == address }).bytes
  }

  private func value(_ state: BootState, _ register: X86Register) -> UInt64? {
    state.registers.first { $0.register == register }?.value
  }

  private let request = BootRequest(
    commandLine: Array("console=ttyS0".utf8),
    initialRAMDisk: GuestPhysical(0x1_2345_6000)..<GuestPhysical(0x1_2345_7001), memorySize: 6 << 30,
    rsdp: ACPITables.rsdp)

  @Test("boot_params has its fields where the documentation has them")
  func bootParameters() throws {
    let state = try LinuxBootProtocol.state(for: request, entry: GuestPhysical(0x100_0000))
    let page = try blob(state, at: PCMemoryLayout.zeroPage)
    #expect(page.count == 4096)
    #expect(page.littleEndian(at: 0x70) == ACPITables.rsdp.rawValue)
    #expect(page[0x1ef] == 0)
    #expect(page.littleEndian(at: 0x1fe) == UInt16(0xaa55))
    #expect(Array(page[0x202..<0x206]) == Array("HdrS".utf8))
    #expect(page[0x210] == 0xff)
    #expect(page[0x211] & 1 == 1)
    #expect(page.littleEndian(at: 0x218) == UInt32(0x2345_6000))
    #expect(page.littleEndian(at: 0x21c) == UInt32(0x1001))
    #expect(page.littleEndian(at: 0xc0) == UInt32(1))
    #expect(page.littleEndian(at: 0xc4) == UInt32(0))
    #expect(page.littleEndian(at: 0x228) == UInt32(PCMemoryLayout.commandLine.rawValue))
    #expect(Array(page[0x06...0x07]) == [3, 80])
    #expect(Array(page[0x0e...0x0f]) == [25, 1])
    let commandLine = try blob(state, at: PCMemoryLayout.commandLine)
    #expect(commandLine == Array("console=ttyS0".utf8) + [0])
    #expect(page[0x1e8] == 5)
    #expect(page.littleEndian(at: 0x2d0 + 8) == UInt64(0x9_fc00))
    #expect(page.littleEndian(at: 0x2d0 + 16) == UInt32(1))
    #expect(page.littleEndian(at: 0x2d0 + 4 * 20) == UInt64(0x1_0000_0000))
    #expect(page.littleEndian(at: 0x2d0 + 4 * 20 + 8) == UInt64(3 << 30))
  }

  @Test("a bzImage's header is taken over, as far as there is room for one", arguments: [0, 1, 0x7b, 0x9f, 4096])
  func givenHeader(count: Int) throws {
    var header = [UInt8](repeating: 0x5a, count: count)
    if count > 0x4b { header.replaceSubrange(0x238 - 0x1f1..<0x23c - 0x1f1, with: [0xff, 7, 0, 0]) }
    let page = BootParameters(request: BootRequest(memorySize: 64 << 20), setupHeader: header).bytes
    #expect(page.count == 4096)
    #expect(page[0x1f0] == 0 && page[0x290] == 0)
    if count > 1 { #expect(page[0x1f1] == 0x5a) }
    #expect(page[0x210] == 0xff)
    if count == 0x7b { #expect(page[0x26b] == 0x5a && page[0x26c] == 0) }
  }

  @Test("a command line that the kernel would cut is refused")
  func commandLineLimit() throws {
    func fails(_ commandLine: [UInt8], header: [UInt8]? = nil) -> String? {
      do throws(BootError) {
        _ = try LinuxBootProtocol.state(
          for: BootRequest(commandLine: commandLine, memorySize: 64 << 20), entry: GuestPhysical(0), setupHeader: header
        )
        return nil
      } catch {
        return error.description
      }
    }
    #expect(fails([UInt8](repeating: 65, count: 2047)) == nil)
    #expect(fails([UInt8](repeating: 65, count: 2048))?.contains("2047") == true)
    #expect(fails([65, 0, 65])?.contains("NUL") == true)
    // A header that claims more than there is room for.
    #expect(fails([UInt8](repeating: 65, count: 0x1_0000), header: [UInt8](repeating: 0xff, count: 0x7b)) != nil)
  }

  @Test("the identity map covers 4 GiB and nothing more")
  func identityMap() throws {
    let state = try LinuxBootProtocol.state(for: request, entry: GuestPhysical(0x100_0000))
    let tables = try blob(state, at: PCMemoryLayout.pageTables)
    let context = X86TranslationContext(
      cr0: value(state, .control(0)) ?? 0, cr3: value(state, .control(3)) ?? 0, cr4: value(state, .control(4)) ?? 0,
      efer: value(state, .efer) ?? 0, maxPhysicalAddressBits: 36, hasGigabytePages: false)
    #expect(context.pagingMode == .level4)
    func read(_ address: GuestPhysical, _ byteCount: Int) -> UInt64? {
      Int(exactly: address.rawValue &- PCMemoryLayout.pageTables.rawValue).flatMap { tables.littleEndian(at: $0) }
    }
    for address: UInt64 in [0, 0x1234, 0x100_0000, 0x3fff_ffff, 0x4000_0000, 0xfee0_0000, 0xffff_ffff] {
      let translation = try context.translate(GuestVirtual(address), readPhysical: read)
      #expect(translation.physical.rawValue == address)
      #expect(translation.isWritable && translation.isExecutable && !translation.isUser)
    }
    #expect(throws: TranslationFault.self) {
      try context.translate(GuestVirtual(0x1_0000_0000), readPhysical: read)
    }
  }

  @Test("the 64-bit entry state is the one that boot.rst names")
  func entryState() throws {
    let state = try LinuxBootProtocol.state(for: request, entry: GuestPhysical(0x100_0000))
    #expect(value(state, .rip) == 0x100_0000)
    #expect(value(state, .general(.rsi)) == PCMemoryLayout.zeroPage.rawValue)
    #expect(value(state, .rflags) == 2)
    #expect(value(state, .selector(.cs)) == 0x10)
    for segment in [X86Register.Segment.ds, .es, .ss] { #expect(value(state, .selector(segment)) == 0x18) }
    let gdt = try blob(state, at: PCMemoryLayout.globalDescriptorTable)
    #expect(value(state, .tableLimit(.gdtr)) == UInt64(gdt.count - 1))
    #expect(gdt.littleEndian(at: 0x10) == UInt64(0x00af_9b00_0000_ffff))
    #expect(gdt.littleEndian(at: 0x18) == UInt64(0x00cf_9300_0000_ffff))
    let mode = X86Mode(
      cr0: CR0(rawValue: value(state, .control(0)) ?? 0), efer: EFER(rawValue: value(state, .efer) ?? 0),
      rflags: RFLAGS(rawValue: value(state, .rflags) ?? 0),
      codeSegment: X86SegmentAttributes(rawValue: value(state, .attributes(.cs)) ?? 0))
    #expect(mode == .long)
    // Every register is one that the table has, and none is set twice.
    let file = X86RegisterFile(hasAVX: false)
    for setting in state.registers { #expect(file.index(of: setting.register) != nil, "\(setting.register)") }
    #expect(Set(state.registers.map(\.register)).count == state.registers.count)
  }

  @Test("the PVH entry state and its start info")
  func pvh() throws {
    let state = try PVHBootProtocol.state(for: request, entry: GuestPhysical(0x100_0680))
    #expect(value(state, .rip) == 0x100_0680)
    #expect(value(state, .general(.rbx)) == PCMemoryLayout.startInfo.rawValue)
    #expect(value(state, .control(0)) == 0x11)
    #expect(value(state, .attributes(.cs)) == 0xc09b)
    let info = try blob(state, at: PCMemoryLayout.startInfo)
    let base = PCMemoryLayout.startInfo.rawValue
    #expect(info.littleEndian(at: 0) == UInt32(0x336e_c578))
    #expect(info.littleEndian(at: 4) == UInt32(1))
    #expect(info.littleEndian(at: 12) == UInt32(1))
    #expect(info.littleEndian(at: 16) == base + 56)
    #expect(info.littleEndian(at: 24) == PCMemoryLayout.commandLine.rawValue)
    #expect(info.littleEndian(at: 32) == ACPITables.rsdp.rawValue)
    #expect(info.littleEndian(at: 40) == base + 56 + 32)
    #expect(info.littleEndian(at: 48) == UInt32(5))
    #expect(info.littleEndian(at: 56) == UInt64(0x1_2345_6000))
    #expect(info.littleEndian(at: 64) == UInt64(0x1001))
    #expect(info.littleEndian(at: 88 + 8) == UInt64(0x9_fc00))
    #expect(info.count == 88 + 5 * 24)
    let bare = try PVHBootProtocol.state(for: BootRequest(memorySize: 64 << 20), entry: GuestPhysical(0))
    let bareInfo = try blob(bare, at: PCMemoryLayout.startInfo)
    #expect(bareInfo.littleEndian(at: 12) == UInt32(0))
    #expect(bareInfo.littleEndian(at: 40) == base + 56)
  }

  @Test("nothing that a kernel is handed lies over anything else", arguments: [1, 4, 255])
  func placement(cpuCount: Int) throws {
    let long = BootRequest(commandLine: [UInt8](repeating: 65, count: 2047), memorySize: 6 << 30, rsdp: ACPITables.rsdp)
    for state in [
      try LinuxBootProtocol.state(for: long, entry: GuestPhysical(0x100_0000)),
      try PVHBootProtocol.state(for: long, entry: GuestPhysical(0x100_0000)),
    ] {
      var end = GuestPhysical(0x500)
      for blob in (state.blobs + ACPITables(cpuCount: cpuCount).blobs).sorted(by: { $0.address < $1.address }) {
        #expect(blob.address >= end, "\(blob.address)")
        end = blob.address.wrapping(by: UInt64(blob.bytes.count))
        #expect(end <= PCMemoryLayout.conventionalEnd || blob.address >= PCMemoryLayout.acpi)
      }
      #expect(end <= PCMemoryLayout.extendedStart)
    }
  }
}

@Suite("Memory layout") struct PCMemoryLayoutTests {
  @Test("the memory map ascends without overlap and holds the RAM", arguments: [4, 128, 3072, 3073, 8192] as [UInt64])
  func memoryMap(megabytes: UInt64) {
    let size = megabytes << 20
    let map = PCMemoryLayout.e820(memorySize: size)
    var end = GuestPhysical(0)
    for entry in map {
      #expect(entry.range.lowerBound >= end && entry.count > 0)
      end = entry.range.upperBound
    }
    let usable = map.filter { $0.kind == .ram }.reduce(0) { $0 + $1.count }
    // All but what lies between conventional memory and 1 MiB.
    #expect(usable == size - 0x10_0000 + 0x9_fc00)
    let ram = PCMemoryLayout.ram(memorySize: size)
    #expect(ram.reduce(0) { $0 + $1.count } == size)
    #expect(ram.count == (megabytes > 3072 ? 2 : 1))
    for entry in map {
      #expect(
        ram.contains {
          $0.start <= entry.range.lowerBound && entry.range.upperBound.rawValue <= $0.start.rawValue + $0.count
        })
    }
  }

  @Test("no RAM at the interrupt controllers")
  func deviceHole() {
    for entry in PCMemoryLayout.e820(memorySize: 64 << 30) {
      #expect(!entry.range.contains(PCMemoryLayout.ioAPIC) && !entry.range.contains(PCMemoryLayout.localAPIC))
    }
  }

  @Test("a machine too small for extended memory has none in its map")
  func tiny() {
    #expect(PCMemoryLayout.e820(memorySize: 0x10_0000).map(\.kind) == [.ram, .reserved, .acpiReclaimable])
  }

  @Test("the initial RAM disk goes as high as it fits")
  func initialRAMDisk() {
    func place(_ count: UInt64, _ memory: UInt64, _ kernelEnd: UInt64, _ limit: UInt32 = 0x7fff_ffff) -> UInt64? {
      PCMemoryLayout.initialRAMDisk(
        count: count, memorySize: memory, kernelEnd: GuestPhysical(kernelEnd), limit: limit)?.rawValue
    }
    #expect(place(0x1001, 128 << 20, 0x400_0000) == 0x7ff_e000)
    #expect(place(0x1000, 8 << 30, 0x400_0000) == 0x7fff_f000)
    #expect(place(0x1000, 8 << 30, 0x400_0000, .max) == 0xbfff_f000)
    #expect(place(0x1000, 8 << 30, 0x400_0000, 0x37ff_ffff) == 0x37ff_f000)
    #expect(place(0x400_0000, 128 << 20, 0x400_0000) == 0x400_0000)
    #expect(place(0x400_0001, 128 << 20, 0x400_0000) == nil)
    #expect(place(.max, 128 << 20, 0) == nil)
  }
}
