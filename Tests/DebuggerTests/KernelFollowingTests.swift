import Bits
import CPUEngine
import GDBRemote
import Machine
import Testing

@testable import Debugger

/// What a client is told while the kernel comes to its virtual addresses.
@Suite("Following the kernel") struct KernelFollowingTests {
  private static let half = KernelFixture.upperHalf
  private static let function = Fixture.code + 0x100
  private static let library = StopEvent(thread: ThreadID(1), signal: .trap, reason: .librariesChanged)

  @Test("a breakpoint in the image is an instruction until the kernel is virtual, and in a register from then on")
  func bound() throws {
    let fixture = try KernelFixture.make()
    #expect(fixture.libraryNames == ["/vmlinux@0x8000"])
    try fixture.insert(.software, at: Self.function)
    fixture.meetVirtualInstruction(at: Self.function)
    #expect(try fixture.proceed() == Self.library)
    #expect(fixture.cpu.runs[0].instructions == [KernelFixture.milestone, Self.function])
    #expect(fixture.cpu.runs[0].control.breakpoints.isEmpty)
    #expect(fixture.cpu.runs[0].control.trapsSoftwareBreakpoints)
    #expect(fixture.byte(Self.function) == 0 && fixture.byte(KernelFixture.milestone) == 0)
    #expect(fixture.libraryNames == ["/vmlinux"])

    try fixture.remove(.software, at: Self.function)
    try fixture.insert(.software, at: Self.half + Self.function)
    // The stop that was held, and nothing runs for it.
    #expect(try fixture.proceed() == StopEvent(thread: ThreadID(1), signal: .trap, reason: .softwareBreakpoint))
    #expect(fixture.cpu.runs.count == 1)

    fixture.cpu.step(to: Self.half + Self.function + 1)
    fixture.cpu.meetBreakpoint(at: Self.half + Self.function)
    #expect(try fixture.proceed().reason == .softwareBreakpoint)
    #expect(fixture.cpu.runs[2].control.breakpoints == [GuestVirtual(Self.half + Self.function)])
    #expect(fixture.cpu.runs[2].instructions.isEmpty)
  }

  @Test("the milestone is told, and what is set moves before another instruction runs")
  func milestone() throws {
    let fixture = try KernelFixture.make()
    try fixture.insert(.watch(.write), at: 0x9000, length: 8)
    fixture.meetVirtualInstruction(at: KernelFixture.milestone)
    #expect(try fixture.proceed() == Self.library)
    #expect(fixture.libraryNames == ["/vmlinux"])
    fixture.cpu.meetBreakpoint(at: Self.half + Self.function)
    try fixture.insert(.hardware, at: Self.half + Self.function)
    #expect(try fixture.proceed().reason == .hardwareBreakpoint)
    #expect(fixture.cpu.runs.count == 2, "nothing is to be stepped over")
    #expect(fixture.cpu.runs[1].instructions.isEmpty)
  }

  @Test("without a breakpoint nothing is put into memory")
  func untouched() throws {
    let fixture = try KernelFixture.make()
    fixture.cpu.play { _ in .system(.powerOff) }
    _ = try fixture.proceed()
    #expect(fixture.cpu.runs[0].instructions.isEmpty)
    #expect(!fixture.cpu.runs[0].control.trapsSoftwareBreakpoints)
  }

  @Test("a client that does not follow gets a plain stop, at once")
  func deaf() throws {
    let fixture = try KernelFixture.make(isFollowing: false)
    try fixture.insert(.software, at: Self.function)
    fixture.meetVirtualInstruction(at: Self.function)
    #expect(try fixture.proceed() == StopEvent(thread: ThreadID(1), signal: .trap))
    #expect(fixture.cpu.runs[0].instructions == [Self.function], "no milestone")
  }

  @Test("a slide is told once, and after a reset again")
  func slide() throws {
    let fixture = try KernelFixture.make()
    for _ in 0..<2 {
      fixture.cpu.step(to: KernelFixture.movedHalf + Self.function) {
        fixture.mapLowAddresses(at: KernelFixture.movedHalf)
      }
      fixture.cpu.step(to: KernelFixture.movedHalf + Self.function + 4)
      #expect(try fixture.resume(.init(.step)) == Self.library)
      #expect(fixture.libraryNames == ["/vmlinux+0x100000000000"])
      #expect(try fixture.resume(.init(.step)) == StopEvent(thread: ThreadID(1), signal: .trap), "the step")
      #expect(try fixture.resume(.init(.step)) == StopEvent(thread: ThreadID(1), signal: .trap), "another")
      try fixture.debugger.restart(arguments: nil)
      #expect(fixture.libraryNames == ["/vmlinux@0x8000"])
    }
    #expect(fixture.announcements.filter { $0.contains("(KASLR)") }.count == 2)
  }

  // MARK: Stops that are held

  @Test("a held stop is not told when the client has taken away what it was for")
  func takenAway() throws {
    let fixture = try KernelFixture.make()
    try fixture.insert(.watch(.write), at: 0x9000, length: 8)
    fixture.cpu.play { cpu in
      fixture.mapLowAddresses(at: Self.half)
      cpu.programCounter = Self.half + Self.function
      return .debug(DebugEvent(programCounter: GuestVirtual(Self.half + Self.function), watchpoint: 0))
    }
    #expect(try fixture.proceed() == Self.library)
    try fixture.remove(.watch(.write), at: 0x9000, length: 8)
    fixture.cpu.play { _ in .system(.powerOff) }
    #expect(try fixture.proceed().signal != .trap)
    #expect(fixture.cpu.runs.count == 2)
  }

  @Test("nor when the client has set another program counter")
  func movedCounter() throws {
    let fixture = try KernelFixture.make()
    fixture.cpu.step(to: Self.half + Self.function) { fixture.mapLowAddresses(at: Self.half) }
    #expect(try fixture.resume(.init(.step)) == Self.library)
    try fixture.set("rip", to: Self.half + Self.function + 0x10)
    fixture.cpu.step(to: Self.half + Self.function + 0x14)
    #expect(try fixture.resume(.init(.step)) == StopEvent(thread: ThreadID(1), signal: .trap))
    #expect(fixture.cpu.runs.count == 2)
  }

  @Test("a client that is gone leaves none to the next")
  func nextClient() throws {
    let fixture = try KernelFixture.make()
    fixture.cpu.step(to: Self.half + Self.function) { fixture.mapLowAddresses(at: Self.half) }
    #expect(try fixture.resume(.init(.step)) == Self.library)
    fixture.debugger.endSession()
    fixture.debugger.beginSession()
    fixture.debugger.followsLibraries = true
    #expect(fixture.libraryNames == ["/vmlinux"])
    fixture.cpu.step(to: Self.half + Self.function + 4)
    #expect(try fixture.resume(.init(.step)) == StopEvent(thread: ThreadID(1), signal: .trap))
    #expect(fixture.cpu.runs.count == 2)
  }

  @Test("after the guest's own reset the client knows where the kernel is before it runs")
  func reset() throws {
    let fixture = try KernelFixture.make()
    fixture.cpu.step(to: Self.half + Self.function) { fixture.mapLowAddresses(at: Self.half) }
    #expect(try fixture.resume(.init(.step)) == Self.library)
    _ = fixture.libraryNames
    _ = try fixture.resume(.init(.step))
    fixture.cpu.play { _ in .system(.reset) }
    #expect(try fixture.proceed().signal != .trap)
    let runs = fixture.cpu.runs.count
    #expect(try fixture.proceed() == Self.library)
    #expect(fixture.cpu.runs.count == runs && fixture.cpu.programCounter == Fixture.entry)
    #expect(fixture.libraryNames == ["/vmlinux@0x8000"])
  }

  // MARK: Several CPUs

  @Test("a CPU that comes to its physical addresses later is told of, and so is the way back")
  func secondCPU() throws {
    let fixture = try KernelFixture.make(cpuCount: 2)
    fixture.cpus[1].programCounter = 0
    fixture.cpu.step(to: Self.half + Self.function) { fixture.mapLowAddresses(at: Self.half) }
    #expect(try fixture.resume(.init(.step, ThreadID(1))) == Self.library)
    _ = fixture.libraryNames
    _ = try fixture.resume(.init(.step, ThreadID(1)))
    fixture.cpus[1].step(to: Self.function)
    #expect(
      try fixture.resume(.init(.step, ThreadID(2)))
        == StopEvent(thread: ThreadID(2), signal: .trap, reason: .librariesChanged))
    #expect(try fixture.resume(.init(.step, ThreadID(2))) == StopEvent(thread: ThreadID(2), signal: .trap))
    #expect(throws: TargetError.self, "the kernel has been virtual") { try fixture.read(KernelFixture.movedHalf, 1) }
    fixture.cpu.step(to: Self.half + Self.function + 4)
    #expect(try fixture.resume(.init(.step, ThreadID(1))) == Self.library)
    #expect(try fixture.resume(.init(.step, ThreadID(1))) == StopEvent(thread: ThreadID(1), signal: .trap))
  }

  // MARK: Link addresses

  @Test("a link address means the image until the kernel runs at others")
  func linkAddresses() throws {
    let fixture = try KernelFixture.make()
    let address = KernelFixture.linkBase + 0x200
    try fixture.write(address, [0xAB])
    #expect(try fixture.read(Fixture.code + 0x200, 1) == [0xAB] && fixture.read(address, 1) == [0xAB])
    #expect(throws: TargetError.self) { try fixture.read(KernelFixture.linkBase + 0x8000, 1) }
    #expect(throws: TargetError.self) { try fixture.read(KernelFixture.linkBase - 1, 1) }
    #expect(throws: TargetError.self) { try fixture.read(.max, 1) }
    fixture.cpu.step(to: KernelFixture.movedHalf + Self.function) {
      fixture.mapLowAddresses(at: KernelFixture.movedHalf)
    }
    _ = try fixture.resume(.init(.step))
    #expect(throws: TargetError.self) { try fixture.read(address, 1) }
    try fixture.debugger.restart(arguments: nil)
    #expect(try fixture.read(address, 1) == [0])
  }
}
