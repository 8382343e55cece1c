import Architecture
import Glibc

/// A client of GDB's remote protocol that sends whatever a test wants.
final class RSPClient {
  /// The guest's architecture.
  var architecture = GuestArchitecture.host

  /// The program counter's number in gdb's register order.
  private var programCounterNumber: Int { architecture == .arm64 ? 0x20 : 0x10 }

  /// The text of the `O` packets so far.
  private(set) var console = ""
  private let descriptor: CInt
  private var received: [UInt8] = []

  /// Connects to a Unix socket.
  convenience init(socket path: String) throws {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    try self.init(address, family: AF_UNIX, name: path)
  }

  /// Connects to a TCP port of this machine.
  convenience init(port: UInt16) throws {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    try self.init(address, family: AF_INET, name: "port \(port)")
  }

  private init<Address>(_ address: Address, family: CInt, name: String) throws {
    descriptor = Glibc.socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    // SAFETY: the address of a family is what connect takes as a sockaddr, with its own length.
    let result = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
      }
    }
    guard result == 0 else {
      let error = errno
      Glibc.close(descriptor)
      isOpen = false
      throw EndToEndError("cannot connect to \(name): errno \(error)")
    }
  }

  /// Connects, ends acknowledgments and says what gdb says first.
  static func attach(to hvgdb: Hvgdb) throws -> RSPClient {
    let client = try RSPClient(socket: hvgdb.socket)
    client.architecture = hvgdb.architecture
    try client.handshake()
    return client
  }

  deinit { close() }

  private var isOpen = true

  /// Ends the connection without a word.
  func close() {
    if isOpen { Glibc.close(descriptor) }
    isOpen = false
  }

  /// `qSupported` and `QStartNoAckMode`.
  func handshake() throws {
    send("qSupported:error-message+;swbreak+;hwbreak+;vContSupported+")
    _ = try reply()
    send("QStartNoAckMode")
    guard try reply() == Array("OK".utf8) else { throw EndToEndError("acknowledgments cannot be ended") }
    sendRaw(Array("+".utf8))
  }

  // MARK: Bytes

  /// Sends bytes as they are; what cannot be sent is lost, as the tests of broken connections want it.
  func sendRaw(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard written > 0 || errno == EINTR else { return }
      rest = rest.dropFirst(max(0, written))
    }
  }

  /// A packet with its frame.
  static func frame(_ contents: [UInt8]) -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    let sum = contents.reduce(UInt8(0), &+)
    return [UInt8(ascii: "$")] + contents + [UInt8(ascii: "#"), digits[Int(sum >> 4)], digits[Int(sum & 15)]]
  }

  func send(_ packet: String) { sendRaw(Self.frame(Array(packet.utf8))) }

  /// Ctrl-C.
  func interrupt() { sendRaw([0x03]) }

  /// Takes what has arrived; false where the connection has ended.
  @discardableResult
  private func receive(until deadline: Deadline) throws -> Bool {
    var readiness = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&readiness, 1, deadline.leftForPoll) > 0 else { throw EndToEndError("no reply came") }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(descriptor, &buffer, buffer.count)
    if count > 0 { received.append(contentsOf: buffer[..<count]) }
    return count > 0
  }

  /// Reads everything up to the end of the connection.
  func readToEnd(within seconds: Double = Deadline.usual) throws -> String {
    let deadline = Deadline(seconds: seconds)
    while try receive(until: deadline) {}
    return String(decoding: received, as: UTF8.self)
  }

  /// Throws away all that comes until nothing has come for a while.
  func drain(quietFor seconds: Double) {
    repeat { received = [] } while (try? receive(until: Deadline(seconds: seconds))) == true
  }

  // MARK: Packets

  /// The contents of the next packet, expanded; `O` packets are put into `console`.
  func reply(within seconds: Double = Deadline.usual) throws -> [UInt8] {
    let deadline = Deadline(seconds: seconds)
    while true {
      if let packet = takePacket() {
        guard packet.first == UInt8(ascii: "O"), packet != Array("OK".utf8) else { return packet }
        console += String(decoding: Self.bytes(ofHex: packet.dropFirst()), as: UTF8.self)
      } else if try !receive(until: deadline) {
        throw EndToEndError("the connection ended in place of a reply")
      }
    }
  }

  private func takePacket() -> [UInt8]? {
    guard let start = received.firstIndex(of: UInt8(ascii: "$")),
      let end = received[start...].firstIndex(of: UInt8(ascii: "#")), end + 2 < received.count
    else { return nil }
    defer { received.removeFirst(end + 3) }
    return Self.expand(received[(start + 1)..<end])
  }

  /// Undoes run-length encoding and escapes (GDB manual, "Overview" of the remote protocol).
  private static func expand(_ contents: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var rest = contents
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "}"), let escaped = rest.popFirst() {
        result.append(escaped ^ 0x20)
      } else if byte == UInt8(ascii: "*"), let count = rest.popFirst(), let last = result.last {
        result.append(contentsOf: repeatElement(last, count: Int(count) - 29))
      } else {
        result.append(byte)
      }
    }
    return result
  }

  static func bytes(ofHex digits: some Sequence<UInt8>) -> [UInt8] {
    let text = Array(digits)
    return stride(from: 0, to: text.count - 1, by: 2).compactMap {
      UInt8(String(decoding: text[$0...$0 + 1], as: UTF8.self), radix: 16)
    }
  }

  /// Two hexadecimal digits for each byte.
  private static func digits(of bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + hex(UInt64($0)) }.joined()
  }

  /// Sends a packet and takes its reply.
  func request(_ packet: String, within seconds: Double = Deadline.usual) throws -> String {
    send(packet)
    return try replyText(within: seconds)
  }

  /// The next packet as text.
  func replyText(within seconds: Double = Deadline.usual) throws -> String {
    String(decoding: try reply(within: seconds), as: UTF8.self)
  }

  /// Sends a packet that is to be answered by `OK`.
  func order(_ packet: String) throws {
    let answer = try request(packet)
    guard answer == "OK" else { throw EndToEndError("the reply to \(packet) is \(answer)") }
  }

  // MARK: What the packets are for

  func memory(at address: UInt64, count: Int) throws -> [UInt8] {
    Self.bytes(ofHex: try request("m\(hex(address)),\(hex(UInt64(count)))").utf8)
  }

  /// A little-endian number of 8 bytes in memory.
  func word(at address: UInt64) throws -> UInt64 {
    let bytes = try memory(at: address, count: 8)
    guard bytes.count == 8 else { throw EndToEndError("no memory at 0x\(hex(address))") }
    return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  func programCounter() throws -> UInt64 { try register(programCounterNumber) }

  func setProgramCounter(_ address: UInt64) throws {
    let bytes = withUnsafeBytes(of: address.littleEndian) { Self.digits(of: $0) }
    try order("P\(hex(UInt64(programCounterNumber)))=\(bytes)")
  }

  /// A register of 8 bytes by its number in gdb's order.
  func register(_ number: Int) throws -> UInt64 {
    let bytes = Self.bytes(ofHex: try request("p\(hex(UInt64(number)))").utf8)
    return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Runs a `monitor` command and gives its text.
  func monitor(_ command: String) throws -> String {
    console = ""
    try order("qRcmd,\(Self.digits(of: command.utf8))")
    return console
  }
}

func hex(_ value: UInt64) -> String { String(value, radix: 16) }
