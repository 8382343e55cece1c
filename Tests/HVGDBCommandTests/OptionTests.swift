import ArgumentParser
import Testing

@testable import HVGDBCommand

@Suite("The command line's arguments") struct OptionTests {
  // MARK: --listen

  private static let addresses: [(String, ListenAddress, String)] = [
    (":1234", .tcp(host: "127.0.0.1", port: 1234), "127.0.0.1:1234"),
    (":0", .tcp(host: "127.0.0.1", port: 0), "127.0.0.1:0"),
    ("0.0.0.0:65535", .tcp(host: "0.0.0.0", port: 65535), "0.0.0.0:65535"),
    ("localhost:1", .tcp(host: "localhost", port: 1), "localhost:1"),
    ("[::1]:1234", .tcp(host: "::1", port: 1234), "[::1]:1234"),
    ("::1:1234", .tcp(host: "::1", port: 1234), "[::1]:1234"),
    ("unix:/run/a b:c", .unix(path: "/run/a b:c"), "unix:/run/a b:c"),
    ("stdio", .standardStreams, "stdio"),
  ]

  @Test("an address is a port, a host and a port, a path or the standard streams", arguments: addresses.indices)
  func address(number: Int) {
    let (argument, address, description) = Self.addresses[number]
    #expect(ListenAddress(argument: argument) == address)
    #expect(address.description == description)
    #expect(ListenAddress(argument: description) == address)
  }

  @Test(
    "what is no address is refused",
    arguments: ["", "1234", ":", ":65536", ":-1", "host:", "host:port", "unix:", ":12 ", "STDIO"])
  func noAddress(argument: String) { #expect(ListenAddress(argument: argument) == nil) }

  @Test("only addresses of this machine are closed to others")
  func open() {
    for argument in [":1", "localhost:1", "127.0.0.5:1", "[::1]:1", "unix:/x", "stdio"] {
      #expect(ListenAddress(argument: argument)?.isOpenToOthers == false, "\(argument)")
    }
    for argument in ["0.0.0.0:1", "[::]:1", "192.168.1.1:1", "example.org:1", "127.example.org:1"] {
      #expect(ListenAddress(argument: argument)?.isOpenToOthers == true, "\(argument)")
    }
  }

  // MARK: --memory

  @Test(
    "a size has a unit of 1024s",
    arguments: [
      ("512M", 512 << 20), ("512m", 512 << 20), ("2G", 2 << 30), ("2GiB", 2 << 30), ("64T", 64 << 40),
      ("4096K", 4 << 20), ("2097152", 2 << 20),
    ] as [(String, UInt64)])
  func size(argument: String, bytes: UInt64) { #expect(MemorySize(argument: argument)?.bytes == bytes) }

  @Test(
    "a size that is none, too small, too large or no whole pages is refused",
    arguments: [
      "", "M", "-1M", "1M", "65T", "2097153", "3000K1", "1.5G", "0x200000", "99999999999999999999", "17179869184G",
      "2 G", "512MM",
    ])
  func noSize(argument: String) { #expect(MemorySize(argument: argument) == nil) }

  @Test func defaultSize() {
    #expect(MemorySize(mebibytes: 512).defaultValueDescription == "512M")
    #expect(MemorySize(argument: "512M") == MemorySize(mebibytes: 512))
  }

  // MARK: --console and numbers

  @Test("where the console goes")
  func console() {
    #expect(ConsoleChoice(argument: "stdio") == .standardStreams)
    #expect(ConsoleChoice(argument: "gdb") == .gdb)
    #expect(ConsoleChoice(argument: "pty") == .pseudoTerminal)
    #expect(ConsoleChoice(argument: "none") == ConsoleChoice.none)
    #expect(ConsoleChoice(argument: "file:/tmp/a:b") == .file(path: "/tmp/a:b"))
    for argument in ["", "file:", "file", "tty", "STDIO"] { #expect(ConsoleChoice(argument: argument) == nil) }
  }

  @Test("a number is decimal, or hexadecimal behind 0x")
  func number() {
    #expect(Number(argument: "4096")?.value == 4096)
    #expect(Number(argument: "0x1000")?.value == 4096)
    #expect(Number(argument: "0xffffffffffffffff")?.value == .max)
    for argument in ["", "0x", "x", "-1", "10h", "0x10000000000000000"] {
      #expect(Number(argument: argument) == nil, "\(argument)")
    }
  }

  // MARK: The way out of a terminal

  @Test("Ctrl-A x is the way out, and Ctrl-A Ctrl-A one Ctrl-A")
  func escape() {
    var escape = EscapeSequence()
    #expect(escape.filter([0x61, 0x62][...]) == .text([0x61, 0x62]))
    #expect(escape.filter([1, 1, 3][...]) == .text([1, 3]))
    #expect(escape.filter([1, 0x79][...]) == .text([0x79]))
    #expect(escape.filter([0x78][...]) == .text([0x78]))
    #expect(escape.filter([0x61, 1, 0x78, 0x62][...]) == .quit)
  }

  @Test("the way out may come in two pieces")
  func splitEscape() {
    var escape = EscapeSequence()
    #expect(escape.filter([1][...]) == .text([]))
    #expect(escape.filter([][...]) == .text([]))
    #expect(escape.filter([0x78][...]) == .quit)
  }

  // MARK: The command

  @Test("a command without a name runs a kernel")
  func defaults() throws {
    let command = try #require(try HVGDB.parseAsRoot(["--kernel", "vmlinuz"]) as? RunCommand)
    #expect(command.kernel == "vmlinuz")
    #expect(command.listen == nil && command.console == nil && command.timeout == nil)
    #expect(command.cpus == 1 && command.memory == MemorySize(mebibytes: 512) && command.accel == .auto)
    #expect(!command.noWait && !command.throughDecompressor)
  }

  @Test("every option finds its place")
  func options() throws {
    let command = try #require(
      try HVGDB.parseAsRoot([
        "run", "--kernel", "k", "--listen", "unix:/s", "--initrd", "i", "--append", "a b", "--memory", "1G", "--cpus",
        "4", "--accel", "kvm", "--console", "file:c", "--through-decompressor", "--load-address", "0x100000",
        "--entry", "0x100010", "--no-wait", "--timeout", "1.5",
      ]) as? RunCommand)
    #expect(command.listen == .unix(path: "/s") && command.initrd == "i" && command.append == "a b")
    #expect(command.memory.bytes == 1 << 30 && command.cpus == 4 && command.accel == .kvm)
    #expect(command.console == .file(path: "c") && command.throughDecompressor && command.noWait)
    #expect(command.loadAddress?.value == 0x10_0000 && command.entry?.value == 0x10_0010 && command.timeout == 1.5)
  }

  @Test(
    "what is wrong with the command line ends with status 64",
    arguments: [
      [], ["--kernel"], ["--kernel", "k", "--cpus", "0"], ["--kernel", "k", "--cpus", "x"],
      ["--kernel", "k", "--memory", "1"], ["--kernel", "k", "--listen", "1234"], ["--kernel", "k", "--accel", "tcg"],
      ["--kernel", "k", "--console", "tty"], ["--kernel", "k", "--timeout", "0"],
      ["--kernel", "k", "--timeout", "nan"],
      ["--kernel", "k", "--timeout", "-1"], ["--kernel", "k", "--entry", "0x1000"], ["--kernel", "k", "--nothing"],
      ["--kernel", "k", "--listen", "stdio", "--console", "stdio"], ["inspect"], ["doctor", "extra"],
    ])
  func usageErrors(arguments: [String]) {
    let error = #expect(throws: (any Error).self) { _ = try HVGDB.parseAsRoot(arguments) }
    #expect(error.map { HVGDB.exitCode(for: $0).rawValue } == 64)
  }
}
