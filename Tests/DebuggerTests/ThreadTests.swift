import Bits
import CPUEngine
import GDBRemote
import Glibc
import Host
import Machine
import Testing

@testable import Debugger

@Suite("Several CPUs") struct ThreadTests {
  /// A fixture whose CPUs run until they are called back when they have nothing to play.
  private static func make(_ count: Int) throws -> Fixture {
    let fixture = try Fixture(cpuCount: count)
    for cpu in fixture.cpus { cpu.isPatient = true }
    return fixture
  }

  @Test("one thread steps while another one runs")
  func stepAndRun() async throws {
    try await onControlThread {
      let fixture = try Self.make(2)
      fixture.cpus[1].play { _ in .interrupted }
      fixture.cpu.step(to: 0x8001)
      let stop = try fixture.resume(.init(.step, ThreadID(1)), .init(.resume))
      #expect(stop == StopEvent(thread: ThreadID(1), signal: .trap))
      #expect(fixture.cpu.runs.last?.control.singleStep == true)
      // The step may be over before the other one's thread has come to run it.
      #expect(fixture.cpus[1].runs.last?.control.singleStep != true)
    }
  }

  @Test("a thread without an action stays")
  func stay() async throws {
    try await onControlThread {
      let fixture = try Self.make(3)
      fixture.cpus[1].step(to: 0x8001)
      let stop = try fixture.resume(.init(.step, ThreadID(2)))
      #expect(stop == StopEvent(thread: ThreadID(2), signal: .trap))
      #expect(fixture.debugger.currentThread == ThreadID(2))
      #expect(fixture.cpus.map(\.runs.count) == [0, 1, 0])
    }
  }

  @Test("the CPU that met the breakpoint leaves it alone, the others stay meanwhile")
  func stepOff() async throws {
    try await onControlThread {
      let fixture = try Self.make(2)
      try fixture.insert(.hardware, at: 0x8010)
      fixture.cpus[1].meetBreakpoint(at: 0x8010)
      let first = try fixture.proceed()
      #expect(first == StopEvent(thread: ThreadID(2), signal: .trap, reason: .hardwareBreakpoint))
      fixture.cpus[1].step(to: 0x8011)
      fixture.cpus[1].meetBreakpoint(at: 0x8010)
      #expect(try fixture.proceed().reason == .hardwareBreakpoint)
      #expect(fixture.cpus[1].runs.map(\.control.singleStep) == [false, true, false])
      #expect(fixture.cpus[1].runs.map(\.control.breakpoints.count) == [1, 0, 1])
    }
  }

  @Test("every CPU has the breakpoints in its debug registers")
  func registersOfAll() async throws {
    try await onControlThread {
      let fixture = try Self.make(2)
      try fixture.insert(.hardware, at: 0x8010)
      fixture.cpu.play { _ in .interrupted }
      fixture.cpus[1].meetBreakpoint(at: 0x8010)
      _ = try fixture.proceed()
      for cpu in fixture.cpus {
        for run in cpu.runs { #expect(run.control.breakpoints == [GuestVirtual(0x8010)]) }
      }
    }
  }

  @Test("a Ctrl-C that comes while a breakpoint is left is not lost", arguments: [0, 1])
  func interruptedStepOff(index: Int) async throws {
    try await onControlThread {
      let fixture = try Self.make(2)
      try fixture.insert(.hardware, at: 0x8010)
      fixture.cpus[index].meetBreakpoint(at: 0x8010)
      _ = try fixture.proceed()
      fixture.cpus[index].step(to: 0x8011)
      // The client's byte is read once; after that there is nothing more to see.
      var hasAsked = false
      HostThread.current.signal()
      let stop = try fixture.debugger.resume(ResumeRequest([.init(.resume)])) {
        defer { hasAsked = true }
        return !hasAsked
      }
      #expect(stop.signal == .interrupt)
    }
  }

  @Test("a CPU tells what it is about")
  func descriptions() async throws {
    try await onControlThread {
      let fixture = try Self.make(3)
      fixture.cpus[1].activity = .halted
      fixture.cpus[2].activity = .waitingForStartup
      fixture.cpus[2]["cr0"] = 0
      let debugger = fixture.debugger
      #expect(debugger.threads == [ThreadID(1), ThreadID(2), ThreadID(3)])
      #expect(debugger.describe(ThreadID(1)) == "CPU 0 [ring 0, long mode]")
      #expect(debugger.describe(ThreadID(2)) == "CPU 1 [ring 0, long mode, halted]")
      #expect(debugger.describe(ThreadID(3)) == "CPU 2 [real mode, waiting to be started]")
      for number in [0, 4, -1, Int.max, Int.min + 1] {
        #expect(debugger.describe(ThreadID(number)) == "no such CPU")
        #expect(throws: TargetError.self) {
          _ = try debugger.monitor("translate 0", of: ThreadID(number))
        }
      }
    }
  }
}
