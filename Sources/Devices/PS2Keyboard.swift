/// A keyboard that speaks scan code set 2 (IBM PS/2 Hardware Interface Technical Reference, "Keyboards").
struct PS2Keyboard: Equatable, Sendable {
  /// A command whose data byte comes next.
  private enum ExpectedData: Equatable, Sendable {
    case scanCodeSet
    /// Lamps, typematic rate or a key's type: acknowledged, without effect here.
    case ignored
  }

  private var replies = ByteFIFO()
  private var scanCodes = ByteFIFO()
  private var expectedData: ExpectedData?
  private var scans = true
  private var scanCodeSet: UInt8 = 2
  private var lastSent: UInt8 = 0

  private static let acknowledge: UInt8 = 0xFA
  private static let resend: UInt8 = 0xFE
  private static let selfTestPassed: UInt8 = 0xAA
  private static let identifier: [UInt8] = [0xAB, 0x83]

  /// How many bytes of scan codes it will take.
  var freeSpace: Int { ByteFIFO.capacity - scanCodes.count }

  /// Takes a byte of a scan code from the keys; false when there is no room.
  mutating func receive(_ scanCode: UInt8) -> Bool {
    // A keyboard that does not scan does not see its keys.
    scans ? scanCodes.append(scanCode) : true
  }

  /// Gives the next byte to the controller: replies first.
  mutating func send() -> UInt8? {
    guard let byte = replies.popFirst() ?? scanCodes.popFirst() else { return nil }
    lastSent = byte
    return byte
  }

  /// Takes a command, or the data of one, from the controller.
  mutating func write(_ value: UInt8) {
    let expected = expectedData
    expectedData = nil
    switch expected {
    case .scanCodeSet where value <= 3:
      reply(Self.acknowledge)
      if value == 0 { reply(scanCodeSet) } else { scanCodeSet = value }
    case .ignored where value < 0x80: reply(Self.acknowledge)
    // A command may come in place of the data and takes its place.
    default: execute(command: value)
    }
  }

  private mutating func execute(command: UInt8) {
    switch command {
    case 0xED, 0xF3, 0xFB...0xFD: expect(.ignored)
    case 0xEE: reply(command)
    case 0xF0: expect(.scanCodeSet)
    case 0xF2:
      reply(Self.acknowledge)
      for byte in Self.identifier { reply(byte) }
    case 0xF4: restart(scanning: true)
    case 0xF5: restart(scanning: false)
    case 0xF6: restart(scanning: scans)
    case 0xF7...0xFA: reply(Self.acknowledge)
    case 0xFE: reply(lastSent)
    case 0xFF:
      self = PS2Keyboard()
      reply(Self.acknowledge)
      reply(Self.selfTestPassed)
    default: reply(Self.resend)
    }
  }

  private mutating func expect(_ data: ExpectedData) {
    expectedData = data
    reply(Self.acknowledge)
  }

  private mutating func restart(scanning: Bool) {
    scanCodes.removeAll()
    scans = scanning
    reply(Self.acknowledge)
  }

  /// Sends a byte to the controller; one that finds sixteen others unread is lost.
  private mutating func reply(_ byte: UInt8) { replies.append(byte) }
}
