import Testing

@testable import GDBRemote

/// Nothing that a client sends may trap, make the session grow without bound or end it by mistake.
@Suite("Garbage")
struct GarbageTests {
  static let resuming = [
    "vCont;c", "vCont;s:1;c", "vCont;r1000,2000:2", "vCont;C05;t:1", "c", "s", "C05;10", "S05", "G1122", "m10000,fff0",
    "x10000,ffff", "X10000,5:he}\u{3}}]lo", "qRcmd,6563686f", "qSupported:error-message+;swbreak+;hwbreak+",
    "qSearch:memory:10000;ffff;\0\0x", "G1122334455667788\(PacketTests.sp)xxxxxxxxxxxxxxxx\(PacketTests.pc)02020000",
    "D", "k", "vKill;1", "!", "vRun;2f6b;613d31;62", "R00", "vAttach;1", "vFile:open:2f6b65726e656c,0,0",
    "vFile:pread:0,ffff,1", "vFile:fstat:0", "vFile:stat:2f6b65726e656c", "vFile:close:0",
    "qXfer:libraries:read::0,ffff", "qXfer:memory-map:read::1,ffffffffffffffff", "qXfer:osdata:read::0,20",
    "qXfer:exec-file:read:1:0,20", "qXfer:features:read:target.xml:0,ffffffffffffffff", "qXfer:threads:read::0,80",
  ]

  /// A packet made from a good one: bytes changed, dropped, doubled, numbers made large, or pure noise.
  private func mutated(using generator: inout SeededGenerator) -> [UInt8] {
    let good = Bool.random(using: &generator) ? PacketTests.exchanges.map(\.packet) : Self.resuming
    var packet = Array((good.randomElement(using: &generator) ?? "").utf8)
    for _ in 0..<Int.random(in: 0...4, using: &generator) {
      let position = Int.random(in: 0...packet.count, using: &generator)
      switch Int.random(in: 0..<7, using: &generator) {
      case 0 where position < packet.count: packet[position] = UInt8.random(in: 0...255, using: &generator)
      case 1 where position < packet.count: packet[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 2 where position < packet.count: packet.remove(at: position)
      case 3: packet.insert(contentsOf: Array(",:;-p.=0f}*#$".utf8).shuffled(using: &generator).prefix(2), at: position)
      case 4: packet.insert(contentsOf: Array("ffffffffffffffff".utf8), at: position)
      case 5: packet = Array(packet[..<position])
      case 6:
        packet += (0..<Int.random(in: 0...40, using: &generator)).map { _ in
          UInt8.random(in: 0...255, using: &generator)
        }
      default: break
      }
    }
    return packet
  }

  @Test("100,000 random and mutated packets leave a session that answers", arguments: 0..<4 as Range<UInt64>)
  func packets(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var client = Client(acknowledges: seed == 1)
    var endings = 0
    for _ in 0..<25_000 {
      let packet = mutated(using: &generator)
      var bytes = Client.frame(packet)
      switch Int.random(in: 0..<20, using: &generator) {
      case 0: bytes.removeLast()
      case 1: bytes = packet
      case 2: bytes.append(3)
      default: break
      }
      let cut = Int.random(in: 0...bytes.count, using: &generator)
      client.send(Array(bytes[..<cut]))
      client.send(Array(bytes[cut...]))
      if client.isRunning {
        client.stop(StopEvent(thread: ThreadID(2), signal: .trap, reason: .softwareBreakpoint))
      }
      #expect(client.heldInputCount < 0x1_0000)
      // Replies are well formed, too; acknowledgments stand between them where there are any.
      if seed == 1 { _ = client.takeOutput() } else { _ = try client.takePackets() }
      if client.hasEnded {
        endings += 1
        client = Client(target: client.target, acknowledges: seed == 1)
      }
      client.target.monitorText = "text"
    }
    #expect(endings > 0)
    client = Client(target: client.target)
    #expect(try client.ask("?").hasPrefix("T05thread:1;"))
  }

  @Test("noise without any framing leaves a session that answers")
  func noise() throws {
    var generator = SeededGenerator(seed: 77)
    var client = Client()
    for _ in 0..<2_000 {
      client.send((0..<200).map { _ in UInt8.random(in: 0...255, using: &generator) })
      if client.isRunning { client.stop(StopEvent(thread: ThreadID(1), signal: .trap)) }
      if client.hasEnded { client = Client() }
      #expect(client.heldInputCount < 0x1_0000)
    }
    _ = client.takeOutput()
    client.send(Array("$#00".utf8))
    _ = client.takeOutput()
    #expect(try client.ask("qC").hasPrefix("QC"))
  }
}
