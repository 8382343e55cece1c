internal import Bits

/// A PC's keyboard controller with a keyboard and no mouse: I/O ports 0x60 (data) and 0x64 (command, status).
///
/// Sources: IBM PS/2 Hardware Interface Technical Reference, "Keyboard and Auxiliary Device Controller"; Linux's
/// drivers/input/serio/i8042.c for what is asked of it.
///
/// One byte at a time stands in the output buffer. Interrupt 1 is edge-triggered, so between two bytes its line must be
/// seen low: after each access the board looks at `interruptRequest`, calls `refill()` and looks again.
public struct I8042: Equatable, Sendable {
  /// A command whose data byte comes next at port 0x60.
  private enum ExpectedData: Equatable, Sendable {
    case memory(index: UInt8)
    case outputPort
    case keyboardOutputBuffer
    case auxiliaryOutputBuffer
    case auxiliaryDevice
  }

  private var keyboard = PS2Keyboard()
  private var translator = ScanCodeTranslator()
  /// The controller's memory; byte 0 is the configuration.
  private var memory = SIMD32<UInt8>()
  private var expectedData: ExpectedData?
  private var outputBuffer: UInt8?
  /// What port 0x60 shows while the output buffer is empty.
  private var lastOutput: UInt8 = 0
  private var replies = ByteFIFO()
  private var lastWriteWasCommand = false
  private var selfTestPassed = true
  private var outputPort: UInt8 = I8042.systemRunning | I8042.addressLine20

  /// Output port, bit 0: low resets the CPU.
  private static let systemRunning: UInt8 = 1 << 0
  /// Output port, bit 1: the A20 gate.
  private static let addressLine20: UInt8 = 1 << 1

  /// Makes the controller as a PC's firmware leaves it: interrupt 1 and translation to scan code set 1 are on.
  public init() {
    memory[0] = Configuration([.keyboardInterrupt, .systemFlag, .auxiliaryDisabled, .translation]).rawValue
  }

  /// Whether interrupt request 1 is driven high.
  public var interruptRequest: Bool {
    outputBuffer != nil && configuration.contains(.keyboardInterrupt)
  }

  // MARK: The outside

  /// How many bytes `receive` will take.
  public var freeReceiveSpace: Int { keyboard.freeSpace }

  /// Takes a byte of a scan code of set 2, as it comes from the keys.
  ///
  /// - Parameter scanCode: 0xE0, 0xF0 or a key's code; a keyboard that the guest has switched off drops it.
  /// - Returns: False when there is no room; the sender keeps the byte and tries again after the guest's next access.
  public mutating func receive(_ scanCode: UInt8) -> Bool {
    defer { refill() }
    return keyboard.receive(scanCode)
  }

  /// Moves the next waiting byte to the output buffer when that is empty, as the controller does by itself shortly after
  /// the last byte was read.
  public mutating func refill() {
    guard outputBuffer == nil else { return }
    if let reply = replies.popFirst() {
      outputBuffer = reply
      return
    }
    guard !configuration.contains(.keyboardDisabled) else { return }
    while outputBuffer == nil, let byte = keyboard.send() {
      outputBuffer = configuration.contains(.translation) ? translator.translate(byte) : byte
    }
  }

  // MARK: Ports

  /// Reads port 0x60: takes the byte out of the output buffer.
  public mutating func readData() -> UInt8 {
    refill()
    lastOutput = outputBuffer ?? lastOutput
    outputBuffer = nil
    return lastOutput
  }

  /// Reads port 0x64: the status register.
  public mutating func readStatus() -> UInt8 {
    refill()
    var status: Status = [.notInhibited]
    if outputBuffer != nil { status.insert(.outputBufferFull) }
    if selfTestPassed { status.insert(.systemFlag) }
    if lastWriteWasCommand { status.insert(.command) }
    return status.rawValue
  }

  /// Writes port 0x60: a command's data, or a byte for the keyboard.
  ///
  /// - Parameter value: What is written.
  /// - Returns: `.reset` where the output port's bit 0 is pulled low.
  public mutating func writeData(_ value: UInt8) -> MachineRequest? {
    defer { refill() }
    lastWriteWasCommand = false
    let expected = expectedData
    expectedData = nil
    switch expected {
    case .memory(let index):
      memory[Int(index)] = value
      if index == 0 { selfTestPassed = configuration.contains(.systemFlag) }
    case .outputPort:
      outputPort = value | Self.systemRunning
      if value & Self.systemRunning == 0 { return .reset }
    case .keyboardOutputBuffer, .auxiliaryOutputBuffer:
      // Without a mouse port, what is looped back comes without the mark of one.
      replies.append(value)
    case .auxiliaryDevice: break
    case nil:
      // Speaking to the keyboard ends its being held.
      setConfiguration(.keyboardDisabled, false)
      keyboard.write(value)
    }
    return nil
  }

  /// Writes port 0x64: a command.
  ///
  /// - Parameter value: The command; one that is unknown is ignored.
  /// - Returns: `.reset` where the command pulses the CPU's reset line.
  public mutating func writeCommand(_ value: UInt8) -> MachineRequest? {
    defer { refill() }
    lastWriteWasCommand = true
    expectedData = nil
    switch value {
    case 0x20...0x3F: replies.append(memory[Int(value[bits: 0...4])])
    case 0x60...0x7F: expectedData = .memory(index: value[bits: 0...4])
    case 0xA7: setConfiguration(.auxiliaryDisabled, true)
    case 0xA8: setConfiguration(.auxiliaryDisabled, false)
    case 0xA9: replies.append(Self.clockLineStuckHigh)
    case 0xAA: selfTest()
    case 0xAB: replies.append(Self.interfaceTestPassed)
    case 0xAD: setConfiguration(.keyboardDisabled, true)
    case 0xAE: setConfiguration(.keyboardDisabled, false)
    case 0xC0: replies.append(Self.inputPort)
    case 0xD0: replies.append(outputPort)
    case 0xD1: expectedData = .outputPort
    case 0xD2: expectedData = .keyboardOutputBuffer
    case 0xD3: expectedData = .auxiliaryOutputBuffer
    case 0xD4: expectedData = .auxiliaryDevice
    case 0xF0...0xFF where value & Self.systemRunning == 0: return .reset
    default: break
    }
    return nil
  }

  private static let selfTestPassedReply: UInt8 = 0x55
  private static let interfaceTestPassed: UInt8 = 0x00
  /// The interface test's answer where no mouse holds the line.
  private static let clockLineStuckHigh: UInt8 = 0x02
  /// Bit 7: the keyboard is not locked.
  private static let inputPort: UInt8 = 0b1000_0000

  private mutating func selfTest() {
    selfTestPassed = true
    replies.removeAll()
    outputBuffer = nil
    replies.append(Self.selfTestPassedReply)
  }

  // MARK: Registers

  /// The status register.
  private struct Status: OptionSet {
    let rawValue: UInt8
    static let outputBufferFull = Status(rawValue: 1 << 0)
    static let systemFlag = Status(rawValue: 1 << 2)
    static let command = Status(rawValue: 1 << 3)
    static let notInhibited = Status(rawValue: 1 << 4)
  }

  /// The configuration, also called the command byte.
  private struct Configuration: OptionSet {
    let rawValue: UInt8
    static let keyboardInterrupt = Configuration(rawValue: 1 << 0)
    static let systemFlag = Configuration(rawValue: 1 << 2)
    static let keyboardDisabled = Configuration(rawValue: 1 << 4)
    static let auxiliaryDisabled = Configuration(rawValue: 1 << 5)
    static let translation = Configuration(rawValue: 1 << 6)
  }

  private var configuration: Configuration { Configuration(rawValue: memory[0]) }

  private mutating func setConfiguration(_ flag: Configuration, _ isSet: Bool) {
    memory[0] = (isSet ? configuration.union(flag) : configuration.subtracting(flag)).rawValue
  }
}
