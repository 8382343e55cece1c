import Glibc
import Testing

/// Stock gdb in batch mode.
final class GDB {
  private let process: ChildProcess
  private let output: String

  /// How every session looks, whatever the size of the terminal.
  private static let settings = ["pagination off", "confirm off", "width 0", "height 0"]

  private init(_ script: String, connection: [String], symbols: String?, directory: String) throws {
    guard let program = Files.gdb else { throw EndToEndError("gdb-multiarch is not installed") }
    let scriptPath = directory + "/script.gdb"
    guard let file = fopen(scriptPath, "w") else { throw EndToEndError("cannot write \(scriptPath)") }
    fputs(script, file)
    fclose(file)
    output = directory + "/output"
    var command = [program, "-nx", "-q", "-batch"]
    if let symbols { command.append(symbols) }
    for first in Self.settings.map({ "set \($0)" }) + connection { command += ["-ex", first] }
    command += ["-x", scriptPath]
    process = try ChildProcess(command, output: output, errors: output)
  }

  /// What it has printed so far.
  var transcript: String { text(of: output) }

  /// Presses Ctrl-C.
  func interrupt() { process.send(signal: SIGINT) }

  /// Dies as a program does that is killed: nothing is said to the target.
  func die() { process.end() }

  func waitForOutput(_ expected: String, within seconds: Double = Deadline.usual) throws {
    try waiting(for: "`\(expected)` from gdb", within: seconds) { transcript.contains(expected) }
  }

  /// Waits until the script is done.
  ///
  /// - Returns: all that it printed.
  func finish(within seconds: Double = Deadline.usual) throws -> String {
    do { _ = try process.finish(within: seconds) } catch { throw EndToEndError("\(error); so far: \(transcript)") }
    return transcript
  }

  /// Attaches gdb, runs a script and, meanwhile, `body`.
  ///
  /// - Parameters:
  ///   - script: gdb commands; the first that fails is the last.
  ///   - target: what `target remote` connects to.
  ///   - extended: whether it is `target extended-remote`.
  ///   - symbols: the ELF file with the guest's symbols.
  ///   - body: what happens beside it.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws, or where gdb cannot be started.
  @discardableResult
  static func start<Result>(
    _ script: String, on target: String, extended: Bool = false, symbols: String? = nil, _ body: (GDB) throws -> Result
  ) throws -> Result {
    try start(
      script, connection: ["target \(extended ? "extended-remote" : "remote") \(target)"], symbols: symbols, body)
  }

  private static func start<Result>(
    _ script: String, connection: [String], symbols: String?, _ body: (GDB) throws -> Result
  ) throws -> Result {
    let directory = try TemporaryDirectory()
    let gdb = try GDB(script, connection: connection, symbols: symbols, directory: directory.path)
    defer { gdb.process.end() }
    return try body(gdb)
  }

  /// Attaches gdb, runs a script and gives what it printed.
  static func run(
    _ script: String, on hvgdb: Hvgdb, extended: Bool = false, symbols: String? = nil,
    within seconds: Double = Deadline.usual
  ) throws -> String {
    try start(script, on: hvgdb.socket, extended: extended, symbols: symbols) { try $0.finish(within: seconds) }
  }

  /// Runs a script in a gdb that is not connected, and gives what it printed.
  static func run(unconnected script: String, symbols: String? = nil) throws -> String {
    try start(script, connection: [], symbols: symbols) { try $0.finish() }
  }
}

/// Runs a guest and a gdb script on it, and expects lines of its output in this order.
///
/// - Parameters:
///   - guest: its name in Tests/Guests.
///   - arguments: more arguments for hvgdb.
///   - script: gdb commands; what is expected is best printed by `printf`.
///   - expected: pieces of the output, each found behind the one before it.
///   - sourceLocation: where the test is.
/// - Throws: where hvgdb or gdb cannot be run.
func expectSession(
  guest: String, _ arguments: [String] = [], script: String, prints expected: [String],
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  try Hvgdb.run(guest: guest, arguments) { hvgdb in
    let transcript = try GDB.run(script, on: hvgdb, symbols: Files.guest(guest))
    expect(transcript, has: expected, sourceLocation: sourceLocation)
  }
}

/// Expects pieces of text in this order.
func expect(_ text: String, has pieces: [String], sourceLocation: SourceLocation = #_sourceLocation) {
  var rest = text[...]
  for piece in pieces {
    guard let range = rest.firstRange(of: piece) else {
      Issue.record("`\(piece)` is missing, or out of order, in:\n\(text)", sourceLocation: sourceLocation)
      return
    }
    rest = rest[range.upperBound...]
  }
}
