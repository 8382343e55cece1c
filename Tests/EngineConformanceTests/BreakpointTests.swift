import Architecture
import Bits
import CPUEngine
import Testing

@testable import HVGDBCommand

@Suite("Breakpoints")
struct BreakpointTests {
  @Test("every debug register stops the guest before the instruction", arguments: Engines.all)
  func everyRegister(engine: any EngineFixture) throws {
    let session = try engine.session(.counting)
    // Down the loop, so that neither order nor position makes them right.
    let places = (0..<engine.breakpointCount).map { 2 * (engine.breakpointCount - $0) }
    let control = DebugControl.breakpoints(places.map(session.address))
    for index in places.indices.reversed() {
      let event = try session.event(control)
      #expect(event == DebugEvent(programCounter: session.address(places[index]), breakpoint: index))
      #expect(try session.stepped().programCounter == session.address(places[index] + 1))
    }
  }

  @Test("the instruction at a breakpoint is not executed yet", arguments: Engines.all)
  func beforeExecution(engine: any EngineFixture) throws {
    let session = try engine.session(.counting)
    for round in 0..<20 {
      let event = try session.event(.breakpoints([session.address(0)]))
      #expect(event.breakpoint == 0)
      try #require(try session.counter == UInt64(round))
      _ = try session.stepped()
      try #require(try session.counter == UInt64(round + 1))
    }
  }

  @Test("a breakpoint that was moved stops at its new place only", arguments: Engines.all)
  func moved(engine: any EngineFixture) throws {
    let session = try engine.session(.counting)
    for place in [3, 9, 6, 12] {
      #expect(try session.event(.breakpoints([session.address(place)])).programCounter == session.address(place))
    }
    // From 3 to 9 in one round, to 6 in the next, and on to 12.
    #expect(try session.counter == 2)
  }

  @Test("a breakpoint that was taken out stops no more", arguments: Engines.all)
  func removed(engine: any EngineFixture) throws {
    let session = try engine.session(.counting)
    _ = try session.event(.breakpoints([session.address(2)]))
    try session.cpu.setDebug(.none)
    let before = try session.counter
    let deadline = Deadline(seconds: 0.05, for: session.cpu)
    while !deadline.hasPassed {
      guard case .interrupted = try session.cpu.run() else {
        Issue.record("the guest stopped without a breakpoint")
        return
      }
    }
    #expect(try session.counter > before)
  }

  @Test(
    "more breakpoints than debug registers are refused",
    .enabled(if: !Engines.withRegisters.isEmpty, "the engines here take any number of breakpoints"),
    arguments: Engines.withRegisters)
  func tooMany(engine: any EngineFixture) throws {
    let session = try engine.session(.counting)
    let addresses = (0...engine.breakpointCount).map(session.address)
    #expect(throws: EngineError.self) { try session.cpu.setDebug(.breakpoints(addresses)) }
    // What was in force before stays so.
    #expect(try session.stepped().programCounter == session.address(1))
  }

  @Test("of a thousand breakpoints the one that is met stops the guest", arguments: [SoftFixture()])
  func withoutLimit(engine: SoftFixture) throws {
    let session = try engine.session(.counting)
    let elsewhere = (1...1000).map { session.address(0).wrapping(by: 0x1000 + 4 * UInt64($0)) }
    let event = try session.event(.breakpoints(elsewhere + [session.address(7)]))
    #expect(event == DebugEvent(programCounter: session.address(7), breakpoint: elsewhere.count))
  }

  @Test("a step onto a breakpoint is a step", arguments: Engines.all)
  func stepOntoBreakpoint(engine: any EngineFixture) throws {
    let session = try engine.session(.counting)
    var control = DebugControl.breakpoints([session.address(1)])
    control.singleStep = true
    #expect(try session.event(control).programCounter == session.address(1))
    #expect(try session.counter == 1)
  }
}

@Suite("Software breakpoints")
struct SoftwareBreakpointTests {
  @Test("a trapped one stops the guest at the instruction", arguments: Engines.all)
  func trapped(engine: any EngineFixture) throws {
    let session = try engine.session(.softwareBreakpoint)
    let event = try session.event(.softwareBreakpoints)
    #expect(event == DebugEvent(programCounter: session.address(1), isSoftwareBreakpoint: true))
    #expect(try session.counter == 1)
    #expect(try session.programCounter == session.address(1))
  }

  @Test("one that is not the debugger's goes to the guest's handler, which returns behind it", arguments: Engines.all)
  func reflected(engine: any EngineFixture) throws {
    let session = try engine.session(.softwareBreakpoint)
    let event = try session.event(.softwareBreakpoints)
    try session.cpu.reflect(event)
    try expectHandled(session)
  }

  @Test("one that is not trapped goes to the guest's handler by itself", arguments: Engines.all)
  func untrapped(engine: any EngineFixture) throws {
    try expectHandled(engine.session(.softwareBreakpoint))
  }

  @Test("the guest goes on from where a debugger puts it", arguments: Engines.all)
  func skipped(engine: any EngineFixture) throws {
    let session = try engine.session(.softwareBreakpoint)
    _ = try session.event(.softwareBreakpoints)
    try session.cpu.setValue(session.address(2).rawValue, of: session.machine.registers.programCounter)
    #expect(try session.rung() == 2)
  }

  /// The handler rings first, then the program that it returned to.
  private func expectHandled(_ session: GuestSession) throws {
    #expect(try session.rung() == 1 + session.kit.handlerMark)
    #expect(try session.rung() == 2 + session.kit.handlerMark)
  }
}

@Suite("Watchpoints")
struct WatchpointTests {
  @Test("a store to what is watched stops the guest", arguments: Engines.with(\.watchpointsFire))
  func store(engine: any EngineFixture) throws {
    let session = try engine.session(.accessingMemory)
    let event = try session.event(watch(session, offset: 0, .write))
    #expect(event.watchpoint == 0)
    // An architecture stops before the access (arm64) or after it (x86).
    #expect([session.address(0), session.address(1)].contains(event.programCounter))
  }

  @Test("a load from what is watched stops the guest", arguments: Engines.with(\.watchpointsFire))
  func load(engine: any EngineFixture) throws {
    let session = try engine.session(.accessingMemory)
    let event = try session.event(watch(session, offset: 8, .readWrite))
    #expect(event.watchpoint == 0)
    #expect([session.address(2), session.address(3)].contains(event.programCounter))
  }

  @Test("what is not accessed does not stop it", arguments: Engines.with(\.watchpointsFire))
  func elsewhere(engine: any EngineFixture) throws {
    let session = try engine.session(.accessingMemory)
    try session.cpu.setDebug(watch(session, offset: 16, .readWrite))
    let deadline = Deadline(seconds: 0.05, for: session.cpu)
    while !deadline.hasPassed {
      guard case .interrupted = try session.cpu.run() else {
        Issue.record("the guest stopped at what it does not access")
        return
      }
    }
  }

  private func watch(
    _ session: GuestSession, offset: UInt64, _ access: HardwareWatchpoint.Access
  ) -> DebugControl {
    var control = DebugControl()
    control.watchpoints = [
      HardwareWatchpoint(address: session.kit.data.wrapping(by: offset), length: 8, access: access)
    ]
    return control
  }
}

extension EngineFixture {
  /// How many breakpoints the debug hardware holds.
  fileprivate var breakpointCount: Int {
    switch capabilities.debugRegisters {
    case .shared(let count): count
    case .separate(let breakpoints, _): breakpoints
    // As many as the loop has room for.
    case .unlimited: 16
    }
  }
}

extension Engines {
  /// Those whose breakpoints are in registers, of which there are so many.
  fileprivate static let withRegisters = all.filter { $0.capabilities.debugRegisters != .unlimited }
}
