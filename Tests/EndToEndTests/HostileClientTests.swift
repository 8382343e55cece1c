import Glibc
import Testing

/// Clients that send nonsense or come and go by the thousand.
@Suite(.needsHvgdb, .needsKVM, .needsGuests)
struct HostileClientTests {
  /// How much more memory hvgdb may hold afterwards, in KiB: allocators keep some, a leak of every packet is more.
  private static let growthLimit = 4096

  /// What must be as it was: the registers, and a checksum of the guest's memory.
  private struct GuestState: Equatable {
    let registers: String
    let checksum: String

    init(_ hvgdb: Hvgdb) throws {
      let client = try RSPClient.attach(to: hvgdb)
      registers = try client.request("g")
      checksum = try client.request("qCRC:0,4000000")
      client.close()
      guard registers.count > 200, checksum.hasPrefix("C") else { throw EndToEndError("the state is \(checksum)") }
    }
  }

  /// Waits until everything sent before is answered: for the reply to a read of a length that nothing else asks for.
  private func settle(_ client: RSPClient, code: [UInt8], length: Int) throws {
    let expected = code.prefix(length).map { ($0 < 16 ? "0" : "") + hex(UInt64($0)) }.joined()
    // Whatever frame is open, this ends it.
    client.sendRaw(Array("$#00".utf8))
    client.send("Qqemu.PhyMemMode:0")
    client.send("m\(hex(Self.codeAddress)),\(hex(UInt64(length)))")
    while try client.replyText() != expected {}
  }

  /// Where the guests' code starts; the generator's packets read elsewhere or less.
  private static let codeAddress: UInt64 = 0x100_0000

  private func code(_ hvgdb: Hvgdb) throws -> [UInt8] {
    let client = try RSPClient.attach(to: hvgdb)
    defer { client.close() }
    return try client.memory(at: Self.codeAddress, count: 0x400)
  }

  /// Sends so many packets in batches, and takes the replies of each.
  private func send(_ count: Int, _ generator: inout GarbageGenerator, to client: RSPClient, code: [UInt8]) throws {
    let batch = 200
    for round in 0..<count / batch {
      client.sendRaw((0..<batch).flatMap { _ in generator.next() })
      try settle(client, code: code, length: 0x200 + round % 0x200)
    }
  }

  @Test("100,000 random and mutated packets change nothing and take no memory")
  func packets() throws {
    try Hvgdb.run(guest: "counter") { hvgdb in
      let code = try code(hvgdb)
      let before = try GuestState(hvgdb)
      var generator = GarbageGenerator(seed: 1)
      var resident = 0
      for session in 0..<10 {
        let client = try RSPClient.attach(to: hvgdb)
        try send(10_000, &generator, to: client, code: code)
        client.close()
        if session == 1 { resident = try hvgdb.residentKilobytes() }
      }
      let after = try GuestState(hvgdb)
      #expect(after == before)
      let growth = try hvgdb.residentKilobytes() - resident
      #expect(growth < Self.growthLimit)
      #expect(hvgdb.process.ended == nil)
    }
  }

  @Test("packets that come while the guest runs wait, and Ctrl-C still gets through")
  func packetsWhileRunning() throws {
    try Hvgdb.run(guest: "counter") { hvgdb in
      let code = try code(hvgdb)
      let client = try RSPClient.attach(to: hvgdb)
      var generator = GarbageGenerator(seed: 2)
      var resident = 0
      for round in 0..<20 {
        client.send("vCont;c")
        for _ in 0..<10 { client.sendRaw((0..<50).flatMap { _ in generator.next() }) }
        client.sendRaw(Array("$#00".utf8))
        client.interrupt()
        #expect(try client.replyText().hasPrefix("T0"))
        try settle(client, code: code, length: 0x200 + round)
        if round == 4 { resident = try hvgdb.residentKilobytes() }
      }
      let growth = try hvgdb.residentKilobytes() - resident
      #expect(growth < Self.growthLimit)
      client.close()
    }
  }

  @Test("1,000 clients come and go, some in the middle of a packet")
  func connections() throws {
    try Hvgdb.run(guest: "counter") { hvgdb in
      let before = try GuestState(hvgdb)
      let beginnings = ["", "$", "$g", "$m1000000,4#", "+$qSupported#37", "$M1000000,4:0000", "\u{3}", "$g#67$g#67"]
      var resident = 0
      for round in 0..<1000 {
        let client = try RSPClient(socket: hvgdb.socket)
        if round % 3 == 0 { try client.handshake() }
        client.sendRaw(Array(beginnings[round % beginnings.count].utf8))
        client.close()
        if round == 100 { resident = try hvgdb.residentKilobytes() }
      }
      let after = try waiting(for: "the last of the clients to be gone") { try? GuestState(hvgdb) }
      #expect(after == before)
      let growth = try hvgdb.residentKilobytes() - resident
      #expect(growth < Self.growthLimit)
      let descriptors = try openDescriptors(hvgdb)
      #expect(descriptors < 100)
    }
  }

  /// How many descriptors the process has open.
  private func openDescriptors(_ hvgdb: Hvgdb) throws -> Int {
    guard let directory = opendir("/proc/\(hvgdb.process.identifier)/fd") else {
      throw EndToEndError("the descriptors of hvgdb cannot be counted")
    }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    return count
  }
}
