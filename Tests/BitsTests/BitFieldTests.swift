import Bits
import Testing

@Suite struct BitFieldTests {
  @Test(arguments: [0, 1, 31, 62, 63]) func aBitIsReadAndWrittenAlone(index: Int) {
    var value: UInt64 = 0
    value[bit: index] = true
    #expect(value == UInt64(1) << UInt64(index))
    #expect(value[bit: index])
    value = ~0
    value[bit: index] = false
    #expect(value == ~(UInt64(1) << UInt64(index)))
    #expect(!value[bit: index])
  }

  @Test(arguments: [8, 64, 256, 264, 1 << 20]) func aBitPastTheWidthReadsClearAndIsNotWritten(index: Int) {
    var value: UInt8 = 0xFF
    #expect(!value[bit: index])
    value[bit: index] = false
    #expect(value == 0xFF)
    value = 0
    value[bit: index] = true
    #expect(value == 0)
  }

  @Test func fieldsAtTheEdges() {
    let value: UInt64 = 0x8000_0000_0000_0001
    #expect(value[bits: 0...0] == 1)
    #expect(value[bits: 63...63] == 1)
    #expect(value[bits: 1...62] == 0)
    #expect(value[bits: 0...63] == value)
    #expect(UInt8(0xA5)[bits: 4...7] == 0xA)
    #expect(UInt8(0xA5)[bits: 4...100] == 0xA)
    #expect(UInt8(0xA5)[bits: 256...263] == 0)
  }

  @Test func whatIsWrittenIsCutToTheField() {
    var value: UInt32 = 0xFFFF_FFFF
    value[bits: 8...15] = 0x1234
    #expect(value == 0xFFFF_34FF)
    value[bits: 31...31] = 2
    #expect(value == 0x7FFF_34FF)
    value[bits: 0...31] = 7
    #expect(value == 7)
  }

  @Test func lowMasks() {
    #expect(UInt64.lowMask(0) == 0)
    #expect(UInt64.lowMask(1) == 1)
    #expect(UInt64.lowMask(63) == .max >> 1)
    #expect(UInt64.lowMask(64) == .max)
    #expect(UInt64.lowMask(1000) == .max)
    #expect(UInt8.lowMask(8) == .max)
    #expect(Int8.lowMask(7) == .max)
  }
}
