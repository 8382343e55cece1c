import Bits
import CPUEngine
import Devices
import Host
import Synchronization
import Testing

@testable import Machine

@Suite struct RunControlTests {
  private static let breakpoint = DebugEvent(programCounter: GuestVirtual(0x10), breakpoint: 0)
  private static let watchpoint = DebugEvent(programCounter: GuestVirtual(0x20), watchpoint: 0)

  /// Run control over mock CPUs; the others run until they are called back.
  private static func make(_ count: Int, _ board: MockBoard = MockBoard()) throws -> ([MockCPU], RunControl) {
    let cpus = (0..<count).map { MockCPU(index: $0) }
    return (cpus, try RunControl(cpus: cpus, board: board))
  }

  @Test func oneCPUReportsItsStop() async throws {
    try await onControlThread {
      let (cpus, control) = try Self.make(1)
      cpus[0].play(.interrupted, .debug(Self.breakpoint))
      let report = try control.run([.run]) { false }
      #expect(report == StopReport(cpu: 0, cause: .debug(Self.breakpoint)))
      #expect(cpus[0].runCount == 2)
    }
  }

  @Test(arguments: [2, 4]) func anotherCPUsStopStopsAll(count: Int) async throws {
    try await onControlThread {
      let (cpus, control) = try Self.make(count)
      cpus[count - 1].play(.interrupted, .debug(Self.breakpoint))
      let report = try control.run(Array(repeating: .run, count: count)) { false }
      #expect(report == StopReport(cpu: count - 1, cause: .debug(Self.breakpoint)))
      let counts = cpus.map(\.runCount)
      // All are parked: nothing runs while the machine is stopped.
      HostThread.waitALittle()
      #expect(cpus.map(\.runCount) == counts)
    }
  }

  @Test(arguments: [1, 2]) func attentionIsAskedAtASignal(count: Int) async throws {
    try await onControlThread {
      let (_, control) = try Self.make(count)
      let me = HostThread.current
      let asked = Atomic<Int>(0)
      HostThread.start("signaller") {
        while asked.load(ordering: .relaxed) < 3 {
          me.signal()
          HostThread.waitALittle()
        }
      }
      let report = try control.run(Array(repeating: .run, count: count)) {
        asked.add(1, ordering: .relaxed).newValue >= 3
      }
      #expect(report == StopReport(cpu: 0, cause: .requested))
      #expect(asked.load(ordering: .relaxed) == 3)
    }
  }

  @Test func attentionIsAskedWhereOnlyOtherCPUsRun() async throws {
    try await onControlThread {
      let (cpus, control) = try Self.make(2)
      HostThread.current.signal()
      #expect(try control.run([.stay, .run]) { true } == StopReport(cpu: 0, cause: .requested))
      #expect(cpus[0].runCount == 0)
    }
  }

  @Test func aSignalThatComesWithAnotherCPUsStopIsNotLost() async throws {
    try await onControlThread {
      let (cpus, control) = try Self.make(2)
      cpus[1].play(.debug(Self.breakpoint))
      var asked = 0
      let report = try control.run([.stay, .run]) {
        asked += 1
        return true
      }
      // The stop is what is reported; that somebody wants another one was found out all the same.
      #expect(report.cause == .debug(Self.breakpoint))
      #expect(asked > 0)
    }
  }

  @Test func onlyWhatHappensAgainIsForgotten() async throws {
    let address = GuestVirtual(0x30)
    let events = [
      (Self.breakpoint, false), (DebugEvent(programCounter: address, isSingleStep: true), false),
      (DebugEvent(programCounter: address, isSoftwareBreakpoint: true), false), (Self.watchpoint, true),
      // The guest's own debug exception.
      (DebugEvent(programCounter: address), true),
    ]
    for (event, isKept) in events {
      try await onControlThread {
        let (cpus, control) = try Self.make(2)
        // CPU 0 stops only when CPU 1 has come to its stop too.
        let isThere = Atomic<Bool>(false)
        cpus[1].behaviour = { _ throws(EngineError) in
          while cpus[0].runCount == 0 {}
          guard !isThere.exchange(true, ordering: .sequentiallyConsistent) else { return nil }
          return .debug(event)
        }
        cpus[0].behaviour = { _ throws(EngineError) in
          while !isThere.load(ordering: .sequentiallyConsistent) {}
          return .failure(.tripleFault)
        }
        let report = try control.run([.run, .run]) { false }
        #expect(report == StopReport(cpu: 0, cause: .failure(.tripleFault)))
        #expect(control.takePendingReport(for: [.run, .stay]) == nil)
        let pending = control.takePendingReport(for: [.run, .run])
        #expect(pending == (isKept ? StopReport(cpu: 1, cause: .debug(event)) : nil))
        #expect(control.takePendingReport(for: [.run, .run]) == nil)
      }
    }
  }

  @Test func discardedReportsAreGone() async throws {
    try await onControlThread {
      let (cpus, control) = try Self.make(3)
      for (cpu, failure) in [(cpus[1], GuestFailure.tripleFault), (cpus[2], .reportedCrash)] {
        cpu.behaviour = { _ throws(EngineError) in
          while cpus[0].runCount == 0 {}
          return .failure(failure)
        }
      }
      cpus[0].behaviour = { _ throws(EngineError) in
        while cpus[1].runCount == 0 || cpus[2].runCount == 0 {}
        return .failure(.entryFailure(reason: 1))
      }
      #expect(try control.run([.run, .run, .run]) { false }.cpu == 0)
      control.discardReports()
      #expect(control.takePendingReport(for: [.run, .run, .run]) == nil)
    }
  }

  @Test(arguments: [0, 1]) func anEnginesErrorIsThrownWithAllStopped(failing: Int) async throws {
    try await onControlThread {
      let (cpus, control) = try Self.make(2)
      cpus[failing].behaviour = { _ throws(EngineError) in throw EngineError("broken") }
      #expect(throws: EngineError("broken")) { try control.run([.run, .run]) { false } }
      // It is thrown once; the next run is another one.
      cpus[failing].behaviour = { _ throws(EngineError) in nil }
      cpus[1].play(.debug(Self.breakpoint))
      #expect(try control.run([.run, .run]) { false }.cpu == 1)
    }
  }

  @Test func aRequestStopsTheMachineWithTheInstructionComplete() async throws {
    try await onControlThread {
      let board = MockBoard([0x64: .request(.reset)])
      let (cpus, control) = try Self.make(1, board)
      cpus[0].play(.port(access(0x80, [1])), .port(access(0x64, [0xFE])))
      cpus[0].playSettling(.port(access(0x80, [2])), .mmio(access(0x81, [3])))
      #expect(try control.run([.run]) { false } == StopReport(cpu: 0, cause: .request(.reset)))
      #expect(cpus[0].settleCount == 3)
      #expect(board.accessCount.load(ordering: .relaxed) == 4)
    }
  }

  @Test func anAccessToNothingStopsTheMachineAndTheGuestGoesOn() async throws {
    try await onControlThread {
      let nothing = StopReport.Cause.unmapped(UnmappedAccess(address: GuestPhysical(0x9000), size: 4, isWrite: false))
      let (cpus, control) = try Self.make(1, MockBoard([0x9000: nothing]))
      cpus[0].play(.mmio(access(0x9000, [0, 0, 0, 0], size: 4, isWrite: false)), .debug(Self.breakpoint))
      #expect(try control.run([.run]) { false } == StopReport(cpu: 0, cause: nothing))
      #expect(cpus[0].settleCount == 1)
      #expect(try control.run([.run]) { false }.cause == .debug(Self.breakpoint))
    }
  }

  @Test func whatAnInstructionAsksWhileItIsCompletedIsNotLost() async throws {
    try await onControlThread {
      let (cpus, control) = try Self.make(1, MockBoard([0x604: .request(.powerOff)]))
      cpus[0].play(.interrupted)
      cpus[0].playSettling(.port(access(0x604, [0])))
      #expect(try control.run([.run]) { true } == StopReport(cpu: 0, cause: .request(.powerOff)))
    }
  }

  @Test func anInstructionThatFailsWhileItIsCompletedIsTheStop() async throws {
    try await onControlThread {
      let (cpus, control) = try Self.make(1)
      cpus[0].play(.interrupted)
      cpus[0].playSettling(.port(access(0x80, [0])), .failure(.emulationFailure(instruction: [0x0F])))
      let report = try control.run([.run]) { true }
      #expect(report == StopReport(cpu: 0, cause: .failure(.emulationFailure(instruction: [0x0F]))))
    }
  }

  @Test func systemEvents() async throws {
    let events: [(SystemEvent, StopReport.Cause)] = [
      (.powerOff, .request(.powerOff)), (.reset, .request(.reset)), (.crash, .failure(.reportedCrash)),
    ]
    for (event, cause) in events {
      try await onControlThread {
        let (cpus, control) = try Self.make(1)
        cpus[0].play(.halted, .system(event))
        #expect(try control.run([.run]) { false } == StopReport(cpu: 0, cause: cause))
      }
    }
  }

  @Test(arguments: [2, 4]) func twoThousandRoundsComeToAnEnd(count: Int) async throws {
    try await onControlThread {
      let (cpus, control) = try Self.make(count)
      var random = SystemRandomNumberGenerator()
      let me = HostThread.current
      for round in 0..<2_000 {
        var actions = (0..<count).map { _ in Bool.random(using: &random) ? CPUAction.run : .stay }
        let stopping = Int.random(in: 0..<count, using: &random)
        actions[stopping] = .run
        let byKick = Bool.random(using: &random)
        let event = DebugEvent(programCounter: GuestVirtual(UInt64(round)), breakpoint: 0)
        if byKick {
          me.signal()
        } else {
          for _ in 0..<Int.random(in: 0..<3, using: &random) { cpus[stopping].play(.interrupted) }
          cpus[stopping].play(.debug(event))
        }
        let report = try control.run(actions) { byKick }
        let expected = byKick ? StopReport(cpu: 0, cause: .requested) : StopReport(cpu: stopping, cause: .debug(event))
        guard report == expected else { throw Unexpected(round: round, report: report) }
      }
    }
  }

  private struct Unexpected: Error {
    let round: Int
    let report: StopReport
  }
}
