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
}
