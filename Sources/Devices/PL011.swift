internal import Bits

/// Arm's PrimeCell UART, PL011 r1p5, with FIFOs of 32 entries (DDI 0183G).
///
/// Both sides keep their own time. What the guest writes waits in the transmit FIFO until `send` takes it, and stays there
/// while the transmitter is switched off. `receive` takes a byte only when there is room, so that nothing that waits
/// outside is lost. The receive time-out, which needs a clock, comes when the outside says by `noteIdleInput` that the
/// line is silent. Framing and parity errors do not happen, and DMA and the infrared mode are not driven.
public struct PL011: Equatable, Sendable {
  /// The length of its range in bytes.
  public static let count: UInt64 = 0x1000
  /// The entries of each FIFO while FIFOs are enabled.
  static let fifoDepth = FIFO<SIMD32<UInt8>>.capacity

  private static let identification = PrimeCellIdentification(part: 0x011, revision: 3)

  private var receiver = FIFO<SIMD32<UInt16>>()
  private var transmitter = FIFO<SIMD32<UInt8>>()
  /// The last character's errors, and an overrun, until UARTECR is written.
  private var receiveStatus: ReceiveStatus = []
  /// A character was lost and no room has come since.
  private var isOverrun = false
  private var lowPowerCounter: UInt8 = 0
  private var integerBaudRate: UInt16 = 0
  private var fractionalBaudRate: UInt8 = 0
  private var lineControl: LineControl = []
  private var control: Control = [.transmitEnable, .receiveEnable]
  private var fifoLevels = FIFOLevels(rawValue: 0b01_0010)
  private var interruptMask: Interrupts = []
  private var rawInterrupts: Interrupts = []
  private var dmaControl: UInt8 = 0
  /// The modem's lines as they come in at the port, loop-back or not.
  private var modemInputs: ModemLines = [.clearToSend, .dataSetReady, .dataCarrierDetect]

  /// Makes the port as it is after a reset, with a modem that is ready.
  public init() {}

  /// Makes the port as firmware leaves it to a kernel, which prints on it before its driver has set it up, and takes its
  /// line settings from the registers: enabled, without FIFOs, 115,200 baud, 8 bits, no parity.
  ///
  /// - Parameter clock: The frequency of UARTCLK in hertz.
  /// - Returns: A port that works; only the guest has to do with the speed of the line.
  public static func setUpByFirmware(clock: UInt32) -> PL011 {
    // The clock is divided by 16 times the baud rate, in 64ths (DDI 0183G, section 3.3.6).
    let divisor = clock / (16 * 115_200 / 64)
    var uart = PL011()
    uart.integerBaudRate = UInt16(clamping: divisor >> 6)
    uart.fractionalBaudRate = UInt8(divisor[bits: 0...5])
    uart.lineControl = .eightBits
    uart.control.insert(.enable)
    return uart
  }

  /// Whether the combined interrupt, UARTINTR, is driven high.
  public var interruptRequest: Bool { !maskedInterrupts.isEmpty }

  private var maskedInterrupts: Interrupts { rawInterrupts.intersection(interruptMask) }

  // MARK: The outside

  /// How many bytes `receive` will take.
  ///
  /// None while the receiver is off or, in loop-back, disconnected from the outside.
  public var freeReceiveSpace: Int {
    isReceiverOn && !control.contains(.loopBack) ? depth - receiver.count : 0
  }

  /// Takes a byte from the outside.
  ///
  /// - Parameter byte: What arrives.
  /// - Returns: False when there is no room; the sender keeps the byte and tries again after the guest's next access.
  public mutating func receive(_ byte: UInt8) -> Bool {
    guard freeReceiveSpace > 0 else { return false }
    accept(Character(rawValue: UInt16(byte)))
    return true
  }

  /// Takes a break condition from the outside, as a terminal sends it for the magic SysRq key; false without room.
  public mutating func receiveBreak() -> Bool {
    guard freeReceiveSpace > 0 else { return false }
    accept(.breakError)
    return true
  }

  /// Notes that the line has been silent for 32 bit periods: data below the trigger level times out.
  ///
  /// A guest that clears the receive interrupt after it has made room may clear the one of the next byte, which here comes
  /// at once; data at the level therefore raises its interrupt again.
  public mutating func noteIdleInput() {
    if !receiver.isEmpty { rawInterrupts.insert(isAtReceiveLevel ? .receive : .receiveTimeout) }
  }

  /// Takes the next byte that leaves the port; nil while there is none or the transmitter must wait.
  public mutating func send() -> UInt8? { control.contains(.loopBack) ? nil : transmit() }

  /// Sets the modem's lines at the port.
  public mutating func setModemLines(_ lines: ModemLines) {
    changeModemLines { $0.modemInputs = lines }
  }

  // MARK: Registers

  /// Reads a register.
  ///
  /// - Parameter offset: In bytes, a multiple of 4.
  /// - Returns: The register's value; nil where there is none.
  public mutating func read(at offset: UInt64) -> UInt32? {
    guard let register = Register(rawValue: offset) else { return Self.identification.value(at: offset) }
    return switch register {
    case .data: UInt32(readData().rawValue)
    case .receiveStatus: UInt32(receiveStatus.rawValue)
    case .flag: UInt32(flags.rawValue)
    case .lowPowerCounter: UInt32(lowPowerCounter)
    case .integerBaudRate: UInt32(integerBaudRate)
    case .fractionalBaudRate: UInt32(fractionalBaudRate)
    case .lineControl: UInt32(lineControl.rawValue)
    case .control: UInt32(control.rawValue)
    case .fifoLevels: UInt32(fifoLevels.rawValue)
    case .interruptMask: UInt32(interruptMask.rawValue)
    case .rawInterrupts: UInt32(rawInterrupts.rawValue)
    case .maskedInterrupts: UInt32(maskedInterrupts.rawValue)
    case .interruptClear: 0
    case .dmaControl: UInt32(dmaControl)
    }
  }

  /// Writes a register.
  ///
  /// - Parameters:
  ///   - value: What is written; reserved bits are not kept.
  ///   - offset: In bytes, a multiple of 4.
  /// - Returns: False where there is no register.
  public mutating func write(_ value: UInt32, at offset: UInt64) -> Bool {
    guard let register = Register(rawValue: offset) else { return Self.identification.value(at: offset) != nil }
    switch register {
    case .data: writeData(UInt8(value[bits: 0...7]))
    case .receiveStatus: receiveStatus = []
    case .lowPowerCounter: lowPowerCounter = UInt8(value[bits: 0...7])
    case .integerBaudRate: integerBaudRate = UInt16(value[bits: 0...15])
    case .fractionalBaudRate: fractionalBaudRate = UInt8(value[bits: 0...5])
    case .lineControl: writeLineControl(LineControl(rawValue: UInt8(value[bits: 0...7])))
    case .control: writeControl(Control(rawValue: UInt16(value[bits: 0...15])).intersection(.all))
    case .fifoLevels: changeReceiver { $0.fifoLevels = FIFOLevels(rawValue: UInt8(value[bits: 0...5])) }
    case .interruptMask: interruptMask = Interrupts(rawValue: UInt16(value[bits: 0...15])).intersection(.all)
    case .interruptClear: rawInterrupts.subtract(Interrupts(rawValue: UInt16(value[bits: 0...15])))
    case .dmaControl: dmaControl = UInt8(value[bits: 0...2])
    case .flag, .rawInterrupts, .maskedInterrupts: break  // Read-only.
    }
    return true
  }

  // MARK: FIFOs

  private var hasFIFOs: Bool { lineControl.contains(.enableFIFOs) }
  /// Without FIFOs each side has a holding register of one character.
  private var depth: Int { hasFIFOs ? Self.fifoDepth : 1 }

  private var flags: Flags {
    var flags: Flags = []
    let lines = modemLines
    if lines.contains(.clearToSend) { flags.insert(.clearToSend) }
    if lines.contains(.dataSetReady) { flags.insert(.dataSetReady) }
    if lines.contains(.dataCarrierDetect) { flags.insert(.dataCarrierDetect) }
    if lines.contains(.ringIndicator) { flags.insert(.ringIndicator) }
    if receiver.isEmpty { flags.insert(.receiveFIFOEmpty) }
    if receiver.count >= depth { flags.insert(.receiveFIFOFull) }
    if transmitter.count >= depth { flags.insert(.transmitFIFOFull) }
    flags.insert(transmitter.isEmpty ? .transmitFIFOEmpty : .busy)
    return flags
  }

  private mutating func writeLineControl(_ value: LineControl) {
    let breakBegins = value.contains(.sendBreak) && !lineControl.contains(.sendBreak)
    changeReceiver {
      // Switching the FIFOs off empties them (DDI 0183G, section 3.3.8); what a holding register has stays.
      if $0.hasFIFOs, !value.contains(.enableFIFOs) { $0.clearFIFOs() }
      $0.lineControl = value
    }
    if breakBegins, control.contains(.loopBack), isTransmitterOn { loopBack(.breakError) }
  }

  private mutating func clearFIFOs() {
    transmitter.removeAll()
    receiver.removeAll()
    isOverrun = false
  }

  private mutating func writeControl(_ value: Control) {
    changeModemLines { $0.control = value }
    loopBackTransmitter()
  }

  // MARK: Transmitter

  private var isTransmitterOn: Bool { control.isSuperset(of: [.enable, .transmitEnable]) }

  /// The count at or below which the transmit interrupt is raised.
  private var transmitLevel: Int { hasFIFOs ? fifoLevels.transmit : 0 }

  private mutating func writeData(_ byte: UInt8) {
    guard transmitter.count < depth else { return }
    transmitter.append(byte)
    if transmitter.count > transmitLevel { rawInterrupts.remove(.transmit) }
    loopBackTransmitter()
  }

  /// Takes the next byte out of the transmitter.
  ///
  /// The manual has the interrupt come when the FIFO sinks to its level. Over a line that takes no time it never rises
  /// above it, so each byte that leaves counts as having done so: a guest that waits for the interrupt waits for this.
  private mutating func transmit() -> UInt8? {
    guard isTransmitterOn, !control.contains(.clearToSendFlowControl) || modemLines.contains(.clearToSend),
      let byte = transmitter.popFirst()
    else { return nil }
    if transmitter.count <= transmitLevel { rawInterrupts.insert(.transmit) }
    return byte
  }

  private mutating func loopBackTransmitter() {
    guard control.contains(.loopBack) else { return }
    while let byte = transmit() { loopBack(Character(rawValue: UInt16(byte))) }
  }

  /// Receives a character from the own transmitter, which does not wait for room.
  private mutating func loopBack(_ character: Character) {
    guard isReceiverOn else { return }
    guard receiver.count < depth else {
      // The FIFO keeps what it has; the new character is lost.
      isOverrun = true
      receiveStatus.insert(.overrunError)
      rawInterrupts.insert(.overrunError)
      return
    }
    accept(character)
  }

  // MARK: Receiver

  private var isReceiverOn: Bool { control.isSuperset(of: [.enable, .receiveEnable]) }

  private var isAtReceiveLevel: Bool { receiver.count >= (hasFIFOs ? fifoLevels.receive : 1) }

  private mutating func accept(_ character: Character) {
    changeReceiver { $0.receiver.append(character.rawValue) }
    if character.contains(.breakError) { rawInterrupts.insert(.breakError) }
  }

  private mutating func readData() -> Character {
    var character: Character = []
    changeReceiver { character = Character(rawValue: $0.receiver.popFirst() ?? 0) }
    receiveStatus = receiveStatus.intersection(.overrunError).union(character.status)
    if isOverrun { character.insert(.overrunError) }
    isOverrun = false
    return character
  }

  /// Keeps the receive interrupts in step with what `change` does to the FIFO or its level: one is raised as the FIFO
  /// reaches the level and taken back below it, the time-out is taken back with the last character.
  private mutating func changeReceiver(_ change: (inout PL011) -> Void) {
    let wasAtLevel = isAtReceiveLevel
    change(&self)
    if isAtReceiveLevel != wasAtLevel {
      if isAtReceiveLevel { rawInterrupts.insert(.receive) } else { rawInterrupts.remove(.receive) }
    }
    if receiver.isEmpty { rawInterrupts.remove(.receiveTimeout) }
  }

  // MARK: Modem

  /// The modem's lines as the guest sees them; in loop-back the port's own outputs stand in for them.
  private var modemLines: ModemLines {
    guard control.contains(.loopBack) else { return modemInputs }
    var lines: ModemLines = []
    if control.contains(.requestToSend) { lines.insert(.clearToSend) }
    if control.contains(.dataTerminalReady) { lines.insert(.dataSetReady) }
    if control.contains(.out1) { lines.insert(.dataCarrierDetect) }
    if control.contains(.out2) { lines.insert(.ringIndicator) }
    return lines
  }

  /// Raises the modem status interrupts of the lines that `change` changes.
  private mutating func changeModemLines(_ change: (inout PL011) -> Void) {
    let before = modemLines
    change(&self)
    rawInterrupts.formUnion(Interrupts(changesOf: before.symmetricDifference(modemLines)))
  }
}
