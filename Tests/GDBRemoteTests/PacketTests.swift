import GDBRemote
import Testing

/// Each packet's reply, as the GDB manual has it.
@Suite("Packets")
struct PacketTests {
  static let pc = "0010000000000000"
  static let sp = "0000000000000000"
  static let stop = "T05thread:1;3:\(pc);1:\(sp);"

  /// Packets whose reply depends on nothing that was sent before.
  static let exchanges: [(packet: String, reply: String)] = [
    // The session
    ("qSupported:multiprocess+;swbreak+", Self.features),
    ("qSupported", Self.features),
    ("QStartNoAckMode", "OK"),
    ("qAttached", "1"), ("qAttached:1", "1"),
    ("qSymbol::", "OK"),
    ("qGDBServerVersion", "name:hvgdb;version:1.2.3;"),
    ("qqemu.Supported", "PhyMemMode"),
    ("vMustReplyEmpty", ""), ("qTStatus", ""), ("vUnknown;1", ""), ("", ""), ("qL1200", ""), ("qOffsets", ""),
    ("vCont?", "vCont;c;C;s;S;t;r"),
    ("?", stop),
    // Registers
    ("g", "1122334455667788\(sp)xxxxxxxxxxxxxxxx\(pc)02020000"),
    ("g0", "E16"),
    ("p0", "1122334455667788"), ("p2", "xxxxxxxxxxxxxxxx"), ("p5", "ffffffffffffffffffffffffffffffff"),
    ("p6", "E16"), ("pffffffffffffffff", "E16"), ("p", "E16"), ("p0x", "E16"), ("p10000000000000000", "E16"),
    ("P0=aabbccddeeff0011", "OK"), ("P0=aabb", "E16"), ("P0=aabbccddeeff00zz", "E16"), ("P0", "E16"),
    ("P9=00", "E16"), ("P2=0000000000000000", "E05"), ("P0=aabbccddeeff001", "E16"),
    ("G00", "E16"), ("G", "E16"),
    // Memory
    ("m10000,4", "00000000"), ("m10001,1", "00"), ("m10000,0", "E16"), ("m0,4", "E0e"), ("m2fffe,10", "0000"),
    ("mffffffffffffffff,10", "E0e"), ("m10000", "E16"), ("m10000,", "E16"), ("m,4", "E16"), ("m10000,4,", "E16"),
    ("m11111111111111111,4", "E16"), ("x0,4", "E0e"), ("x10000,0", "b"), ("x10000,3", "b\0\0\0"), ("x", "E16"),
    ("M10000,2:abcd", "OK"), ("M10000,3:abcd", "E16"), ("M10000,1:abcd", "E16"), ("M0,1:ab", "E0e"),
    ("M10000,2:abcg", "E16"), ("M10000,2", "E16"), ("M2ffff,2:abcd", "E0e"),
    ("X0,0:", "OK"), ("X10000,3:abc", "OK"), ("X10000,1:abc", "E16"), ("X10000,1:}", "E16"),
    ("X10000,ffffffffffffffff:a", "E16"),
    ("qCRC:10000,0", "Cffffffff"), ("qCRC:10000,1", "C4e08bfb4"), ("qCRC:0,4", "E0e"), ("qCRC:2fff0,20", "E0e"),
    ("qCRC:10000", "E16"), ("qCRC:ffffffffffffffff,2", "E16"), ("qCRC:10000,100000001", "E16"),
    ("qSearch:memory:10000;100000001;\u{0}", "E16"), ("qSearch:memory:10000;100000000;\u{0}", "1,10000"),
    ("qSearch:memory:10000;100;abc", "0"), ("qSearch:memory:10000;100;", "E16"), ("qSearch:memory:0;1;a", "E0e"),
    ("qSearch:memory:10000;4", "E16"), ("qSearch:registers:1", ""),
    ("qqemu.PhyMemMode", "0"), ("Qqemu.PhyMemMode:1", "OK"), ("Qqemu.PhyMemMode", "E16"),
    // Breakpoints
    ("Z0,1000,1", "OK"), ("z0,1000,1", "OK"), ("Z1,1000,1", "OK"), ("Z2,1000,8", "OK"), ("Z3,1000,8", "OK"),
    ("Z4,1000,8", "OK"), ("z4,1000,8", "OK"), ("Z5,1000,1", ""), ("Z", ""), ("Z0", "E16"), ("Z0,1000", "E16"),
    ("Z0,1000,1;X1,00", "E16"),
    // Threads
    ("qC", "QC1"), ("qfThreadInfo", "m1,2,a"), ("qsThreadInfo", "l"),
    ("Hg0", "OK"), ("Hg2", "OK"), ("Hgp1.2", "OK"), ("Hg3", "E16"), ("Hc-1", "OK"), ("Hc0", "OK"), ("Hca", "OK"),
    ("Hx1", "E16"), ("H", "E16"), ("Hg", "E16"), ("Hg-2", "E16"), ("Hgffffffffffffffff", "E16"), ("Hg1x", "E16"),
    ("T1", "OK"), ("Tp1.a", "OK"), ("T4", "E16"), ("T", "E16"), ("Tp-1.-1", "E16"), ("T0", "E16"),
    ("qThreadExtraInfo,2", hex("CPU 1 [\"ring 0\" & <idle>]")), ("qThreadExtraInfo,7", "E16"),
    ("qThreadExtraInfo", "E16"),
    // Resuming that cannot be
    ("vCont", "E16"), ("vCont;", "E16"), ("vCont;x", "E16"), ("vCont;c:77", "E16"), ("vCont;r8,4", "E16"),
    ("vCont;r8", "E16"), ("vCont;t", "E16"), ("vCont;t:1;t", "E16"), ("vCont;C", "E16"), ("vCont;c1", "E16"),
    ("C", "E16"), ("C05,10", "E16"), ("c10x", "E16"), ("Szz", "E16"),
    // Transfers
    ("qXfer:auxv:read::0,100", ""), ("qXfer:features:write:target.xml:0:00", ""),
    ("qXfer:features:read:other.xml:0,100", "E16"), ("qXfer:features:read:target.xml:ffffff,100", "E16"),
    ("qXfer:features:read:target.xml:0", "E16"), ("qXfer:features", "E16"), ("qXfer", "E16"),
    ("qXfer:threads:read:x:0,10", "E16"),
    ("qXfer:exec-file:read::0,100", "l/kernel"), ("qXfer:exec-file:read:1f:1,3", "mker"),
    ("qXfer:exec-file:read:x:0,100", "E16"),
    ("qXfer:libraries:read:x:0,10", "E16"), ("qXfer:memory-map:read:x:0,10", "E16"),
    ("qXfer:osdata:read:none:0,10", "E16"), ("qXfer:osdata:read:/damaged:0,10", "E05"),
    // Files
    ("vFile:setfs:0", "F0"), ("vFile:setfs:1f", "F0"), ("vFile:setfs:", "E16"), ("vFile:setfs:0,", "E16"),
    ("vFile:open:\(hex("/kernel")),0,0", "F0"), ("vFile:open:\(hex("/empty")),0,1ff", "F0"),
    ("vFile:open:\(hex("/etc/passwd")),0,0", "F-1,2"), ("vFile:open:,0,0", "F-1,2"),
    ("vFile:open:\(hex("/damaged")),0,0", "F-1,5"), ("vFile:open:\(hex("/kernel")),1,0", "F-1,1e"),
    ("vFile:open:\(hex("/kernel")),2,0", "F-1,1e"), ("vFile:open:\(hex("/kernel")),8,0", "F-1,1e"),
    ("vFile:open:\(hex("/new")),200,1ff", "F-1,1e"), ("vFile:open:\(hex("/kernel")),400,0", "F-1,1e"),
    ("vFile:open:2f6,0,0", "E16"), ("vFile:open:zz,0,0", "E16"), ("vFile:open:2f61,0", "E16"),
    ("vFile:open:2f61", "E16"), ("vFile:open:2f61,0,0,0", "E16"),
    ("vFile:pread:0,10,0", "F-1,9"), ("vFile:pread:ffffffffffffffff,10,0", "F-1,9"), ("vFile:pread:0,10", "E16"),
    ("vFile:pread:-1,10,0", "E16"), ("vFile:fstat:0", "F-1,9"), ("vFile:close:0", "F-1,9"), ("vFile:close:", "E16"),
    ("vFile:stat:\(hex("/etc/passwd"))", "F-1,2"), ("vFile:lstat:\(hex("/damaged"))", "F-1,5"),
    ("vFile:stat:2", "E16"), ("vFile:readlink:\(hex("/kernel"))", "F-1,16"),
    ("vFile:readlink:\(hex("/none"))", "F-1,2"), ("vFile:unlink:\(hex("/kernel"))", "F-1,1e"),
    ("vFile:pwrite:0,0,abc", "F-1,1e"), ("vFile:chmod:2f", ""), ("vFile", "E16"), ("vFile:open", "E16"),
    // The guest as a program
    ("vRun;", ""), ("vAttach;1", ""), ("R00", ""), ("!", "OK"),
    // Monitor commands
    ("qRcmd", "E16"), ("qRcmd,6", "E16"), ("qRcmd,xx", "E16"),
  ]

  static let features =
    "PacketSize=40000;QStartNoAckMode+;vContSupported+;binary-upload+;qXfer:features:read+;qXfer:threads:read+;"
    + "swbreak+;hwbreak+;qXfer:exec-file:read+;qXfer:libraries:read+;qXfer:memory-map:read+;qXfer:osdata:read+"

  @Test("has the reply of the manual", arguments: exchanges)
  func reply(_ exchange: (packet: String, reply: String)) throws {
    let client = Client()
    #expect(try client.ask(exchange.packet) == exchange.reply)
    #expect(client.effects.isEmpty)
    #expect(try client.ask("?").hasPrefix("T05thread:"), "the session lives on")
  }

  @Test("are the same however the bytes are split", arguments: exchanges)
  func split(_ exchange: (packet: String, reply: String)) throws {
    let bytes = Client.frame(exchange.packet)
    for cut in 0...bytes.count {
      let client = Client()
      client.send(Array(bytes[..<cut]))
      client.send(Array(bytes[cut...]))
      #expect(try client.takeTexts() == [exchange.reply], "cut at \(cut)")
    }
    let client = Client()
    for byte in bytes { client.send([byte]) }
    #expect(try client.takeTexts() == [exchange.reply])
  }

  @Test("come in one piece, too, and are answered in order")
  func pipelined() throws {
    let client = Client()
    client.send(Self.exchanges.flatMap { Client.frame($0.packet) })
    let replies = try client.takeTexts()
    #expect(replies.count == Self.exchanges.count)
    #expect(replies.first == Self.exchanges.first?.reply)
  }
}
