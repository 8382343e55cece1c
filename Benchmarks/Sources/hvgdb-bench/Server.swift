import Glibc

/// The servers that are compared.
enum ServerKind: String, CaseIterable, Codable, CodingKeyRepresentable {
  case hvgdb
  case qemu = "QEMU"
}

/// How a server is started: the same guest for both.
struct Launch {
  static let guestMemoryMiB = 512

  let kind: ServerKind
  let executable: String
  let kernel: String
  let commandLine: String
  let pollingTime: Duration

  func arguments(listeningOn endpoint: Endpoint) -> [String] {
    switch kind {
    case .hvgdb:
      let address =
        switch endpoint {
        case .loopback(let port): "127.0.0.1:\(port)"
        case .unix(let path): "unix:\(path)"
        }
      return [
        "--kernel", kernel, "--append", commandLine, "--memory", "\(Self.guestMemoryMiB)M",
        "--listen", address, "--console", "none",
      ]
    case .qemu:
      let address =
        switch endpoint {
        case .loopback(let port): "tcp:127.0.0.1:\(port)"
        case .unix(let path): "unix:\(path),server=on,wait=off"
        }
      return [
        "-accel", "kvm", "-S", "-gdb", address, "-kernel", kernel, "-append", commandLine,
        "-m", "\(Self.guestMemoryMiB)", "-display", "none", "-serial", "null", "-monitor", "none",
        "-nodefaults", "-no-reboot",
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
  init(_ launch: Launch, listeningOn endpoint: Endpoint) throws(BenchmarkError) {
    let clock = ContinuousClock()
    let start = clock.now
    let process = try ChildProcess(launch.executable, launch.arguments(listeningOn: endpoint))
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
