import Testing

/// Breakpoints, watchpoints and steps, by gdb and by packets.
@Suite(.needsHvgdb, .needsKVM, .needsGuests)
struct BreakpointTests {
  @Test("six breakpoints are hit in turn and never seen in memory")
  func moreThanDebugRegisters() throws {
    let symbols = try GuestSymbols(guest: "counter")
    let loop = try symbols["loop"]
    let cycle = [loop, try symbols["tick"], try symbols["tick_return"], loop + 5]
    let all = [try symbols["print"], try symbols["print_byte"]] + cycle
    try Hvgdb.run(guest: "counter") { hvgdb in
      let client = try RSPClient.attach(to: hvgdb)
      let start = try symbols["_start"]
      let code = try client.memory(at: start, count: 0x100)
      for address in all { try client.order("Z0,\(hex(address)),1") }

      var hits: [UInt64] = []
      for _ in 0..<120 {
        let stop = try client.request("vCont;c")
        #expect(stop.hasPrefix("T05") && stop.contains("swbreak:;"))
        hits.append(try client.programCounter())
        let codeNow = try client.memory(at: start, count: 0x100)
        #expect(codeNow == code)
      }
      #expect(Set(hits) == Set(all))
      let rounds = Array(hits.drop { $0 != loop })
      #expect(rounds.count > 40)
      #expect(zip(rounds, rounds.indices).allSatisfy { $0 == cycle[$1 % cycle.count] })

      for address in all { try client.order("z0,\(hex(address)),1") }
      client.send("vCont;c")
      client.interrupt()
      #expect(try client.replyText().hasPrefix("T02"))
      client.close()
    }
  }

  @Test("break, next, stepi, finish, conditions and ignore counts", .needsGDB)
  func everydayCommands() throws {
    try expectSession(
      guest: "counter",
      script: """
        break loop
        break tick
        continue
        printf "at loop: %d\\n", $pc == (long)&loop
        disable 2
        next
        printf "behind the call: %d\\n", $pc == (long)&loop + 5
        enable 2
        continue
        continue
        printf "in tick: %d\\n", $pc == (long)&tick
        stepi
        printf "one further: %d\\n", $pc == (long)&tick_return
        delete
        break tick if *(long *)&counter == 50
        continue
        printf "counter %d\\n", *(long *)&counter
        delete
        break tick_return
        continue
        continue 200
        printf "counter %d\\n", *(long *)&counter
        kill
        """,
      prints: [
        "at loop: 1", "behind the call: 1", "in tick: 1", "one further: 1", "counter 50", "counter 251", "killed",
      ])
  }

  @Test("a watched variable stops the guest at every change", .needsGDB)
  func watch() throws {
    try expectSession(
      guest: "counter",
      script: """
        watch *(long *)&counter
        continue
        continue
        printf "counter %d behind %d\\n", *(long *)&counter, $pc == (long)&tick_return
        kill
        """,
      prints: ["Old value = 0", "New value = 1", "Old value = 1", "New value = 2", "counter 2 behind 1"])
  }

  @Test("a watchpoint's stop names the address")
  func watchReason() throws {
    let symbols = try GuestSymbols(guest: "counter")
    let counter = hex(try symbols["counter"])
    try Hvgdb.run(guest: "counter") { hvgdb in
      let client = try RSPClient.attach(to: hvgdb)
      try client.order("Z2,\(counter),8")
      #expect(try client.request("vCont;c").contains("watch:\(counter);"))
      #expect(try client.word(at: try symbols["counter"]) == 1)
      try client.order("z2,\(counter),8")
      client.close()
    }
  }

  @Test("code that the guest writes over a breakpoint stays, and so does the breakpoint", .needsGDB)
  func overwritten() throws {
    // With the debug registers taken, the breakpoint is an instruction in memory.
    try expectSession(
      guest: "selfmodify",
      script: """
        hbreak *1
        hbreak *2
        hbreak *3
        hbreak *patch_done
        break *patched
        continue
        printf "before %d\\n", $pc == (long)&patched
        continue
        printf "written %d\\n", $pc == (long)&patch_done
        printf "same bytes %d\\n", *(long *)&patched == *(long *)&replacement
        continue
        printf "again %d\\n", $pc == (long)&patched
        stepi
        stepi
        printf "new code %d\\n", $eax
        kill
        """,
      prints: [
        "before 1", "the guest wrote over the breakpoint at 0x", "written 1", "same bytes 1", "again 1", "new code 2",
      ])
  }

  @Test("the guest's own INT3 reaches the guest, whether or not there are breakpoints", arguments: [0, 1, 6])
  func guestBreakpoint(breakpoints: Int) throws {
    let symbols = try GuestSymbols(guest: "int3")
    let site = try symbols["after_int3"]
    try Hvgdb.run(guest: "int3") { hvgdb in
      let client = try RSPClient.attach(to: hvgdb)
      // The last one is at the return address; those before it take the debug registers and are never reached.
      for index in 1..<max(1, breakpoints) { try client.order("Z0,\(index),1") }
      if breakpoints > 0 {
        try client.order("Z0,\(hex(site)),1")
        #expect(try client.request("vCont;c").contains("swbreak:;"))
        #expect(try client.programCounter() == site)
      }
      expect(hvgdb.console, has: breakpoints > 0 ? ["int3: handled, return address 0x\(hex(site))"] : [])
      #expect(try client.request("vCont;c").hasPrefix("T0f"))
      expect(hvgdb.console, has: ["int3: handled, return address 0x\(hex(site))", "int3: returned"])
      client.close()
    }
  }
}
