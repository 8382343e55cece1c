import Bits
import CPUEngine
import GDBRemote
import Glibc
import GuestMemory
import Testing

@testable import Debugger

@Suite("Where breakpoints are placed") struct PlacementTests {
  /// Four hardware breakpoints that are never met, so that no debug register is left.
  private func fillRegisters(_ fixture: Fixture) throws {
    try fixture.insert(.hardware, at: 0x8F00, 0x8F01, 0x8F02, 0x8F03)
  }

  private func addresses(_ breakpoints: [GuestVirtual]?) -> [UInt64]? { breakpoints?.map(\.rawValue) }

  @Test("a software breakpoint takes a free debug register")
  func registerFirst() throws {
    let fixture = try Fixture()
    try fixture.insert(.software, at: 0x8010)
    fixture.cpu.meetBreakpoint(at: 0x8010)
    let stop = try fixture.proceed()
    #expect(stop == StopEvent(thread: ThreadID(1), signal: .trap, reason: .softwareBreakpoint))
    #expect(addresses(fixture.cpu.runs.last?.control.breakpoints) == [0x8010])
    #expect(fixture.cpu.runs.last?.instructions == [])
    #expect(fixture.cpu.runs.last?.control.trapsSoftwareBreakpoints == false)
  }

  @Test("hardware breakpoints and watchpoints come before software ones")
  func order() throws {
    let fixture = try Fixture()
    try fixture.insert(.software, at: 0x8010, 0x8020)
    try fixture.insert(.hardware, at: 0x8030, 0x8040)
    try fixture.insert(.watch(.write), at: 0x9000, length: 4)
    fixture.cpu.meetBreakpoint(at: 0x8040)
    #expect(try fixture.proceed().reason == .hardwareBreakpoint)
    let run = try #require(fixture.cpu.runs.last)
    #expect(addresses(run.control.breakpoints) == [0x8030, 0x8040, 0x8010])
    #expect(
      run.control.watchpoints == [HardwareWatchpoint(address: GuestVirtual(0x9000), length: 4, access: .write)])
    #expect(run.instructions == [0x8020])
    #expect(run.control.trapsSoftwareBreakpoints)
  }

  @Test("an address without a page gets the register, one with a page the instruction")
  func unmappedFirst() throws {
    let fixture = try Fixture()
    try fixture.insert(.hardware, at: 0x8F00, 0x8F01, 0x8F02)
    try fixture.insert(.software, at: 0x8010, 0x5_0000)
    fixture.cpu.meetBreakpoint(at: 0x5_0000)
    #expect(try fixture.proceed().reason == .softwareBreakpoint)
    #expect(addresses(fixture.cpu.runs.last?.control.breakpoints) == [0x8F00, 0x8F01, 0x8F02, 0x5_0000])
    #expect(fixture.cpu.runs.last?.instructions == [0x8010])
  }

  @Test("both kinds at one address take one register")
  func bothKinds() throws {
    let fixture = try Fixture()
    try fixture.insert(.software, at: 0x8010, 0x8010)
    try fixture.insert(.hardware, at: 0x8010, 0x8010)
    fixture.cpu.meetBreakpoint(at: 0x8010)
    #expect(try fixture.proceed().reason == .softwareBreakpoint)
    #expect(addresses(fixture.cpu.runs.last?.control.breakpoints) == [0x8010])
    try fixture.debugger.removeBreakpoint(.software, at: 0x8010, length: 1, of: ThreadID(1))
    fixture.cpu.step(to: 0x8011)
    fixture.cpu.meetBreakpoint(at: 0x8010)
    #expect(try fixture.proceed().reason == .hardwareBreakpoint)
  }

  @Test("no more hardware breakpoints are taken than there are registers")
  func exhausted() throws {
    let fixture = try Fixture()
    try fillRegisters(fixture)
    for kind in [BreakpointKind.hardware, .watch(.write)] {
      let error = #expect(throws: TargetError.self) { try fixture.insert(kind, at: 0x8F04) }
      #expect(error?.code == 28)
    }
    // What was refused is not half there.
    fixture.cpu.meetBreakpoint(at: 0x8F00)
    #expect(try fixture.proceed().reason == .hardwareBreakpoint)
    #expect(fixture.cpu.runs.last?.control.watchpoints == [])
  }

  @Test("a watchpoint takes a register for each aligned piece, and too many are refused")
  func watchPieces() throws {
    let fixture = try Fixture()
    try fixture.insert(.watch(.access), at: 0x9001, length: 7)
    #expect(throws: TargetError.self) { try fixture.insert(.watch(.write), at: 0x9101, length: 3) }
    fixture.cpu.play { _ in .debug(DebugEvent(programCounter: GuestVirtual(0x8005), watchpoint: 2)) }
    #expect(try fixture.proceed().reason == .watchpoint(.access, address: 0x9001))
    #expect(fixture.cpu.runs.last?.control.watchpoints.map(\.length) == [1, 2, 4])
  }

  @Test(
    "a watchpoint that is empty or leaves the address space is refused",
    arguments: [(0x9000, 0), (.max, 2), (0x9000, .max), (.max - 3, 5), (0, 1 << 40)] as [(UInt64, UInt64)])
  func malformedWatch(address: UInt64, length: UInt64) throws {
    for watchpointsFire in [true, false] {
      let fixture = try Fixture(watchpointsFire: watchpointsFire)
      #expect(throws: TargetError.self) { try fixture.insert(.watch(.write), at: address, length: length) }
    }
  }

  @Test("an instruction is in memory only while the guest runs")
  func takenOut() throws {
    let fixture = try Fixture()
    try fillRegisters(fixture)
    fixture.memory.store(UInt8(0x55), at: GuestPhysical(0x8010))
    try fixture.insert(.software, at: 0x8010)
    fixture.cpu.meetInstruction(at: 0x8010)
    #expect(try fixture.proceed().reason == .softwareBreakpoint)
    #expect(fixture.cpu.runs.last?.instructions == [0x8010])
    #expect(fixture.byte(0x8010) == 0x55)
    #expect(try fixture.read(0x8010, 1) == [0x55])
    #expect(fixture.announcements == [])
  }

  @Test("what the guest writes over an instruction stays, and is told")
  func overwritten() throws {
    let fixture = try Fixture()
    try fillRegisters(fixture)
    try fixture.insert(.software, at: 0x8010, 0x8020)
    let memory = fixture.memory
    fixture.cpu.meetInstruction(at: 0x8020) { memory.store(UInt8(0x90), at: GuestPhysical(0x8010)) }
    _ = try fixture.proceed()
    #expect(fixture.byte(0x8010) == 0x90)
    #expect(fixture.announcements.count == 1)
    #expect(fixture.announcements.first?.contains("wrote over the breakpoint at 0x8010") == true)
    // It is placed again, over what is there now.
    fixture.cpu.step(to: 0x8021)
    fixture.cpu.meetInstruction(at: 0x8010)
    #expect(try fixture.proceed().reason == .softwareBreakpoint)
    #expect(fixture.cpu.runs.last?.instructions == [0x8010, 0x8020])
    #expect(fixture.byte(0x8010) == 0x90)
    #expect(fixture.announcements.count == 1)
  }

  @Test("two addresses of one place share the instruction")
  func aliases() throws {
    let fixture = try Fixture()
    fixture.map(0x1_8000, to: 0x8000)
    fixture.memory.store(UInt8(0x55), at: GuestPhysical(0x8010))
    try fillRegisters(fixture)
    try fixture.insert(.software, at: 0x8010, 0x1_8010)
    fixture.cpu.meetInstruction(at: 0x1_8010)
    #expect(try fixture.proceed().reason == .softwareBreakpoint)
    #expect(fixture.byte(0x8010) == 0x55)
  }

  @Test("an instruction of ours that is met at another address is stepped over")
  func unknownAlias() throws {
    let fixture = try Fixture()
    fixture.map(0x1_8000, to: 0x8000)
    try fillRegisters(fixture)
    try fixture.insert(.software, at: 0x8010)
    fixture.cpu.meetInstruction(at: 0x1_8010)
    fixture.cpu.step(to: 0x1_8011)
    fixture.cpu.meetInstruction(at: 0x8010)
    #expect(try fixture.proceed().reason == .softwareBreakpoint)
    #expect(fixture.cpu.runs.map(\.instructions) == [[0x8010], [], [0x8010]])
    #expect(fixture.cpu.reflected == [])
  }

  @Test("an address without a page waits for its page while the guest runs")
  func pending() async throws {
    try await onControlThread {
      let fixture = try Fixture()
      try fillRegisters(fixture)
      try fixture.insert(.software, at: 0x1_8010)
      fixture.cpu.play { [unowned fixture] _ in
        fixture.map(0x1_8000, to: 0x8000)
        // The timer that looks for pages comes every millisecond.
        usleep(5_000)
        return .interrupted
      }
      fixture.cpu.meetInstruction(at: 0x1_8010)
      #expect(try fixture.proceed().reason == .softwareBreakpoint)
      #expect(fixture.cpu.runs.map(\.instructions) == [[], [0x8010]])
    }
  }

  @Test("looking for pages does not swallow a Ctrl-C")
  func pendingInterrupted() async throws {
    try await onControlThread {
      let fixture = try Fixture()
      try fillRegisters(fixture)
      try fixture.insert(.software, at: 0x1_8010)
      fixture.cpu.play { _ in
        usleep(5_000)
        return .interrupted
      }
      let stop = try fixture.debugger.resume(ResumeRequest([.init(.resume)]), attention: { true })
      #expect(stop == StopEvent(thread: ThreadID(1), signal: .interrupt))
    }
  }

  @Test("a client that is gone leaves nothing behind")
  func endOfSession() throws {
    let fixture = try Fixture()
    try fillRegisters(fixture)
    try fixture.insert(.software, at: 0x8010)
    fixture.debugger.usesPhysicalAddresses = true
    fixture.debugger.endSession()
    #expect(!fixture.debugger.usesPhysicalAddresses)
    fixture.cpu.play { _ in .system(.powerOff) }
    _ = try fixture.proceed()
    #expect(fixture.cpu.runs.last?.control == DebugControl.none)
    #expect(fixture.cpu.runs.last?.instructions == [])
  }
}
