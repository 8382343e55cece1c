import Testing

@testable import GDBRemote

/// Acknowledgments, damage and excess on the way from the client.
@Suite("Framing")
struct FramingTests {
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test("acknowledges each packet until told not to")
  func acknowledgments() {
    let client = Client(acknowledges: true)
    client.send(Client.frame("qC"))
    #expect(text(client.takeOutput()) == "+$QC1#c5")
    client.send(Array("+".utf8) + Client.frame("QStartNoAckMode"))
    #expect(text(client.takeOutput()) == "+$OK#9a")
    client.send(Array("+".utf8) + Client.frame("qC"))
    #expect(text(client.takeOutput()) == "$QC1#c5")
  }

  @Test("acknowledges what comes behind QStartNoAckMode no more, even in the same read")
  func acknowledgmentsEndAtOnce() {
    let client = Client(acknowledges: true)
    client.send(Client.frame("QStartNoAckMode") + Client.frame("qC"))
    #expect(text(client.takeOutput()) == "+$OK#9a$QC1#c5")
  }

  @Test("sends the last packet again when the client asks")
  func retransmission() {
    let client = Client(acknowledges: true)
    client.send(Array("-".utf8))
    #expect(client.takeOutput().isEmpty)
    client.send(Client.frame("qC"))
    _ = client.takeOutput()
    client.send(Array("-".utf8))
    #expect(text(client.takeOutput()) == "$QC1#c5")
    client.send(Array("---------".utf8))
    #expect(text(client.takeOutput()) == "$QC1#c5")
    client.send(Array("+".utf8) + Client.frame("QStartNoAckMode"))
    _ = client.takeOutput()
    client.send(Array("-".utf8))
    #expect(client.takeOutput().isEmpty)
  }

  @Test("does not let requests for repetition pile up in the output")
  func retransmissionIsBounded() {
    var session = Session(target: MockTarget(), serverName: "", serverVersion: "")
    Client.frame("m10000,8000").withUnsafeBytes { session.receive($0) }
    #expect((session.next()) == .awaitInput)
    let count = session.outputCount
    for _ in 0..<100 {
      [UInt8(ascii: "-")].withUnsafeBytes { session.receive($0) }
      #expect((session.next()) == .awaitInput)
    }
    #expect((session.outputCount) == count)
  }

  @Test("refuses a packet with a wrong checksum", arguments: ["$qC#00", "$qC#zz", "$qC#b "])
  func damage(_ damaged: String) {
    let client = Client(acknowledges: true)
    client.send(Array(damaged.utf8))
    #expect(text(client.takeOutput()) == "-")
    client.send(Client.frame("qC"))
    #expect(text(client.takeOutput()) == "+$QC1#c5")
    let reliable = Client()
    reliable.send(Array(damaged.utf8))
    #expect(text(reliable.takeOutput()) == "$E05#aa")
  }

  @Test("takes checksums in capital letters")
  func capitals() throws {
    let client = Client()
    client.send(Array("$qC#B4".utf8))
    #expect(try client.takeTexts() == ["QC1"])
  }

  @Test("skips what is between packets and starts anew at a $ inside one")
  func garbage() throws {
    let client = Client()
    client.send(Array("+++\r\nhello#00%Stop:T05#00".utf8) + Client.frame("qC"))
    #expect(try client.takeTexts() == ["QC1"])
    client.send(Array("$m10000,".utf8) + Client.frame("qC"))
    #expect(try client.takeTexts() == ["QC1"])
  }

  @Test("ignores Ctrl-C while the target is stopped")
  func interruptWhileIdle() throws {
    let client = Client()
    client.send([3, 3] + Client.frame("qC") + [3])
    #expect(try client.takeTexts() == ["QC1"])
    #expect(client.effects.isEmpty)
    client.send(Client.frame("vCont;c"))
    #expect(client.effects.count == 1)
  }

  @Test("takes a packet of just the announced size and refuses one byte more")
  func largestPacket() throws {
    let header = Array("X10000,0:".utf8)
    for size in [Session.packetSize, Session.packetSize + 1] {
      let client = Client()
      client.send(Client.frame("qSupported:error-message+"))
      _ = client.takeOutput()
      let packet = header + [UInt8](repeating: 0x61, count: size - header.count)
      let answer = try client.ask(packet)
      let message = text(answer)
      #expect(message.hasPrefix("E."))
      #expect(message.contains("PacketSize") == (size > Session.packetSize), "\(message)")
      #expect(try client.ask("qC") == "QC1")
    }
  }

  @Test("holds no more, however much comes without an end")
  func endlessPacket() throws {
    let client = Client()
    let block = [UInt8](repeating: 0x61, count: 1 << 18)
    client.send(Array("$X10000,8:".utf8))
    for _ in 0..<16 {
      client.send(block)
      #expect(client.heldInputCount <= 2 * Session.packetSize)
    }
    client.send(Array("#00".utf8))
    #expect(try client.takeTexts() == ["E16"])
    #expect(client.heldInputCount == 0)
    #expect(try client.ask("qC") == "QC1")
  }

  @Test("holds no more, however many packets come while the target runs")
  func packetsWhileRunning() throws {
    let client = Client()
    client.send(Client.frame("vCont;c"))
    let large = Client.frame([UInt8](repeating: 0x61, count: 1 << 18))
    let small = [[UInt8]](repeating: Client.frame("qC"), count: 4096).flatMap { $0 }
    for _ in 0..<20 {
      client.send(large)
      client.send(small)
      #expect(client.heldInputCount <= 8 << 20)
    }
    client.send([3])
    #expect(client.effects == [.resume(ResumeRequest([.init(.resume)])), .interrupt])
    client.stop(StopEvent(thread: ThreadID(1), signal: .interrupt))
    _ = client.takeOutput()
    #expect(client.heldInputCount == 0)
    #expect(try client.ask("qC") == "QC1")
  }

  @Test("asks the driver to send before more is answered than it should hold")
  func outputIsBounded() {
    var session = Session(target: MockTarget(), serverName: "", serverVersion: "")
    for _ in 0..<64 { Client.frame("m10000,20000").withUnsafeBytes { session.receive($0) } }
    (session.target as? MockTarget)?.lowMemory = (0..<0x2_0000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    var rounds = 0
    while session.next() == .sendOutput {
      #expect((session.outputCount) < 0x6_0000)
      session.discardOutput(session.outputCount)
      rounds += 1
    }
    #expect(rounds == 64)
  }
}
