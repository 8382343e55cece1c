@testable import GDBRemote

/// A client that checks framing by its own understanding of the protocol, and plays the driver's part.
final class Client {
  let target: MockTarget
  var session: Session
  /// Everything the driver was asked to do, but for waiting and sending.
  var effects: [SessionEffect] = []
  private var output: [UInt8] = []

  init(target: MockTarget = MockTarget(), acknowledges: Bool = false) {
    self.target = target
    session = Session(target: target, serverName: "hvgdb", serverVersion: "1.2.3")
    if !acknowledges {
      send(Self.frame("QStartNoAckMode"))
      _ = takeOutput()
    }
  }

  // The tests' macros cannot look into a session, since it cannot be copied.
  var isRunning: Bool { session.isRunning }
  var hasEnded: Bool { session.hasEnded }
  var outputCount: Int { output.count }
  var heldInputCount: Int { session.heldInputCount }

  // MARK: To the session

  static func frame(_ contents: [UInt8]) -> [UInt8] {
    let sum = contents.reduce(0) { ($0 + Int($1)) % 256 }
    let digits = String(sum, radix: 16)
    return Array("$".utf8) + contents + Array("#".utf8) + Array((digits.count == 1 ? "0" + digits : digits).utf8)
  }

  static func frame(_ contents: String) -> [UInt8] { frame(Array(contents.utf8)) }

  static func escape(_ data: [UInt8]) -> [UInt8] {
    data.flatMap { [0x23, 0x24, 0x7d, 0x2a].contains($0) ? [0x7d, $0 ^ 0x20] : [$0] }
  }

  /// Sends bytes as they are and does what a driver does, up to the next wait.
  func send(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { session.receive($0) }
    run()
  }

  func run() {
    while true {
      let effect = session.next()
      session.withOutput { output.append(contentsOf: $0) }
      session.discardOutput(session.outputCount)
      switch effect {
      case .awaitInput: return
      case .sendOutput: continue
      default: effects.append(effect)
      }
    }
  }

  func stop(_ event: StopEvent) {
    session.stopped(event)
    run()
  }

  // MARK: From the session

  func takeOutput() -> [UInt8] {
    defer { output = [] }
    return output
  }

  enum Malformed: Error {
    case framing(String)
    case checksum
    case run
    case escape
  }

  /// The packets sent since the last call, runs expanded, escapes still in place.
  func takePackets() throws -> [[UInt8]] {
    let bytes = takeOutput()
    var packets: [[UInt8]] = []
    var rest = bytes[...]
    while let start = rest.first {
      guard start == 0x24 else { throw Malformed.framing("\(start) is between packets") }
      guard let end = rest.firstIndex(of: 0x23), end + 2 < bytes.count else { throw Malformed.framing("no end") }
      let contents = rest[(rest.startIndex + 1)..<end]
      guard Array(Self.frame(Array(contents))) == Array(rest[...(end + 2)]) else { throw Malformed.checksum }
      packets.append(try Self.expand(contents))
      rest = rest[(end + 3)...]
    }
    return packets
  }

  /// Undoes run-length encoding as the GDB manual describes it.
  static func expand(_ contents: ArraySlice<UInt8>) throws -> [UInt8] {
    var result: [UInt8] = []
    var index = contents.startIndex
    while index < contents.endIndex {
      if contents[index] == 0x2a {
        guard let repeated = result.last, index + 1 < contents.endIndex else { throw Malformed.run }
        let count = Int(contents[index + 1])
        guard (32...126).contains(count), ![0x23, 0x24, 0x2b, 0x2d].contains(count) else { throw Malformed.run }
        result += [UInt8](repeating: repeated, count: count - 29)
        index += 2
      } else {
        if contents[index] == 0x24 { throw Malformed.escape }
        result.append(contents[index])
        index += 1
      }
    }
    return result
  }

  static func unescape(_ data: some Sequence<UInt8>) throws -> [UInt8] {
    var result: [UInt8] = []
    var isEscaped = false
    for byte in data {
      if byte == 0x7d, !isEscaped {
        isEscaped = true
      } else {
        result.append(isEscaped ? byte ^ 0x20 : byte)
        isEscaped = false
      }
    }
    if isEscaped { throw Malformed.escape }
    return result
  }

  /// The one reply to a packet, as bytes.
  func ask(_ contents: [UInt8]) throws -> [UInt8] {
    send(Self.frame(contents))
    let packets = try takePackets()
    guard let reply = packets.first, packets.count == 1 else { throw Malformed.framing("\(packets.count) replies") }
    return reply
  }

  /// The one reply to a packet, as text.
  func ask(_ contents: String) throws -> String {
    String(decoding: try ask(Array(contents.utf8)), as: UTF8.self)
  }

  /// The packets sent since the last call as text.
  func takeTexts() throws -> [String] { try takePackets().map { String(decoding: $0, as: UTF8.self) } }
}

/// Text in hexadecimal.
func hex(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

func hex(_ text: String) -> String { hex(text.utf8) }

/// A generator whose numbers a seed fixes (SplitMix64), so that a failure can be had again.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
