import Testing

@testable import GDBRemote

/// The target's own files, by `vFile`.
@Suite("Files")
struct FileTests {
  private func open(_ path: String, _ client: Client) throws -> String { try client.ask("vFile:open:\(hex(path)),0,0") }

  /// Reads from an open file, and checks that the count in the reply is right.
  private func read(_ client: Client, _ descriptor: Int, count: UInt64, at offset: UInt64) throws -> [UInt8] {
    let place = "\(String(count, radix: 16)),\(String(offset, radix: 16))"
    let reply = try client.ask(Array("vFile:pread:\(descriptor),\(place)".utf8))
    let head = try #require(reply.firstIndex(of: UInt8(ascii: ";")))
    let data = try Client.unescape(reply[(head + 1)...])
    #expect(String(decoding: reply[..<head], as: UTF8.self) == "F" + String(data.count, radix: 16))
    return data
  }

  @Test("a file is read in pieces of any size, whatever bytes it has", arguments: [1, 3, 1000, 0x2_0000, .max])
  func pieces(_ length: UInt64) throws {
    var generator = SeededGenerator(seed: length)
    let count = length < 1000 ? 700 : 300_000
    let runs: [[UInt8]] = [[UInt8](repeating: 0, count: 300), Array("#$}*".utf8)]
    let file = runs.joined() + (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let client = Client()
    client.target.capabilities.files["/file"] = file
    #expect(try open("/file", client) == "F0")
    var bytes: [UInt8] = []
    while true {
      let piece = try read(client, 0, count: length, at: UInt64(bytes.count))
      if piece.isEmpty { break }
      #expect(piece.count <= length)
      bytes += piece
    }
    #expect(bytes == file)
  }

  @Test("reading past the end, or nothing, gives nothing")
  func end() throws {
    let client = Client()
    #expect(try open("/kernel", client) == "F0")
    for (count, offset) in [(10, 7), (10, 8), (10, .max), (.max, .max), (0, 0)] as [(UInt64, UInt64)] {
      #expect(try read(client, 0, count: count, at: offset).isEmpty)
    }
    #expect(try read(client, 0, count: .max, at: 5) == Array("LF".utf8))
    #expect(try open("/empty", client) == "F1")
    #expect(try read(client, 1, count: 1, at: 0).isEmpty)
  }

  @Test("a reply is never longer than a packet, even of bytes that are all escaped")
  func packetSize() throws {
    let client = Client()
    client.target.capabilities.files["/file"] = (0..<0x8_0000).map { [0x23, 0x24, 0x7d][$0 % 3] }
    #expect(try open("/file", client) == "F0")
    let reply = try client.ask(Array("vFile:pread:0,ffffffff,0".utf8))
    #expect((Session.packetSize * 9 / 10...Session.packetSize).contains(reply.count))
  }

  @Test("few files are open at a time, and each keeps the bytes that it had")
  func handles() throws {
    let client = Client()
    for descriptor in 0..<16 { #expect(try open("/kernel", client) == "F" + String(descriptor, radix: 16)) }
    #expect(try open("/kernel", client) == "F-1,18")
    #expect(try client.ask("vFile:close:3") == "F0")
    #expect(try client.ask("vFile:close:3") == "F-1,9")
    #expect(try client.ask("vFile:pread:3,1,0") == "F-1,9")
    client.target.capabilities.files["/kernel"] = Array("new".utf8)
    #expect(try open("/kernel", client) == "F3")
    #expect(try read(client, 3, count: 10, at: 0) == Array("new".utf8))
    #expect(try read(client, 2, count: 10, at: 4) == Array("ELF".utf8))
  }

  @Test(
    "a file's status is the manual's struct stat",
    arguments: ["fstat:0", "stat:\(hex("/file"))", "lstat:\(hex("/file"))"])
  func status(_ operation: String) throws {
    let client = Client()
    client.target.capabilities.files["/file"] = [UInt8](repeating: 1, count: 0x1_0203)
    #expect(try open("/file", client) == "F0")
    let reply = try client.ask(Array("vFile:\(operation)".utf8))
    #expect(reply.starts(with: Array("F40;".utf8)))
    let words = try Client.unescape(reply.dropFirst(4)).chunks(of: 4).map { $0.reduce(0) { $0 << 8 | UInt32($1) } }
    // st_dev, st_ino, st_mode, st_nlink, st_uid, st_gid, st_rdev; st_size, st_blksize and st_blocks take two words.
    #expect(words == [0, 0, 0o100444, 1, 0, 0, 0, 0, 0x1_0203, 0, 512, 0, 0x82, 0, 0, 0])
  }

  @Test(
    "no file of the host's is ever served", arguments: ["/etc/hostname", "/proc/self/maps", "/kernel/../etc/passwd"])
  func hostFiles(_ path: String) throws {
    let client = Client()
    #expect(try open(path, client) == "F-1,2")
    #expect(try client.ask("vFile:stat:\(hex(path))") == "F-1,2")
    #expect(try client.ask("vFile:readlink:\(hex(path))") == "F-1,2")
  }
}

extension Array {
  fileprivate func chunks(of count: Int) -> [ArraySlice<Element>] {
    stride(from: 0, to: self.count, by: count).map { self[$0..<Swift.min($0 + count, self.count)] }
  }
}
