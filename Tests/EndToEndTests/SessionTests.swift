import Glibc
import Testing

/// How debuggers come and go.
@Suite(.needsHvgdb, .needsKVM, .needsGuests)
struct SessionTests {
  /// Puts a breakpoint on each of six addresses that the guest `counter` comes by: more than there are debug registers.
  private func setBreakpoints(_ client: RSPClient, _ symbols: GuestSymbols) throws {
    let loop = try symbols["loop"]
    let addresses = [
      loop, try symbols["tick"], try symbols["tick_return"], loop + 5, try symbols["print"], try symbols["print_byte"],
    ]
    for address in addresses { try client.order("Z0,\(hex(address)),1") }
  }

  /// Expects that the guest `counter` stands still, and that no breakpoint is left to stop it.
  private func expectAbandoned(_ hvgdb: Hvgdb, _ symbols: GuestSymbols) throws {
    try hvgdb.waitForStandstill()
    let client = try RSPClient.attach(to: hvgdb)
    let counter = try client.word(at: try symbols["counter"])
    client.send("vCont;c")
    usleep(100_000)
    client.interrupt()
    #expect(try client.replyText().hasPrefix("T02"))
    let later = try client.word(at: try symbols["counter"])
    #expect(later > counter)
    client.close()
  }

  /// Where a client is when it dies.
  enum Moment: CaseIterable {
    case stoppedBetweenPackets
    case stoppedInPacket
    case runningBetweenPackets
    case runningInPacket
  }

  @Test("a client that dies leaves the guest stopped, without its breakpoints", arguments: Moment.allCases)
  func dyingClient(moment: Moment) throws {
    let symbols = try GuestSymbols(guest: "counter")
    try Hvgdb.run(guest: "counter") { hvgdb in
      let client = try RSPClient.attach(to: hvgdb)
      let packetPart = Array("$M1000000,4:01".utf8)
      switch moment {
      case .stoppedBetweenPackets, .stoppedInPacket:
        try setBreakpoints(client, symbols)
        for _ in 0..<20 { #expect(try client.request("vCont;c").contains("swbreak:;")) }
        if moment == .stoppedInPacket { client.sendRaw(packetPart) }
      case .runningBetweenPackets, .runningInPacket:
        client.send("vCont;c")
        try hvgdb.waitForConsole("counter: running\n")
        if moment == .runningInPacket { client.sendRaw(packetPart) }
      }
      client.close()
      try expectAbandoned(hvgdb, symbols)
    }
  }

  @Test("a gdb that is killed while the guest runs leaves it stopped, without its breakpoints", .needsGDB)
  func killedGDB() throws {
    let symbols = try GuestSymbols(guest: "counter")
    try Hvgdb.run(guest: "counter") { hvgdb in
      // The breakpoint's condition keeps gdb and the guest busy without end.
      let script = """
        break tick if *(long *)&counter < 0
        break tick_return if *(long *)&counter < 0
        break *((long)&loop + 5) if *(long *)&counter < 0
        hbreak *1
        hbreak *2
        continue
        """
      try GDB.start(script, on: hvgdb.socket, symbols: Files.guest("counter")) { gdb in
        try hvgdb.waitForConsole("counter: running\n")
        usleep(300_000)
        gdb.die()
      }
      try expectAbandoned(hvgdb, symbols)
    }
  }

  @Test("detach lets the guest run on without breakpoints, and the next debugger finds it", .needsGDB)
  func detachAndAttach() throws {
    try Hvgdb.run(guest: "counter") { hvgdb in
      let first = try GDB.run(
        """
        break tick
        continue
        printf "counter %d\\n", *(long *)&counter
        detach
        """, on: hvgdb, symbols: Files.guest("counter"))
      expect(first, has: ["Breakpoint 1", "counter 0", "detached"])
      usleep(200_000)
      let second = try GDB.run(
        """
        printf "far %d\\n", *(long *)&counter > 100
        break tick
        continue
        printf "at tick %d\\n", $pc == (long)&tick
        kill
        """, on: hvgdb, symbols: Files.guest("counter"))
      expect(second, has: ["far 1", "Breakpoint 1, ", "at tick 1", "killed"])
      #expect(try hvgdb.process.finish() == .exited(0))
    }
  }

  @Test("a second debugger is refused with a message, and the first one is not disturbed", .needsGDB)
  func secondDebugger() throws {
    try Hvgdb.run(guest: "counter") { hvgdb in
      let client = try RSPClient.attach(to: hvgdb)
      let refused = try GDB.run("info registers rip", on: hvgdb)
      expect(refused, has: ["another debugger is attached to this guest already"])
      #expect(try client.request("vCont;s:1").hasPrefix("T05"))
      client.send("vCont;c")
      let refusedAgain = try GDB.run("info registers rip", on: hvgdb)
      expect(refusedAgain, has: ["another debugger is attached to this guest already"])
      client.interrupt()
      #expect(try client.replyText().hasPrefix("T02"))
      client.close()
    }
  }

  @Test("a Ctrl-C in one piece with the packet before it stops the guest")
  func interruptWithResume() throws {
    try Hvgdb.run(guest: "counter") { hvgdb in
      let client = try RSPClient.attach(to: hvgdb)
      for _ in 0..<20 {
        client.sendRaw(RSPClient.frame(Array("vCont;c".utf8)) + [0x03])
        #expect(try client.replyText().hasPrefix("T02"))
      }
      client.close()
    }
  }

  @Test("gdb stops a running guest by Ctrl-C", .needsGDB)
  func interruptByGDB() throws {
    try Hvgdb.run(guest: "counter") { hvgdb in
      let script = """
        continue
        printf "counting %d\\n", *(long *)&counter > 0
        kill
        """
      try GDB.start(script, on: hvgdb.socket, symbols: Files.guest("counter")) { gdb in
        try hvgdb.waitForConsole("counter: running\n")
        usleep(50_000)
        gdb.interrupt()
        expect(try gdb.finish(), has: ["SIGINT", "counting 1", "killed"])
      }
    }
  }

  @Test("gdb starts hvgdb itself and talks to it over standard input and output", .needsGDB)
  func standardStreams() throws {
    let hvgdb = try #require(Files.hvgdb)
    let script = """
      break tick
      continue
      continue 10
      printf "counter %d\\n", *(long *)&counter
      kill
      """
    let target = "| '\(hvgdb)' --kernel '\(Files.guest("counter"))' --memory 64M --listen stdio --timeout 120"
    try GDB.start(script, on: target, symbols: Files.guest("counter")) { gdb in
      expect(try gdb.finish(), has: ["Breakpoint 1", "counter 10", "killed"])
    }
  }
}
