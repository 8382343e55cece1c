import Glibc

/// The servers that are compared.
enum ServerKind: String, CaseIterable, Codable, CodingKeyRepresentable {
  case hvgdb
  case qemu = "QEMU"
}

/// How a server is started: the same guest for both.
struct Launch {
  static let guestMemoryMiB = 512

  /// What executes the guest.
  enum Accelerator {
    case kvm
    /// arm64 in software: `soft` of hvgdb, TCG of QEMU with the board that hvgdb's is like.
    case software
  }

  /// What becomes of the guest's serial console.
  enum Console {
    case none
    /// It is written to standard output.
    case output
  }

  let kind: ServerKind
  let executable: String
  let accelerator: Accelerator
  let kernel: String
  var initrd: String?
  var commandLine: String
  let pollingTime: Duration

  /// The arguments for a guest that waits at its first instruction.
  func arguments(listeningOn endpoint: Endpoint, console: Console = .none) -> [String] {
    switch kind {
    case .hvgdb:
      let address =
        switch endpoint {
        case .loopback(let port): "127.0.0.1:\(port)"
        case .unix(let path): "unix:\(path)"
        }
      return guest(console) + ["--listen", address]
    case .qemu:
      let address =
        switch endpoint {
        case .loopback(let port): "tcp:127.0.0.1:\(port)"
        case .unix(let path): "unix:\(path),server=on,wait=off"
        }
      return guest(console) + ["-S", "-gdb", address]
    }
  }

  /// The arguments for a guest that runs at once, without a stub, with its console on standard output.
  var argumentsToRun: [String] { kind == .hvgdb ? guest(.output) + ["--no-wait"] : guest(.output) }

  private func guest(_ console: Console) -> [String] {
    switch kind {
    case .hvgdb:
      var arguments = accelerator == .software ? ["--accel", "soft"] : []
      if let initrd { arguments += ["--initrd", initrd] }
      return arguments + [
        "--kernel", kernel, "--append", commandLine, "--memory", "\(Self.guestMemoryMiB)M",
        "--console", console == .output ? "stdio" : "none",
      ]
    case .qemu:
      var arguments =
        accelerator == .software
        ? ["-machine", "virt,gic-version=3", "-accel", "tcg", "-cpu", "cortex-a57"] : ["-accel", "kvm"]
      if let initrd { arguments += ["-initrd", initrd] }
      return arguments + [
        "-kernel", kernel, "-append", commandLine, "-m", "\(Self.guestMemoryMiB)", "-display", "none",
        "-serial", console == .output ? "stdio" : "null", "-monitor", "none", "-nodefaults", "-no-reboot",
      ]
    }
  }
}

/// A server that has stopped its guest at the first instruction, and the client attached to it.
struct Server: ~Copyable {
  let kind: ServerKind
  let process: ChildProcess
  let client: RSPClient
  /// From just before the process was made to the first stop reply.
  let startTime: Duration

  /// Starts a server and attaches to it as soon as it listens.
  init(
    _ launch: Launch, listeningOn endpoint: Endpoint, console: Launch.Console = .none
  ) throws(BenchmarkError) {
    let clock = ContinuousClock()
    let start = clock.now
    let process = try ChildProcess(launch.executable, launch.arguments(listeningOn: endpoint, console: console))
    let client: RSPClient
    do {
      var connection = try Self.connect(to: endpoint, of: process, until: start + .seconds(30))
      connection.pollingTime = launch.pollingTime
      client = RSPClient(connection)
      try client.attach()
    } catch {
      throw BenchmarkError("\(error)\n\(process.outputText)")
    }
    startTime = clock.now - start
    kind = launch.kind
    self.process = process
    self.client = client
  }

  private static func connect(
    to endpoint: Endpoint, of process: borrowing ChildProcess, until deadline: ContinuousClock.Instant
  ) throws(BenchmarkError) -> Connection {
    while ContinuousClock.now < deadline {
      if let connection = try Connection.attempt(endpoint) { return connection }
      guard process.isRunning else { throw BenchmarkError("it ended before it listened") }
      usleep(200)
    }
    throw BenchmarkError("it does not listen")
  }
}
