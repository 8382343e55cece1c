/// Takes a client's byte stream apart, however it was split, into packets and interrupts.
///
/// What it holds is bounded whatever the client sends: one packet of the largest size in the making, and as much again
/// of whole packets that wait.
struct PacketDecoder: ~Copyable {
  /// Something the client sent, in the order of sending.
  enum Event: Equatable {
    /// A packet of `count` bytes, escapes still in place, and whether its checksum is right.
    case packet(count: Int, isIntact: Bool)
    /// A packet longer than the client was told to send, or one too many: its contents are dropped.
    case excessPacket
    /// The byte 0x03 between packets.
    case interrupt
  }

  private enum State {
    case betweenPackets
    case contents
    case excessContents
    case checksumHigh(isExcess: Bool)
    case checksumLow(isExcess: Bool, high: UInt8?)
  }

  private static let interruptByte: UInt8 = 0x03
  /// Events that may wait; a client that sends more without waiting for replies loses the rest.
  private static let maximumEvents = 1 << 16

  /// The most bytes that a packet may have between `$` and `#`.
  private let maximumPacket: Int
  private var state = State.betweenPackets
  /// The contents of the waiting packets one after another, and at the end those of the one in the making.
  private var contents = ByteBuffer()
  private var countInTheMaking = 0
  private var events: [Event] = []
  private var nextEvent = 0
  /// Whether the client asked for the last packet again (`-`).
  private var wantsRepetition = false

  init(maximumPacket: Int) { self.maximumPacket = maximumPacket }

  // MARK: Bytes in

  mutating func receive(_ bytes: UnsafeRawBufferPointer) {
    var index = 0
    while index < bytes.count {
      switch state {
      case .betweenPackets:
        receiveBetweenPackets(bytes[index])
        index += 1
      case .contents, .excessContents:
        index = receiveContents(bytes, from: index)
      case .checksumHigh(let isExcess):
        state = .checksumLow(isExcess: isExcess, high: Hex.value(bytes[index]))
        index += 1
      case .checksumLow(let isExcess, let high):
        endPacket(isExcess: isExcess, high: high, low: Hex.value(bytes[index]))
        index += 1
      }
    }
  }

  private mutating func receiveBetweenPackets(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "$"): state = .contents
    case UInt8(ascii: "-"): wantsRepetition = true
    // However many events wait, an interrupt gets through; several in a row are one.
    case Self.interruptByte where events.last != .interrupt: events.append(.interrupt)
    default: break
    }
  }

  /// Takes bytes up to the packet's `#`; a `$` before it starts the packet anew, since contents have it escaped.
  private mutating func receiveContents(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    let end = ByteScan.firstIndex(of: UInt8(ascii: "#"), or: UInt8(ascii: "$"), in: bytes, from: start)
    if case .contents = state {
      let count = end - start
      if countInTheMaking + count > maximumPacket || contents.count + count > 2 * maximumPacket {
        state = .excessContents
        dropContentsInTheMaking()
      } else {
        contents.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
        countInTheMaking += count
      }
    }
    guard end < bytes.count else { return end }
    if bytes[end] == UInt8(ascii: "$") {
      dropContentsInTheMaking()
      state = .contents
    } else if case .contents = state {
      state = .checksumHigh(isExcess: false)
    } else {
      state = .checksumHigh(isExcess: true)
    }
    return end + 1
  }

  private mutating func endPacket(isExcess: Bool, high: UInt8?, low: UInt8?) {
    state = .betweenPackets
    guard events.count < Self.maximumEvents else { return dropContentsInTheMaking() }
    if isExcess { return events.append(.excessPacket) }
    let received = UnsafeRawBufferPointer(contents.bytes)
    let sum = ByteScan.sum(UnsafeRawBufferPointer(rebasing: received[(received.count - countInTheMaking)...]))
    var isIntact = false
    if let high, let low { isIntact = sum == high << 4 | low }
    events.append(.packet(count: countInTheMaking, isIntact: isIntact))
    countInTheMaking = 0
  }

  private mutating func dropContentsInTheMaking() {
    contents.removeLast(countInTheMaking)
    countInTheMaking = 0
  }

  // MARK: Events out

  /// The oldest event, which stays until `removeFirst`.
  var first: Event? { nextEvent < events.count ? events[nextEvent] : nil }

  /// The contents of the packet that is the oldest event; good until `removeFirst` or `receive`.
  var firstContents: UnsafeMutableRawBufferPointer {
    guard case .packet(let count, _) = first else { return UnsafeMutableRawBufferPointer(start: nil, count: 0) }
    return UnsafeMutableRawBufferPointer(rebasing: contents.bytes[..<count])
  }

  /// Forgets the oldest event.
  mutating func removeFirst() {
    if case .packet(let count, _) = first { contents.removeFirst(count) }
    nextEvent += 1
    if nextEvent >= events.count {
      events.removeAll(keepingCapacity: true)
      nextEvent = 0
    }
  }

  /// Whether an interrupt is among the events, packets before it or not; if so, none is afterwards.
  mutating func takeInterrupt() -> Bool {
    events.removeSubrange(..<nextEvent)
    nextEvent = 0
    let count = events.count
    events.removeAll { $0 == .interrupt }
    return events.count < count
  }

  /// Whether the client wants the last packet again; asked once, it is false until the client says so again.
  mutating func takeRepetitionRequest() -> Bool {
    defer { wantsRepetition = false }
    return wantsRepetition
  }

  /// How many bytes are held.
  var heldCount: Int { contents.count + events.count * MemoryLayout<Event>.stride }
}
