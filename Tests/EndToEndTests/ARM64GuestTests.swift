import Architecture
import Glibc
import Testing

/// What the small arm64 guests do and print, seen through a debugger.
@Suite("arm64 guests", .needsHvgdb, .needsARM64Guests)
struct ARM64GuestTests {
  /// Runs a guest from its first instruction to its power-off, and compares its last registers with those that every
  /// engine is to give.
  ///
  /// - Parameters:
  ///   - engine: what runs it.
  ///   - guest: its name in Tests/Guests.
  ///   - arguments: more arguments for hvgdb.
  ///   - printed: all that it prints.
  ///   - body: what the debugger does on the way; the guest stands still before and after it.
  /// - Throws: what `body` throws, or where hvgdb cannot be run.
  private func debug(
    on engine: ARM64Engine, _ guest: String, _ arguments: [String] = [], prints printed: String,
    _ body: (RSPClient, GuestSymbols, Hvgdb) throws -> Void
  ) throws {
    let symbols = try GuestSymbols(guest: guest, for: .arm64)
    try Hvgdb.run(guest: guest, for: .arm64, engine.arguments + arguments) { hvgdb in
      let client = try RSPClient.attach(to: hvgdb)
      #expect(try client.programCounter() == symbols["_start"])
      try body(client, symbols, hvgdb)
      #expect(try client.request("vCont;c").hasPrefix("T0f"))
      try expectFinalRegisters(of: guest, client)
      #expect(try client.request("vCont;c") == "W00")
      client.close()
      #expect(try hvgdb.process.finish() == .exited(0))
      #expect(hvgdb.console == printed)
    }
  }

  @Test("a supervisor call at EL0 is stepped into the handler at EL1", arguments: ARM64Engine.here)
  func levels(engine: ARM64Engine) throws {
    try debug(
      on: engine, "levels",
      prints: """
        levels: at EL 0x1
        levels: class 0x15, call 0x1, from EL 0x0
        levels: class 0x15, call 0x2, from EL 0x0

        """
    ) { client, symbols, _ in
      try client.proceed(to: try symbols["svc_site"])
      #expect(try client.monitor("el").hasPrefix("EL0: SP is SP_EL0"))
      #expect(try client.step() == symbols["vectors"] + 0x400)
      #expect(try client.monitor("el").hasPrefix("EL1: SP is SP_EL1"))
      expect(try client.monitor("esr"), has: ["SVC", "ELR_EL1 0x\(hex(try symbols["after_svc"]))", "EL0t"])
    }
  }

  @Test("breakpoints, watchpoints, steps and Ctrl-C at EL0", arguments: ARM64Engine.here)
  func userLevel(engine: ARM64Engine) throws {
    let symbols = try GuestSymbols(guest: "el0", for: .arm64)
    try Hvgdb.run(guest: "el0", for: .arm64, engine.arguments) { hvgdb in
      let client = try RSPClient.attach(to: hvgdb)
      let site = try symbols["el0_tick"]
      try client.proceed(to: site)
      #expect(try client.monitor("el").hasPrefix("EL0"))
      #expect(try client.step() == site + 4)
      let counter = try symbols["el0_counter"]
      let before = try client.word(at: counter)
      try client.order("Z2,\(hex(counter)),8")
      #expect(try client.request("vCont;c").contains("watch:\(hex(counter));"))
      try client.order("z2,\(hex(counter)),8")
      try client.proceed(to: try symbols["el0_tick_return"])
      #expect(try client.word(at: counter) == before + 1)
      client.send("vCont;c")
      usleep(100_000)
      client.interrupt()
      #expect(try client.replyText().hasPrefix("T02"))
      #expect(try client.monitor("el").hasPrefix("EL0"))
      #expect(try client.word(at: counter) > before + 1)
      #expect(hvgdb.console == "el0: entering\n")
      client.close()
    }
  }

  @Test("aborts and misaligned accesses reach the guest's handler, and a step leads there", arguments: ARM64Engine.here)
  func vectors(engine: ARM64Engine) throws {
    let symbols = try GuestSymbols(guest: "vectors", for: .arm64)
    let aligned = try symbols["aligned"]
    let start = try symbols["_start"]
    try debug(
      on: engine, "vectors",
      prints: """
        vectors: class 0x0 syndrome 0x0
        vectors: class 0x25 syndrome 0x5 address 0xc0000004
        vectors: class 0x25 syndrome 0x45 address 0xc0000008
        vectors: class 0x21 syndrome 0x5 address 0xc0000000
        vectors: class 0x25 syndrome 0x21 address 0x\(hex(aligned + 1))
        vectors: class 0x22 syndrome 0x0 address 0x\(hex(start + 2))
        vectors: back in line

        """
    ) { client, symbols, _ in
      let sites = [
        ("undefined_site", "unknown reason"), ("write_fault_site", "Data Abort"),
        ("unaligned_site", "alignment fault"),
      ]
      for (site, words) in sites {
        try client.proceed(to: try symbols[site])
        #expect(try client.step() == symbols["vectors"] + 0x200)
        expect(
          try client.monitor("esr").lowercased(), has: [words.lowercased(), "elr_el1 0x\(hex(try symbols[site]))"])
      }
    }
  }

  @Test(
    "breakpoints in the high half are hit once the MMU is on, whatever the granule", arguments: ARM64Engine.here,
    ["4k", "16k", "64k"])
  func pageTables(engine: ARM64Engine, granule: String) throws {
    let symbols = try GuestSymbols(guest: "mmu-\(granule)", for: .arm64)
    let high = try symbols["high_half"] &- 0x4000_0000
    let entry = try high &+ symbols["high_entry"]
    try debug(
      on: engine, "mmu-\(granule)",
      prints: """
        mmu: off
        mmu: on
        mmu: at 0x\(hex(entry))
        mmu: through a block 0x600df00d

        """
    ) { client, symbols, _ in
      try client.proceed(to: entry)
      #expect(try client.step() == entry + 4)
      try client.proceed(to: try high &+ symbols["high_done"])
      let marker = try symbols["marker"]
      #expect(try client.word(at: try symbols["block_address"] + marker - 0x4000_0000) == 0x600D_F00D)
      #expect(try client.monitor("translate 0x\(hex(high &+ marker))").contains("physical 0x\(hex(marker)), in a page"))
    }
  }

  @Test("steps over the wait for a tick do not fall into its handler, and no tick is lost", arguments: ARM64Engine.here)
  func timer(engine: ARM64Engine) throws {
    try debug(on: engine, "timer", prints: "timer: waiting\ntimer: ticks 0x14\n") { client, symbols, _ in
      let site = try symbols["wait_for_tick"]
      try client.proceed(to: site)
      // WFI, MSR DAIFClr, ISB, MSR DAIFSet; a tick takes 10 ms.
      for step in 1...4 {
        usleep(15_000)
        #expect(try client.step() == site + 4 * UInt64(step))
      }
      try client.proceed(to: try symbols["irq_handler"])
    }
  }

  @Test("two CPUs are two threads, and one of them switches the machine off", arguments: ARM64Engine.here)
  func processors(engine: ARM64Engine) throws {
    try debug(on: engine, "smp", ["--cpus", "2"], prints: "smp: starting\nsmp: processors 0x2\n") {
      client, symbols, hvgdb in
      #expect(try client.request("qfThreadInfo") == "m1,2")
      client.send("vCont;c")
      try hvgdb.waitForConsole("smp: processors 0x2\n")
      client.interrupt()
      #expect(try client.replyText().hasPrefix("T02"))
      let counters = try symbols["counters"]
      try client.proceed(to: try symbols["secondary_cpu_loop"], by: 2)
      let start = try (client.word(at: counters), client.word(at: counters + 8))
      for _ in 0..<8 { #expect(try client.request("vCont;s:2").contains("thread:2;")) }
      let alone = try (client.word(at: counters), client.word(at: counters + 8))
      #expect(alone == (start.0, start.1 + 2))
      try client.proceed(to: try symbols["boot_cpu_loop"], by: 1)
      client.send("vCont;c")
      usleep(100_000)
      client.interrupt()
      #expect(try client.replyText().hasPrefix("T02"))
      #expect(try client.word(at: counters) > alone.0)
      #expect(try client.word(at: counters + 8) > alone.1)
      try client.order("M\(hex(try symbols["proceed"])),1:01")
    }
  }

  @Test(
    "the guest's own BRK is the guest's while BRKs of the debugger's are in memory, and is stepped into its handler",
    arguments: ARM64Engine.here)
  func breakpointInstructions(engine: ARM64Engine) throws {
    let site = try GuestSymbols(guest: "brk", for: .arm64)["brk_site"]
    try debug(
      on: engine, "brk",
      prints: """
        brk: next
        brk: handled, ESR 0xf200002a, at 0x\(hex(site))
        brk: returned

        """
    ) { client, symbols, _ in
      try client.proceed(to: site)
      #expect(try client.step() == symbols["vectors"] + 0x200)
      #expect(try client.monitor("sysreg elr_el1").hasSuffix(" = 0x\(hex(site))\n"))
      #expect(try client.monitor("esr").contains("0x2a"))

      // Once more from before it, with more breakpoints than any CPU has registers for.
      try client.setProgramCounter(site)
      let unused = try symbols["vectors"]
      for place in 0..<16 { try client.order("Z0,\(hex(unused + 8 + 4 * UInt64(place))),4") }
      let after = try symbols["after_brk"]
      try client.order("Z0,\(hex(after)),4")
      #expect(try client.request("vCont;c").contains("swbreak:;"))
      #expect(try client.programCounter() == after)
      #expect(try client.memory(at: after, count: 4) != [0, 0, 0x20, 0xD4])
      #expect(try client.step() == after + 4)
    }
  }

  @Test(
    "memory is read and written in bytes, halves and at odd addresses; devices are left alone",
    arguments: ARM64Engine.here)
  func access(engine: ARM64Engine) throws {
    try debug(
      on: engine, "access",
      prints: """
        access: byte 0xa1
        access: half 0xa3a2
        access: word 0x88a46655
        access: double 0xaeddccbbaa9988a4
        access: UART byte 0x11
        access: UART half 0x11
        access: UART word 0x11
        access: UART double 0x1000000011
        access: nothing, byte 0x0
        access: nothing, half 0x0
        access: nothing, word 0x0
        access: nothing, double 0x0

        """
    ) { client, symbols, hvgdb in
      let bytes = try symbols["bytes"]
      try client.proceed(to: try symbols["access_ready"])
      #expect(try client.memory(at: bytes + 1, count: 1) == [0x11])
      #expect(try client.memory(at: bytes + 3, count: 2) == [0x33, 0x44])
      #expect(try client.memory(at: bytes + 7, count: 8) == [0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE])
      try client.order("M\(hex(bytes + 1)),1:a1")
      try client.order("M\(hex(bytes + 3)),2:a2a3")
      try client.order("M\(hex(bytes + 7)),1:a4")
      try client.order("M\(hex(bytes + 14)),1:ae")

      try client.proceed(to: try symbols["stores_done"])
      #expect(try client.memory(at: bytes, count: 5) == [0x00, 0xFF, 0x22, 0xFF, 0xFF])
      #expect(try client.memory(at: bytes + 7, count: 5) == [0xFF, 0xFF, 0xFF, 0xFF, 0xBB])

      // A debugger's look at a device would change it.
      for place in ["9000000", "b000000"] {
        #expect(try client.request("m\(place),1").hasPrefix("E"))
        #expect(try client.request("M\(place),1:41").hasPrefix("E"))
      }
      try client.proceed(to: try symbols["access_done"])
      expect(hvgdb.diagnostics, has: ["wrote 1 byte at 0xb000000, where the board has nothing"])
    }
  }

  /// KVM needs the CPU's description of an access, which those of a pair of registers have none of.
  @Test("an access that its syndrome does not describe is a stop with the access named", .needsARM64KVM)
  func undescribedAccess() throws {
    let symbols = try GuestSymbols(guest: "pair", for: .arm64)
    try Hvgdb.run(guest: "pair", for: .arm64, ARM64Engine.kvm.arguments) { hvgdb in
      let client = try RSPClient.attach(to: hvgdb)
      #expect(try client.request("vCont;c").hasPrefix("T0a"))
      #expect(try client.programCounter() == symbols["pair_site"])
      expect(hvgdb.diagnostics, has: ["accessed 0x9000018 in a way that its syndrome"])
      client.close()
    }
  }

  @Test("the software CPU makes an access of a pair of registers like any other")
  func pair() throws {
    try debug(on: .soft, "pair", prints: "pair: next\npair: loaded\n") { client, symbols, _ in
      try client.proceed(to: try symbols["pair_site"])
      #expect(try client.step() == symbols["after_pair"])
    }
  }

  @Test(
    "what is typed reaches the PL011, and a long paste arrives whole, after the guest stood still",
    arguments: ARM64Engine.here)
  func typing(engine: ARM64Engine) throws {
    // An emulated host takes a millisecond for a byte: more than the pipe and hvgdb hold has to do.
    try expectEcho(for: .arm64, engine.arguments, count: 14 << 10, status: 0)
  }
}

/// What runs arm64 guests.
enum ARM64Engine: String, CaseIterable {
  case soft
  case kvm

  /// Those that this host has.
  static let here = allCases.filter { $0 == .soft || GuestArchitecture.host == .arm64 && Files.hasKVM }

  var arguments: [String] { ["--accel", rawValue] }
}

/// Compares a guest's registers with those in Fixtures, as KVM gives them; what is not named there differs between hosts.
private func expectFinalRegisters(of guest: String, _ client: RSPClient) throws {
  let path = Files.project("Tests/EndToEndTests/Fixtures/\(guest).registers")
  let expected = text(of: path).split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
  #expect(!expected.isEmpty, "there is no expectation")
  let found = try expected.compactMap(\.first).map { [$0, hex(try client.arm64Register($0))] }
  #expect(found == expected)
}

extension RSPClient {
  /// A register by its name in gdb's description, or a system register by its architectural one.
  fileprivate func arm64Register(_ name: String) throws -> UInt64 {
    let names = (0...30).map { "x\($0)" } + ["sp", "pc", "cpsr"]
    if let number = names.firstIndex(of: name) { return try register(number) }
    let words = try monitor("sysreg \(name)").split { $0.isWhitespace }
    guard let value = words.last.flatMap({ UInt64($0.dropFirst(2), radix: 16) }) else {
      throw EndToEndError("no system register \(name)")
    }
    return value
  }

  /// Goes on to a breakpoint of its own.
  ///
  /// - Parameters:
  ///   - address: where it is.
  ///   - thread: the one that hits it.
  /// - Throws: where hvgdb does not answer.
  fileprivate func proceed(to address: UInt64, by thread: Int = 1) throws {
    try order("Z1,\(hex(address)),4")
    let stop = try request("vCont;c")
    #expect(stop.contains("hwbreak:;") && stop.contains("thread:\(thread);"), "\(stop)")
    try order("z1,\(hex(address)),4")
    try order("Hg\(thread)")
    #expect(try programCounter() == address)
  }

  /// Steps the first CPU and gives its program counter.
  fileprivate func step() throws -> UInt64 {
    #expect(try request("vCont;s:1").hasPrefix("T05"))
    return try programCounter()
  }
}
