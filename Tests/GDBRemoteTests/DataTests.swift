import Testing

@testable import GDBRemote

/// Memory and registers on their way to the client and back.
@Suite("Data")
struct DataTests {
  /// Memory with what matters to an encoder: runs of all lengths, of all sorts of bytes, and noise between them.
  private func memory(_ count: Int, seed: UInt64) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    let special: [UInt8] = [0, 0, 0, 0xff, 0x23, 0x24, 0x2a, 0x7d, 0x2b, 0x2d, 0x11, 0x41, 0x03]
    var bytes: [UInt8] = []
    while bytes.count < count {
      if Bool.random(using: &generator) {
        let byte = special.randomElement(using: &generator) ?? 0
        bytes += [UInt8](repeating: byte, count: Int.random(in: 1...300, using: &generator))
      } else {
        for _ in 0..<Int.random(in: 1...100, using: &generator) {
          bytes.append(UInt8.random(in: 0...255, using: &generator))
        }
      }
    }
    return Array(bytes.prefix(count))
  }

  @Test("memory arrives as it is, in hexadecimal and in binary", arguments: 0..<4 as Range<UInt64>)
  func readBack(_ seed: UInt64) throws {
    let client = Client()
    client.target.lowMemory = memory(0x2_0000, seed: seed)
    var generator = SeededGenerator(seed: seed + 100)
    for _ in 0..<40 {
      let start = Int.random(in: 0..<0x2_0000, using: &generator)
      let length = Int.random(in: 1...2000, using: &generator)
      let expected = client.target.lowMemory[start...].prefix(length)
      let range = "\(String(MockTarget.low + start, radix: 16)),\(String(length, radix: 16))"
      #expect(try client.ask("m\(range)") == hex(expected))
      let binary = try client.ask(Array("x\(range)".utf8))
      #expect(binary.first == UInt8(ascii: "b"))
      #expect(try Client.unescape(binary.dropFirst()) == Array(expected))
    }
  }

  @Test("runs of every length and digit are shorter encoded, never longer", arguments: [0x00, 0x11, 0xff, 0x23, 0x01])
  func runs(_ byte: UInt8) throws {
    let client = Client()
    for length in 1...260 {
      client.target.lowMemory.replaceSubrange(0..<300, with: [UInt8](repeating: 0x5a, count: 300))
      client.target.lowMemory.replaceSubrange(3..<3 + length, with: [UInt8](repeating: byte, count: length))
      let expected = client.target.lowMemory[..<300]
      client.send(Client.frame("m10000,12c"))
      #expect(client.outputCount <= 4 + 2 * 300)
      #expect(try client.takeTexts() == [hex(expected)])
      #expect(try Client.unescape(client.ask(Array("x10000,12c".utf8)).dropFirst()) == Array(expected))
    }
  }

  @Test("a run of any length expands to what it was, and none of its counts is a character of the framing")
  func runCounts() throws {
    for length in 0...300 {
      var encoder = PacketEncoder()
      encoder.beginPacket()
      encoder.append(UInt8(ascii: "x"), times: length)
      let contents = Array(encoder.bytes.dropFirst())
      #expect(contents.count <= length)
      #expect(try Client.expand(contents[...]) == [UInt8](repeating: UInt8(ascii: "x"), count: length))
    }
  }

  @Test("a page of zeros takes little room")
  func zeros() {
    let client = Client()
    client.send(Client.frame("m10000,1000"))
    #expect(client.outputCount < 300)
    _ = client.takeOutput()
    client.send(Client.frame("x10000,1000"))
    #expect(client.outputCount < 200)
  }

  @Test("a read ends where the memory ends")
  func partialRead() throws {
    let client = Client()
    client.target.highMemory[0xfff] = 0x7d
    #expect(try client.ask("m40ffe,100") == "007d")
    #expect(try client.ask(Array("x40ffe,100".utf8)) == [0x62, 0, 0x7d, 0x5d])
    #expect(try client.ask("m41000,1") == "E0e")
  }

  @Test("what is written in binary and in hexadecimal is what was sent")
  func writeBack() throws {
    let client = Client()
    let data = memory(5000, seed: 9)
    #expect(try client.ask(Array("X10000,1388:".utf8) + Client.escape(data)) == Array("OK".utf8))
    #expect(Array(client.target.lowMemory[..<5000]) == data)
    #expect(try client.ask("Hg2") == "OK")
    #expect(try client.ask("M40000,3:" + hex(data[..<3])) == "OK")
    #expect(Array(client.target.highMemory[..<3]) == Array(data[..<3]))
    #expect(client.target.lastWriter == ThreadID(2))
  }

  @Test("registers that are not known are x, and G leaves those alone")
  func registers() throws {
    let client = Client()
    let values = try client.ask("g")
    #expect(try client.ask("G" + values) == "OK")
    // What holds the CPU's state comes before what the state selects.
    #expect(client.target.written == [4, 3, 1, 0])
    #expect(try client.ask("g") == values)
    #expect(try client.ask("G" + values.replacing("x", with: "0")) == "E05")
    #expect(try client.ask("G" + values.replacing("11223344", with: "1122334z")) == "E16")
    #expect(try client.ask("G" + values.dropLast(2)) == "E16")
    #expect(try client.ask("P4=aabbccdd") == "OK")
    #expect(client.target.values[4] == [0xaa, 0xbb, 0xcc, 0xdd])
    #expect(try client.ask("Hga") == "OK")
    #expect(try client.ask("p4") == "b3bbccdd")
  }

  @Test("the search finds what a plain search finds, across every border")
  func search() throws {
    let client = Client()
    client.target.lowMemory = memory(0x2_0000, seed: 3).map { $0 & 1 }
    let pattern: [UInt8] = [1, 0, 1, 1, 0, 1, 0x23, 0x7d]
    let request = Array("qSearch:memory:10000;20000;".utf8) + Client.escape(pattern)
    #expect(try client.ask(request) == Array("0".utf8))
    for offset in [0x1_fff8, 0x1_0000, 0xffff, 0xfffc, 0xfff9, 0xfff8, 1, 0] {
      client.target.lowMemory.replaceSubrange(offset..<offset + pattern.count, with: pattern)
      let address = String(MockTarget.low + offset, radix: 16)
      #expect(try client.ask(request) == Array("1,\(address)".utf8))
    }
    #expect(try client.ask("qSearch:memory:10000;7;" + "\u{1}\0\u{1}\u{1}\0\u{1}}\u{3}}]") == "0")
    #expect(try client.ask("qSearch:memory:2fff8;9;\u{2}") == "E0e", "the last byte is not there")
  }

  @Test("a search agrees with the definition on patterns that overlap themselves", arguments: 0..<8 as Range<UInt64>)
  func overlappingPatterns(_ seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<50 {
      let text = (0..<200).map { _ in UInt8.random(in: 0...1, using: &generator) }
      let pattern = (0..<Int.random(in: 1...9, using: &generator)).map { _ in UInt8.random(in: 0...1, using: &generator)
      }
      let expected = (0...(text.count - pattern.count)).first { Array(text[$0..<$0 + pattern.count]) == pattern }
      var search = pattern.withUnsafeBytes { PatternSearch($0) }
      var position = 0
      var found: Int?
      while found == nil, position < text.count {
        let piece = Array(text[position...].prefix(Int.random(in: 1...40, using: &generator)))
        if let end = piece.withUnsafeBytes({ search.advance(through: $0) }) { found = position + end - pattern.count }
        position += piece.count
      }
      #expect(found == expected)
    }
  }

  @Test("the checksum is that of the definition, bit by bit")
  func checksum() throws {
    let client = Client()
    client.target.lowMemory = memory(0x2_0000, seed: 5)
    for length in [1, 9, 0x1_0001, 0x2_0000] {
      var remainder: UInt32 = 0xffff_ffff
      for byte in client.target.lowMemory[..<length] {
        for bit in (0..<8).reversed() {
          let carries = (remainder >> 31 == 1) != ((byte >> UInt8(bit)) & 1 == 1)
          remainder = remainder << 1 ^ (carries ? 0x04c1_1db7 : 0)
        }
      }
      #expect(try client.ask("qCRC:10000,\(String(length, radix: 16))") == "C" + String(remainder, radix: 16))
    }
    // The check value of the algorithm, CRC-32/MPEG-2, over "123456789".
    client.target.lowMemory.replaceSubrange(0..<9, with: Array("123456789".utf8))
    #expect(try client.ask("qCRC:10000,9") == "C376e6e7")
  }

  @Test("physical addresses are switched as QEMU does")
  func physicalMode() throws {
    let client = Client()
    #expect(try client.ask("Qqemu.PhyMemMode:1") == "OK")
    #expect(client.target.usesPhysicalAddresses)
    #expect(try client.ask("qqemu.PhyMemMode") == "1")
    #expect(try client.ask("Qqemu.PhyMemMode:0") == "OK")
    #expect(try client.ask("qqemu.PhyMemMode") == "0")
  }

  @Test("breakpoints reach the target with kind, address, length and thread")
  func breakpoints() throws {
    let client = Client()
    #expect(try client.ask("Hg2") == "OK")
    #expect(try client.ask("Z0,ffffffff81000000,1") == "OK")
    #expect(try client.ask("Z3,10,4") == "OK")
    #expect(
      client.target.inserted == [
        "software \(0xffff_ffff_8100_0000 as UInt64) 1 2", "watch(GDBRemote.WatchKind.read) 16 4 2",
      ])
    #expect(try client.ask("Z1,20,1") == "OK")
    #expect(try client.ask("Z2,30,1") == "OK")
    #expect(try client.ask("Z4,40,1") == "E1c")
    _ = try client.ask("qSupported:error-message+")
    #expect(try client.ask("Z4,40,1") == "E.all four are in use")
    #expect(try client.ask("m0,4") == "E.nothing is at ?0", "what a packet cannot carry is replaced")
    #expect(try client.ask("z3,10,4") == "OK")
    #expect(client.target.inserted.count == 3)
  }

  @Test("what a target cannot do is not announced and gets the empty reply")
  func capabilities() throws {
    let client = Client()
    client.target.hasCapabilities = false
    #expect(
      try client.ask("qSupported")
        == "PacketSize=40000;QStartNoAckMode+;vContSupported+;binary-upload+;qXfer:features:read+;qXfer:threads:read+")
    for packet in [
      "Z0,1000,1", "z1,1000,1", "qRcmd,6563686f", "qqemu.PhyMemMode", "Qqemu.PhyMemMode:1", "qqemu.Supported",
      "vFile:setfs:0", "vFile:open:2f61,0,0", "qXfer:exec-file:read::0,10", "qXfer:libraries:read::0,10",
      "qXfer:memory-map:read::0,10", "qXfer:osdata:read::0,10", "!", "vRun;", "vAttach;1", "R00",
    ] {
      #expect(try client.ask(packet) == "")
    }
  }
}
