import GDBRemote
import Testing

/// The guest as a program that is run, killed and run again.
@Suite("Extended mode")
struct ProgramTests {
  private func extended() throws -> Client {
    let client = Client()
    #expect(try client.ask("!") == "OK")
    return client
  }

  /// Packets about a guest, which have no answer where there is none.
  static let asking = [
    "g", "G00", "p0", "P0=00", "m10000,4", "x10000,4", "M10000,1:00", "X10000,1:a", "Z0,1000,1", "z0,1000,1",
    "vCont;c", "c", "s", "C05", "S05", "qCRC:10000,1", "qSearch:memory:10000;1;a", "qThreadExtraInfo,1", "qC",
    "vAttach;1",
  ]

  private func expectNoGuest(_ client: Client, status: String) throws {
    let gone = client.effects.count
    #expect(try client.ask("?") == "W\(status)")
    for packet in Self.asking { #expect(try client.ask(packet) == "E05", "\(packet)") }
    #expect(try client.ask("qfThreadInfo") == "l")
    #expect(try client.ask("qXfer:threads:read::0,1000").contains("thread id") == false)
    for (packet, reply) in [("Hg0", "OK"), ("Hc-1", "OK"), ("Hg1", "E16"), ("T1", "E16"), ("qsThreadInfo", "l")] {
      #expect(try client.ask(packet) == reply)
    }
    #expect(client.effects.count == gone)
    #expect(!client.hasEnded)
  }

  @Test("kill leaves the client, and run brings the guest back")
  func kill() throws {
    let client = try extended()
    #expect(try client.ask("qAttached") == "1")
    _ = try client.ask("Z0,1000,1")
    #expect(try client.ask("vKill;1") == "OK")
    #expect(client.target.inserted.isEmpty, "gdb sets them again")
    try expectNoGuest(client, status: "00")
    #expect(try client.ask("vRun;") == PacketTests.stop)
    #expect(client.target.capabilities.restarts == [nil])
    #expect(try client.ask("qC") == "QC1")
    #expect(try client.ask("g").hasPrefix("11223344"))
    #expect(try client.ask("qAttached") == "0", "gdb ends what it has started")
    client.send(Client.frame("k"))
    #expect(client.takeOutput().isEmpty)
    try expectNoGuest(client, status: "00")
    #expect(client.effects.isEmpty)
  }

  @Test("a guest that ends leaves the client, and its status until it runs again")
  func exit() throws {
    let client = try extended()
    client.send(Client.frame("vCont;c"))
    client.stop(StopEvent(thread: ThreadID(1), signal: .none, reason: .exited(7)))
    #expect(try client.takeTexts() == ["W07"])
    try expectNoGuest(client, status: "07")
    #expect(try client.ask("vRun;") == PacketTests.stop)
    client.send(Client.frame("vCont;c"))
    #expect(client.isRunning)
  }

  static let runs: [(packet: String, arguments: [String]?)] = [
    ("vRun;", nil), ("vRun;\(hex("/host/file"))", nil), ("vRun;;", [""]),
    ("vRun;;\(hex("console=ttyS0"))", ["console=ttyS0"]),
    ("vRun;\(hex("/k"));\(hex("a=b c"));;\(hex("ä;,"))", ["a=b c", "", "ä;,"]),
  ]

  @Test("the words behind run are the target's, whatever file is named", arguments: runs)
  func arguments(_ run: (packet: String, arguments: [String]?)) throws {
    let client = try extended()
    #expect(try client.ask(run.packet) == PacketTests.stop)
    #expect(client.target.capabilities.restarts == [run.arguments])
  }

  @Test("a run that cannot be read starts nothing", arguments: ["vRun", "vRun:", "vRun;6", "vRun;;x", "vRun;2f,61"])
  func malformed(_ packet: String) throws {
    let client = try extended()
    #expect(try client.ask(packet) == "E16")
    #expect(client.target.capabilities.restarts.isEmpty)
    #expect(try client.ask("?") == PacketTests.stop)
  }

  @Test("R starts the guest again without a word")
  func restart() throws {
    let client = try extended()
    client.send(Client.frame("R00"))
    #expect(client.takeOutput().isEmpty)
    #expect(client.target.capabilities.restarts == [nil])
    #expect(try client.ask("?") == PacketTests.stop)
    client.target.capabilities.refusesRestart = true
    client.send(Client.frame("R00"))
    #expect(client.takeOutput().isEmpty)
    try expectNoGuest(client, status: "01")
    #expect(try client.ask("R") == "E16")
  }

  @Test("a guest that cannot be started again is gone, until it can")
  func failure() throws {
    let client = try extended()
    client.target.capabilities.refusesRestart = true
    #expect(try client.ask("vRun;") == "E05")
    try expectNoGuest(client, status: "01")
    client.target.capabilities.refusesRestart = false
    #expect(try client.ask("vRun;") == PacketTests.stop)
  }

  @Test("attaching to the guest tells why it is stopped")
  func attach() throws {
    let client = try extended()
    #expect(try client.ask("vAttach;1") == PacketTests.stop)
    #expect(try client.ask("vAttach") == "E16")
    #expect(try client.ask("vAttach;x") == "E16")
  }

  @Test("detaching and monitor quit end the session here, too")
  func end() throws {
    for (packet, effect) in [("D", .detach), ("qRcmd,\(hex("quit"))", .kill)] as [(String, SessionEffect)] {
      let client = try extended()
      client.send(Client.frame(packet))
      #expect(client.effects == [effect])
      #expect(client.hasEnded)
    }
  }
}
