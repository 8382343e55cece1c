import Bits
import Testing

@Suite struct LittleEndianTests {
  private let bytes: [UInt8] = [0x11, 0x22, 0x33, 0x44, 0x55]

  @Test func loadsAtAnyAlignment() {
    #expect(bytes.littleEndian(at: 0, as: UInt16.self) == 0x2211)
    #expect(bytes.littleEndian(at: 1, as: UInt32.self) == 0x5544_3322)
    #expect(bytes.littleEndian(at: 4, as: UInt8.self) == 0x55)
  }

  @Test(arguments: [-1, 2, 5, .max, .min]) func nothingIsLoadedFromOutside(offset: Int) {
    #expect(bytes.littleEndian(at: offset, as: UInt32.self) == nil)
  }

  @Test func nothingIsLoadedFromLess() {
    #expect([UInt8]().littleEndian(at: 0, as: UInt8.self) == nil)
    #expect(bytes.littleEndian(at: 0, as: UInt64.self) == nil)
  }

  @Test func storesWhatFitsAndNothingElse() {
    var target = bytes
    target.withUnsafeMutableBytes { buffer in
      #expect(buffer.storeLittleEndian(UInt16(0xABCD), at: 3))
      #expect(!buffer.storeLittleEndian(UInt16(0), at: 4))
      #expect(!buffer.storeLittleEndian(UInt16(0), at: -1))
      #expect(!buffer.storeLittleEndian(UInt64(0), at: 0))
    }
    #expect(target == [0x11, 0x22, 0x33, 0xCD, 0xAB])
  }

  @Test func appends() {
    var target: [UInt8] = []
    target.appendLittleEndian(UInt32(0x0102_0304))
    target.appendLittleEndian(UInt8(5))
    #expect(target == [4, 3, 2, 1, 5])
  }
}
