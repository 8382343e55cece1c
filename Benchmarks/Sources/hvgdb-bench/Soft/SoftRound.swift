import Glibc

/// One round of software CPUs: each server started afresh, with Linux that runs the loops.
struct SoftRound {
  /// How long single steps are measured.
  let budget: Duration
  let loops: [UserLoop]
  /// Where servers may make their sockets.
  let socketFolder: String

  /// Measures a server.
  func measure(
    _ launch: Launch, places: DebugPlaces?, checksums: inout [String: String], results: inout Results
  ) throws(BenchmarkError) {
    let guest = launch.running(["loops"] + loops.map { "\($0.iterations)" })
    let undisturbed = try measureRun(guest, checksums: &checksums, results: &results)
    try measureSteps(launch, results: &results)
    guard let places else { return }
    let watched = try measureWatching(guest, places, checksums: &checksums)
    results.add(100 * (watched / undisturbed - 1), .watching, launch.kind)
  }

  private var endpoint: Endpoint { .unix(path: "\(socketFolder)/soft") }

  /// Runs the guest with nobody attached.
  ///
  /// - Returns: How long both loops had a CPU, in seconds.
  private func measureRun(
    _ launch: Launch, checksums: inout [String: String], results: inout Results
  ) throws(BenchmarkError) -> Double {
    let start = ContinuousClock.now
    let process = try ChildProcess(launch.executable, launch.argumentsToRun)
    var console = ConsoleReader()
    let boot = try console.line(with: "hvgdb: init is running", of: process)
    results.add((boot.instant - start).seconds, .boot, launch.kind)
    var total = 0.0
    for loop in loops {
      let taken = try time(loop, of: process, &console, checksums: &checksums) { () throws(BenchmarkError) in
        // While the guest is busy, after all that it did before.
        guard loop.figure == loops.last?.figure else { return }
        let memory = try ResidentMemory(of: process.identifier, guestSize: Launch.guestMemoryMiB << 20)
        results.memory[launch.kind] = memory
        results.add(Double(memory.beyondGuest) / 1048576, .resident, launch.kind)
      }
      results.add(loop.instructions / taken.seconds / 1e6, loop.figure, launch.kind)
      total += taken.cpuTime
    }
    return total
  }

  /// Runs the guest by a debugger that sets breakpoints and watchpoints once the kernel has laid out its memory: before,
  /// it writes to all of its variables.
  ///
  /// - Returns: How long both loops had a CPU, in seconds.
  private func measureWatching(
    _ launch: Launch, _ places: DebugPlaces, checksums: inout [String: String]
  ) throws(BenchmarkError) -> Double {
    let server = try Server(launch, listeningOn: endpoint, console: .output)
    try server.client.stopAcknowledging()
    try server.client.start()
    var console = ConsoleReader()
    _ = try console.line(with: "unpack rootfs image", of: server.process)
    try server.client.interrupt()
    try places.set(by: server.client)
    try server.client.start()
    var total = 0.0
    for loop in loops {
      total += try time(loop, of: server.process, &console, checksums: &checksums) {}.cpuTime
    }
    return total
  }

  /// Single steps at the guest's first instruction.
  private func measureSteps(_ launch: Launch, results: inout Results) throws(BenchmarkError) {
    let server = try Server(launch, listeningOn: endpoint)
    do {
      try server.client.stopAcknowledging()
      results.packetSizes[launch.kind] = server.client.packetSize
      let description = try TargetDescription(from: server.client)
      let guest = try LoopingGuest(server.client, description, launch.kind, .arm64)
      results.add(try guest.stepRate(for: budget), .steps, launch.kind)
    } catch {
      throw BenchmarkError("\(error)\n\(server.process.outputText)")
    }
  }

  /// How long a loop takes, in seconds, by this machine's clock and by that of the server's CPU time; what it computed must
  /// be what it always has been.
  private func time(
    _ loop: UserLoop, of process: borrowing ChildProcess, _ console: inout ConsoleReader,
    checksums: inout [String: String], whenBegun: () throws(BenchmarkError) -> Void
  ) throws(BenchmarkError) -> (seconds: Double, cpuTime: Double) {
    let begin = try console.line(with: "\(loop.name): begin", of: process)
    let cpuTime = process.cpuTime
    try whenBegun()
    let end = try console.line(with: "\(loop.name): \(loop.iterations) iterations", of: process)
    guard let checksum = end.text.split(separator: ",").dropFirst().first.map(String.init),
      checksums[loop.name, default: checksum] == checksum
    else { throw BenchmarkError("another result: \(end.text)") }
    checksums[loop.name] = checksum
    return ((end.instant - begin.instant).seconds, process.cpuTime - cpuTime)
  }
}

extension Launch {
  /// The same with a command for the guest's /init.
  func running(_ command: [String]) -> Launch {
    var launch = self
    launch.commandLine += " hvgdb.run=" + command.joined(separator: ",")
    return launch
  }
}
