import Bits
import CPUEngine
import GDBRemote
import GuestMemory
import Testing

@testable import Debugger

@Suite("arm64: watchpoints") struct ARM64WatchpointTests {
  private static let access: UInt64 = 0x8010
  private static let next: UInt64 = 0x8014

  private func make(cpuCount: Int = 1) throws -> ARM64Fixture {
    let fixture = try ARM64Fixture(cpuCount: cpuCount)
    for other in fixture.cpus.dropFirst() { other.isPatient = true }
    try fixture.insert(.watch(.write), at: 0x9000, length: 8)
    fixture.cpu.meetWatchpoint(0, at: Self.access)
    #expect(try fixture.proceed().reason == .watchpoint(.write, address: 0x9000))
    return fixture
  }

  /// How many watchpoints each run of a CPU had.
  private func watched(_ cpu: ScriptedCPU) -> [Int] { cpu.runs.map(\.control.watchpoints.count) }

  @Test(
    "each kind watches its own accesses",
    arguments: [(.write, .write), (.read, .read), (.access, .readWrite)] as [(WatchKind, HardwareWatchpoint.Access)])
  func kinds(kind: WatchKind, access: HardwareWatchpoint.Access) throws {
    let fixture = try ARM64Fixture()
    try fixture.insert(.watch(kind), at: 0x9001, length: 3)
    fixture.cpu.meetWatchpoint(0, at: Self.access)
    #expect(try fixture.proceed().reason == .watchpoint(kind, address: 0x9001))
    #expect(
      fixture.cpu.runs.last?.control.watchpoints == [
        HardwareWatchpoint(address: GuestVirtual(0x9001), length: 3, access: access)
      ])
  }

  @Test("any range is watched by as many registers as it takes, and a hit of each is the client's one")
  func pieces() throws {
    let fixture = try ARM64Fixture()
    try fixture.insert(.watch(.access), at: 0x900E, length: 28)
    fixture.cpu.meetWatchpoint(2, at: Self.access)
    #expect(try fixture.proceed().reason == .watchpoint(.access, address: 0x900E))
    let pieces = try #require(fixture.cpu.runs.last?.control.watchpoints)
    #expect(pieces.map(\.address.rawValue) == [0x900E, 0x9010, 0x9020, 0x9028])
    #expect(pieces.map(\.length) == [2, 16, 8, 2])
  }

  @Test(
    "what the registers cannot hold is refused in one sentence",
    arguments: [(0x9001, 4 << 20), (0xffff_ffff_ffff_fff8, 16), (0x9000, 0)] as [(UInt64, UInt64)])
  func refused(address: UInt64, length: UInt64) throws {
    let fixture = try ARM64Fixture()
    let error = try #require(throws: TargetError.self) {
      try fixture.insert(.watch(.write), at: address, length: length)
    }
    #expect(!error.message.isEmpty && !error.message.contains("\n"))
    for number in 0..<4 { try fixture.insert(.watch(.write), at: 0x9000 + 16 * UInt64(number), length: 8) }
    #expect(throws: TargetError.self) { try fixture.insert(.watch(.write), at: 0xA000, length: 8) }
    // Breakpoints have registers of their own.
    try fixture.insert(.hardware, at: 0x8000, 0x8004)
  }

  @Test("going on makes the access that was reported, and only that one is not watched")
  func goOn() throws {
    let fixture = try make()
    fixture.cpu.step(to: Self.next)
    fixture.cpu.meetWatchpoint(0, at: 0x8020)
    #expect(try fixture.proceed().reason == .watchpoint(.write, address: 0x9000))
    #expect(fixture.cpu.programCounter == 0x8020)
    #expect(watched(fixture.cpu) == [1, 0, 1])
    #expect(fixture.cpu.runs.map(\.control.singleStep) == [false, true, false])
  }

  @Test("a step makes the access that was reported")
  func step() throws {
    let fixture = try make()
    fixture.cpu.step(to: Self.next)
    #expect(try fixture.resume(.init(.step)) == StopEvent(thread: ThreadID(1), signal: .trap))
    // The next one is watched again.
    fixture.cpu.meetWatchpoint(0, at: Self.next)
    #expect(try fixture.resume(.init(.step)).reason == .watchpoint(.write, address: 0x9000))
    #expect(watched(fixture.cpu) == [1, 0, 1])
  }

  @Test("stepping a range leaves the access once: a loop comes back to it")
  func range() throws {
    let fixture = try make()
    fixture.cpu.step(to: Self.next)
    fixture.cpu.step(to: Self.access)
    fixture.cpu.meetWatchpoint(0, at: Self.access)
    #expect(
      try fixture.resume(.init(.rangeStep(0x8010..<0x8018))).reason == .watchpoint(.write, address: 0x9000))
    #expect(watched(fixture.cpu) == [1, 0, 1, 1])
  }

  @Test("a step beside running CPUs makes the access alone")
  func stepBesideOthers() async throws {
    try await onControlThread {
      let fixture = try make(cpuCount: 2)
      let runs = fixture.cpus[1].runs.count
      fixture.cpu.step(to: Self.next)
      let stop = try fixture.resume(.init(.step, ThreadID(1)), .init(.resume))
      #expect(stop == StopEvent(thread: ThreadID(1), signal: .trap))
      #expect(watched(fixture.cpu) == [1, 0])
      #expect(fixture.cpus[1].runs.count == runs)
    }
  }

  @Test("an access that meets a breakpoint when it is made is reported there")
  func breakpointBehind() throws {
    let fixture = try make()
    try fixture.insert(.hardware, at: Self.next)
    fixture.cpu.step(to: Self.next)
    #expect(try fixture.proceed().reason == .hardwareBreakpoint)
    #expect(watched(fixture.cpu) == [1, 0])
  }

  @Test("a breakpoint at the instruction is left into the access, which is then reported and left too")
  func breakpointBefore() throws {
    let fixture = try ARM64Fixture()
    try fixture.insert(.watch(.write), at: 0x9000, length: 8)
    try fixture.insert(.hardware, at: Self.access)
    fixture.cpu.meetBreakpoint(at: Self.access)
    #expect(try fixture.proceed().reason == .hardwareBreakpoint)
    fixture.cpu.meetWatchpoint(0, at: Self.access)
    #expect(try fixture.proceed().reason == .watchpoint(.write, address: 0x9000))
    fixture.cpu.step(to: Self.next)
    fixture.cpu.play { _ in .system(.powerOff) }
    #expect(try fixture.proceed().signal == .terminated)
    #expect(watched(fixture.cpu) == [1, 1, 0, 1])
  }

  @Test("a program counter that the client set is a new access")
  func moved() throws {
    let fixture = try make()
    try fixture.set("pc", to: Self.access)
    fixture.cpu.meetWatchpoint(0, at: Self.access)
    #expect(try fixture.proceed().reason == .watchpoint(.write, address: 0x9000))
    #expect(watched(fixture.cpu) == [1, 1])
  }

  @Test("where gdb took the watchpoint away to step over the access, the others stay in force")
  func removed() throws {
    let fixture = try make()
    try fixture.insert(.watch(.read), at: 0xA000, length: 4)
    try fixture.debugger.removeBreakpoint(.watch(.write), at: 0x9000, length: 8, of: ThreadID(1))
    fixture.cpu.step(to: Self.next)
    #expect(try fixture.resume(.init(.step)) == StopEvent(thread: ThreadID(1), signal: .trap))
    #expect(watched(fixture.cpu) == [1, 1])
  }

  @Test("without registers for watchpoints, memory is compared and no access is left")
  func compared() throws {
    let fixture = try ARM64Fixture(watchpointsFire: false)
    let memory = fixture.memory
    fixture.map(0x9000, to: 0x4000_B000)
    try fixture.insert(.watch(.write), at: 0x9000, length: 8)
    fixture.cpu.step(to: 0x8004) { memory.store(UInt8(1), at: GuestPhysical(0x4000_B000)) }
    #expect(try fixture.proceed().reason == .watchpoint(.write, address: 0x9000))
    fixture.cpu.step(to: 0x8008) { memory.store(UInt8(2), at: GuestPhysical(0x4000_B000)) }
    #expect(try fixture.proceed().reason == .watchpoint(.write, address: 0x9000))
    #expect(fixture.cpu.runs.count == 2)
    // The guest is compared as it goes on, interrupts and all; a step that leaves something takes none.
    #expect(fixture.cpu.runs.allSatisfy { $0.control.singleStep && !$0.control.blocksInterrupts })
  }
}
