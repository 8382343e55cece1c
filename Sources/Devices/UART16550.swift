internal import Bits

/// A 16550A serial port: eight byte-wide registers (National Semiconductor PC16550D data sheet, section 8).
///
/// A byte written is sent at once, so the transmitter is always empty. The other side keeps time by the guest's reads:
/// `receive` takes a byte only when there is room, and nothing that waits outside is lost. The character timeout needs
/// no clock either: bytes below the trigger level are reported as timed out until they are read.
public struct UART16550: Equatable, Sendable {
  /// The length of its range in bytes.
  public static let count: UInt64 = 8

  private var receiver = ByteFIFO()
  /// Bit n: the byte n of the receiver came as a break.
  private var breaks: UInt16 = 0
  private var overrun = false
  private var interruptEnable: InterruptEnable = []
  /// The transmitter has run empty since the guest was last told.
  private var transmitterEmptied = false
  private var fifoControl: FIFOControl = []
  private var lineControl: LineControl = []
  private var modemControl: ModemControl = []
  /// The modem's lines as they come in at the port, loop-back or not.
  private var modemInputs: ModemLines = [.clearToSend, .dataSetReady, .dataCarrierDetect]
  /// Which lines have changed since modem status was last read.
  private var modemChanges: ModemLines = []
  private var scratch: UInt8 = 0
  private var divisor: UInt16 = 12

  /// Makes the port as it is after a master reset, with a modem that is ready.
  public init() {}

  /// Whether the interrupt line is driven high.
  ///
  /// On a PC the output OUT2 switches the line; loop-back disconnects that output and with it the line.
  public var interruptRequest: Bool {
    modemControl.contains(.out2) && !modemControl.contains(.loopBack) && pendingInterrupt != nil
  }

  // MARK: The outside

  /// How many bytes `receive` will take.
  ///
  /// None in loop-back, where the receiver is disconnected from the outside.
  public var freeReceiveSpace: Int {
    modemControl.contains(.loopBack) ? 0 : receiverCapacity - receiver.count
  }

  /// Takes a byte from the outside.
  ///
  /// - Parameter byte: What arrives.
  /// - Returns: False when there is no room; the sender keeps the byte and tries again after the guest's next access.
  public mutating func receive(_ byte: UInt8) -> Bool {
    guard freeReceiveSpace > 0 else { return false }
    return receiver.append(byte)
  }

  /// Takes a break condition from the outside, as a terminal sends it for the magic SysRq key; false without room.
  public mutating func receiveBreak() -> Bool {
    guard receive(0) else { return false }
    breaks[bit: receiver.count - 1] = true
    return true
  }

  // MARK: Registers

  /// Reads a register.
  ///
  /// - Parameter offset: 0 to 7; higher bits are ignored.
  /// - Returns: The register's value.
  public mutating func read(at offset: UInt64) -> UInt8 {
    switch offset & 7 {
    case 0: lineControl.contains(.divisorLatch) ? UInt8(divisor[bits: 0...7]) : readReceiverBuffer()
    case 1: lineControl.contains(.divisorLatch) ? UInt8(divisor[bits: 8...15]) : interruptEnable.rawValue
    case 2: readInterruptIdentification()
    case 3: lineControl.rawValue
    case 4: modemControl.rawValue
    case 5: readLineStatus()
    case 6: readModemStatus()
    default: scratch
    }
  }

  /// Writes a register.
  ///
  /// - Parameters:
  ///   - value: What is written.
  ///   - offset: 0 to 7; higher bits are ignored.
  /// - Returns: The byte that leaves the port by this, if one does.
  public mutating func write(_ value: UInt8, at offset: UInt64) -> UInt8? {
    switch offset & 7 {
    case 0 where lineControl.contains(.divisorLatch): divisor[bits: 0...7] = UInt16(value)
    case 0: return transmit(value)
    case 1 where lineControl.contains(.divisorLatch): divisor[bits: 8...15] = UInt16(value)
    case 1: writeInterruptEnable(InterruptEnable(rawValue: value).intersection(.all))
    case 2: writeFIFOControl(FIFOControl(rawValue: value))
    case 3: writeLineControl(LineControl(rawValue: value))
    case 4: writeModemControl(ModemControl(rawValue: value).intersection(.all))
    case 7: scratch = value
    default: break  // Line status and modem status are written by factory tests only.
    }
    return nil
  }

  // MARK: Transmitter

  private mutating func transmit(_ byte: UInt8) -> UInt8? {
    // The holding register is filled and, the byte being sent at once, runs empty again.
    transmitterEmptied = true
    guard modemControl.contains(.loopBack) else { return byte }
    loopBack(byte)
    return nil
  }

  private mutating func writeInterruptEnable(_ value: InterruptEnable) {
    // Enabling the interrupt while the transmitter is empty raises it at once. Drivers rely on this to start sending.
    if value.contains(.transmitterEmpty) != interruptEnable.contains(.transmitterEmpty) {
      transmitterEmptied = value.contains(.transmitterEmpty)
    }
    interruptEnable = value
  }

  private mutating func writeLineControl(_ value: LineControl) {
    let breakBegins = value.contains(.setBreak) && !lineControl.contains(.setBreak)
    lineControl = value
    if breakBegins, modemControl.contains(.loopBack), loopBack(0) { breaks[bit: receiver.count - 1] = true }
  }

  // MARK: Receiver

  private var receiverCapacity: Int { fifoControl.contains(.enable) ? ByteFIFO.capacity : 1 }

  private mutating func readReceiverBuffer() -> UInt8 {
    breaks >>= 1
    return receiver.popFirst() ?? 0
  }

  /// Receives a byte from the own transmitter, which does not wait for room; false where it was lost.
  @discardableResult
  private mutating func loopBack(_ byte: UInt8) -> Bool {
    if receiver.count >= receiverCapacity {
      overrun = true
      // Without FIFOs the new byte takes the place of the old one; with them it is the new one that is lost.
      guard !fifoControl.contains(.enable) else { return false }
      clearReceiver()
    }
    return receiver.append(byte)
  }

  private mutating func clearReceiver() {
    receiver.removeAll()
    breaks = 0
  }

  private mutating func writeFIFOControl(_ value: FIFOControl) {
    let switches = value.contains(.enable) != fifoControl.contains(.enable)
    // Without the enable bit the other bits are not programmed.
    fifoControl = value.contains(.enable) ? value.intersection(.lasting) : []
    if switches || (value.contains(.enable) && value.contains(.clearReceiver)) { clearReceiver() }
    if switches || (value.contains(.enable) && value.contains(.clearTransmitter)) { transmitterEmptied = true }
  }

  // MARK: Line status

  private var lineStatus: LineStatus {
    var status: LineStatus = [.transmitterHoldingEmpty, .transmitterEmpty]
    if !receiver.isEmpty { status.insert(.dataReady) }
    if overrun { status.insert(.overrun) }
    if breaks[bit: 0] { status.insert(.breakInterrupt) }
    if fifoControl.contains(.enable), breaks != 0 { status.insert(.errorInFIFO) }
    return status
  }

  private mutating func readLineStatus() -> UInt8 {
    let status = lineStatus
    overrun = false
    breaks[bit: 0] = false
    return status.rawValue
  }

  // MARK: Modem

  /// The modem's lines as the guest sees them; in loop-back the port's own outputs stand in for them.
  private var modemLines: ModemLines {
    guard modemControl.contains(.loopBack) else { return modemInputs }
    var lines: ModemLines = []
    if modemControl.contains(.requestToSend) { lines.insert(.clearToSend) }
    if modemControl.contains(.dataTerminalReady) { lines.insert(.dataSetReady) }
    if modemControl.contains(.out1) { lines.insert(.ringIndicator) }
    if modemControl.contains(.out2) { lines.insert(.dataCarrierDetect) }
    return lines
  }

  /// Sets the modem's lines at the port.
  public mutating func setModemLines(_ lines: ModemLines) {
    changeModemLines { $0.modemInputs = lines }
  }

  private mutating func writeModemControl(_ value: ModemControl) {
    changeModemLines { $0.modemControl = value }
  }

  /// Notes which lines `change` changes; of the ring indicator only the end of a ring counts.
  private mutating func changeModemLines(_ change: (inout UART16550) -> Void) {
    let before = modemLines
    change(&self)
    var changes = before.symmetricDifference(modemLines)
    if modemLines.contains(.ringIndicator) { changes.remove(.ringIndicator) }
    modemChanges.formUnion(changes)
  }

  private mutating func readModemStatus() -> UInt8 {
    defer { modemChanges = [] }
    return modemLines.rawValue << 4 | modemChanges.rawValue
  }

  // MARK: Interrupts

  /// The interrupt that ranks highest of those that are enabled and pending.
  private var pendingInterrupt: InterruptIdentification? {
    if interruptEnable.contains(.lineStatus), !lineStatus.isDisjoint(with: .interrupting) { return .lineStatus }
    if interruptEnable.contains(.receivedData), !receiver.isEmpty {
      return receiver.count >= fifoControl.triggerLevel ? .receivedData : .characterTimeout
    }
    if interruptEnable.contains(.transmitterEmpty), transmitterEmptied { return .transmitterEmpty }
    if interruptEnable.contains(.modemStatus), !modemChanges.isEmpty { return .modemStatus }
    return nil
  }

  private mutating func readInterruptIdentification() -> UInt8 {
    let pending = pendingInterrupt
    // Reading the register is what takes this one interrupt back.
    if pending == .transmitterEmpty { transmitterEmptied = false }
    let fifosEnabled: UInt8 = fifoControl.contains(.enable) ? 0b1100_0000 : 0
    return fifosEnabled | (pending ?? .none).rawValue
  }
}
