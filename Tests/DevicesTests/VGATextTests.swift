import Devices
import Testing

@Suite struct VGATextTests {
  private func memory(_ text: [(cell: Int, bytes: [UInt8])]) -> [UInt8] {
    var memory = (0..<VGAText.memoryCount).map { UInt8($0 % 2 == 0 ? 0x20 : 0x07) }
    for (cell, bytes) in text {
      for (index, byte) in bytes.enumerated() { memory[(cell + index) * 2] = byte }
    }
    return memory
  }

  @Test func decodesLines() {
    let memory = memory([(0, Array("Hello,".utf8)), (7, Array("VGA".utf8)), (24 * 80 + 79, [0x21])])
    let lines = memory.withUnsafeBytes { VGAText.lines(of: $0) }
    #expect(lines.count == 25)
    #expect(lines[0] == "Hello, VGA")
    #expect(lines[1...23].allSatisfy { $0 == "" })
    #expect(lines[24] == String(repeating: " ", count: 79) + "!")
  }

  @Test func decodesCodePage437() {
    let all = memory([(0, Array(0...79)), (80, Array(80...159)), (160, Array(160...239)), (240, Array(240...255))])
    let lines = all.withUnsafeBytes { VGAText.lines(of: $0) }
    #expect(lines[0] == " ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼ !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNO")
    #expect(lines[1].hasPrefix("PQRSTUVWXYZ[\\]^_`abc"))
    #expect(lines[1].hasSuffix("Ö" + "Ü¢£¥₧ƒ"))
    #expect(lines[2].hasSuffix("αßΓπΣσµτΦΘΩδ∞φε∩"))
    #expect(lines[3] == "≡±≥≤⌠⌡÷≈°∙·√ⁿ²■")
  }

  @Test func shortMemoryIsBlank() {
    let lines = [UInt8(0x41), 0x07, 0x42].withUnsafeBytes { VGAText.lines(of: $0, startingAt: 0) }
    #expect(lines[0] == "AB")
    #expect([].withUnsafeBytes { VGAText.lines(of: $0, startingAt: .max) }.allSatisfy { $0 == "" })
  }

  @Test func screenStartsWhereTheControllerSays() {
    var adapter = VGAText()
    for (index, value) in [(UInt8(0x0C), UInt8(0x01)), (0x0D, 0x40), (0x0E, 0x01), (0x0F, 0x41)] {
      adapter.write(index, at: 0x14)
      adapter.write(value, at: 0x15)
      expect(adapter.read(at: 0x14), is: index)
      expect(adapter.read(at: 0x15), is: value)
    }
    #expect(adapter.startAddress == 320)
    #expect(adapter.cursorAddress == 321)
    let memory = memory([(320, Array("scrolled".utf8))])
    #expect(memory.withUnsafeBytes { adapter.screen(of: $0) }.first == "scrolled")
  }

  @Test func retraceComesAndGoes() {
    var adapter = VGAText()
    let shown = Set((0..<4).map { _ in adapter.read(at: 0x1A) })
    #expect(shown == [0b1001, 0])
  }

  @Test func attributeControllerTakesIndexAndDataInTurn() {
    var adapter = VGAText()
    _ = adapter.read(at: 0x1A)
    adapter.write(0x10, at: 0x00)
    adapter.write(0x0C, at: 0x00)
    expect(adapter.read(at: 0x01), is: 0x0C)
    adapter.write(0x11, at: 0x00)
    _ = adapter.read(at: 0x1A)
    adapter.write(0x10, at: 0x00)
    expect(adapter.read(at: 0x00), is: 0x10)
    expect(adapter.read(at: 0x01), is: 0x0C)
  }

  @Test func colourAdapterIsAnnounced() {
    var adapter = VGAText()
    expect(adapter.read(at: 0x0C) & 1, is: 1)
    expect(adapter.read(at: 0x1F), is: 0xFF)
  }
}
