import ARM64
import Architecture
import Bits
import CPUEngine
import GDBRemote
import GuestMemory
import Testing

@testable import Debugger

@Suite("arm64: breakpoints and steps") struct ARM64ResumeTests {
  private func fillRegisters(_ fixture: ARM64Fixture) throws { try fixture.insert(.hardware, at: 0x8F00, 0x8F04) }

  @Test("a breakpoint for which no register is left is BRK #0 in memory while the guest runs")
  func instruction() throws {
    let fixture = try ARM64Fixture()
    try fillRegisters(fixture)
    try fixture.insert(.software, at: 0x8010)
    fixture.store(0x1234_5678, at: ARM64Fixture.codePlace + 0x10)
    fixture.cpu.meetInstruction(at: 0x8010)
    #expect(try fixture.proceed() == StopEvent(thread: ThreadID(1), signal: .trap, reason: .softwareBreakpoint))
    #expect(fixture.cpu.runs.last?.instructions == [ARM64Fixture.codePlace + 0x10])
    #expect(fixture.cpu.runs.last?.control.trapsSoftwareBreakpoints == true)
    #expect(fixture.word(ARM64Fixture.codePlace + 0x10) == 0x1234_5678)
  }

  @Test("the CPUs are told of each instruction that is placed and taken out, and of memory that the client writes")
  func patches() throws {
    let fixture = try ARM64Fixture()
    try fillRegisters(fixture)
    try fixture.insert(.software, at: 0x8010)
    fixture.cpu.meetInstruction(at: 0x8010)
    _ = try fixture.proceed()
    let place = ARM64Fixture.codePlace + 0x10
    #expect(fixture.virtualMachine.patches == [place..<place + 4, place..<place + 4])
    try fixture.write(0x8FFE, [1, 2])
    let end = ARM64Fixture.codePlace + 0x1000
    #expect(fixture.virtualMachine.patches.dropFirst(2) == [end - 2..<end])
  }

  @Test("an address between instructions is refused in one sentence", arguments: [0x8001, 0x8002, 0x800F] as [UInt64])
  func unaligned(address: UInt64) throws {
    let fixture = try ARM64Fixture()
    for kind in [BreakpointKind.software, .hardware] {
      let error = try #require(throws: TargetError.self) { try fixture.insert(kind, at: address) }
      #expect(error.message.contains("no multiple of 4"))
    }
    fixture.cpu.play { _ in .system(.powerOff) }
    _ = try fixture.proceed()
    #expect(fixture.cpu.runs.last?.control == DebugControl.none)
  }

  @Test("the guest's own BRK is the guest's, whatever its immediate", arguments: [0, 1, 0x800] as [UInt16])
  func foreignInstruction(immediate: UInt16) throws {
    let fixture = try ARM64Fixture()
    try fillRegisters(fixture)
    try fixture.insert(.software, at: 0x8010)
    fixture.store(ExceptionInstruction.brk(immediate).encoding, at: ARM64Fixture.codePlace + 0x100)
    fixture.cpu.meetInstruction(at: 0x8100)
    fixture.cpu.meetInstruction(at: 0x8010)
    #expect(try fixture.proceed().reason == .softwareBreakpoint)
    #expect(fixture.cpu.reflected == [DebugEvent(programCounter: GuestVirtual(0x8100), isSoftwareBreakpoint: true)])
  }

  @Test("a step of the guest's own BRK ends at the handler that takes it, and going on may stop there")
  func steppedForeignInstruction() throws {
    let fixture = try ARM64Fixture()
    fixture.cpu.handler = 0x8200
    fixture.cpu.meetInstruction(at: 0x8100)
    #expect(try fixture.resume(.init(.step)) == StopEvent(thread: ThreadID(1), signal: .trap))
    #expect(fixture.cpu.programCounter == 0x8200)

    try fillRegisters(fixture)
    try fixture.insert(.software, at: 0x8010, 0x8200)
    fixture.cpu.programCounter = 0x80FC
    fixture.cpu.meetInstruction(at: 0x8100)
    #expect(try fixture.proceed().reason == .softwareBreakpoint)
    #expect(fixture.cpu.reflected.count == 2 && fixture.cpu.runs.count == 2)
  }

  @Test("the guest's own BRK under one of ours reaches the guest at another address of its place")
  func aliasedForeignInstruction() throws {
    let fixture = try ARM64Fixture()
    fixture.map(0x1_8000, to: ARM64Fixture.codePlace)
    try fillRegisters(fixture)
    try fixture.insert(.software, at: 0x8010)
    fixture.store(ExceptionInstruction.brk(0x800).encoding, at: ARM64Fixture.codePlace + 0x10)
    fixture.cpu.meetInstruction(at: 0x1_8010)
    // With nothing of ours in memory the step meets the guest's own, and then ends in its handler.
    fixture.cpu.meetInstruction(at: 0x1_8010)
    fixture.cpu.step(to: 0x8204)
    fixture.cpu.meetInstruction(at: 0x8010)
    #expect(try fixture.proceed().reason == .softwareBreakpoint)
    #expect(fixture.cpu.reflected.map(\.programCounter) == [GuestVirtual(0x1_8010)])
    #expect(fixture.cpu.runs.map(\.control.singleStep) == [false, true, true, false])
  }

  @Test(
    "a thread is described by mode and masks",
    arguments: [(0x3c5, "EL1h, DAIF masked"), (0x6000_0000, "EL0t"), (0x85, "EL1h, I masked"), (0x10, "AArch32 User")]
      as [(UInt64, String)])
  func description(state: UInt64, words: String) throws {
    let fixture = try ARM64Fixture()
    fixture.cpu["cpsr"] = state
    #expect(fixture.debugger.describe(ThreadID(1)) == "CPU 0 [\(words)]")
    fixture.cpu.refused = ["cpsr"]
    #expect(fixture.debugger.describe(ThreadID(1)) == "CPU 0 [unknown state]")
  }
}

@Suite("arm64: memory") struct ARM64MemoryTests {
  @Test("both halves of the address space are read and written")
  func halves() throws {
    let fixture = try ARM64Fixture()
    fixture.map(0x9000, to: 0x4000_B000)
    fixture.store(0x0403_0201, at: 0x4000_BFFC)
    #expect(try fixture.read(0x9FFC, 8) == [1, 2, 3, 4])
    try fixture.write(ARM64Fixture.kernel + 0x1_0000, [5, 6, 7, 8])
    #expect(fixture.word(ARM64Fixture.kernelPlace + 0x1_0000) == 0x0807_0605)
    #expect(throws: TargetError.self) { _ = try fixture.read(0xA000, 1) }
    #expect(throws: TargetError.self) { try fixture.write(0x0080_0000_0000, [0]) }
  }

  @Test("a page that is read-only is written all the same")
  func readOnly() throws {
    let fixture = try ARM64Fixture()
    fixture.map(0x9000, to: 0x4000_B000, attributes: 0x780)
    try fixture.write(0x9000, [9, 9, 9, 9])
    #expect(fixture.word(0x4000_B000) == 0x0909_0909)
  }

  @Test("with the MMU off addresses are physical")
  func off() throws {
    let fixture = try ARM64Fixture()
    fixture.store(0x0403_0201, at: 0x4000_B000)
    #expect(throws: TargetError.self) { _ = try fixture.read(0x4000_B000, 4) }
    try fixture.set("sctlr_el1", to: 0)
    #expect(try fixture.read(0x4000_B000, 4) == [1, 2, 3, 4])
  }

  @Test("what keeps EL0 out keeps no debugger out")
  func userLevel() throws {
    let fixture = try ARM64Fixture()
    fixture.cpu["id_aa64mmfr2_el1"] = 1 << 60 | 0x1000_0000
    fixture.cpu["tcr_el1"] |= 1 << 56
    fixture.cpu["cpsr"] = 0
    fixture.store(0x0403_0201, at: ARM64Fixture.kernelPlace)
    #expect(try fixture.read(ARM64Fixture.kernel, 4) == [1, 2, 3, 4])
    #expect(try fixture.monitor("translate 0xffffff8000000000").contains("TCR_EL1.E0PD1 keeps EL0 out"))
  }

  @Test("permission indirection is looked up where the CPU has it")
  func indirection() throws {
    let fixture = try ARM64Fixture(
      systemRegisters: ARM64Fixture.systemRegisters + [.idAA64MMFR3EL1, .tcr2EL1, .pirEL1, .pire0EL1])
    // S1PIE; TCR2_EL1.PIE; index 0: read and execute at EL1, read at EL0.
    fixture.cpu["id_aa64mmfr3_el1"] = 1 << 8
    fixture.cpu["tcr2_el1"] = 2
    fixture.cpu["pir_el1"] = 3
    fixture.cpu["pire0_el1"] = 1
    fixture.map(0x9000, to: 0x4000_B000, attributes: 0x700)
    #expect(try fixture.monitor("translate 0x9000").contains("EL1 r-x, EL0 r--,"))
  }

  @Test("a register that translation needs and the engine does not tell is one sentence")
  func unreadable() throws {
    let fixture = try ARM64Fixture()
    fixture.cpu.refused = ["tcr_el1"]
    let error = try #require(throws: TargetError.self) { _ = try fixture.read(0x8000, 1) }
    #expect(!error.message.isEmpty && !error.message.contains("\n"))
  }
}
