import Testing

/// What Docs/Tutorial.md shows, done by stock gdb; the arm64 part is done in the emulated machine.
@Suite(.needsHvgdb, .needsKVM, .needsKernel, .needsGDB)
struct TutorialTests {
  @Test("every command of the tutorial prints what it shows there")
  func x86() throws {
    let kernel = try #require(Files.kernel)
    try Hvgdb.run(["--kernel", kernel, "--append", "console=ttyS0"]) { hvgdb in
      let directory = try TemporaryDirectory()
      let output = directory.path + "/output"
      let tutorial = try ChildProcess(
        [Files.project("Tests/Support/tutorial.py"), "x86-64", hvgdb.socket], output: output, errors: output)
      let ending = try tutorial.finish(within: 300)
      #expect(ending == .exited(0), "\(text(of: output))")
    }
  }
}
