import ARM64
import Architecture
import Bits
import DeviceTree
import GDBRemote
import GuestMemory
import Testing

@testable import Debugger

@Suite("arm64: monitor") struct ARM64MonitorTests {
  @Test("help lists the commands of arm64 in place of those of x86")
  func help() throws {
    let names = try ARM64Fixture().monitor("help").split(separator: "\n")
      .compactMap { $0.split(separator: " ").first.map(String.init) }
    #expect(
      names == [
        "help", "reset", "translate", "walk", "regs", "limit", "quit", "console", "type", "kaslr", "symbols", "modules",
        "dmesg", "catch", "sysreg", "esr", "el", "fdt",
      ])
  }

  // MARK: Translation

  @Test("translate tells place and the rights of both levels")
  func translate() throws {
    let fixture = try ARM64Fixture()
    #expect(
      try fixture.monitor("translate 0x8010")
        == "0x8010 is physical 0x40008010, in a page of 4 KiB: "
        + "EL1 rwx, EL0 --x, inner-shareable, \(MemoryAttributes(rawValue: 0xff))\n")
    #expect(
      try fixture.monitor("translate 0xffffff8000001234")
        .hasPrefix("0xffffff8000001234 is physical 0x40201234, in a block of 2 MiB: EL1 rwx"))
    #expect(try fixture.monitor("translate 0x30000").contains("0x30000 has no place: level 3 descriptor 48"))
    fixture.cpu["pc"] = 0x8010
    #expect(try fixture.monitor("translate $pc").hasPrefix("0x8010 is physical"))
    try fixture.set("sctlr_el1", to: 0)
    #expect(try fixture.monitor("translate 0x8010") == "0x8010 is physical 0x8010: the MMU is off\n")
  }

  @Test("walk shows every descriptor with its rights and attributes")
  func walk() throws {
    let fixture = try ARM64Fixture()
    fixture.map(0x2_0000, to: 0x4000_B000)
    let lines = try fixture.monitor("walk 0x20010").split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines.first == "level 1 [0] at 0x40001000: 0x40002003 table -> 0x40002000")
    #expect(lines.dropLast().last?.hasPrefix("level 3 [32] at 0x40003100: 0x6000004000b703 ") == true)
    #expect(lines.dropLast().last?.contains("EL1 rw- EL0 ---") == true)
    #expect(lines.last?.hasPrefix("is physical 0x4000b010, in a page of 4 KiB: EL1 rw-, EL0 ---,") == true)
  }

  // MARK: System registers

  @Test("sysreg reads by every name that the register has")
  func readSystemRegister() throws {
    let fixture = try ARM64Fixture()
    fixture.cpu["s3_3_c15_c2_7"] = 0x77
    for name in ["tcr_el1", "TCR_EL1", "S3_0_C2_C0_2"] {
      #expect(try fixture.monitor("sysreg \(name)") == "TCR_EL1 = 0x180190019\n")
    }
    #expect(try fixture.monitor("sysreg S3_3_C15_C2_7") == "S3_3_C15_C2_7 = 0x77\n")
  }

  @Test("sysreg writes, and what the register translates is translated anew")
  func writeSystemRegister() throws {
    let fixture = try ARM64Fixture()
    #expect(try fixture.monitor("translate 0x8000").contains("0x40008000"))
    #expect(try fixture.monitor("sysreg sctlr_el1 0x30d00980") == "SCTLR_EL1 = 0x30d00980\n")
    #expect(fixture.cpu["sctlr_el1"] == 0x30d0_0980)
    #expect(try fixture.monitor("translate 0x8000").contains("the MMU is off"))
  }

  @Test("sysreg without a name lists every register with its value")
  func listSystemRegisters() throws {
    let fixture = try ARM64Fixture()
    fixture.cpu["elr_el1"] = 0x1234
    fixture.cpu.refused = ["esr_el1"]
    let lines = try fixture.monitor("sysreg").split(separator: "\n").map { $0.split(separator: " ") }
    let names = ["fpsr", "fpcr"] + ARM64Fixture.systemRegisters.map(\.name)
    #expect(lines.compactMap(\.first).map(String.init).sorted() == names.sorted())
    #expect(lines.contains(["elr_el1", "0x1234"]) && lines.contains(["esr_el1", "unavailable"]))
  }

  // MARK: Exceptions

  @Test("esr decodes a value that is given")
  func syndromeOfValue() throws {
    let fixture = try ARM64Fixture()
    #expect(
      try fixture.monitor("esr 0x96000045")
        == "0x96000045 (ISS=0x45 IL EC=0x25): \(ExceptionSyndrome(rawValue: 0x9600_0045))\n")
    #expect(try fixture.monitor("esr 0x96000045").contains("data abort: write, translation fault, level 1"))
    #expect(try fixture.monitor("esr 0xf2000800").contains("BRK: immediate 0x800"))
    fixture.cpu["x1"] = 0x5600_0000
    #expect(try fixture.monitor("esr $x1").contains("SVC: immediate 0x0"))
    #expect(try fixture.monitor("esr 0xffffffffffffffff").contains("reserved exception class"))
  }

  @Test("esr tells of the last exception: what, where from, and about which address")
  func lastException() throws {
    let fixture = try ARM64Fixture()
    fixture.cpu["esr_el1"] = 0x9600_0045
    fixture.cpu["elr_el1"] = 0xffff_ff80_0001_0000
    fixture.cpu["spsr_el1"] = 0x6000_0005
    fixture.cpu["far_el1"] = 0xdead_0000
    #expect(
      try fixture.monitor("esr").split(separator: "\n") == [
        "ESR_EL1 0x96000045 (ISS=0x45 IL EC=0x25): data abort: write, translation fault, level 1",
        "ELR_EL1 0xffffff8000010000, SPSR_EL1 0x60000005: EL1h", "FAR_EL1 0xdead0000",
      ])
    // FnV, and an exception that is about no address.
    for syndrome in [0x9600_0445, 0x5600_0000] as [UInt64] {
      try fixture.set("esr_el1", to: syndrome)
      #expect(try !fixture.monitor("esr").contains("FAR_EL1 0x"))
    }
  }

  @Test(
    "el tells exception level, stack pointer and process state",
    arguments: [
      (0x6000_03c5, "EL1: SP is SP_EL1, 0x40001000", "PSTATE 0x600003c5 (SP EL=1 F I A D C Z): EL1h, DAIF masked"),
      (0x4, "EL1: SP is SP_EL0, 0x40001000", "PSTATE 0x4 (EL=1): EL1t"),
      (0x0, "EL0: SP is SP_EL0, 0x40001000", "PSTATE 0x0 (): EL0t"),
      (0x10, "EL0: AArch32", "PSTATE 0x10 (nRW): AArch32 User"),
    ] as [(UInt64, String, String)])
  func level(state: UInt64, place: String, words: String) throws {
    let fixture = try ARM64Fixture()
    fixture.cpu["cpsr"] = state
    fixture.cpu["sp"] = 0x4000_1000
    #expect(try fixture.monitor("el") == "\(place)\n\(words)\n")
  }

  // MARK: Device tree

  private static let treeAddress = GuestPhysical(0x4010_0000)

  private func withTree(_ bytes: [UInt8]) throws -> ARM64Fixture {
    let fixture = try ARM64Fixture(deviceTree: Self.treeAddress)
    bytes.withUnsafeBytes { _ = fixture.memory.write(at: Self.treeAddress, from: $0) }
    return fixture
  }

  @Test("fdt shows the tree in guest memory, or one node")
  func tree() throws {
    let chosen = DeviceTree.Node("chosen", properties: [.init("bootargs", "console=ttyAMA0")])
    let tree = DeviceTree(
      root: DeviceTree.Node("", properties: [.init("#size-cells", .u32(2))], children: [chosen]))
    let fixture = try withTree(try tree.blob())
    #expect(try fixture.monitor("fdt") == tree.source)
    #expect(try fixture.monitor("fdt /chosen") == chosen.source)
    #expect(throws: TargetError.self) { _ = try fixture.monitor("fdt /nothing") }
  }

  @Test("memory that holds no tree, and lengths that are wrong, are one sentence each")
  func damagedTree() throws {
    let blob = try DeviceTree(root: DeviceTree.Node("")).blob()
    let lengths: [[UInt8]] = [[0, 0, 0, 0], [0, 0, 0, 7], [0xff, 0xff, 0xff, 0xff], [0, 0x20, 0, 1]]
    var damaged: [[UInt8]] = [[], [1, 2, 3, 4, 0, 0, 0, 40]]
    for length in lengths { damaged.append(Array(blob[..<4]) + length + Array(blob[8...])) }
    for bytes in damaged {
      let fixture = try withTree(bytes)
      let error = try #require(throws: TargetError.self) { _ = try fixture.monitor("fdt") }
      #expect(!error.message.isEmpty && !error.message.contains("\n"), "\(error.message)")
    }
    let foreign = try withTree([1, 2, 3, 4, 0, 0, 0, 0])
    let error = try #require(throws: TargetError.self) { _ = try foreign.monitor("fdt") }
    #expect(error.message.contains("no flattened device tree"))
    let absent = try ARM64Fixture(deviceTree: GuestPhysical(0x1000))
    #expect(throws: TargetError.self) { _ = try absent.monitor("fdt") }
  }

  // MARK: Errors

  @Test(
    "what is wrong is said in one sentence",
    arguments: [
      "sysreg nothing_el1", "sysreg S9_0_C1_C0_0", "sysreg vbar_el1", "sysreg tcr_el1 x", "sysreg far_el1",
      "sysreg far_el1 1", "esr x", "fdt", "translate cs:0x10", "msr 1", "gdt", "cpuid",
    ])
  func badArguments(command: String) throws {
    let fixture = try ARM64Fixture()
    fixture.cpu.refused = ["far_el1"]
    let error = try #require(throws: TargetError.self) { _ = try fixture.monitor(command) }
    #expect(!error.message.isEmpty && !error.message.contains("\n"), "\(error.message)")
    #expect(fixture.cpu["tcr_el1"] == 0x1_8019_0019)
  }
}
