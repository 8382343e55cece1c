import Testing

/// A machine with two CPUs: each is a thread of the debugger's.
@Suite(.needsHvgdb, .needsKVM, .needsGuests)
struct ProcessorTests {
  /// Attaches to the guest `smp` and lets it run until its second CPU counts.
  private func withBothCounting(_ body: (RSPClient, GuestSymbols) throws -> Void) throws {
    let symbols = try GuestSymbols(guest: "smp")
    try Hvgdb.run(guest: "smp", ["--cpus", "2"]) { hvgdb in
      let client = try RSPClient.attach(to: hvgdb)
      client.send("vCont;c")
      try hvgdb.waitForConsole("smp: processors 0x2\n")
      client.interrupt()
      #expect(try client.replyText().hasPrefix("T02"))
      try body(client, symbols)
      client.close()
    }
  }

  @Test("breakpoints are hit on both CPUs, and neither holds the other up")
  func breakpoints() throws {
    try withBothCounting { client, symbols in
      try client.order("Z1,\(hex(try symbols["boot_cpu_loop"])),1")
      try client.order("Z0,\(hex(try symbols["application_cpu_loop"])),1")
      let counters = try symbols["counters"]
      let before = try (client.word(at: counters), client.word(at: counters + 8))
      var hits = ["1": 0, "2": 0]
      // On a busy host one of them may come late, again and again; but it comes.
      for _ in 0..<1000 where hits.values.contains(where: { $0 < 10 }) {
        let stop = try client.request("vCont;c")
        let thread = stop.contains("thread:1;") ? "1" : "2"
        #expect(stop.contains(thread == "1" ? "hwbreak:;" : "swbreak:;"))
        hits[thread, default: 0] += 1
      }
      let after = try (client.word(at: counters), client.word(at: counters + 8))
      #expect(hits.values.allSatisfy { $0 >= 10 }, "\(hits)")
      #expect(after.0 > before.0 && after.1 > before.1)
    }
  }

  @Test("one CPU is stepped while the other stands still, or runs")
  func steps() throws {
    try withBothCounting { client, symbols in
      let counters = try symbols["counters"]
      let start = try (client.word(at: counters), client.word(at: counters + 8))
      for _ in 0..<20 { #expect(try client.request("vCont;s:2").contains("thread:2;")) }
      let alone = try (client.word(at: counters), client.word(at: counters + 8))
      #expect(alone.0 == start.0 && alone.1 >= start.1 + 9)
      for _ in 0..<200 { #expect(try client.request("vCont;s:2;c").hasPrefix("T05")) }
      let together = try (client.word(at: counters), client.word(at: counters + 8))
      #expect(together.0 > alone.0 && together.1 >= alone.1 + 99)
    }
  }

  @Test("a CPU that waits for its startup is a thread, too")
  func startup() throws {
    try Hvgdb.run(guest: "smp", ["--cpus", "3"]) { hvgdb in
      let client = try RSPClient.attach(to: hvgdb)
      let threads = try client.request("qXfer:threads:read::0,1000")
      expect(
        threads,
        has: [
          "<thread id=\"1\">CPU 0 [ring 0, long mode]", "<thread id=\"2\">CPU 1 [real mode, waiting to be started]",
          "<thread id=\"3\">CPU 2",
        ])
      #expect(try client.request("qfThreadInfo") == "m1,2,3")
      client.close()
    }
  }

  @Test("gdb's threads: info threads, thread apply, scheduler-locking", .needsGDB)
  func gdbThreads() throws {
    try expectSession(
      guest: "smp", ["--cpus", "2"],
      script: """
        break application_cpu_loop
        continue
        printf "stopped thread %d\\n", $_thread
        info threads
        thread apply all -q printf "ring %d\\n", $cs & 3
        delete
        set scheduler-locking on
        set $other = *(long *)&counters
        stepi
        stepi
        stepi
        stepi
        printf "counted %d, other moved %d\\n", ((long *)&counters)[1], *(long *)&counters != $other
        thread 1
        stepi
        printf "thread %d\\n", $_thread
        set scheduler-locking off
        break boot_cpu_loop
        continue
        printf "stopped thread %d\\n", $_thread
        kill
        """,
      prints: [
        "stopped thread 2", "CPU 0", "CPU 1", "ring 0", "ring 0", "counted 2, other moved 0", "thread 1",
        "stopped thread 1", "killed",
      ])
  }
}
