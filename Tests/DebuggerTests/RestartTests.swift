import Bits
import CPUEngine
import Devices
import GDBRemote
import Machine
import Testing

@testable import Debugger

@Suite("Starting the guest again") struct RestartTests {
  private func commandLine(_ fixture: Fixture) throws -> String {
    String(decoding: try #require(fixture.machine.commandLine), as: UTF8.self)
  }

  @Test("without arguments the command line is kept")
  func kept() throws {
    let fixture = try Fixture()
    try fixture.debugger.restart(arguments: nil)
    #expect(try commandLine(fixture) == "console=ttyS0")
    try fixture.debugger.restart(arguments: ["quiet"])
    try fixture.debugger.restart(arguments: nil)
    #expect(try commandLine(fixture) == "quiet")
    try fixture.debugger.restart(arguments: [""])
    #expect(try commandLine(fixture) == "")
  }

  /// Words as gdb sends them, and what the kernel is to read.
  static let lines: [(words: [String], line: String)] = [
    (["console=ttyS0", "foo"], "console=ttyS0 foo"),
    (["a=b c"], "a=\"b c\""),
    (["two words", "x=y=1 2"], "\"two words\" x=\"y=1 2\""),
    (["a b=c"], "\"a b=c\""),
    (["tab=a\tb", "=x y"], "tab=\"a\tb\" =\"x y\""),
    // Written as \" to gdb, the marks arrive and the words are apart: joined they are what was typed.
    (["dyndbg=\"file", "x.c", "+p\""], "dyndbg=\"file x.c +p\""),
    (["a=\"b c\""], "a=\"b c\""),
    (["--", "init=/bin/sh"], "-- init=/bin/sh"),
  ]

  @Test("arguments become the kernel's command line, in its own quotation marks", arguments: lines)
  func quoting(_ line: (words: [String], line: String)) throws {
    #expect(String(decoding: try Debugger.commandLine(of: line.words), as: UTF8.self) == line.line)
  }

  @Test("a zero byte is refused before the guest is lost")
  func zeroByte() throws {
    let fixture = try Fixture()
    try fixture.set("rip", to: Fixture.code + 8)
    #expect(throws: TargetError.self) { try fixture.debugger.restart(arguments: ["a\0b"]) }
    #expect(try commandLine(fixture) == "console=ttyS0")
    #expect(fixture.cpu["rip"] == Fixture.code + 8)
  }

  @Test("limits and catches are kept until the session ends, breakpoints are the client's to set again")
  func keptStops() throws {
    let fixture = try Fixture()
    let address = GuestVirtual(Fixture.code + 8)
    try fixture.insert(.software, at: address.rawValue)
    _ = try fixture.monitor("limit \(address) 0x1000")
    fixture.debugger.caughtExceptions.interrupts = true
    fixture.debugger.removeAllBreakpoints()
    try fixture.debugger.restart(arguments: nil)
    #expect(fixture.debugger.placements.isEmpty)
    #expect(fixture.debugger.placements.space(of: address) == GuestPhysical(0x1000))
    #expect(fixture.debugger.caughtExceptions.interrupts)
    fixture.debugger.endSession()
    #expect(fixture.debugger.placements.space(of: address) == nil)
    #expect(fixture.debugger.caughtExceptions == ExceptionFilter())
  }

  @Test("the guest stands at its first instruction, whatever became of it before")
  func firstInstruction() throws {
    let fixture = try Fixture()
    try fixture.insert(.hardware, at: Fixture.code)
    fixture.cpu.play { _ in .system(.powerOff) }
    _ = try fixture.proceed()
    #expect(try fixture.proceed().reason == .exited(0))
    fixture.cpu["rip"] = 0
    try fixture.debugger.restart(arguments: ["again"])
    #expect(fixture.debugger.lastStop == StopEvent(thread: ThreadID(1), signal: .trap))
    #expect(fixture.cpu["rip"] == Fixture.entry)
    #expect(fixture.debugger.isGuestAlive)
    #expect(!fixture.debugger.placements.isEmpty, "only a client takes out what it has set")
  }
}
