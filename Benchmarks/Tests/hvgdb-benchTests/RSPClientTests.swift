import Testing

@testable import hvgdb_bench

@Suite struct RSPClientTests {
  private static let hello = "qSupported:swbreak+;hwbreak+;vContSupported+;no-resumed+;xmlRegisters=i386;error-message+"

  private func packet(_ text: String, mark: Character = "$") -> [UInt8] {
    ScriptedServer.packet(Array(text.utf8), mark: mark)
  }

  private func session(_ features: String) -> [String: [UInt8]] {
    [
      Self.hello: Array("+".utf8) + packet(features), "?": Array("+".utf8) + packet("T05thread:1;"),
      "QStartNoAckMode": Array("+".utf8) + packet("OK"), "g": packet("00"), "D": packet("OK"),
    ]
  }

  @Test(arguments: [1, 7, Int.max])
  func acknowledgesUntilItNeedNot(piece: Int) throws {
    let (server, client) = try ScriptedServer.start(session("PacketSize=400;QStartNoAckMode+"), piece: piece)
    try client.attach()
    #expect(client.packetSize == 0x400)
    #expect(!client.readsBinary)
    try client.stopAcknowledging()
    try client.exchange(Array("g".utf8))
    try client.expectOK("D")
    #expect(server.transcript.hasSuffix("+$?#3f+$QStartNoAckMode#b0+$g#67$D#44"))
  }

  @Test func acknowledgesEveryReplyOfAServerThatNeedsIt() throws {
    let (server, client) = try ScriptedServer.start(session("PacketSize=400"))
    try client.attach()
    try client.stopAcknowledging()
    try client.exchange(Array("g".utf8))
    try client.expectOK("D")
    // The last acknowledgment may still be under way.
    #expect(server.transcript.contains("+$?#3f+$g#67+$D#44"))
  }

  @Test func readsHexadecimalWithRunLengths() throws {
    // Eight zeros and 0102; five of the zeros are a run.
    let (_, client) = try ScriptedServer.start(
      session("PacketSize=40").merging(["m1000,6": packet("0*\"000102")]) { $1 })
    try client.attach()
    var buffer = ByteBuffer(capacity: 1)
    try client.readMemory(at: 0x1000, count: 6, into: &buffer, by: .hexadecimal)
    #expect(Array(buffer.bytes) == [0, 0, 0, 0, 1, 2])
  }

  @Test func readsBinaryInAsManyPacketsAsTheServerMakesOfIt() throws {
    let (_, client) = try ScriptedServer.start(
      session("PacketSize=40;binary-upload+").merging([
        "x1000,3f": ScriptedServer.packet(Array("b".utf8) + [1, 0x7d, 0x03, 2]),
        "x1003,3d": ScriptedServer.packet(Array("b".utf8) + (3..<0x23) + [0x7d, 0x5d]),
        "x1024,1c": ScriptedServer.packet(Array("b".utf8) + (0x40..<0x5c)),
      ]) { $1 }, piece: 3)
    try client.attach()
    #expect(client.readsBinary)
    var buffer = ByteBuffer(capacity: 1)
    try client.readMemory(at: 0x1000, count: 0x40, into: &buffer, by: .binary)
    #expect(Array(buffer.bytes) == [1, 0x23, 2] + (3..<0x23) + [0x7d] + (0x40..<0x5c))
  }

  @Test func replyMayBeLargerThanAnyBuffer() throws {
    let (_, client) = try ScriptedServer.start(["a": packet(String(repeating: "0123", count: 1 << 20))])
    #expect(try client.exchange(Array("a".utf8)).count == 4 << 20)
  }

  @Test func writesInPacketsOfTheServersSize() throws {
    let (server, client) = try ScriptedServer.start(
      session("PacketSize=40").merging([
        "M1000,10:\(String(repeating: "5a", count: 16))": packet("OK"), "M1010,2:5a5a": packet("OK"),
      ]) { $1 })
    try client.attach()
    try client.writeMemory(at: 0x1000, from: [UInt8](repeating: 0x5a, count: 18))
    #expect(server.transcript.contains("M1010,2:5a5a"))
  }

  @Test func waitsThroughConsoleOutputAndNotifications() throws {
    let (_, client) = try ScriptedServer.start([
      "vCont;c": packet("O4c696e7578") + packet("Stop:T05", mark: "%") + packet("O0a") + packet("T05hwbreak:;")
    ])
    try client.resume(Array("vCont;c".utf8))
  }

  @Test(arguments: ["W00", "T0b", "E01", "", "S0"])
  func otherStopsAreErrors(_ reply: String) throws {
    let (_, client) = try ScriptedServer.start(["vCont;s": packet(reply)])
    #expect(throws: BenchmarkError.self) { try client.resume(Array("vCont;s".utf8)) }
  }

  @Test(arguments: ["E14", "E.no such memory", "", "0", "0g", "0000000000"])
  func memoryThatCannotBeReadIsAnError(_ reply: String) throws {
    let (_, client) = try ScriptedServer.start(session("PacketSize=40").merging(["m0,4": packet(reply)]) { $1 })
    try client.attach()
    var buffer = ByteBuffer(capacity: 64)
    #expect(throws: BenchmarkError.self) {
      try client.readMemory(at: 0, count: 4, into: &buffer, by: .hexadecimal)
    }
  }

  @Test(arguments: ["$OK#9b", "$OK#zz", "-$OK#9a", "OK"])
  func malformedRepliesAreErrors(_ reply: String) throws {
    let (_, client) = try ScriptedServer.start(["g": Array(reply.utf8)])
    #expect(throws: BenchmarkError.self) { try client.exchange(Array("g".utf8)) }
  }

  @Test func closedConnectionIsAnError() throws {
    let (_, client) = try ScriptedServer.start([:])
    #expect(throws: BenchmarkError.self) { try client.exchange(Array("g".utf8)) }
  }

  @Test func registersAreFoundThroughIncludedFiles() throws {
    let (_, client) = try ScriptedServer.start([
      "qXfer:features:read:target.xml:0,188": packet(
        "l<target><xi:include href=\"core.xml\"/><feature name='x'><reg name=\"cs\" bitsize=\"32\" regnum=\"24\"/>"
          + "<reg name='ss' bitsize='32'/></feature></target>"),
      "qXfer:features:read:core.xml:0,188": packet("m<feature><reg bitsize=\"64\" name=\"rax\"/><reg name=\"ri"),
      "qXfer:features:read:core.xml:34,188": packet("lp\" type=\"code_ptr\" bitsize=\"64\"/></feature>"),
    ])
    let registers = try TargetDescription(from: client).registers
    #expect(registers.mapValues(\.number) == ["rax": 0, "rip": 1, "cs": 24, "ss": 25])
    #expect(registers.mapValues(\.offset) == ["rax": 0, "rip": 8, "cs": 16, "ss": 20])
  }
}
