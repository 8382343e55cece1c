import Testing

@testable import hvgdb_bench

@Suite struct SoftTests {
  @Test func aConsoleIsReadLineByLineAsItComes() throws {
    let process = try ChildProcess(
      "/bin/sh",
      ["-c", "printf 'kernel: one\\r\\n[0] loop: begin\\r\\nlo'; sleep 0.1; printf 'op: 7 iterations\\r\\n'"])
    var console = ConsoleReader()
    let begin = try console.line(with: "loop: begin", of: process)
    let end = try console.line(with: "loop: 7", of: process)
    #expect(begin.text == "loop: begin")
    #expect(end.text == "loop: 7 iterations")
    #expect(end.instant >= begin.instant)
  }

  @Test func aGuestThatEndsTooSoonIsToldWithItsLastWords() throws {
    let process = try ChildProcess("/bin/sh", ["-c", "echo Kernel panic"])
    var console = ConsoleReader()
    let error = #expect(throws: BenchmarkError.self) { try console.line(with: "loop: begin", of: process) }
    #expect(error?.description == "it ended before it printed 'loop: begin'\nKernel panic\n")
  }

  @Test func bothServersGetTheSameSoftwareGuest() {
    func launch(_ kind: ServerKind) -> Launch {
      let launch = Launch(
        kind: kind, executable: "", accelerator: .software, kernel: "Image", initrd: "archive",
        commandLine: "console=ttyAMA0", pollingTime: .zero)
      return launch.running(["loops", "2", "3"])
    }
    let endpoint = Endpoint.unix(path: "socket")
    #expect(
      launch(.hvgdb).argumentsToRun == [
        "--accel", "soft", "--initrd", "archive", "--kernel", "Image", "--append",
        "console=ttyAMA0 hvgdb.run=loops,2,3", "--memory", "512M", "--console", "stdio", "--no-wait",
      ])
    #expect(
      launch(.qemu).argumentsToRun == [
        "-machine", "virt,gic-version=3", "-accel", "tcg", "-cpu", "cortex-a57", "-initrd", "archive", "-kernel",
        "Image",
        "-append", "console=ttyAMA0 hvgdb.run=loops,2,3", "-m", "512", "-display", "none", "-serial", "stdio",
        "-monitor", "none", "-nodefaults", "-no-reboot",
      ])
    #expect(
      launch(.qemu).arguments(listeningOn: endpoint).suffix(3) == ["-S", "-gdb", "unix:socket,server=on,wait=off"])
  }

  @Test func whatIsRequiredOfASoftwareCPUIsToldByRow() {
    var results = Results()
    results.add(6, .boot, .hvgdb)
    results.add(1.5, .boot, .qemu)
    results.add(149, .records, .hvgdb)
    results.add(4.9, .watching, .hvgdb)
    let rows = SoftComparison(results).text.split(separator: "\n").map { line in
      line.split(separator: " ").joined(separator: " ")
    }
    #expect(rows.contains("| launch to /init, s | 6.00 (6.00–6.00) | 1.50 (1.50–1.50) | 4.00 × | ≤ 5 × QEMU | yes |"))
    #expect(rows.contains("| `records`, million instructions/s | 149 (149–149) | – | – | ≥ 150 | NO |"))
    #expect(
      rows.contains("| cost of 1,000 breakpoints and 100 watchpoints, % | 4.9 (4.9–4.9) | – | – | ≤ 5 % | yes |"))
  }
}
