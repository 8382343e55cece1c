import Foundation
import Testing

/// Debian's kernel under stock gdb: the main job.
@Suite(.needsHvgdb, .needsKVM, .needsKernel)
struct KernelTests {
  private static let commandLine = "console=ttyS0 earlyprintk=ttyS0"

  private func runKernel(_ arguments: [String] = [], _ body: (Hvgdb) throws -> Void) throws {
    let kernel = try #require(Files.kernel)
    try Hvgdb.run(["--kernel", kernel, "--append", Self.commandLine] + arguments, body)
  }

  /// What `hvgdb inspect` says of the kernel on the line that starts with `name`.
  private func inspected(_ name: String) throws -> String {
    let report = try Hvgdb.finish(["inspect", try #require(Files.kernel)])
    let line = report.output.split(separator: "\n").first { $0.hasPrefix(name + " ") }
    return try #require(line).dropFirst(name.count).trimmingCharacters(in: .whitespaces)
  }

  @Test("a session: first instruction, steps, breakpoints, Ctrl-C, the banner, detach, attach, kill", .needsGDB)
  func session() throws {
    let version = try #require(try inspected("version").split(separator: " ").first)
    try runKernel { hvgdb in
      try GDB.start(earlySession(entry: try inspected("entry")), on: hvgdb.socket) { gdb in
        try hvgdb.waitForConsole("Linux version \(version)", within: Self.bootTime)
        gdb.interrupt()
        // More of the script stands behind the banner's own lines.
        let transcript = try gdb.finish(within: Self.bootTime)
        expect(
          transcript,
          has: [
            "entry 1", "boot_params 1", "stepped 1", "Hardware watchpoint", "Old value = 0", "New value = ",
            "before the jump 1", "high half 1", "software 1", "physical again 1", "kept 1", "SIGINT",
            "detached",
          ])
      }
      let length = hvgdb.console.utf8.count
      try waiting(for: "the detached kernel to print more", within: Self.bootTime) {
        hvgdb.console.utf8.count > length
      }
      let transcript = try GDB.run(bannerSession(version: String(version)), on: hvgdb, within: Self.bootTime)
      expect(transcript, has: ["high half 1", "\"Linux version \(version) (", "stepped 1", "killed"])
      let ending = try hvgdb.process.finish()
      #expect(ending == .exited(0))
    }
  }

  /// How long the kernel may take from one part of its boot to the next where KVM emulates ring 0, in seconds.
  private static let bootTime = 120.0

  /// From the first instruction into the high half, once more after a reset, and on until Ctrl-C.
  private func earlySession(entry: String) -> String {
    """
    set $entry = \(entry)
    printf "entry %d\\n", $pc == $entry
    # The boot protocol's magic number in the setup header of boot_params.
    printf "boot_params %d\\n", *(int *)($rsi + 0x202) == 0x53726448
    # The kernel leaves its physical addresses by an indirect jump behind the change of CR3.
    set $jump = ~0ul
    find /b1 $pc, +0x400, 0xff, 0xe0
    if $numfound
      set $jump = (unsigned long)$_
    end
    find /b1 $pc, +0x400, 0xff, 0x25
    if $numfound && (unsigned long)$_ < $jump
      set $jump = (unsigned long)$_
    end
    stepi
    printf "stepped %d\\n", $pc > $entry && $pc < $entry + 16
    # The stack is set; the first call puts something where nothing was.
    watch -location *(long *)($sp - 8)
    continue
    delete
    hbreak *$jump
    continue
    printf "before the jump %d\\n", $pc == $jump
    delete
    stepi
    printf "high half %d\\n", (unsigned long)$pc >> 32 == 0xffffffff
    x/2i $pc
    set $reached = (unsigned long)$_
    break *$reached
    continue
    printf "software %d\\n", $pc == $reached
    # The breakpoint is kept, though its address is not mapped any more.
    monitor reset
    maintenance flush register-cache
    printf "physical again %d\\n", $pc == $entry
    continue
    printf "kept %d\\n", $pc == $reached
    delete
    continue
    detach
    """
  }

  /// Reads the banner through the kernel's page tables, steps and ends the guest.
  private func bannerSession(version: String) -> String {
    let characters = "Linux version \(version) ".utf8.map { "0x" + hex(UInt64($0)) }.joined(separator: ", ")
    return """
      printf "high half %d\\n", (unsigned long)$pc >> 32 == 0xffffffff
      find /b1 0xffffffff81000000, +0x1800000, \(characters)
      x/s $_
      set $before = $pc
      stepi
      stepi
      printf "stepped %d\\n", (unsigned long)$pc >> 32 == 0xffffffff
      kill
      """
  }

  @Test("the decompressor is entered as a boot loader does, and steps")
  func throughDecompressor() throws {
    let words = try inspected("decompressor").split(separator: " ")
    let entry = try #require(words.last.flatMap { UInt64($0.dropFirst(2), radix: 16) })
    try runKernel(["--through-decompressor"]) { hvgdb in
      let client = try RSPClient.attach(to: hvgdb)
      #expect(try client.programCounter() == entry)
      for _ in 0..<100 { #expect(try client.request("vCont;s:1").hasPrefix("T05")) }
      #expect(try client.programCounter() != entry)
      client.close()
    }
  }

  @Test("two CPUs are two threads with their states", .needsGDB)
  func twoCPUs() throws {
    try runKernel(["--cpus", "2"]) { hvgdb in
      let transcript = try GDB.run("stepi\ninfo threads\nkill", on: hvgdb)
      expect(
        transcript,
        has: ["* 1", "(CPU 0 [ring 0, long mode])", "2", "(CPU 1 [real mode, waiting to be started])", "killed"])
    }
  }

  @Test("the initial RAM disk is where boot_params says, whole")
  func initialRAMDisk() throws {
    // An archive in the "newc" format (cpio(5)) that holds nothing but its end.
    let end = "TRAILER!!!"
    let header = "070701" + [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, end.utf8.count + 1, 0].map(Self.digits).joined()
    var archive = Array((header + end).utf8)
    archive += [UInt8](repeating: 0, count: 512 - archive.count)
    let directory = try TemporaryDirectory()
    let path = directory.path + "/initrd"
    try Data(archive).write(to: URL(fileURLWithPath: path))
    try runKernel(["--initrd", path]) { hvgdb in
      let client = try RSPClient.attach(to: hvgdb)
      let bootParameters = try client.register(Self.sourceIndex)
      // ramdisk_image and ramdisk_size (Linux, Documentation/arch/x86/boot.rst).
      let place = try client.word(at: bootParameters + 0x218)
      #expect(place >> 32 == UInt64(archive.count))
      #expect(try client.memory(at: place & 0xFFFF_FFFF, count: archive.count) == archive)
      client.close()
    }
  }

  /// RSI in gdb's register order for x86-64.
  private static let sourceIndex = 4

  private static func digits(_ number: Int) -> String {
    let digits = hex(UInt64(number))
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
