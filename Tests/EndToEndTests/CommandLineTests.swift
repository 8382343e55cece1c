import Foundation
import Testing

/// What hvgdb makes of its arguments: addresses, limits and mistakes.
@Suite(.needsHvgdb)
struct CommandLineTests {
  @Test(
    "a mistake in the arguments ends with status 64",
    arguments: [
      [], ["--kernel"], ["--kernel", "x", "--nonsense"], ["--kernel", "x", "--cpus", "0"],
      ["--kernel", "x", "--memory", "much"], ["--kernel", "x", "--listen", "nowhere"],
      ["--kernel", "x", "--listen", ":65536"], ["--kernel", "x", "--timeout", "-1"],
      ["--kernel", "x", "--console", "paper"], ["--kernel", "x", "--entry", "0x1000"],
      ["--kernel", "x", "--listen", "stdio", "--console", "stdio"], ["inspect"],
    ])
  func usage(arguments: [String]) throws {
    let (ending, output, errors) = try Hvgdb.finish(arguments)
    #expect(ending == .exited(64))
    #expect(output.isEmpty)
    #expect(errors.lowercased().contains("usage:"))
  }

  @Test("a file that is no kernel is refused with one sentence and status 1")
  func foreignFiles() throws {
    let directory = try TemporaryDirectory()
    let samples: [(name: String, content: [UInt8]?)] = [
      ("missing", nil), ("empty", []), ("text", Array("#!/bin/sh\necho hello\n".utf8)),
      ("executable", Array(contents(of: "/bin/true").prefix(4096))), ("noise", [UInt8](repeating: 0xA5, count: 5000)),
    ]
    for (name, content) in samples {
      let path = directory.path + "/" + name
      if let content { try Data(content).write(to: URL(fileURLWithPath: path)) }
      let (ending, output, errors) = try Hvgdb.finish(["--kernel", path, "--listen", "unix:\(directory.path)/gdb"])
      #expect(ending == .exited(1), "\(name)")
      #expect(output.isEmpty)
      let sentences = errors.split(separator: "\n")
      #expect(sentences.count == 1 && sentences[0].hasPrefix("hvgdb: "), "\(name): \(errors)")
    }
  }

  /// Bytes at their offsets in a file that is otherwise zero.
  typealias Parts = [(offset: Int, bytes: [UInt8])]

  private static let arm64Magic = (offset: 0x38, bytes: Array("ARM\u{64}".utf8))
  /// What the host's own CPUs could run is no case here; the software CPU runs arm64 kernels everywhere.
  private static let otherKernels: [(parts: Parts, engine: String, words: String)] = {
    var kernels: [(Parts, String, String)] = [
      ([(0x24, [0x18, 0x28, 0x6F, 0x01])], "auto", "this is a 32-bit Arm zImage"),
      ([arm64Magic, (0x18, [1])], "auto", "this is a big-endian arm64 kernel"),
    ]
    #if arch(x86_64)
      kernels.append(([arm64Magic], "kvm", "this kernel is for arm64"))
    #endif
    return kernels
  }()

  @Test("a kernel for other CPUs is refused with one sentence that says which, and status 1", arguments: otherKernels)
  func otherKernel(parts: Parts, engine: String, words: String) throws {
    var content = [UInt8](repeating: 0, count: 4096)
    for (offset, bytes) in parts { content.replaceSubrange(offset..<offset + bytes.count, with: bytes) }
    let directory = try TemporaryDirectory()
    let path = directory.path + "/kernel"
    try Data(content).write(to: URL(fileURLWithPath: path))
    let (ending, output, errors) = try Hvgdb.finish(["--kernel", path, "--no-wait", "--accel", engine])
    #expect(ending == .exited(1))
    #expect(output.isEmpty)
    #expect(errors.split(separator: "\n").count == 1 && errors.hasPrefix("hvgdb: ") && errors.contains(words))
  }

  @Test("--timeout ends with status 124", .needsKVM, .needsGuests, arguments: [true, false])
  func timeout(waits: Bool) throws {
    try Hvgdb.run(
      guest: "counter", ["--timeout", "0.5"] + (waits ? [] : ["--no-wait"]), listens: waits
    ) { hvgdb in
      let ending = try hvgdb.process.finish()
      #expect(ending == .exited(124))
      expect(hvgdb.diagnostics, has: ["hvgdb: the time given by --timeout is over"])
    }
  }

  @Test("a Unix socket is its user's alone, and is gone with hvgdb", .needsKVM, .needsGuests)
  func unixSocket() throws {
    try Hvgdb.run(guest: "counter") { hvgdb in
      var status = stat()
      #expect(stat(hvgdb.socket, &status) == 0)
      #expect(status.st_mode & 0o777 == 0o600)
      hvgdb.process.send(signal: SIGTERM)
      let ending = try hvgdb.process.finish()
      #expect(ending == .exited(128 + SIGTERM))
      #expect(stat(hvgdb.socket, &status) != 0)
    }
  }

  @Test("a socket that a dead process left is replaced; one in use is not", .needsKVM, .needsGuests)
  func staleSocket() throws {
    try Hvgdb.run(guest: "counter") { first in
      let arguments = ["--listen", "unix:\(first.socket)"]
      try Hvgdb.run(guest: "counter", arguments, listens: false) { second in
        let ending = try second.process.finish()
        #expect(ending == .exited(1))
        expect(second.diagnostics, has: ["cannot listen on the Unix socket", "in use"])
      }
      try RSPClient.attach(to: first).close()
      first.process.end()
      try Hvgdb.run(guest: "counter", arguments) { second in
        let client = try RSPClient(socket: first.socket)
        try client.handshake()
        #expect(try client.request("?").hasPrefix("T05"))
        client.close()
      }
    }
  }

  @Test("a free port is found and named; one open to others is warned of", .needsKVM, .needsGuests)
  func ports() throws {
    for (address, isOpen) in [(":0", false), ("0.0.0.0:0", true)] {
      try Hvgdb.run(guest: "counter", ["--listen", address]) { hvgdb in
        let client = try RSPClient(port: try #require(hvgdb.port))
        try client.handshake()
        #expect(try client.request("?").hasPrefix("T05"))
        #expect(hvgdb.diagnostics.contains("whoever connects owns the guest") == isOpen)
        client.close()
      }
    }
  }

  @Test("gdb connects over TCP", .needsKVM, .needsGuests, .needsGDB)
  func gdbOverTCP() throws {
    try Hvgdb.run(guest: "counter", ["--listen", ":0"]) { hvgdb in
      let script = "printf \"start %d\\n\", $pc == (long)&_start\nkill"
      try GDB.start(script, on: ":\(try #require(hvgdb.port))", symbols: Files.guest("counter")) { gdb in
        expect(try gdb.finish(), has: ["start 1", "killed"])
      }
      let ending = try hvgdb.process.finish()
      #expect(ending == .exited(0))
    }
  }
}
