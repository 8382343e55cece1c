/// A client of GDB's remote serial protocol, the same for every server: strictly one request, then its reply.
///
/// It asks for what gdb asks for (`qSupported`, no acknowledgments, the target description), sends packets as large as
/// the server's `PacketSize` allows, and each packet by one system call.
final class RSPClient {
  /// How memory is read.
  enum MemoryRead {
    /// By `m`: two digits a byte.
    case hexadecimal
    /// By `x`: a byte a byte, escaped where it must be.
    case binary
  }

  /// What the server answered to `qSupported`, such as `PacketSize=1000` and `vContSupported+`.
  private(set) var features: Set<Substring> = []
  /// How many characters of data one packet may have.
  private(set) var packetSize = 400

  private let connection: Connection
  private var incoming = ByteBuffer(capacity: 1 << 20)
  /// What of `incoming` has been handed out.
  private var consumed = 0
  private var expanded = ByteBuffer(capacity: 1 << 20)
  private var outgoing = ByteBuffer(capacity: 1 << 16)
  private var acknowledges = true

  /// A packet that does not end within so many bytes is no packet.
  private static let sizeLimit = 64 << 20

  /// Takes over a connection to a server that has just accepted it.
  init(_ connection: consuming Connection) { self.connection = connection }

  /// Whether the server has the `x` packet that `binary-upload+` announces.
  var readsBinary: Bool { features.contains("binary-upload+") }

  // MARK: Session

  /// Exchanges `qSupported` and asks for the first stop reply: what gdb needs before it can show anything.
  func attach() throws(BenchmarkError) {
    let reply = try text(
      "qSupported:swbreak+;hwbreak+;vContSupported+;no-resumed+;xmlRegisters=i386;error-message+")
    features = Set(reply.split(separator: ";"))
    if let size = features.first(where: { $0.hasPrefix("PacketSize=") })?.dropFirst("PacketSize=".count) {
      guard let size = Int(size, radix: 16), (64...Self.sizeLimit).contains(size) else {
        throw BenchmarkError("the server's PacketSize is \(size)")
      }
      packetSize = size
    }
    let stop = try text("?")
    guard stop.hasPrefix("T") || stop.hasPrefix("S") else { throw BenchmarkError("the reply to ? is \(stop)") }
  }

  /// Ends acknowledgments where the server can.
  func stopAcknowledging() throws(BenchmarkError) {
    guard features.contains("QStartNoAckMode+") else { return }
    try expectOK("QStartNoAckMode")
    acknowledges = false
  }

  /// Reads a document of the target's by `qXfer`.
  func transfer(_ object: String, annex: String) throws(BenchmarkError) -> String {
    var document: [UInt8] = []
    let part = packetSize - 8
    while true {
      let request = "qXfer:\(object):read:\(annex):\(String(document.count, radix: 16)),\(String(part, radix: 16))"
      let reply = try exchange(Array(request.utf8))
      guard let kind = reply.first, kind == UInt8(ascii: "l") || kind == UInt8(ascii: "m") else {
        throw BenchmarkError("no \(annex): \(Self.text(reply))")
      }
      // SAFETY: `initializedCount` is what `unescape` says that it has filled.
      let data = [UInt8](unsafeUninitializedCapacity: reply.count) { room, count in
        let source = UnsafeRawBufferPointer(rebasing: reply.dropFirst())
        count = PacketCoding.unescape(source, into: UnsafeMutableRawBufferPointer(room)) ?? 0
      }
      document += data
      if kind == UInt8(ascii: "l") { return String(decoding: document, as: UTF8.self) }
      guard !data.isEmpty else { throw BenchmarkError("\(annex) does not end") }
    }
  }

  /// Sends a request that is answered by `OK`.
  func expectOK(_ request: String) throws(BenchmarkError) {
    let reply = try text(request)
    guard reply == "OK" else { throw BenchmarkError("the reply to \(request) is '\(reply)'") }
  }

  /// Sends a request and gives its reply as text.
  func text(_ request: String) throws(BenchmarkError) -> String {
    Self.text(try exchange(Array(request.utf8)))
  }

  // MARK: The measured exchanges

  /// Sends a request and gives its reply, which is valid until the next.
  @discardableResult
  func exchange(_ request: [UInt8]) throws(BenchmarkError) -> UnsafeRawBufferPointer {
    try send(request)
    return try receive()
  }

  /// Sends a request that is answered by `OK`.
  func expectOK(_ request: [UInt8]) throws(BenchmarkError) {
    let reply = try exchange(request)
    guard reply.elementsEqual("OK".utf8) else {
      throw BenchmarkError("the reply to \(String(decoding: request, as: UTF8.self)) is '\(Self.text(reply))'")
    }
  }

  /// Lets the guest run and waits until it stops by a breakpoint or after a step, which is SIGTRAP.
  func resume(_ request: [UInt8]) throws(BenchmarkError) {
    var reply = try exchange(request)
    // Console output comes in between.
    while reply.first == UInt8(ascii: "O") { reply = try receive() }
    guard reply.starts(with: "T05".utf8) || reply.starts(with: "S05".utf8) else {
      throw BenchmarkError("the reply to \(String(decoding: request, as: UTF8.self)) is '\(Self.text(reply))'")
    }
  }

  /// Lets the guest run and does not wait for it.
  func start() throws(BenchmarkError) { try send(Array("vCont;c".utf8)) }

  /// Stops a guest that was started, which is SIGINT (GDB manual, "Interrupts").
  func interrupt() throws(BenchmarkError) {
    outgoing.count = 0
    outgoing.append(3)
    try connection.send(outgoing.bytes)
    let reply = try receive()
    guard reply.starts(with: "T02".utf8) || reply.starts(with: "S02".utf8) else {
      throw BenchmarkError("the reply to an interrupt is '\(Self.text(reply))'")
    }
  }

  /// The most bytes that one packet can ask for; an `x` reply is led by a `b`, and cut by the server where escapes
  /// make it too long.
  func largestRead(_ kind: MemoryRead) -> Int {
    switch kind {
    case .hexadecimal: packetSize / 2
    case .binary: packetSize - 1
    }
  }

  /// Fills `buffer` with `count` bytes of memory, by as few packets as the server allows.
  func readMemory(
    at address: UInt64, count: Int, into buffer: inout ByteBuffer, by kind: MemoryRead
  ) throws(BenchmarkError) {
    let most = largestRead(kind)
    let letter = kind == .binary ? "x" : "m"
    buffer.count = 0
    while buffer.count < count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer.room(count - buffer.count).prefix(count - buffer.count))
      let place = String(address + UInt64(buffer.count), radix: 16)
      let reply = try exchange(Array("\(letter)\(place),\(String(min(most, rest.count), radix: 16))".utf8))
      let decoded: Int? =
        switch kind {
        case .hexadecimal:
          PacketCoding.decodeHex(reply, into: rest)
        case .binary where reply.first == UInt8(ascii: "b"):
          PacketCoding.unescape(UnsafeRawBufferPointer(rebasing: reply.dropFirst()), into: rest)
        case .binary:
          nil
        }
      guard let decoded, decoded > 0 else {
        throw BenchmarkError("memory at 0x\(place) cannot be read: \(Self.text(reply))")
      }
      buffer.count += decoded
    }
  }

  /// Writes memory by `M`, which every server has.
  func writeMemory(at address: UInt64, from bytes: [UInt8]) throws(BenchmarkError) {
    // The command, the address and the length take at most 32 characters.
    let most = (packetSize - 32) / 2
    var offset = 0
    while offset < bytes.count {
      let part = bytes[offset..<min(offset + most, bytes.count)]
      var request = Array("M\(String(address + UInt64(offset), radix: 16)),\(String(part.count, radix: 16)):".utf8)
      PacketCoding.appendHex(part, to: &request)
      try expectOK(request)
      offset += part.count
    }
  }

  // MARK: Packets

  private func send(_ data: [UInt8]) throws(BenchmarkError) {
    outgoing.count = 0
    outgoing.append(UInt8(ascii: "$"))
    let checksum = data.withUnsafeBytes { data in
      outgoing.append(data[...])
      return PacketCoding.checksum(data)
    }
    outgoing.append(UInt8(ascii: "#"))
    outgoing.append(PacketCoding.hexDigit(checksum >> 4))
    outgoing.append(PacketCoding.hexDigit(checksum & 15))
    try connection.send(outgoing.bytes)
  }

  private func acknowledge() throws(BenchmarkError) {
    outgoing.count = 0
    outgoing.append(UInt8(ascii: "+"))
    try connection.send(outgoing.bytes)
  }

  /// The next packet's data, valid until the next call.
  private func receive() throws(BenchmarkError) -> UnsafeRawBufferPointer {
    while true {
      let (isNotification, data) = try receiveFrame()
      guard !isNotification else { continue }
      if acknowledges { try acknowledge() }
      guard data.firstIndex(of: UInt8(ascii: "*"), from: 0) != nil else { return data }
      guard PacketCoding.expandRuns(data, into: &expanded), expanded.count <= Self.sizeLimit else {
        throw BenchmarkError("a reply's run lengths are malformed")
      }
      return expanded.bytes
    }
  }

  /// The data between the marks of the next packet (`$`) or notification (`%`), its checksum verified.
  private func receiveFrame() throws(BenchmarkError) -> (isNotification: Bool, data: UnsafeRawBufferPointer) {
    var start = consumed
    while true {
      if start == incoming.count {
        incoming.count = 0
        start = 0
        try fill()
      }
      let mark = incoming.bytes[start]
      if mark == UInt8(ascii: "$") || mark == UInt8(ascii: "%") { break }
      guard mark == UInt8(ascii: "+") else { throw BenchmarkError("the server sent byte \(mark) between packets") }
      start += 1
    }
    var searched = start + 1
    while true {
      let hash = incoming.bytes.firstIndex(of: UInt8(ascii: "#"), from: searched)
      if let hash, hash + 2 < incoming.count {
        let bytes = incoming.bytes
        let data = UnsafeRawBufferPointer(rebasing: bytes[(start + 1)..<hash])
        guard let high = PacketCoding.nibble(bytes[hash + 1]), let low = PacketCoding.nibble(bytes[hash + 2]),
          high << 4 | low == PacketCoding.checksum(data)
        else { throw BenchmarkError("a reply's checksum is wrong") }
        consumed = hash + 3
        return (bytes[start] == UInt8(ascii: "%"), data)
      }
      searched = hash ?? incoming.count
      guard incoming.count - start < Self.sizeLimit else { throw BenchmarkError("a reply does not end") }
      try fill()
    }
  }

  private func fill() throws(BenchmarkError) {
    incoming.count += try connection.receive(into: incoming.room(1 << 16))
  }

  private static func text(_ reply: UnsafeRawBufferPointer) -> String {
    String(decoding: reply.prefix(200), as: UTF8.self)
  }
}
