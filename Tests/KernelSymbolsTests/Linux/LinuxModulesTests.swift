import Architecture
import Bits
import KernelSymbols
import Testing

struct LinuxModulesTests {
  private static let base: UInt64 = 0xffff_8000_7a00_0000
  private static let initBase: UInt64 = 0xffff_8000_7b00_0000

  /// A module with sections, some of them in memory that was given back, and symbols of all sorts.
  private static let failover: MadeModules.Module = {
    var module = MadeModules.Module(name: "failover", initText: 0)
    module.sections = [
      (".text", base), (".rodata", base + 0x1000), (".exit.text", base + 0xf00), (".data", base + 0x1400),
      (".init.text", initBase), (".bss", base + 0x1800), (".data..percpu", 0x1000),
    ]
    module.symbols = [
      ("\0", "", 0, 0), ("t", "failover_event", base + 0x10, 1), ("T", "failover_register", base + 0x100, 1),
      ("t", "$x", base + 0x100, 1), ("d", ".LC0", base + 0x1410, 4), ("U", "printk", 0xffff_8000_0800_0000, 0),
      ("t", "failover_init", initBase, 5), ("b", "failover_list", base + 0x1800, 6),
      ("r", "__func__.0", base + 0x1000, 2),
    ]
    return module
  }()

  private func made(_ version: MadeModules.Version, _ module: MadeModules.Module = failover) -> MadeModules {
    let made = MadeModules(version)
    made.add(MadeModules.Module(name: "first"), base: Self.base + 0x10_0000)
    made.add(module, base: Self.base)
    return made
  }

  private func range(_ start: UInt64, _ end: UInt64) -> Range<GuestVirtual> {
    GuestVirtual(Self.base + start)..<GuestVirtual(Self.base + end)
  }

  @Test(arguments: MadeModules.Version.allCases) func list(_ version: MadeModules.Version) throws {
    let made = made(version)
    let modules = try LinuxModules(types: made.types()).read(from: made.memory.linux)
    #expect(modules.map(\.name) == ["failover", "first"])
    let module = try #require(modules.first)
    #expect(module.state == .live)
    #expect(module.text == range(0, 0x1000))
    #expect(
      module.regions.map(\.range)
        == [range(0, 0x1000), range(0x1000, 0x1400), range(0x1400, 0x1c00)])
    #expect(module.sections.map(\.name) == [".text", ".exit.text", ".rodata", ".data", ".bss"])
    #expect(
      module.sections.map(\.range) == [
        range(0, 0xf00), range(0xf00, 0x1000), range(0x1000, 0x1400), range(0x1400, 0x1800), range(0x1800, 0x1c00),
      ])
    #expect(module.sections.map(\.isCode) == [true, true, false, false, false])
    // Without sections the regions are sections.
    #expect(modules[1].sections.map(\.name) == [".text", ".rodata", ".data"])
  }

  @Test(arguments: MadeModules.Version.allCases) func symbols(_ version: MadeModules.Version) throws {
    let made = made(version)
    let reader = try LinuxModules(types: made.types())
    let modules = try reader.read(from: made.memory.linux)
    let table = reader.symbols(of: modules[0], architecture: .arm64, in: made.memory.linux)
    #expect(table.map(\.name) == ["failover_event", "failover_register", "__func__.0", "failover_list"])
    #expect(table.symbol(at: GuestVirtual(Self.base + 0x104))?.name == "failover_register")
    let event = try #require(table.symbols(named: "failover_event").first)
    #expect(event.size == 0xf0 && event.kind.isCode && !event.kind.isGlobal)
    #expect(table.linkRange == range(0, 0x1c00))
    #expect(reader.symbols(of: modules[1], architecture: .arm64, in: made.memory.linux).isEmpty)
  }

  @Test(arguments: MadeModules.Version.allCases) func initialising(_ version: MadeModules.Version) throws {
    var module = Self.failover
    (module.state, module.initText) = (1, 0x200)
    let made = MadeModules(version)
    made.add(module, base: Self.base, initBase: Self.initBase)
    made.add(MadeModules.Module(name: "unformed", state: 3), base: Self.base)
    made.add(MadeModules.Module(name: "no_such_state", state: 9), base: Self.base)
    made.add(MadeModules.Module(name: "../no name"), base: Self.base)
    let reader = try LinuxModules(types: made.types())
    let all = try reader.read(from: made.memory.linux)
    #expect(all.map(\.name) == ["unformed", "failover"])
    #expect(all.map(\.state) == [.unformed, .coming])
    let modules = [all[1]]
    #expect(modules[0].sections.last?.name == ".init.text")
    #expect(modules[0].sections.last?.range.lowerBound == GuestVirtual(Self.initBase))
    let table = reader.symbols(of: modules[0], architecture: .arm64, in: made.memory.linux)
    #expect(table.symbols(named: "failover_init").count == 1)
  }

  @Test func buildID() throws {
    var module = Self.failover
    let made = MadeModules(.memory)
    // The section's contents are in the guest's memory, and so the module itself has to be.
    let note = made.memory.place([4, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 0x47, 0x4e, 0x55, 0, 0xca, 0xfe, 0x01, 0])
    module.sections = [(".note.gnu.build-id", note)]
    (module.text, module.readOnlyData, module.data) = (0, 20, 0)
    made.add(module, base: note)
    let modules = try LinuxModules(types: made.types()).read(from: made.memory.linux)
    #expect(modules[0].buildID?.description == "cafe01")
  }

  @Test func cycles() throws {
    let made = MadeModules(.layouts)
    let types = try made.types()
    #expect(try LinuxModules(types: types).read(from: made.memory.linux).isEmpty)
    let first = made.add(MadeModules.Module(name: "first"), base: Self.base)
    let second = made.add(MadeModules.Module(name: "second"), base: Self.base)
    made.memory.store(second, at: first)
    #expect(try LinuxModules(types: types).read(from: made.memory.linux).map(\.name) == ["second", "first"])
    // A list that leads out of memory.
    made.memory.store(UInt64(1), at: first)
    #expect(try LinuxModules(types: types).read(from: made.memory.linux).map(\.name) == ["second", "first"])
    #expect(throws: LinuxError.noSymbol("modules")) { try LinuxModules(types: types).read(from: MadeMemory().linux) }
    let other = try BTF(BTFTests.other)
    #expect(throws: LinuxError.self) { try LinuxModules(types: other) }
  }

  @Test(arguments: MadeModules.Version.allCases) func damaged(_ version: MadeModules.Version) throws {
    let types = try made(version).types()
    var generator = RepeatableGenerator(seed: 3)
    for _ in 0..<200 {
      let made = made(version)
      made.memory.damage(Int.random(in: 1...30, using: &generator), using: &generator)
      let reader = try LinuxModules(types: types)
      guard let modules = try? reader.read(from: made.memory.linux) else { continue }
      #expect(modules.count <= 3)
      for module in modules {
        let table = reader.symbols(of: module, architecture: .x86_64, in: made.memory.linux)
        #expect(table.count < 10)
        #expect(!table.symbolFile.isEmpty)
      }
    }
  }
}
