import Bits
import CPUEngine
import Devices
import GDBRemote
import GuestMemory
import Testing

@testable import Debugger

@Suite("The guest's end") struct EndTests {
  private static let failures: [(GuestFailure, StopSignal, String)] = [
    (.tripleFault, .segmentation, "triple fault on CPU 0 at 0x8000"),
    (.emulationFailure(instruction: [0x0F, 0x0B]), .illegal, "CPU 0 at 0x8000: 0f 0b"),
    (.internalError(suberror: 3, data: [16, 0]), .abort, "suberror 3, data 0x10 0x0"),
    (.entryFailure(reason: 0x8000_0021), .abort, "reason 0x80000021"),
    (.undecodedAccess(address: GuestPhysical(0x900_0000), syndrome: 0x92), .bus, "accessed 0x9000000"),
    (.reportedCrash, .abort, "its own crash on CPU 0"),
    (.hostRefusal(errno: 14), .abort, "errno 14"),
    (.unknownExit(reason: 99), .abort, "exit 99"),
  ]

  @Test("a fault stops the machine with a signal and one line", arguments: failures.indices)
  func failure(number: Int) throws {
    let (failure, signal, words) = Self.failures[number]
    let fixture = try Fixture()
    fixture.cpu.play { _ in .failure(failure) }
    let stop = try fixture.proceed()
    #expect(stop == StopEvent(thread: ThreadID(1), signal: signal))
    #expect(fixture.debugger.lastStop == stop)
    #expect(!fixture.debugger.isGuestAlive && !fixture.debugger.endIsOrderly)
    let line = try #require(fixture.announcements.first)
    #expect(line.contains(words) && !line.contains("\n"))
    #expect(line.contains("monitor reset"))

    // The guest does not run any more, whatever is asked; registers and memory stay.
    #expect(try fixture.proceed() == stop)
    #expect(try fixture.resume(.init(.step)) == stop)
    #expect(fixture.cpu.runs.count == 1)
    #expect(fixture.announcements == [line, line, line])
    #expect(try fixture.read(Fixture.code, 1) == [0])
  }

  @Test("without a client there is no advice")
  func noAdvice() throws {
    let fixture = try Fixture()
    fixture.debugger.endSession()
    fixture.cpu.play { _ in .failure(.tripleFault) }
    _ = try fixture.proceed()
    #expect(fixture.announcements.first?.hasSuffix("while a double fault was delivered") == true)
  }

  @Test("a guest that powered off is gone when it goes on")
  func powerOff() throws {
    let fixture = try Fixture()
    fixture.cpu.play { _ in .system(.powerOff) }
    #expect(try fixture.proceed() == StopEvent(thread: ThreadID(1), signal: .terminated))
    #expect(fixture.debugger.endIsOrderly)
    #expect(fixture.announcements.first?.hasPrefix("the guest powered off") == true)
    #expect(try fixture.proceed().reason == .exited(0))
    #expect(fixture.cpu.runs.count == 1)
  }

  @Test("a guest that ended itself gives its status", arguments: [(0, 0), (3, 3), (255, 255)] as [(UInt8, UInt8)])
  func exit(value: UInt8, status: UInt8) throws {
    let fixture = try Fixture()
    fixture.cpu.play { _ in .port(Self.write(value)) }
    #expect(try fixture.proceed().signal == .terminated)
    #expect(try fixture.proceed().reason == .exited(status))
  }

  @Test("a guest that asked for a reset gets it when it goes on, breakpoints kept")
  func reset() throws {
    let fixture = try Fixture()
    try fixture.insert(.software, at: Fixture.entry)
    fixture.cpu.play { cpu in
      cpu["rip"] = 0x8123
      return .system(.reset)
    }
    fixture.memory.store(UInt8(1), at: GuestPhysical(0x9000))
    #expect(try fixture.proceed().signal == .terminated)
    #expect(fixture.cpu["rip"] == 0x8123)
    // A breakpoint at the first instruction is met: nobody was told that the guest stands there.
    fixture.cpu.meetBreakpoint(at: Fixture.entry)
    #expect(try fixture.proceed().reason == .softwareBreakpoint)
    #expect(fixture.byte(0x9000) == 0)
    #expect(fixture.debugger.isGuestAlive)
    // The first run left the breakpoint at the entry, the second one met it.
    #expect(fixture.cpu.runs.map(\.control.singleStep) == [true, false])
  }

  @Test("monitor reset leads out of every end")
  func monitorReset() throws {
    let fixture = try Fixture()
    try fixture.insert(.software, at: 0x8010)
    fixture.cpu.play { cpu in
      cpu["rip"] = 0x8123
      return .failure(.tripleFault)
    }
    _ = try fixture.proceed()
    #expect(try fixture.monitor("reset").contains("first instruction"))
    #expect(fixture.debugger.isGuestAlive)
    #expect(fixture.debugger.lastStop == StopEvent(thread: ThreadID(1), signal: .trap))
    #expect(fixture.cpu["rip"] == Fixture.entry)
    fixture.cpu.meetBreakpoint(at: 0x8010)
    #expect(try fixture.proceed().reason == .softwareBreakpoint)
  }

  @Test("a Ctrl-C before the guest ran is a stop of its own")
  func interruptedBefore() throws {
    let fixture = try Fixture()
    #expect(fixture.debugger.interrupted() == StopEvent(thread: ThreadID(1), signal: .interrupt))
    #expect(fixture.debugger.lastStop.signal == .interrupt)
  }

  @Test("an access where a strict board has nothing is a stop that the guest goes on from")
  func unmappedAccess() throws {
    let fixture = try Fixture()
    fixture.cpu.play { _ in .mmio(Self.write(1)) }
    #expect(try fixture.proceed() == StopEvent(thread: ThreadID(1), signal: .bus))
    #expect(fixture.announcements == ["CPU 0 wrote 1 byte at 0xf4, where the board has nothing"])
    #expect(fixture.debugger.isGuestAlive)
    fixture.cpu.play { _ in .port(Self.write(0)) }
    #expect(try fixture.proceed().signal == .terminated)
  }

  /// A write of one byte to the port by which the guest ends itself.
  private static func write(_ value: UInt8) -> BusAccess {
    let data = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
    data[0] = value
    return BusAccess(address: 0xF4, size: 1, count: 1, isWrite: true, data: data)
  }
}
