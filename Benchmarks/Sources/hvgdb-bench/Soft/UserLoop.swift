import Foundation

/// A program of Tests/Linux/programs that loops in user space, and how long its loop is.
struct UserLoop {
  let name: String
  let figure: Figure
  /// How often the guest runs through the loop.
  let iterations: Int
  /// How many instructions an iteration takes, on average.
  let instructionsPerIteration: Double

  /// All that the loop executes.
  var instructions: Double { Double(iterations) * instructionsPerIteration }

  /// Counts a program's instructions exactly, by QEMU's user mode emulation that writes a line for each.
  init(_ name: String, _ figure: Figure, iterations: Int, in folder: String, work: String) throws(BenchmarkError) {
    self.name = name
    self.figure = figure
    self.iterations = iterations
    // The same start and end is in both: the difference is of iterations only.
    let (few, many) = (10, 30)
    let path = "\(folder)/\(name)"
    let difference = try Self.count(path, many, work: work) - Self.count(path, few, work: work)
    guard difference > 0 else { throw BenchmarkError("the instructions of \(path) could not be counted") }
    instructionsPerIteration = Double(difference) / Double(many - few)
  }

  private static func count(_ program: String, _ iterations: Int, work: String) throws(BenchmarkError) -> Int {
    guard let environment = findExecutable("env") else { throw BenchmarkError("there is no program env") }
    let log = "\(work)/instructions"
    // The option has another name since QEMU 8.1, but either is taken from the environment, and the other ignored.
    let process = try ChildProcess(
      environment,
      [
        "QEMU_SINGLESTEP=1", "QEMU_ONE_INSN_PER_TB=1",
        "qemu-aarch64", "-d", "exec,nochain", "-D", log, program, "\(iterations)",
      ])
    let deadline = ContinuousClock.now + .seconds(60)
    while process.isRunning {
      guard ContinuousClock.now < deadline else { throw BenchmarkError("qemu-aarch64 does not end") }
      usleep(1000)
    }
    defer { unlink(log) }
    guard access(log, R_OK) == 0 else { throw BenchmarkError("qemu-aarch64: \(process.outputText)") }
    let newline = UInt8(ascii: "\n")
    let start = Array("Trace ".utf8)
    return try readFile(log).split(separator: newline).reduce(0) { $0 + ($1.starts(with: start) ? 1 : 0) }
  }
}
