import Testing

/// Debian's U-Boot as a person at its console has it: a program other than Linux, entered as raw code.
@Suite("U-Boot", .needsHvgdb, .needsUBoot)
struct UBootTests {
  private static let prompt = "\n=> "

  @Test("U-Boot comes to its prompt on the software CPU, answers, and powers the machine off")
  func conversation() throws {
    let image = try #require(Files.uBoot)
    try Hvgdb.run(["--accel", "soft", "--kernel", image, "--raw", "--no-wait"], listens: false, takesInput: true) {
      hvgdb in
      try hvgdb.waitForConsole("Hit any key to stop autoboot")
      try hvgdb.process.type(Array("\n".utf8))
      let answers = [
        ("help", ["bdinfo", "print Board Info structure", "poweroff"]),
        ("bdinfo", ["-> start    = 0x0000000040000000", "-> size     = 0x0000000020000000", "Build       = 64-bit"]),
        ("date", ["Date: ", "Time: "]),
      ]
      for (command, expected) in answers {
        let answer = try ask(command, of: hvgdb)
        for text in expected { #expect(answer.contains(text), "\(command): \(answer)") }
      }
      try waitForPrompt(of: hvgdb)
      try hvgdb.process.type(Array("poweroff\n".utf8))
      #expect(try hvgdb.process.finish(within: 2 * Deadline.usual) == .exited(0))
      #expect(hvgdb.diagnostics.contains("the guest powered off"))
    }
  }

  /// What U-Boot prints for a command.
  ///
  /// It throws away what was typed while it was at work, so that its prompt is awaited.
  private func ask(_ command: String, of hvgdb: Hvgdb) throws -> String {
    try waitForPrompt(of: hvgdb)
    let before = hvgdb.consoleBytes.count
    try hvgdb.process.type(Array("\(command)\n".utf8))
    try hvgdb.waitForConsole("=> \(command)\r\n")
    try waitForPrompt(of: hvgdb)
    return String(decoding: hvgdb.consoleBytes.dropFirst(before), as: UTF8.self)
  }

  private func waitForPrompt(of hvgdb: Hvgdb) throws {
    try waiting(for: "U-Boot's prompt", within: 2 * Deadline.usual) {
      hvgdb.consoleBytes.suffix(Self.prompt.utf8.count).elementsEqual(Self.prompt.utf8)
    }
  }
}
