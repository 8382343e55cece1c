import Architecture
import Bits
import GDBRemote
import GuestMemory
import Testing
import X86

@testable import Debugger

@Suite("monitor") struct MonitorTests {
  private static let cpuid = CPUIDTable([
    CPUIDEntry(function: 0, index: 0, flags: 0, eax: 0x16, ebx: 0x756e_6547, ecx: 0x6c65_746e, edx: 0x4965_6e69),
    CPUIDEntry(function: 0x8000_0008, index: 0, flags: 0, eax: 0x3028, ebx: 0, ecx: 0, edx: 0),
  ])

  private func make() throws -> Fixture {
    let fixture = try Fixture(cpuid: [Self.cpuid])
    fixture.map(0x2_0000, to: 0xB000)
    fixture.cpu.modelSpecific = [0xC000_0082: 0xffff_ffff_8100_0000, 0x1234: 5]
    return fixture
  }

  @Test("help lists every command with a line of its own, and an empty line means it")
  func help() throws {
    let fixture = try make()
    let text = try fixture.monitor("help")
    let names = text.split(separator: "\n").compactMap { $0.split(separator: " ").first.map(String.init) }
    #expect(
      names == [
        "help", "reset", "translate", "walk", "regs", "limit", "quit", "console", "type", "kaslr", "symbols", "modules",
        "dmesg", "msr", "cpuid", "gdt", "idt",
      ])
    #expect(try fixture.monitor("  ") == text)
  }

  @Test("translate tells place and rights")
  func translate() throws {
    let fixture = try make()
    #expect(
      try fixture.monitor("translate 0x20010")
        == "0x20010 is physical 0xb010, in a page of 4 KiB: writable, executable, user\n")
    #expect(try fixture.monitor("translate 131088").hasPrefix("0x20010 is physical 0xb010,"))
    fixture.cpu["rip"] = 0x2_0010
    #expect(try fixture.monitor("translate $rip").hasPrefix("0x20010 is physical 0xb010,"))
    #expect(try fixture.monitor("translate 0x30000").hasPrefix("0x30000 has no place: "))
    fixture.cpu["gs_base"] = 0x2_0000
    try fixture.set("rax", to: 0)
    #expect(try fixture.monitor("translate gs:0x10").hasPrefix("0x20010 is physical 0xb010,"))
    try fixture.set("cr0", to: 1)
    #expect(try fixture.monitor("translate 0x20010").hasSuffix("is physical 0x20010: paging is off\n"))
  }

  @Test("walk shows every level")
  func walk() throws {
    let lines = try make().monitor("walk 0x20010").split(separator: "\n")
    #expect(lines.count == 5)
    #expect(lines.first?.hasPrefix("PML4  [0] at 0x1000: 0x2007 present") == true)
    #expect(lines.dropLast().last?.hasPrefix("PT    [32] at 0x4100: 0xb007 present") == true)
    #expect(lines.last == "is physical 0xb010, in a page of 4 KiB: writable, executable, user")
  }

  @Test("regs shows every register of up to 64 bits")
  func registers() throws {
    let fixture = try make()
    let text = try fixture.monitor("regs")
    for register in fixture.debugger.registers.registers where register.bitWidth <= 64 {
      #expect(text.contains("\(register.name) "), "\(register.name)")
    }
    #expect(text.contains("cr3                0x1000 "))
    #expect(!text.contains("xmm0"))
  }

  @Test("console shows nothing before the guest printed")
  func console() throws { #expect(try make().monitor("console").isEmpty) }

  @Test("quit ends the session")
  func quit() throws {
    let reply = try make().debugger.monitor("quit", of: ThreadID(1))
    #expect(reply == MonitorReply("", endsSession: true))
  }

  @Test("msr reads and writes by number and by name")
  func modelSpecificRegisters() throws {
    let fixture = try make()
    let name = try #require(MSR.allCases.first { $0.rawValue == 0xC000_0082 }?.name)
    #expect(try fixture.monitor("msr \(name)") == "msr 0xc0000082 = 0xffffffff81000000\n")
    #expect(try fixture.monitor("msr 0x1234 0x42") == "msr 0x1234 = 0x42\n")
    #expect(fixture.cpu.modelSpecific[0x1234] == 0x42)
    #expect(try fixture.monitor("msr 4660") == "msr 0x1234 = 0x42\n")
  }

  @Test("cpuid shows what the guest sees")
  func cpuid() throws {
    let fixture = try make()
    #expect(try fixture.monitor("cpuid").split(separator: "\n").count == 2)
    let leaf = try fixture.monitor("cpuid 0")
    #expect(leaf.split(separator: "\n").count == 1)
    #expect(leaf.contains("eax 0x16 ") && leaf.contains("ebx 0x756e6547 "))
    #expect(throws: TargetError.self) { _ = try Fixture().monitor("cpuid") }
  }

  @Test("gdt and idt decode the guest's tables")
  func descriptorTables() throws {
    let fixture = try make()
    fixture.cpu["gdtr_base"] = 0x2_0000
    fixture.cpu["gdtr_limit"] = 23
    fixture.memory.store(0x00AF_9B00_0000_FFFF as UInt64, at: GuestPhysical(0xB008))
    fixture.memory.store(0x00CF_9300_0000_FFFF as UInt64, at: GuestPhysical(0xB010))
    let gdt = try fixture.monitor("gdt").split(separator: "\n")
    #expect(gdt.contains { $0.hasPrefix("0x8 ") && $0.contains("code") })
    #expect(gdt.contains { $0.hasPrefix("0x10 ") && $0.contains("data") })
    fixture.cpu["idtr_base"] = 0x2_0800
    fixture.cpu["idtr_limit"] = 0xFFF
    fixture.memory.store(0x8E00_0008_1234 as UInt64, at: GuestPhysical(0xB800 + 14 * 16))
    let idt = try fixture.monitor("idt").split(separator: "\n")
    #expect(idt.contains { $0.hasPrefix("14  #PF") && $0.contains("0x8:") }, "\(idt)")
  }

  @Test("a table of which nothing is mapped is an error, whatever its limit")
  func unmappedTable() throws {
    let fixture = try make()
    fixture.cpu["idtr_base"] = .max
    fixture.cpu["idtr_limit"] = 0xFFFF
    #expect(throws: TargetError.self) { _ = try fixture.monitor("idt") }
  }

  @Test(
    "a command that takes no arguments refuses them, and does nothing",
    arguments: ["help", "reset", "regs", "quit", "console", "kaslr", "modules", "dmesg", "gdt", "idt"])
  func excessArguments(command: String) throws {
    let fixture = try make()
    fixture.cpu["rip"] = Fixture.code + 8
    let error = try #require(throws: TargetError.self) { _ = try fixture.monitor("\(command) x") }
    #expect(error.message == "`\(command)` takes no arguments: monitor \(command)")
    #expect(fixture.cpu["rip"] == Fixture.code + 8)
  }

  @Test(
    "what is wrong is said in one sentence",
    arguments: [
      "frobnicate", "translate", "translate xyz", "translate $nothing", "translate 0x1_0000_0000_0000_0000",
      "translate -1", "translate xs:0", "translate 0x100:0", "translate cs:", "translate :", "walk", "walk 0x", "msr",
      "msr 0x100000000", "msr 0x9999", "msr none", "msr 0x1234 x", "cpuid x", "cpuid 0x77", "cpuid 0x100000000",
    ])
  func badArguments(command: String) throws {
    let fixture = try make()
    let error = try #require(throws: TargetError.self) { _ = try fixture.monitor(command) }
    #expect(!error.message.isEmpty && !error.message.contains("\n"), "\(error.message)")
    #expect(fixture.cpu.modelSpecific[0x1234] == 5)
  }

  @Test("a real-mode selector is a paragraph")
  func paragraphs() throws {
    let fixture = try make()
    fixture.cpu["cr0"] = 0
    fixture.cpu["efer"] = 0
    #expect(try fixture.monitor("translate 0x1234:0x10").hasPrefix("0x12350 is physical 0x12350"))
  }
}
