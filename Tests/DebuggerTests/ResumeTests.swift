import Bits
import CPUEngine
import GDBRemote
import GuestMemory
import Testing

@testable import Debugger

@Suite("Going on and stepping") struct ResumeTests {
  private static let trap = StopEvent(thread: ThreadID(1), signal: .trap)

  @Test("a step executes one instruction, without interrupts and whatever is set there")
  func step() throws {
    let fixture = try Fixture()
    try fixture.insert(.hardware, at: 0x8F00, 0x8F01, 0x8F02, 0x8F03)
    try fixture.insert(.software, at: Fixture.entry, 0x8001)
    fixture.cpu.step(to: 0x8001)
    #expect(try fixture.resume(.init(.step)) == Self.trap)
    let run = try #require(fixture.cpu.runs.last)
    #expect(run.control.singleStep && run.control.blocksInterrupts)
    #expect(run.control.breakpoints == [])
    #expect(run.instructions == [])
    // Arriving at a breakpoint by a step is its hit: going on leaves it.
    fixture.cpu.step(to: 0x8002)
    fixture.cpu.meetInstruction(at: 0x8001)
    #expect(try fixture.proceed().reason == .softwareBreakpoint)
    #expect(fixture.cpu.runs.dropFirst().map(\.control.singleStep) == [true, false])
  }

  @Test("going on from a reported breakpoint executes its instruction once")
  func stepOff() throws {
    let fixture = try Fixture()
    try fixture.insert(.hardware, at: 0x8010)
    fixture.cpu.meetBreakpoint(at: 0x8010)
    fixture.cpu.step(to: 0x8011)
    fixture.cpu.meetBreakpoint(at: 0x8010)
    #expect(try fixture.proceed().reason == .hardwareBreakpoint)
    #expect(fixture.cpu.runs.count == 1)
    #expect(try fixture.proceed().reason == .hardwareBreakpoint)
    #expect(fixture.cpu.runs.map(\.control.singleStep) == [false, true, false])
    #expect(fixture.cpu.runs.map(\.control.breakpoints.count) == [1, 0, 1])
  }

  @Test("a breakpoint behind the one that is left is reported though the guest did not run")
  func neighbour() throws {
    let fixture = try Fixture()
    try fixture.insert(.software, at: 0x8010, 0x8011)
    fixture.cpu.meetBreakpoint(at: 0x8010)
    fixture.cpu.step(to: 0x8011)
    _ = try fixture.proceed()
    #expect(try fixture.proceed().reason == .softwareBreakpoint)
    #expect(fixture.cpu.runs.count == 2)
  }

  @Test("a program counter that the client moved onto a breakpoint hits it")
  func movedOntoBreakpoint() throws {
    let fixture = try Fixture()
    try fixture.insert(.software, at: 0x8010)
    fixture.cpu.meetBreakpoint(at: 0x8010)
    _ = try fixture.proceed()
    try fixture.set("rip", to: 0x8010)
    fixture.cpu.meetBreakpoint(at: 0x8010)
    #expect(try fixture.proceed().reason == .softwareBreakpoint)
    #expect(fixture.cpu.runs.map(\.control.singleStep) == [false, false])
  }

  @Test("a breakpoint that the client took away is left without a step")
  func removed() throws {
    let fixture = try Fixture()
    try fixture.insert(.software, at: 0x8010, 0x8020)
    fixture.cpu.meetBreakpoint(at: 0x8010)
    _ = try fixture.proceed()
    try fixture.debugger.removeBreakpoint(.software, at: 0x8010, length: 1, of: ThreadID(1))
    fixture.cpu.meetBreakpoint(at: 0x8020)
    #expect(try fixture.proceed().reason == .softwareBreakpoint)
    #expect(fixture.cpu.runs.map(\.control.singleStep) == [false, false])
  }

  @Test("a breakpoint instruction that nobody set is the guest's")
  func foreignInstruction() throws {
    let fixture = try Fixture()
    try fixture.insert(.software, at: 0x8010)
    fixture.memory.store(UInt8(0xCC), at: GuestPhysical(0x8100))
    fixture.cpu.meetInstruction(at: 0x8100)
    fixture.cpu.meetBreakpoint(at: 0x8010)
    #expect(try fixture.proceed().reason == .softwareBreakpoint)
    #expect(fixture.cpu.reflected == [DebugEvent(programCounter: GuestVirtual(0x8100), isSoftwareBreakpoint: true)])
  }

  @Test("a debug exception that nobody asked for is the guest's")
  func foreignException() throws {
    let fixture = try Fixture()
    try fixture.insert(.software, at: 0x8010)
    let event = DebugEvent(programCounter: GuestVirtual(0x8100))
    fixture.cpu.play { _ in .debug(event) }
    fixture.cpu.meetBreakpoint(at: 0x8010)
    #expect(try fixture.proceed().reason == .softwareBreakpoint)
    #expect(fixture.cpu.reflected == [event])
  }

  @Test("a range is stepped through until it is left")
  func range() throws {
    let fixture = try Fixture()
    for address in [0x8003, 0x8000, 0x800F, 0x8010] as [UInt64] { fixture.cpu.step(to: address) }
    #expect(try fixture.resume(.init(.rangeStep(0x8000..<0x8010), ThreadID(1))) == Self.trap)
    #expect(fixture.cpu.runs.count == 4)
    #expect(fixture.cpu.runs.allSatisfy { $0.control.singleStep })
  }

  @Test("an empty range is one step")
  func emptyRange() throws {
    let fixture = try Fixture()
    fixture.cpu.step(to: 0x8000)
    #expect(try fixture.resume(.init(.rangeStep(0x8000..<0x8000))) == Self.trap)
  }

  @Test("a breakpoint inside a range is met")
  func breakpointInRange() throws {
    let fixture = try Fixture()
    try fixture.insert(.software, at: 0x8004)
    fixture.cpu.step(to: 0x8002)
    fixture.cpu.step(to: 0x8004)
    #expect(try fixture.resume(.init(.rangeStep(0x8000..<0x8010))).reason == .softwareBreakpoint)
  }

  @Test("a Ctrl-C ends a range that is never left")
  func interruptedRange() throws {
    let fixture = try Fixture()
    fixture.cpu.step(to: 0x8000)
    fixture.cpu.play { _ in .interrupted }
    let request = ResumeRequest([.init(.rangeStep(0x8000..<0x8010))])
    #expect(try fixture.debugger.resume(request, attention: { true }).signal == .interrupt)
  }

  @Test("nobody runs where every thread shall stay")
  func stay() throws {
    let fixture = try Fixture(cpuCount: 2)
    #expect(try fixture.resume(.init(nil)) == StopEvent(thread: ThreadID(1), signal: .none))
    #expect(fixture.cpus.allSatisfy { $0.runs.isEmpty })
  }

  @Test("a breakpoint behind a segment's base is a plain trap")
  func segmented() throws {
    let fixture = try Fixture()
    fixture.cpu["cr0"] = 0
    fixture.cpu["efer"] = 0
    fixture.cpu["cs_attr"] = 0x9B
    fixture.cpu["cs_base"] = 0x8000
    try fixture.insert(.software, at: 0x8010)
    fixture.cpu.play { cpu in
      cpu["rip"] = 0x10
      return .debug(DebugEvent(programCounter: GuestVirtual(0x8010), breakpoint: 0))
    }
    #expect(try fixture.proceed() == Self.trap)
    // It counts as reported all the same.
    fixture.cpu.step(to: 0x11)
    fixture.cpu.play { _ in .system(.powerOff) }
    #expect(try fixture.proceed().signal == .terminated)
    #expect(fixture.cpu.runs.map(\.control.singleStep) == [false, true, false])
  }

  @Test("an engine's error breaks the machine, with nothing left in memory")
  func engineError() throws {
    let fixture = try Fixture()
    try fixture.insert(.hardware, at: 0x8F00, 0x8F01, 0x8F02, 0x8F03)
    try fixture.insert(.software, at: 0x8010)
    fixture.memory.store(UInt8(0x55), at: GuestPhysical(0x8010))
    #expect(throws: (any Error).self) { try fixture.proceed() }
    #expect(fixture.byte(0x8010) == 0x55)
  }
}
