import Glibc
import Testing

/// How the guest ends, and what becomes of hvgdb then.
@Suite(.needsHvgdb, .needsKVM, .needsGuests)
struct EndingTests {
  @Test("without a debugger the guest's end is hvgdb's", arguments: [("poweroff", 0), ("exit", 85), ("uart", nil)])
  func alone(guest: String, status: Int32?) throws {
    try Hvgdb.run(guest: guest, ["--no-wait"], listens: false) { hvgdb in
      try hvgdb.waitForConsole("\(guest): ")
      if let status {
        #expect(try hvgdb.process.finish() == .exited(status))
      } else {
        // A guest that waits for input without end is no guest that has ended.
        usleep(200_000)
        #expect(hvgdb.process.ended == nil)
      }
    }
  }

  @Test("without a debugger a guest that dies ends hvgdb with status 1 and one line of why")
  func deathAlone() throws {
    try Hvgdb.run(guest: "triplefault", ["--no-wait"], listens: false) { hvgdb in
      #expect(try hvgdb.process.finish() == .exited(1))
      let address = hex(try GuestSymbols(guest: "triplefault")["fault_site"])
      #expect(
        hvgdb.diagnostics == """
          hvgdb: triple fault on CPU 0 at 0x\(address): an exception came while a double fault was delivered

          """)
    }
  }

  @Test("a guest that dies before the debugger comes is there to be looked at", .needsGDB)
  func deathBeforeDebugger() throws {
    try Hvgdb.run(guest: "triplefault", ["--no-wait"]) { hvgdb in
      try hvgdb.waitForDiagnostics("triple fault")
      let transcript = try GDB.run(
        "printf \"there %d\\n\", $pc == (long)&fault_site\nkill", on: hvgdb, symbols: Files.guest("triplefault"))
      expect(transcript, has: ["there 1", "killed"])
      #expect(try hvgdb.process.finish() == .exited(0))
    }
  }

  @Test("with a debugger the machine's end is a stop, and going on performs it", .needsGDB)
  func powerOff() throws {
    try Hvgdb.run(guest: "poweroff") { hvgdb in
      let transcript = try GDB.run(
        """
        continue
        printf "behind %d\\n", $pc == (long)&after_poweroff
        continue
        """, on: hvgdb, symbols: Files.guest("poweroff"))
      expect(transcript, has: ["the guest powered off (CPU 0 at 0x", "SIGTERM", "behind 1", "exited normally"])
      #expect(try hvgdb.process.finish() == .exited(0))
    }
  }

  @Test("a debugger changes the exit status that the guest writes", .needsGDB)
  func exitStatus() throws {
    try Hvgdb.run(guest: "exit") { hvgdb in
      let transcript = try GDB.run(
        """
        break *exit_site
        continue
        set $eax = 3
        continue
        continue
        """, on: hvgdb, symbols: Files.guest("exit"))
      expect(transcript, has: ["the guest ended itself with status 7", "SIGTERM", "exited with code 07"])
      #expect(try hvgdb.process.finish() == .exited(7))
    }
  }

  @Test("with a debugger a reset is a stop, and going on starts the kernel again", .needsGDB)
  func reset() throws {
    try Hvgdb.run(guest: "reset") { hvgdb in
      let transcript = try GDB.run(
        """
        continue
        printf "behind %d\\n", $pc == (long)&after_reset
        break *reset_site
        continue
        printf "round %d\\n", $pc == (long)&reset_site
        continue
        continue
        printf "round %d\\n", $pc == (long)&reset_site
        kill
        """, on: hvgdb, symbols: Files.guest("reset"))
      expect(
        transcript,
        has: [
          "the guest asked for a reset (CPU 0 at 0x", "SIGTERM", "behind 1", "round 1", "asked for a reset", "round 1",
          "killed",
        ])
      #expect(try hvgdb.process.finish() == .exited(0))
    }
  }

  @Test("without a debugger a reset starts the kernel again")
  func resetAlone() throws {
    try Hvgdb.run(guest: "reset", ["--no-wait"], listens: false) { hvgdb in
      try hvgdb.waitForConsole("reset: now\nreset: now\nreset: now\n")
    }
  }

  @Test("kill and monitor quit end hvgdb with status 0", .needsGDB, arguments: ["kill", "monitor quit"])
  func ended(by command: String) throws {
    try Hvgdb.run(guest: "counter") { hvgdb in
      _ = try GDB.run(command, on: hvgdb)
      #expect(try hvgdb.process.finish() == .exited(0))
    }
  }
}
