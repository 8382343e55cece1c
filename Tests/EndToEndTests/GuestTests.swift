import Glibc
import Testing

/// What the small guests do, seen through a debugger.
@Suite(.needsHvgdb, .needsKVM, .needsGuests)
struct GuestTests {
  @Test("the switch to page tables of the guest's own", .needsGDB)
  func paging() throws {
    try expectSession(
      guest: "paging",
      script: """
        set $high = 0xffffffff80000000
        break *($high + (long)&high_entry)
        break *($high + (long)&high_done)
        continue
        printf "high half %d\\n", $pc == $high + (long)&high_entry
        stepi
        continue
        printf "small page %x\\n", *(int *)($high + (long)&marker)
        printf "large page %x\\n", *(int *)($high + 0x2000000 + (long)&marker - 0x1000000)
        monitor walk 0xffffffff81000000
        monitor translate 0xffffffff83000000
        printf "end of the page "
        x/2xw 0xffffffff821ffffc
        """,
      prints: [
        "high half 1", "small page 600df00d", "large page 600df00d", "PML4", "PDPT", "PD", "PT",
        "is physical 0x1000000, in a page of 4 KiB", "has no place", "0xffffffff821ffffc:\t0x",
        "Cannot access memory at address 0xffffffff82200000",
      ])
  }

  @Test("exceptions reach the guest's handlers while a debugger is attached")
  func exceptions() throws {
    try Hvgdb.run(guest: "exceptions") { hvgdb in
      let client = try RSPClient.attach(to: hvgdb)
      #expect(try client.request("vCont;c").hasPrefix("T0f"))
      expect(
        hvgdb.console,
        has: [
          "vector 0x6 error 0x0", "vector 0xd error 0x1000", "vector 0xe error 0x0 address 0x8000000000",
          "vector 0xe error 0x2 address 0x8000000008", "back in line", "vector 0x8 error 0x0 on its own stack",
        ])
      client.close()
    }
  }

  @Test("a triple fault keeps all state, and a reset keeps the breakpoints", .needsGDB)
  func tripleFault() throws {
    try expectSession(
      guest: "triplefault",
      script: """
        break fault_site
        continue
        set $rbx = 0x1234567890
        continue
        printf "state %d %lx\\n", $pc == (long)&fault_site, $rbx
        continue
        monitor reset
        maintenance flush register-cache
        printf "first instruction %d\\n", $pc == (long)&_start
        continue
        printf "hit again %d\\n", $pc == (long)&fault_site
        kill
        """,
      prints: [
        "triple fault on CPU 0 at 0x", "SIGSEGV", "state 1 1234567890", "SIGSEGV", "first instruction 1",
        "hit again 1", "killed",
      ])
  }

  @Test("the text screen is in memory")
  func textBuffer() throws {
    let symbols = try GuestSymbols(guest: "vga")
    try Hvgdb.run(guest: "vga") { hvgdb in
      let client = try RSPClient.attach(to: hvgdb)
      try client.order("Z1,\(hex(try symbols["vga_done"])),1")
      #expect(try client.request("vCont;c").contains("hwbreak:;"))
      let expected = "Hello from the text buffer"
      let cells = try client.memory(at: 0xB8000, count: 2 * expected.utf8.count)
      let characters = stride(from: 0, to: cells.count, by: 2).map { cells[$0] }
      #expect(String(decoding: characters, as: UTF8.self) == expected)
      client.close()
    }
  }

  /// The guests in which an interrupt becomes pending, and where they are about to let it in.
  struct Interrupted: Sendable, CustomTestStringConvertible {
    let guest: String
    let site: String
    let handler: String
    var testDescription: String { guest }
  }

  @Test(
    "steps do not fall into an interrupt handler, and the interrupt is not lost",
    arguments: [
      Interrupted(guest: "pit", site: "wait_for_tick", handler: "timer_handler"),
      Interrupted(guest: "keyboard", site: "pressed", handler: "keyboard_handler"),
    ])
  func stepping(_ interrupted: Interrupted) throws {
    let symbols = try GuestSymbols(guest: interrupted.guest)
    let site = try symbols[interrupted.site]
    let handler = try symbols[interrupted.handler]
    try Hvgdb.run(guest: interrupted.guest) { hvgdb in
      let client = try RSPClient.attach(to: hvgdb)
      try client.order("Z1,\(hex(site)),1")
      #expect(try client.request("vCont;c").contains("hwbreak:;"))
      // Longer than a timer's tick.
      let deadline = Deadline(seconds: 0.05)
      // STI, HLT, CLI.
      for step in 1...3 {
        while step == 1, !deadline.hasPassed {}
        #expect(try client.request("vCont;s:1").hasPrefix("T05"))
        #expect(try client.programCounter() == site + UInt64(step))
      }
      try client.order("z1,\(hex(site)),1")
      try client.order("Z1,\(hex(handler)),1")
      #expect(try client.request("vCont;c").contains("hwbreak:;"))
      #expect(try client.programCounter() == handler)
      try client.order("z1,\(hex(handler)),1")
      #expect(try client.request("vCont;c").hasPrefix("T0f"))
      #expect(try client.request("vCont;c") == "W01")
      client.close()
    }
  }

  @Test("what is typed reaches the 16550, and a paste of 256 KiB arrives whole, after the guest stood still")
  func typing() throws {
    try expectEcho(count: 256 << 10, status: 1)
  }

  @Test("every mode of the processor: memory, steps and breakpoints", .needsGDB)
  func modes() throws {
    try expectSession(
      guest: "modes",
      script: """
        break *long_mode_done
        break *protected32_spin
        continue
        printf "long mode %d\\n", $pc == (long)&long_mode_done
        stepi
        continue
        printf "32 bits %d, paging %d\\n", $pc == (long)&protected32_spin, $cr0 < 0
        stepi
        printf "counted %d\\n", *(int *)&protected32_counter
        info threads
        set var *(int *)&proceed = 1
        delete
        hbreak *real16_spin
        continue
        printf "offset %d, segment %x\\n", $pc == (long)&real16_spin - 0x70000, $cs
        info threads
        printf "before %d\\n", *(int *)&real16_counter
        stepi
        printf "after %d\\n", *(int *)&real16_counter
        continue
        printf "round %d\\n", $pc == (long)&real16_spin - 0x70000
        kill
        """,
      prints: [
        "long mode 1", "32 bits 1, paging 0", "counted 1", "32-bit protected mode", "SIGTRAP",
        "offset 1, segment 7000", "real mode", "before 0", "after 1", "SIGTRAP", "round 1", "killed",
      ])
  }

  @Test("Ctrl-C stops the guest in ring 3")
  func ring3() throws {
    let symbols = try GuestSymbols(guest: "ring3")
    try Hvgdb.run(guest: "ring3") { hvgdb in
      let client = try RSPClient.attach(to: hvgdb)
      var counts: [UInt64] = [0]
      // On a busy host a guest may get no time between two packets: it has more than one chance.
      for _ in 0..<50 where counts.count < 3 {
        client.send("vCont;c")
        try hvgdb.waitForConsole("ring3: entering\n")
        usleep(50_000)
        client.interrupt()
        #expect(try client.replyText().hasPrefix("T02"))
        let count = try client.word(at: try symbols["user_counter"])
        if let last = counts.last, last < count { counts.append(count) }
      }
      #expect(counts.count == 3)
      let thread = RSPClient.bytes(ofHex: try client.request("qThreadExtraInfo,1").utf8)
      #expect(String(decoding: thread, as: UTF8.self).contains("ring 3"))
      client.close()
    }
  }

  @Test(
    "breakpoints, watchpoints and steps in ring 3", .needsGDB,
    .enabled("this host's KVM has no hardware to run ring 0 with, and keeps ring 3's debug exceptions to the guest") {
      Files.hasHardwareVirtualization
    })
  func debuggingRing3() throws {
    try expectSession(
      guest: "ring3",
      script: """
        break user_tick
        continue
        printf "ring %d\\n", $cs & 3
        stepi
        printf "behind %d\\n", $pc == (long)&user_tick_return
        watch *(long *)&user_counter
        delete 1
        continue
        continue
        kill
        """,
      prints: ["ring 3", "behind 1", "Old value = 1", "New value = 2", "Old value = 2", "New value = 3", "killed"])
  }
}
