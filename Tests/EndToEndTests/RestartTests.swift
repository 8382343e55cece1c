import Testing

/// The guest as a program that gdb runs, kills and runs again.
@Suite(.needsHvgdb, .needsKVM, .needsGuests, .needsGDB)
struct RestartTests {
  /// The command line that the kernel finds by `boot_params`, which stands at 0x7000 (boot.rst, `cmd_line_ptr`).
  private static let showCommandLine = """
    define show_line
      echo $arg0
      printf ": <%s>\\n", (char *)(unsigned long)*(unsigned int *)0x7228
    end

    """

  @Test("run starts the guest with new arguments or the last ones, kill ends it, breakpoints stay")
  func run() throws {
    try Hvgdb.run(guest: "counter", ["--append", "given at first"]) { hvgdb in
      let script =
        Self.showCommandLine + """
          set $entry = $pc
          show_line start
          break tick
          run console=ttyS0 foo
          show_line run
          show args
          continue
          printf "count %d\\n", *(long *)&counter
          kill
          info threads
          run
          printf "count %d\\n", *(long *)&counter
          show_line again
          run a="b c" dyndbg=\\"file x +p\\"
          show_line quoted
          monitor reset
          maintenance flush register-cache
          printf "entry %d\\n", $pc == $entry
          show_line reset
          set args
          starti
          printf "entry %d\\n", $pc == $entry
          show_line same
          run ""
          show_line empty
          """
      let transcript = try GDB.run(script, on: hvgdb, extended: true, symbols: Files.guest("counter"))
      expect(
        transcript,
        has: [
          "start: <given at first>", "Breakpoint 1, ", "run: <console=ttyS0 foo>", "\"console=ttyS0 foo\"",
          "Breakpoint 1, ", "count 1", "killed", "No threads", "Breakpoint 1, ", "count 0",
          "again: <console=ttyS0 foo>", "Breakpoint 1, ", "quoted: <a=\"b c\" dyndbg=\"file x +p\">", "entry 1",
          "reset: <a=\"b c\" dyndbg=\"file x +p\">", "entry 1", "same: <a=\"b c\" dyndbg=\"file x +p\">",
          "Breakpoint 1, ", "empty: <>",
        ])
      #expect(try hvgdb.process.finish() == .exited(0), "what gdb has started ends with it")
    }
  }

  @Test("a guest that ends leaves hvgdb there for the next run; its status is hvgdb's when gdb goes")
  func exit() throws {
    try Hvgdb.run(guest: "exit") { hvgdb in
      let script = """
        continue
        continue
        info threads
        break *exit_site
        run
        printf "value %d\\n", $eax
        set $eax = 3
        continue
        continue
        """
      let transcript = try GDB.run(script, on: hvgdb, extended: true, symbols: Files.guest("exit"))
      expect(
        transcript,
        has: ["SIGTERM", "exited with code 0125", "No threads", "value 42", "SIGTERM", "exited with code 07"])
      #expect(try hvgdb.process.finish() == .exited(7))
    }
  }

  @Test("a command line that is too long is refused, and the last one stays")
  func tooLong() throws {
    try Hvgdb.run(guest: "counter", ["--append", "short"]) { hvgdb in
      let client = try RSPClient.attach(to: hvgdb)
      #expect(try client.request("!") == "OK")
      let long = String(repeating: "61", count: 0x1_0000)
      #expect(try client.request("vRun;;\(long)").hasPrefix("E"))
      #expect(try client.request("?") == "W01")
      #expect(try client.request("g").hasPrefix("E"))
      #expect(try client.request("vRun;").hasPrefix("T05"))
      let place = try client.request("m7228,4")
      let address = try #require(UInt32(place, radix: 16)?.byteSwapped)
      #expect(try client.request("m\(hex(UInt64(address))),6") == "73686f727400")
      client.close()
      try hvgdb.waitForStandstill()
    }
  }
}
