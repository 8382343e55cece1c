import Architecture
import Foundation
import Testing

/// A running hvgdb with a directory of its own for its socket, its console and what it says.
final class Hvgdb {
  let process: ChildProcess
  /// The Unix socket for debuggers, whether it listens there or not.
  let socket: String
  /// The guest's architecture.
  let architecture: GuestArchitecture?
  private let directory: String

  /// The longest that any hvgdb of these tests lives, in seconds: it ends by itself where the tests were killed.
  private static let lifetime = 280

  private init(
    _ arguments: [String], for architecture: GuestArchitecture?, directory: String, listensOn address: String?,
    takesInput: Bool
  ) throws {
    guard let program = Files.hvgdb else { throw EndToEndError("hvgdb is not built") }
    self.directory = directory
    self.architecture = architecture
    socket = directory + "/gdb"
    var command = [program] + arguments
    if !arguments.contains("--timeout") { command += ["--timeout", "\(Self.lifetime)"] }
    if let address { command += ["--listen", address] }
    process = try ChildProcess(
      command, output: directory + "/console", errors: directory + "/diagnostics", takesInput: takesInput)
  }

  /// Runs hvgdb for as long as `body` takes, and ends it.
  ///
  /// - Parameters:
  ///   - arguments: its arguments, without where to listen.
  ///   - architecture: the guest's; this host's where none is said.
  ///   - listens: whether it listens, on a Unix socket of its own unless `arguments` say where; `body` starts when it
  ///     does.
  ///   - takesInput: whether something is typed on its console.
  ///   - body: the test.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws, with what hvgdb said.
  @discardableResult
  static func run<Result>(
    _ arguments: [String], for architecture: GuestArchitecture? = .host, listens: Bool = true,
    takesInput: Bool = false, _ body: (Hvgdb) throws -> Result
  ) throws -> Result {
    let directory = try TemporaryDirectory()
    let ownAddress = listens && !arguments.contains("--listen") ? "unix:\(directory.path)/gdb" : nil
    let hvgdb = try Hvgdb(
      arguments, for: architecture, directory: directory.path, listensOn: ownAddress, takesInput: takesInput)
    defer { hvgdb.process.end() }
    do {
      if listens { try hvgdb.waitForDoor() }
      return try body(hvgdb)
    } catch {
      let state = hvgdb.process.ended.map { "hvgdb has ended (\($0))" } ?? "hvgdb runs"
      throw EndToEndError("\(error); \(state) and said: \(hvgdb.diagnostics)")
    }
  }

  /// Runs one of the guests of Tests/Guests, as `run(_:for:listens:takesInput:_:)` does.
  @discardableResult
  static func run<Result>(
    guest: String, for architecture: GuestArchitecture? = .host, _ arguments: [String] = [], listens: Bool = true,
    takesInput: Bool = false, _ body: (Hvgdb) throws -> Result
  ) throws -> Result {
    try run(
      ["--kernel", Files.guest(guest, for: architecture), "--memory", "64M"] + arguments, for: architecture,
      listens: listens, takesInput: takesInput, body)
  }

  /// What the guest has printed so far, where the console is standard output.
  var console: String { text(of: directory + "/console") }
  var consoleBytes: [UInt8] { contents(of: directory + "/console") }

  /// What hvgdb itself has said so far.
  var diagnostics: String { text(of: directory + "/diagnostics") }

  /// Where it says that it waits: the address behind `waiting for a debugger on`.
  func waitForDoor() throws {
    try waiting(for: "hvgdb to listen") {
      if process.ended != nil { throw EndToEndError("hvgdb ended early: \(diagnostics)") }
      return diagnostics.contains("waiting for a debugger on")
    }
  }

  /// The TCP port that it says it listens on.
  var port: UInt16? {
    diagnostics.split(separator: "\n").first { $0.contains("waiting for a debugger on") }
      .flatMap { $0.split(separator: ":").last }.flatMap { UInt16($0) }
  }

  /// Waits until the guest has printed some text.
  func waitForConsole(_ expected: String, within seconds: Double = Deadline.usual) throws {
    try waiting(for: "`\(expected)` on the console", within: seconds) {
      let isThere = console.contains(expected)
      if !isThere, let ended = process.ended, !console.contains(expected) {
        throw EndToEndError("hvgdb ended (\(ended)) before the guest printed `\(expected)`: \(diagnostics)")
      }
      return isThere
    }
  }

  /// Waits until hvgdb has said something.
  func waitForDiagnostics(_ expected: String) throws {
    try waiting(for: "`\(expected)` on standard error") { diagnostics.contains(expected) }
  }

  /// Waits until no CPU of the guest runs: the process then takes no processor time.
  func waitForStandstill() throws {
    var before = try processorTime()
    try waiting(for: "the guest to stand still") {
      usleep(100_000)
      let now = try processorTime()
      defer { before = now }
      return now == before
    }
  }

  /// The processor time that it has used, in clock ticks (proc(5), fields utime and stime of `stat`).
  private func processorTime() throws -> Int {
    let fields = text(of: "/proc/\(process.identifier)/stat").split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else {
      throw EndToEndError("the processor time of process \(process.identifier) cannot be read")
    }
    return user + system
  }

  /// Its resident memory in KiB.
  func residentKilobytes() throws -> Int {
    let line = text(of: "/proc/\(process.identifier)/status").split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    guard let value = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
      throw EndToEndError("the resident memory of process \(process.identifier) cannot be read")
    }
    return value
  }

  /// Runs hvgdb, with these arguments and no others, to the end that it comes to by itself.
  static func finish(
    _ arguments: [String], within seconds: Double = Deadline.usual
  ) throws -> (ending: ChildProcess.Ending, output: String, errors: String) {
    guard let program = Files.hvgdb else { throw EndToEndError("hvgdb is not built") }
    let directory = try TemporaryDirectory()
    let (output, errors) = (directory.path + "/output", directory.path + "/errors")
    let process = try ChildProcess([program] + arguments, output: output, errors: errors)
    defer { process.end() }
    let ending = try process.finish(within: seconds)
    return (ending, text(of: output), text(of: errors))
  }
}

/// Runs the guest `uart`, which sends back what it receives: a line, and a long text that begins while it stands still.
///
/// - Parameters:
///   - architecture: the guest's; this host's where none is said.
///   - arguments: more arguments for hvgdb.
///   - count: the text's length in bytes.
///   - status: how hvgdb ends when the guest is done.
///   - sourceLocation: where the test is.
/// - Throws: where hvgdb cannot be run, or what was expected of it did not happen.
func expectEcho(
  for architecture: GuestArchitecture? = .host, _ arguments: [String] = [], count: Int, status: Int32,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  try Hvgdb.run(guest: "uart", for: architecture, arguments, takesInput: true) { hvgdb in
    let client = try RSPClient.attach(to: hvgdb)
    client.send("vCont;c")
    try hvgdb.waitForConsole("uart: ready\n")
    try hvgdb.process.type(Array("hello, guest\n".utf8))
    try hvgdb.waitForConsole("hello, guest\n")
    client.interrupt()
    #expect(try client.replyText().hasPrefix("T02"), sourceLocation: sourceLocation)

    // No two stretches as long as a FIFO are alike near each other.
    let text = (0..<count).map { UInt8(ascii: "A") + UInt8(($0 + $0 / 26) % 26) }
    let taken = try hvgdb.process.typeWhileTaken(text)
    // A page in the pipe, and two pieces of 4 KiB in hvgdb.
    #expect(taken <= 13 << 10, sourceLocation: sourceLocation)
    try client.order("D")
    client.close()
    try hvgdb.process.type(text.dropFirst(taken) + [UInt8(ascii: "q")])
    let ending = try hvgdb.process.finish(within: 4 * Deadline.usual)
    #expect(ending == .exited(status), sourceLocation: sourceLocation)
    let isWhole =
      hvgdb.consoleBytes == Array("uart: ready\nhello, guest\n".utf8) + text + Array("\nuart: done\n".utf8)
    #expect(isWhole, sourceLocation: sourceLocation)
  }
}
