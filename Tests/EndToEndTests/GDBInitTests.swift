import Testing

/// The file `gdbinit`: how it connects, and its `hv` commands.
@Suite(.needsHvgdb, .needsKVM, .needsGuests, .needsGDB)
struct GDBInitTests {
  private let file = Files.project("gdbinit")

  /// Python that runs a gdb command which fails, and prints its error; the script goes on.
  private func failing(_ command: String) -> String {
    """
    python
    try: gdb.execute("\(command)"); print("NO ERROR")
    except gdb.error as error: print("error:", error)
    end
    """
  }

  /// Runs a guest of Tests/Guests and gdb, which finds it by gdbinit alone, and gives what gdb printed.
  private func session(guest: String, _ script: String) throws -> String {
    try Hvgdb.run(guest: guest) { hvgdb in
      try GDB.run(
        unconnected: """
          set $hvgdb = "unix:\(hvgdb.socket)"
          source \(file)
          \(script)
          """, symbols: Files.guest(guest))
    }
  }

  @Test("every command shows what hvgdb has, with its arguments evaluated by gdb")
  func commands() throws {
    let transcript = try session(
      guest: "vga",
      """
      break vga_done
      continue
      hv screen
      echo == console\\n
      hv console
      echo == addresses\\n
      hv translate 0x1000 + 0x234
      hv translate vga_done
      hv translate &vga_done
      hv walk $sp - 8
      echo == registers\\n
      hv regs
      hv msr lstar
      hv msr 0xc0000080+2 0x1000 + 0x234
      printf "lstar %lx\\n", $lstar
      hv cpuid 2 - 1
      hv gdt
      hv reset
      printf "first instruction %d\\n", $pc == (long)&_start
      continue
      kill
      """)
    expect(
      transcript,
      has: [
        "Breakpoint 1", "Hello from the text buffer\n╔═╗ line two\n== console\nvga: written\n== addresses\n",
        "0x1234 is physical 0x1234, in a page", "is physical 0x100", "is physical 0x100", "PML4 ", "PDPT ", "PD ",
        "is physical 0x", "== registers\n", "rip ", "lstar ", "msr 0xc0000082 = 0x0\n", "msr 0xc0000082 = 0x1234\n",
        "lstar 1234\n", "0x1 ", "64-bit code", "_start ()", "first instruction 1", "Breakpoint 1, ", "killed",
      ])
  }

  @Test("the interrupt descriptor table is shown")
  func interruptTable() throws {
    let transcript = try session(
      guest: "exceptions",
      """
      break ud2_site
      continue
      hv idt
      """)
    expect(transcript, has: ["Breakpoint 1", "6   #UD ", "13  #GP ", "14  #PF "])
  }

  @Test("a text is typed, with Enter or without")
  func typing() throws {
    try Hvgdb.run(guest: "uart") { hvgdb in
      let transcript = try GDB.run(
        unconnected: """
          set $hvgdb = "unix:\(hvgdb.socket)"
          source \(file)
          tbreak print
          continue
          hv type two  words
          hv type q\\c
          continue
          kill
          """, symbols: Files.guest("uart"))
      expect(transcript, has: ["killed"])
      _ = try hvgdb.process.finish()
      #expect(hvgdb.consoleBytes == Array("uart: ready\ntwo  words\r\nuart: done\n".utf8))
    }
  }

  @Test("a breakpoint is limited to an address space")
  func limits() throws {
    let transcript = try session(
      guest: "counter",
      """
      break tick
      hv limit tick 0x1000 + 0x1000
      hv limit tick current
      continue
      kill
      """)
    expect(transcript, has: ["Breakpoint 1", "0x2000", "0x", "Breakpoint 1, ", "killed"])
  }

  @Test("the kernel's own symbols are arguments, and a reset takes them along", .needsKernel)
  func kernelSymbols() throws {
    let kernel = try #require(Files.kernel)
    let transcript = try Hvgdb.run(["--kernel", kernel]) { hvgdb in
      try GDB.run(
        unconnected: """
          set $hvgdb = "unix:\(hvgdb.socket)"
          source \(file)
          break start_kernel
          continue
          hv kaslr
          hv walk linux_banner
          hv translate start_kernel
          hv reset
          info symbol $pc
          kill
          """)
    }
    expect(
      transcript,
      has: [
        "Breakpoint 1, ", "start_kernel", "the kernel is at physical", "PML4 ", "is physical 0x",
        "0xffffffff", "is physical 0x", "startup_64", "startup_64 in section", "killed",
      ])
  }

  @Test("a handler of new symbol files that fails, as gef's does, leaves `continue` whole", .needsKernel)
  func handlerOfSymbolFiles() throws {
    let kernel = try #require(Files.kernel)
    let transcript = try Hvgdb.run(["--kernel", kernel]) { hvgdb in
      try GDB.run(
        unconnected: """
          python
          gef = None
          def new_objfile_handler(event): gdb.execute("no-such-command")
          gdb.events.new_objfile.connect(new_objfile_handler)
          end
          set $hvgdb = "unix:\(hvgdb.socket)"
          source \(file)
          disconnect
          hv connect
          break start_kernel
          continue
          info symbol $pc
          kill
          """)
    }
    expect(transcript, has: ["Breakpoint 1, ", "start_kernel in section", "killed"])
  }

  @Test("what this guest has not is said in one sentence, and so is a wrong argument")
  func refusals() throws {
    let transcript = try session(
      guest: "counter",
      ["hv el", "hv esr 0", "hv sysreg ESR_EL1", "hv fdt /", "hv walk", "hv gdt 1", "hv walk no_such_symbol"]
        .map(failing).joined(separator: "\n"))
    expect(
      transcript,
      has: [
        "error: hvgdb has no `el` for this guest; ", "error: hvgdb has no `esr` ", "error: hvgdb has no `sysreg` ",
        "error: hvgdb has no `fdt` ", "error: Usage: hv walk ADDRESS\n", "error: Usage: hv gdt\n",
        "error: No symbol \"no_such_symbol\" in current context.\n",
      ])
    #expect(!transcript.contains("Traceback"))
  }

  @Test("arguments are completed: symbols, registers, words")
  func completion() throws {
    let transcript = try session(
      guest: "vga",
      """
      complete hv walk vga_d
      complete hv msr lst
      complete hv limit 0 c
      complete hv tr
      """)
    expect(
      transcript, has: ["hv walk vga_done\n", "hv msr lstar\n", "hv limit 0 current\n", "hv translate\n"])
  }

  @Test("every command has help, and a line in the documentation")
  func help() throws {
    let transcript = try GDB.run(
      unconnected: """
        set $hvgdb = 0
        source \(file)
        help hv
        help hv walk
        """)
    expect(transcript, has: ["hv walk -- Show every page-table entry", "Usage: hv walk ADDRESS\n"])
    let words = transcript.split(separator: "\n").map { $0.split(separator: " ") }
    let names = words.filter { $0.count > 2 && $0[0] == "hv" && $0[2] == "--" }.map { $0[1] }
    #expect(names.count > 15)
    let documentation = text(of: Files.project("Docs/GDB.md"))
    for name in names { #expect(documentation.contains("| `hv \(name)"), "hv \(name) is not in Docs/GDB.md") }
  }

  @Test("without a place it connects when told to; a second time it leaves the connection alone")
  func connections() throws {
    try Hvgdb.run(guest: "counter") { hvgdb in
      let transcript = try GDB.run(
        unconnected: """
          set $hvgdb = 0
          source \(file)
          \(failing("hv regs"))
          hv connect unix:\(hvgdb.socket)
          break tick
          continue
          source \(file)
          \(failing("hv connect"))
          printf "still at tick %d\\n", $pc == (long)&tick
          kill
          """, symbols: Files.guest("counter"))
      expect(
        transcript,
        has: [
          "error: gdb is not connected to hvgdb; ", "_start ()", "Breakpoint 1, ",
          "error: gdb debugs something already; ", "still at tick 1\n", "killed",
        ])
    }
  }

  @Test("HVGDB_LISTEN names the place too")
  func environment() throws {
    try Hvgdb.run(guest: "counter") { hvgdb in
      let transcript = try GDB.run(
        unconnected: """
          python import os; os.environ["HVGDB_LISTEN"] = "unix:\(hvgdb.socket)"
          source \(file)
          printf "first instruction %d\\n", $pc == (long)&_start
          kill
          """, symbols: Files.guest("counter"))
      expect(transcript, has: ["_start ()", "first instruction 1\n", "killed"])
    }
  }

  @Test("where nobody listens that is said, and the commands are there")
  func nobody() throws {
    let transcript = try GDB.run(
      unconnected: """
        set $hvgdb = "unix:\(file)/nobody"
        source \(file)
        help hv reset
        """)
    expect(transcript, has: ["Not connected; `hv connect` tries again.\n", "Usage: hv reset\n"])
    #expect(!transcript.contains("Traceback"))
  }
}
