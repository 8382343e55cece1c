import Architecture
import Bits
import Testing

@testable import X86

@Suite("Descriptors") struct DescriptorTests {
  @Test("known descriptors decode and encode back")
  func knownWords() {
    let known: [(word: UInt64, base: UInt64, limit: UInt32, attributes: UInt64, summary: String)] = [
      (
        0x00af_9b00_0000_ffff, 0, 0xffff_ffff, 0xa09b,
        "64-bit code, execute-read, accessed, DPL 0, base 0x0, limit 0xffffffff"
      ),
      (
        0x00cf_9300_0000_ffff, 0, 0xffff_ffff, 0xc093, "data, read-write, accessed, DPL 0, base 0x0, limit 0xffffffff"
      ),
      (0x00cf_fa00_0000_ffff, 0, 0xffff_ffff, 0xc0fa, "32-bit code, execute-read, DPL 3, base 0x0, limit 0xffffffff"),
      (0x1200_8b34_5678_0067, 0x1234_5678, 0x67, 0x8b, "TSS, busy, DPL 0, base 0x12345678, limit 0x67"),
      (0x0000_9e00_0000_ffff, 0, 0xffff, 0x9e, "16-bit code, execute-read, conforming, DPL 0, base 0x0, limit 0xffff"),
      (0x0040_7400_0000_0fff, 0, 0xfff, 0x4074, "not present"),
    ]
    for (word, base, limit, attributes, summary) in known {
      let descriptor = SegmentDescriptor(low: word)
      #expect(descriptor.base == base)
      #expect(descriptor.limit == limit)
      #expect(descriptor.attributes.rawValue == attributes)
      #expect(descriptor.summary == summary)
      #expect(descriptor.encoded == word)
    }
  }

  @Test("a table: empty slots left out, 16-byte system descriptors in long mode only")
  func table() {
    var bytes: [UInt8] = []
    for word: UInt64 in [0, 0x00af_9b00_0000_ffff, 0xfe00_8b00_3000_4087, 0xffff_ff80, 0x00cf_9300_0000_ffff] {
      bytes.appendLittleEndian(word)
    }
    bytes += [1, 2, 3]
    let long = SegmentDescriptor.table(bytes, isLongMode: true)
    #expect(long.map(\.selector) == [8, 0x10, 0x20])
    #expect(long[1].descriptor.base == 0xffff_ff80_fe00_3000)
    #expect(long[1].descriptor.limit == 0x4087)
    let short = SegmentDescriptor.table(bytes, isLongMode: false)
    #expect(short.map(\.selector) == [8, 0x10, 0x18, 0x20])
    #expect(short[1].descriptor.base == 0xfe00_3000)
    // A system descriptor whose second half is past the table's end.
    #expect(SegmentDescriptor.table(Array(bytes.prefix(24)), isLongMode: true).count == 2)
    #expect(SegmentDescriptor.table([], isLongMode: true).isEmpty)
    #expect(SegmentDescriptor.table([UInt8](repeating: 0xff, count: 0x1_0008), isLongMode: false).count == 0x2000)
  }

  @Test("gates of 16 and 8 bytes")
  func gates() {
    var bytes: [UInt8] = []
    // asm_exc_page_fault and a double fault on IST 1, as Linux sets them up.
    for word: UInt64 in [0x81c0_8e00_0010_0b30, 0xffff_ffff, 0x81c0_8e01_0010_0d20, 0xffff_ffff, 0, 0] {
      bytes.appendLittleEndian(word)
    }
    let gates = InterruptGate.table(bytes + [9], isLongMode: true)
    #expect(
      gates.map(\.summary) == [
        "interrupt gate, 0x10:0xffffffff81c00b30, DPL 0", "interrupt gate, 0x10:0xffffffff81c00d20, DPL 0, IST 1",
        "not present",
      ])
    var short: [UInt8] = []
    for word: UInt64 in [0xc012_ef00_0060_3450, 0x0000_e500_0028_0000] { short.appendLittleEndian(word) }
    #expect(
      InterruptGate.table(short, isLongMode: false).map(\.summary) == [
        "trap gate, 0x60:0xc0123450, DPL 3", "task gate, 0x28:0x0, DPL 3",
      ])
    #expect(InterruptGate.table([UInt8](repeating: 0xff, count: 0x1_0000), isLongMode: true).count == 256)
  }
}
