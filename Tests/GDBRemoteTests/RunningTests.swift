import GDBRemote
import Testing

/// Resuming, stopping and what happens between.
@Suite("Running")
struct RunningTests {
  typealias Clause = ResumeRequest.Clause

  static let requests: [(packet: String, clauses: [Clause])] = [
    ("vCont;c", [Clause(.resume)]),
    ("vCont;s:1;c", [Clause(.step, ThreadID(1)), Clause(.resume)]),
    ("vCont;S05:2;C0b:-1", [Clause(.step, ThreadID(2)), Clause(.resume)]),
    ("vCont;s:p1.a;t:p1.-1", [Clause(.step, ThreadID(10)), Clause(nil)]),
    ("vCont;t:1;c:p1", [Clause(nil, ThreadID(1)), Clause(.resume)]),
    ("vCont;s:0", [Clause(.step, ThreadID(1))]),
    ("vCont;r1000,1010:1;c", [Clause(.rangeStep(0x1000..<0x1010), ThreadID(1)), Clause(.resume)]),
    ("vCont;r0,ffffffffffffffff:2", [Clause(.rangeStep(0..<UInt64.max), ThreadID(2))]),
    ("vCont;r8,8:2", [Clause(.rangeStep(8..<8), ThreadID(2))]),
    ("c", [Clause(.resume)]), ("C05", [Clause(.resume)]), ("vCont;C96", [Clause(.resume)]),
    ("vCont;S1e:2", [Clause(.step, ThreadID(2))]), ("C95", [Clause(.resume)]),
    ("s", [Clause(.step, ThreadID(1)), Clause(.resume)]), ("S05", [Clause(.step, ThreadID(1)), Clause(.resume)]),
    ("c2000", [Clause(.resume)]), ("C05;2000", [Clause(.resume)]),
  ]

  @Test("passes the client's wishes on", arguments: requests)
  func resume(_ request: (packet: String, clauses: [Clause])) throws {
    for cut in 0...Client.frame(request.packet).count {
      let client = Client()
      let bytes = Client.frame(request.packet)
      client.send(Array(bytes[..<cut]))
      client.send(Array(bytes[cut...]))
      #expect(client.effects == [.resume(ResumeRequest(request.clauses))])
      #expect(client.takeOutput().isEmpty, "the reply is the stop")
      #expect(client.isRunning)
      client.stop(StopEvent(thread: ThreadID(2), signal: .trap))
      let counter = hex(client.target.values[3].dropFirst())
      #expect(counter == (request.packet.hasSuffix("2000") ? "20000000000000" : "10000000000000"))
      #expect(try client.takeTexts() == ["T05thread:2;3:01\(counter);1:0100000000000000;"])
      #expect(!client.isRunning)
      #expect(try client.ask("qC") == "QC2")
    }
  }

  @Test("the leftmost action that fits a thread counts")
  func leftmost() throws {
    let client = Client()
    client.send(Client.frame("vCont;s:1;t:2;c"))
    guard case .resume(let request) = client.effects.first else { throw Client.Malformed.framing("no resume") }
    #expect(request.action(for: ThreadID(1)) == .step)
    #expect(request.action(for: ThreadID(2)) == nil)
    #expect(request.action(for: ThreadID(10)) == .resume)
  }

  @Test("c and s take an address and the thread that Hc chose")
  func legacy() throws {
    let client = Client()
    #expect(try client.ask("Hc2") == "OK")
    client.send(Client.frame("s123456789a"))
    #expect(client.effects == [.resume(ResumeRequest([Clause(.step, ThreadID(2))]))])
    #expect(client.target.values[3] == [0x9a, 0x78, 0x56, 0x34, 0x12, 0, 0, 0])
    #expect(client.target.lastWriter == ThreadID(2))
  }

  static let reasons: [(reason: StopEvent.Reason, text: String, isUnderstoodByAll: Bool)] = [
    (.signal, "", true),
    (.softwareBreakpoint, "swbreak:;", false),
    (.hardwareBreakpoint, "hwbreak:;", false),
    (.watchpoint(.write, address: 0xffff_8000_0000_1000), "watch:ffff800000001000;", true),
    (.watchpoint(.read, address: 0), "rwatch:0;", true),
    (.watchpoint(.access, address: 0x10), "awatch:10;", true),
  ]

  @Test("a stop reply names the reason to those who understand it", arguments: reasons, [true, false])
  func reason(
    _ stop: (reason: StopEvent.Reason, text: String, isUnderstoodByAll: Bool), announced: Bool
  ) throws {
    let client = Client()
    if announced { _ = try client.ask("qSupported:swbreak+;hwbreak+") }
    client.send(Client.frame("vCont;c"))
    let event = StopEvent(thread: ThreadID(1), signal: .trap, reason: stop.reason)
    client.stop(event)
    let text = announced || stop.isUnderstoodByAll ? stop.text : ""
    let reply = "T05thread:1;\(text)3:0010000000000000;1:0000000000000000;"
    #expect(try client.takeTexts() == [reply])
    client.target.lastStop = event
    #expect(try client.ask("?") == reply)
  }

  @Test("changed libraries are a reason for those who read the list")
  func librariesChanged() throws {
    let client = Client()
    let event = StopEvent(thread: ThreadID(1), signal: .trap, reason: .librariesChanged)
    let values = "3:\(PacketTests.pc);1:\(PacketTests.sp);"
    client.send(Client.frame("vCont;c"))
    client.stop(event)
    #expect(try client.takeTexts() == ["T05thread:1;\(values)"])
    _ = try client.ask("qXfer:libraries:read::0,1000")
    client.send(Client.frame("vCont;c"))
    client.stop(event)
    #expect(try client.takeTexts() == ["T05thread:1;library:;\(values)"])
  }

  @Test("the breakpoint that stopped the guest for an earlier client is not this one's")
  func earlierStop() throws {
    let client = Client()
    _ = try client.ask("qSupported:swbreak+;hwbreak+")
    for (reason, _, _) in Self.reasons {
      client.target.lastStop = StopEvent(thread: ThreadID(1), signal: .trap, reason: reason)
      #expect(try client.ask("?") == "T05thread:1;3:0010000000000000;1:0000000000000000;")
    }
  }

  @Test("signals have gdb's numbers")
  func signals() throws {
    let numbers: [(StopSignal, String)] = [
      (.interrupt, "02"), (.segmentation, "0b"), (.illegal, "04"), (.none, "00"), (.floatingPoint, "08"), (.bus, "0a"),
      (.user1, "1e"), (.emulation, "94"), (.software, "95"), (.breakpoint, "96"),
    ]
    for (signal, number) in numbers {
      let client = Client()
      client.send(Client.frame("vCont;c"))
      client.stop(StopEvent(thread: ThreadID(1), signal: signal))
      #expect(try client.takeTexts().first?.hasPrefix("T\(number)thread:1;") == true)
    }
  }

  @Test("a guest that is gone leaves its exit status")
  func exit() throws {
    let client = Client()
    client.send(Client.frame("vCont;c"))
    let event = StopEvent(thread: ThreadID(1), signal: .none, reason: .exited(3))
    client.stop(event)
    #expect(try client.takeTexts() == ["W03"])
    client.target.lastStop = event
    #expect(try client.ask("?") == "W03")
  }

  @Test("Ctrl-C interrupts once, wherever it stands in the stream")
  func interrupt() throws {
    for bytes in [[3], [3, 3], Client.frame("qC") + [3], [3] + Client.frame("qC"), [0x2b, 3]] as [[UInt8]] {
      let client = Client()
      client.send(Client.frame("vCont;c") + bytes)
      client.send([3])
      #expect(client.effects == [.resume(ResumeRequest([Clause(.resume)])), .interrupt])
      client.stop(StopEvent(thread: ThreadID(1), signal: .interrupt))
      let replies = try client.takeTexts()
      #expect(replies.first?.hasPrefix("T02thread:1;") == true)
      #expect(replies.dropFirst() == (bytes.count > 2 ? ["QC1"] : []))
      client.send(Client.frame("vCont;c"))
      #expect(client.effects.count == 3, "an old Ctrl-C does not stop the next run")
    }
  }

  @Test("a 3 inside a packet is data")
  func interruptByteInPacket() throws {
    let client = Client()
    #expect(try client.ask(Array("X10000,2:".utf8) + [3, 3]) == Array("OK".utf8))
    #expect(client.target.lowMemory.prefix(2) == [3, 3])
    #expect(client.effects.isEmpty)
  }

  @Test("packets that come while the target runs are answered after the stop")
  func packetWhileRunning() throws {
    let client = Client()
    client.send(Client.frame("vCont;c") + Client.frame("qC"))
    client.send(Client.frame("qAttached"))
    #expect(client.takeOutput().isEmpty)
    client.stop(StopEvent(thread: ThreadID(2), signal: .trap))
    #expect(try client.takeTexts().dropFirst() == ["QC2", "1"])
  }

  @Test("a stop that nobody waits for says nothing")
  func unexpectedStop() {
    let client = Client()
    client.stop(StopEvent(thread: ThreadID(1), signal: .trap))
    #expect(client.takeOutput().isEmpty)
  }

  static let endings: [(packet: String, reply: String?, effect: SessionEffect)] = [
    ("D", "OK", .detach), ("D;1", "OK", .detach), ("vKill;a410", "OK", .kill), ("k", nil, .kill),
  ]

  @Test("detaching and killing end the session", arguments: endings)
  func end(_ packet: String, _ reply: String?, _ effect: SessionEffect) throws {
    let client = Client()
    client.send(Client.frame(packet) + Client.frame("qC"))
    #expect(try client.takeTexts() == [reply].compactMap { $0 })
    #expect(client.effects == [effect])
    #expect(client.hasEnded)
    client.stop(StopEvent(thread: ThreadID(1), signal: .trap))
    Array("late".utf8).withUnsafeBytes { client.session.console($0) }
    client.run()
    #expect(client.takeOutput().isEmpty)
  }

  // MARK: Console

  private func write(_ text: String, to client: Client) {
    Array(text.utf8).withUnsafeBytes { client.session.console($0) }
    client.run()
  }

  @Test("the guest's console is shown while it runs, and kept while it does not")
  func console() throws {
    let client = Client()
    write("early ", to: client)
    #expect(client.takeOutput().isEmpty)
    client.send(Client.frame("vCont;c"))
    #expect(try client.takeTexts() == ["O" + hex("early ")])
    write("now", to: client)
    #expect(try client.takeTexts() == ["O" + hex("now")])
    client.send([3])
    write("last", to: client)
    #expect(try client.takeTexts() == ["O" + hex("last")])
    client.stop(StopEvent(thread: ThreadID(1), signal: .interrupt))
    #expect(try client.takeTexts().count == 1)
    write("after", to: client)
    #expect(try client.ask("qC") == "QC1")
  }

  @Test("console output that the client does not take is bounded, the newest kept")
  func consoleIsBounded() throws {
    let target = MockTarget()
    var session = Session(target: target, serverName: "", serverVersion: "")
    Client.frame("c").withUnsafeBytes { session.receive($0) }
    _ = session.next()
    for number in 0..<100_000 {
      Array("line \(number)\n".utf8).withUnsafeBytes { session.console($0) }
    }
    #expect((session.outputCount) < 0x6_0000)
    session.stopped(StopEvent(thread: ThreadID(1), signal: .interrupt))
    #expect((session.outputCount) < 0x6_0000)
    let sent = session.withOutput { String(decoding: $0, as: UTF8.self) }
    #expect(sent.contains(hex("line 99999\n") + "#"))
  }

  // MARK: Monitor commands

  @Test("a monitor command's text comes in pieces before the reply")
  func monitor() throws {
    let client = Client()
    client.send(Client.frame("qRcmd,\(hex("echo"))"))
    #expect(try client.takeTexts() == ["O" + hex("done\n"), "OK"])
    client.target.monitorText = String(repeating: "0123456789abcde\n", count: 10_000)
    client.send(Client.frame("qRcmd,\(hex("echo"))"))
    let packets = try client.takeTexts()
    #expect(packets.last == "OK")
    #expect(packets.allSatisfy { $0.count < Session.packetSize })
    #expect(packets.dropLast().map { $0.dropFirst() }.joined() == hex(client.target.monitorText))
    client.target.monitorText = ""
    #expect(try client.ask("qRcmd,\(hex("echo"))") == "OK")
  }

  @Test("a monitor command that fails says why")
  func monitorFailure() throws {
    let client = Client()
    client.send(Client.frame("qRcmd,\(hex("x"))"))
    #expect(try client.takeTexts() == ["O" + hex("there is no command x\n"), "OK"])
    _ = try client.ask("qSupported:error-message+")
    #expect(try client.ask("qRcmd,\(hex("x"))") == "E.there is no command x")
  }

  @Test("a monitor command can end the session")
  func monitorQuit() throws {
    let client = Client()
    client.send(Client.frame("qRcmd,\(hex("quit"))"))
    #expect(try client.takeTexts() == ["O" + hex("bye\n"), "OK"])
    #expect(client.effects == [.kill])
  }
}
