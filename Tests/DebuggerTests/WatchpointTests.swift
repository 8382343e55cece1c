import Bits
import CPUEngine
import GDBRemote
import GuestMemory
import Testing

@testable import Debugger

@Suite("Watchpoints") struct WatchpointTests {
  @Test("a hit names the access and the address that the client gave", arguments: [WatchKind.write, .read, .access])
  func hit(kind: WatchKind) throws {
    let fixture = try Fixture()
    try fixture.insert(.hardware, at: 0x8F00)
    try fixture.insert(.watch(kind), at: 0x9000, length: 8)
    fixture.cpu.play { _ in .debug(DebugEvent(programCounter: GuestVirtual(0x8005), watchpoint: 0)) }
    #expect(try fixture.proceed().reason == .watchpoint(kind, address: 0x9000))
    let watchpoint = try #require(fixture.cpu.runs.last?.control.watchpoints.first)
    #expect(watchpoint.access == (kind == .write ? .write : .readWrite))
    #expect(fixture.announcements == [])
  }

  @Test("a watchpoint is kept while a step is done")
  func step() throws {
    let fixture = try Fixture()
    try fixture.insert(.watch(.write), at: 0x9000, length: 4)
    fixture.cpu.play { _ in
      .debug(DebugEvent(programCounter: GuestVirtual(0x8005), isSingleStep: true, watchpoint: 0))
    }
    #expect(try fixture.resume(.init(.step)).reason == .watchpoint(.write, address: 0x9000))
  }

  @Test("going on from a hit runs at once: the access was made before it")
  func goOn() throws {
    let fixture = try Fixture()
    try fixture.insert(.watch(.write), at: 0x9000, length: 4)
    for _ in 0..<2 {
      fixture.cpu.meetWatchpoint(0, at: 0x8005)
      #expect(try fixture.proceed().reason == .watchpoint(.write, address: 0x9000))
    }
    #expect(fixture.cpu.runs.allSatisfy { !$0.control.singleStep && $0.control.watchpoints.count == 1 })
  }

  @Test("taking one away takes only that one")
  func remove() throws {
    let fixture = try Fixture()
    try fixture.insert(.watch(.write), at: 0x9000, length: 4)
    try fixture.insert(.watch(.access), at: 0x9000, length: 4)
    try fixture.debugger.removeBreakpoint(.watch(.write), at: 0x9000, length: 4, of: ThreadID(1))
    fixture.cpu.play { _ in .debug(DebugEvent(programCounter: GuestVirtual(0x8005), watchpoint: 0)) }
    #expect(try fixture.proceed().reason == .watchpoint(.access, address: 0x9000))
    #expect(fixture.cpu.runs.last?.control.watchpoints.count == 1)
  }

  @Suite("without hardware that sees accesses") struct ComparingTests {
    private func make() throws -> Fixture {
      let fixture = try Fixture(watchpointsFire: false)
      fixture.map(0x9000, to: 0xA000)
      return fixture
    }

    @Test("a changed byte is found after the step that changed it, and the slowness told once")
    func change() throws {
      let fixture = try make()
      let memory = fixture.memory
      try fixture.insert(.watch(.write), at: 0x9004, length: 4)
      fixture.cpu.step(to: 0x8001)
      fixture.cpu.step(to: 0x8002) { memory.store(UInt8(1), at: GuestPhysical(0xA008)) }
      fixture.cpu.step(to: 0x8003) { memory.store(UInt8(1), at: GuestPhysical(0xA007)) }
      #expect(try fixture.proceed().reason == .watchpoint(.write, address: 0x9004))
      #expect(fixture.cpu.runs.count == 3)
      #expect(fixture.cpu.runs.allSatisfy { $0.control.singleStep && $0.control.watchpoints.isEmpty })
      #expect(fixture.announcements.count == 1)
      fixture.cpu.step(to: 0x8004) { memory.store(UInt8(2), at: GuestPhysical(0xA004)) }
      #expect(try fixture.resume(.init(.step)).reason == .watchpoint(.write, address: 0x9004))
      #expect(fixture.announcements.count == 1)
    }

    @Test("a change by the instruction before a breakpoint is found")
    func changeBeforeBreakpoint() throws {
      let fixture = try make()
      let memory = fixture.memory
      try fixture.insert(.watch(.write), at: 0x9000, length: 1)
      try fixture.insert(.hardware, at: 0x8001)
      fixture.cpu.play { cpu in
        memory.store(UInt8(1), at: GuestPhysical(0xA000))
        cpu["rip"] = 0x8001
        return .debug(DebugEvent(programCounter: GuestVirtual(0x8001), isSingleStep: true, breakpoint: 0))
      }
      #expect(try fixture.proceed().reason == .watchpoint(.write, address: 0x9000))
    }

    @Test("a change by the instruction under a breakpoint is found")
    func changeWhileLeavingBreakpoint() throws {
      let fixture = try make()
      let memory = fixture.memory
      try fixture.insert(.watch(.write), at: 0x9000, length: 1)
      try fixture.insert(.software, at: 0x8001)
      fixture.cpu.step(to: 0x8001)
      #expect(try fixture.proceed().reason == .softwareBreakpoint)
      fixture.cpu.step(to: 0x8002) { memory.store(UInt8(1), at: GuestPhysical(0xA000)) }
      #expect(try fixture.proceed().reason == .watchpoint(.write, address: 0x9000))
    }

    @Test("a page that comes or goes is no change")
    func unmapped() throws {
      let fixture = try make()
      let memory = fixture.memory
      memory.store(UInt8(7), at: GuestPhysical(0xB000))
      try fixture.insert(.watch(.write), at: 0x9FFE, length: 4)
      fixture.cpu.step(to: 0x8001) { Fixture.map(0xA000, to: 0xB000, in: memory) }
      fixture.cpu.step(to: 0x8002) { memory.store(UInt8(8), at: GuestPhysical(0xB001)) }
      #expect(try fixture.proceed().reason == .watchpoint(.write, address: 0x9FFE))
      #expect(fixture.cpu.runs.count == 2)
    }

    @Test("what comparing cannot see is refused in one sentence")
    func refused() throws {
      let fixture = try make()
      for kind in [WatchKind.read, .access] {
        let error = #expect(throws: TargetError.self) { try fixture.insert(.watch(kind), at: 0x9000, length: 4) }
        #expect(error?.message.contains("only a write watchpoint") == true)
      }
      try fixture.insert(.watch(.write), at: 0x9000, length: 4096)
      #expect(throws: TargetError.self) { try fixture.insert(.watch(.write), at: 0x9000, length: 4097) }
    }
  }
}
