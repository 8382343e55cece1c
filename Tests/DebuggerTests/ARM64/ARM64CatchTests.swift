import ARM64
import Bits
import CPUEngine
import GDBRemote
import Testing

@testable import Debugger

@Suite("arm64: exceptions that are caught") struct ARM64CatchTests {
  private static func exception(_ kind: ExceptionClass, _ specific: UInt64 = 0) -> CaughtException {
    CaughtException(kind: .synchronous(syndrome: UInt64(kind.rawValue) << 26 | 1 << 25 | specific, address: 0x10))
  }

  private func stop(_ signal: StopSignal) -> StopEvent { StopEvent(thread: ThreadID(1), signal: signal) }

  // MARK: Signals

  static let signals: [(exception: CaughtException, signal: StopSignal)] = [
    (exception(.dataAbortLower), .segmentation), (exception(.dataAbortSame), .segmentation),
    (exception(.instructionAbortLower), .segmentation), (exception(.instructionAbortSame), .segmentation),
    (exception(.pcAlignment), .bus), (exception(.spAlignment), .bus), (exception(.sError), .bus),
    (exception(.unknown), .illegal), (exception(.illegalState), .illegal), (exception(.systemRegister), .illegal),
    (exception(.waitInstruction), .illegal), (exception(.vectorAccess), .floatingPoint),
    (exception(.floatingPoint64), .floatingPoint), (exception(.brk64), .breakpoint),
    (exception(.breakpointLower), .breakpoint), (exception(.softwareStepSame), .breakpoint),
    (exception(.watchpointSame), .breakpoint), (exception(.svc64), .software), (exception(.hvc64), .software),
    (exception(.smc64), .software), (CaughtException(kind: .irq), .user1), (CaughtException(kind: .fiq), .user1),
    (exception(.branchTarget), .emulation),
    (CaughtException(kind: .synchronous(syndrome: 0x3f << 26, address: 0)), .emulation),
  ]

  @Test("each kind is told with a signal of its own", arguments: signals)
  func signal(_ sample: (exception: CaughtException, signal: StopSignal)) throws {
    let fixture = try ARM64Fixture()
    fixture.cpu.meetException(sample.exception, at: 0x8010)
    #expect(try fixture.proceed() == stop(sample.signal))
  }

  @Test("one that is met while a CPU leaves a breakpoint is the stop; the breakpoint is not told again")
  func leavingBreakpoint() throws {
    let fixture = try ARM64Fixture()
    try fixture.insert(.software, at: 0x8010)
    fixture.cpu.meetBreakpoint(at: 0x8010)
    #expect(try fixture.proceed().reason == .softwareBreakpoint)
    fixture.cpu.meetException(Self.exception(.svc64), at: 0x8010)
    #expect(try fixture.proceed() == stop(.software))
    // Going on takes it, and the next time round the breakpoint is hit.
    fixture.cpu.step(to: 0x8200)
    fixture.cpu.meetBreakpoint(at: 0x8010)
    #expect(try fixture.proceed().reason == .softwareBreakpoint)
    #expect(fixture.cpu.runs.map(\.control.singleStep) == [false, true, true, false])
  }

  @Test("one in the middle of a range ends the step")
  func insideRange() throws {
    let fixture = try ARM64Fixture()
    fixture.cpu.step(to: 0x8004)
    fixture.cpu.meetException(Self.exception(.dataAbortSame), at: 0x8004)
    #expect(try fixture.resume(.init(.rangeStep(0x8000..<0x8010), ThreadID(1))) == stop(.segmentation))
    #expect(fixture.cpu.programCounter == 0x8004)
  }

  // MARK: BRK

  private func withOwnInstruction(catching: Bool = true) throws -> ARM64Fixture {
    let fixture = try ARM64Fixture()
    fixture.cpu.handler = 0x8200
    fixture.store(ExceptionInstruction.brk(0x800).encoding, at: ARM64Fixture.codePlace + 0x100)
    if catching { fixture.debugger.caughtExceptions.classes = [ExceptionClass.brk64.rawValue] }
    return fixture
  }

  @Test("the guest's own BRK is caught where instructions of ours are in memory, once, and going on takes it")
  func ownInstruction() throws {
    let fixture = try withOwnInstruction()
    try fixture.insert(.hardware, at: 0x8F00, 0x8F04)
    try fixture.insert(.software, at: 0x8010)
    fixture.cpu.meetInstruction(at: 0x8100)
    #expect(try fixture.proceed() == stop(.breakpoint))
    #expect(fixture.announcements.last?.contains("BRK: immediate 0x800") == true)
    #expect(fixture.cpu.programCounter == 0x8100 && fixture.cpu.reflected.isEmpty)
    fixture.cpu.meetInstruction(at: 0x8010)
    #expect(try fixture.proceed().reason == .softwareBreakpoint)
    #expect(fixture.cpu.reflected.map(\.programCounter) == [GuestVirtual(0x8100)])
    #expect(fixture.cpu.runs.count == 2)
  }

  @Test("a step from a BRK that was caught ends at its handler, whoever met it")
  func steppedInstruction() throws {
    let met: [(ScriptedCPU) -> Void] = [
      { $0.meetInstruction(at: 0x8100) }, { $0.meetException(Self.exception(.brk64, 0x800), at: 0x8100) },
    ]
    for meet in met {
      let fixture = try withOwnInstruction()
      meet(fixture.cpu)
      #expect(try fixture.proceed() == stop(.breakpoint))
      #expect(try fixture.resume(.init(.step, ThreadID(1))) == stop(.trap))
      #expect(fixture.cpu.programCounter == 0x8200 && fixture.cpu.reflected.count == 1 && fixture.cpu.runs.count == 1)
    }
  }

  @Test("a CPU that is moved off a BRK that was caught takes no exception for it")
  func movedOff() throws {
    let fixture = try withOwnInstruction()
    fixture.cpu.meetInstruction(at: 0x8100)
    #expect(try fixture.proceed() == stop(.breakpoint))
    try fixture.set("pc", to: 0x8104)
    fixture.cpu.step(to: 0x8108)
    #expect(try fixture.resume(.init(.step, ThreadID(1))) == stop(.trap))
    #expect(fixture.cpu.reflected.isEmpty && fixture.cpu.programCounter == 0x8108)
  }
}
