import Devices
import Testing

@Suite struct I8042Tests {
  var controller = I8042()

  private mutating func command(_ value: UInt8) { expect(controller.writeCommand(value), is: nil) }
  private mutating func data(_ value: UInt8) { expect(controller.writeData(value), is: nil) }

  /// Everything that waits at the data port, read by polling the status.
  private mutating func drain() -> [UInt8] {
    var bytes: [UInt8] = []
    while controller.readStatus() & 1 != 0, bytes.count < 100 { bytes.append(controller.readData()) }
    return bytes
  }

  @Test mutating func selfTestAndInterfaceTests() {
    command(0xAA)
    expect(drain(), is: [0x55])
    command(0xAB)
    expect(drain(), is: [0x00])
    command(0xA9)
    expect(drain(), is: [0x02])  // No mouse.
    expect(controller.readStatus() & 0x04 == 0, is: false)
  }

  @Test mutating func statusTellsCommandsFromData() {
    command(0xAE)
    expect(controller.readStatus(), is: 0x1C)
    data(0xEE)
    expect(controller.readStatus(), is: 0x15)
  }

  @Test mutating func configurationAndMemory() {
    command(0x20)
    expect(drain(), is: [0x65])
    command(0x60)
    data(0x47)
    command(0x20)
    expect(drain(), is: [0x47])
    command(0xAD)
    command(0x20)
    expect(drain(), is: [0x57])
    command(0xAE)
    command(0xA7)
    command(0x20)
    expect(drain(), is: [0x67])
    command(0x7F)
    data(0x99)
    command(0x3F)
    expect(drain(), is: [0x99])
  }

  @Test mutating func resetRequests() {
    expect(controller.writeCommand(0xFE), is: .reset)
    expect(controller.writeCommand(0xF0), is: .reset)
    expect(controller.writeCommand(0xFF), is: nil)
    command(0xD1)
    expect(controller.writeData(0xDF), is: nil)
    command(0xD0)
    expect(drain(), is: [0xDF])
    command(0xD1)
    expect(controller.writeData(0xDE), is: .reset)
  }

  @Test mutating func auxiliaryLoopComesBackWithoutTheMarkOfAMouse() {
    command(0xD3)
    data(0x5A)
    expect(controller.readStatus() & 0x21, is: 0x01)
    expect(drain(), is: [0x5A])
    command(0xD4)
    data(0xFF)
    expect(drain(), is: [])
  }

  /// The commands of Linux's atkbd probe, with the translation that it leaves on.
  @Test mutating func linuxFindsAKeyboard() {
    let conversation: [([UInt8], [UInt8])] = [
      ([0xFF], [0xFA, 0xAA]),
      ([0xF2], [0xFA, 0xAB, 0x41]),
      ([0xED, 0x00], [0xFA, 0xFA]),
      ([0xF0, 0x02], [0xFA, 0xFA]),
      ([0xF0, 0x00], [0xFA, 0xFA, 0x41]),  // Set 2, as translation shows it.
      ([0xF3, 0x00], [0xFA, 0xFA]),
      ([0xF4], [0xFA]),
    ]
    for (sent, answer) in conversation {
      for byte in sent { data(byte) }
      expect(drain(), is: answer)
    }
  }

  @Test mutating func keyboardWithoutTranslation() {
    command(0x60)
    data(0x05)
    data(0xF2)
    expect(drain(), is: [0xFA, 0xAB, 0x83])
    data(0xF0)
    data(0x00)
    expect(drain(), is: [0xFA, 0xFA, 0x02])
    for byte in [UInt8(0x1C), 0xF0, 0x1C] { expect(controller.receive(byte), is: true) }
    expect(drain(), is: [0x1C, 0xF0, 0x1C])
    data(0xFE)
    expect(drain(), is: [0x1C])
    data(0x42)
    expect(drain(), is: [0xFE])
  }

  @Test mutating func keysAreTranslatedToSet1() {
    // A pressed and released, then the right arrow.
    for byte in [UInt8(0x1C), 0xF0, 0x1C, 0xE0, 0x74, 0xE0, 0xF0, 0x74] { expect(controller.receive(byte), is: true) }
    expect(drain(), is: [0x1E, 0x9E, 0xE0, 0x4D, 0xE0, 0xCD])
  }

  @Test mutating func translationLosesNoKey() {
    var codes: Set<UInt8> = []
    for code in UInt8(0x01)...0x7F {
      expect(controller.receive(code), is: true)
      codes.formUnion(drain())
    }
    #expect(codes.count == 127)
    #expect(codes.allSatisfy { $0 >= 1 && $0 < 0x80 })
  }

  @Test mutating func lineFallsBetweenTwoBytes() {
    #expect(!controller.interruptRequest)
    expect(controller.receive(0x1C), is: true)
    expect(controller.receive(0x32), is: true)
    #expect(controller.interruptRequest)
    expect(controller.readData(), is: 0x1E)
    #expect(!controller.interruptRequest)
    controller.refill()
    #expect(controller.interruptRequest)
    expect(controller.readData(), is: 0x30)
    controller.refill()
    #expect(!controller.interruptRequest)
    expect(controller.readData(), is: 0x30)
  }

  @Test mutating func lineNeedsItsEnable() {
    command(0x60)
    data(0x44)
    expect(controller.receive(0x1C), is: true)
    #expect(!controller.interruptRequest)
    expect(controller.readStatus() & 1, is: 1)
  }

  @Test mutating func disabledKeyboardKeepsItsKeys() {
    command(0xAD)
    expect(controller.receive(0x1C), is: true)
    expect(drain(), is: [])
    command(0xAE)
    expect(drain(), is: [0x1E])
    data(0xF5)
    expect(drain(), is: [0xFA])
    expect(controller.receive(0x1C), is: true)
    expect(drain(), is: [])
  }

  @Test mutating func inputWaitsForRoom() {
    command(0xAD)
    for _ in 0..<16 { expect(controller.receive(0x1C), is: true) }
    #expect(controller.freeReceiveSpace == 0)
    expect(controller.receive(0x1C), is: false)
    command(0xAE)
    expect(drain().count, is: 16)
    #expect(controller.freeReceiveSpace == 16)
  }

  @Test mutating func copyIsTheWholeState() {
    for byte in [UInt8(0x1C), 0xF0] { expect(controller.receive(byte), is: true) }
    var copy = controller
    #expect(copy == controller)
    expect(drain(), is: [0x1E])
    #expect(copy != controller)
    expect(copy.readData(), is: 0x1E)
    copy.refill()
    _ = copy.readStatus()
    #expect(copy == controller)
  }
}
