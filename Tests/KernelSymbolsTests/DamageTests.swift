import Architecture
import Bits
import Testing

@testable import KernelSymbols

/// Damaged and hostile tables: fewer symbols or a sentence, and always an end.
@Suite struct DamageTests {
  /// Reads a kernel and uses all of what came out.
  private func exercise(_ kernel: SampleKernel) {
    do throws(KernelSymbolsError) {
      let table = try kernel.table()
      #expect(table.count <= kernel.symbols.count)
      #expect(zip(table, table.dropFirst()).allSatisfy { $0.address <= $1.address })
      #expect(table.count == kernel.symbols.count || table.remark != nil)
      #expect(table.symbolFile.count > 0)
      for symbol in table.prefix(8) {
        #expect(table.symbols(named: symbol.name).contains(symbol))
        _ = table.symbol(at: symbol.address)
      }
    } catch {
      #expect(!error.description.isEmpty)
    }
  }

  @Test(arguments: KallsymsWriter.Version.all)
  func truncations(_ version: KallsymsWriter.Version) {
    let whole = SampleKernel(version, .arm64)
    var length = 1
    while length < whole.bytes.count {
      for count in [length - 1, length, whole.bytes.count - length] {
        var kernel = whole
        kernel.bytes.removeLast(kernel.bytes.count - count)
        exercise(kernel)
      }
      length *= 2
    }
  }

  @Test(arguments: KallsymsWriter.Version.all)
  func mutations(_ version: KallsymsWriter.Version) throws {
    let whole = SampleKernel(version, .x86_64, count: 300)
    let places = whole.places.values.sorted()
    var random = Random(seed: 3)
    for _ in 0..<60 {
      var kernel = whole
      for _ in 0..<1 + random.below(4) {
        // Mostly in the first bytes of a table, where numbers are that others depend on.
        let spread = random.below(2) == 0 ? 16 : 4096
        let offset = min(places[random.below(places.count)] + random.below(spread), kernel.bytes.count - 8)
        switch random.below(4) {
        case 0: kernel.bytes[offset] ^= 1 << UInt8(random.below(8))
        case 1: kernel.bytes[offset] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)]
        case 2: kernel.bytes.replaceSubrange(offset..<offset + 8, with: repeatElement(0xff, count: 8))
        default:
          // A piece of the tables comes twice.
          let source = places[random.below(places.count)]
          let count = min(random.below(2048), kernel.bytes.count - max(source, offset))
          kernel.bytes.replaceSubrange(offset..<offset + count, with: Array(kernel.bytes[source..<source + count]))
        }
      }
      exercise(kernel)
    }
  }

  /// The starts of tables over and over, each of which would have to be followed.
  @Test func bait() throws {
    let kernel = SampleKernel(KallsymsWriter.Version.all[4], .x86_64)
    let tokens = try #require(kernel.places["tokens"])
    let tables = Array(kernel.bytes[tokens..<(try #require(kernel.places["index"])) + 512])
    var bytes: [UInt8] = []
    // Markers that count, in front of tokens that are right, a megabyte of them.
    while bytes.count < 1 << 20 { for marker in [0, 600, 1200] as [UInt32] { bytes.appendLittleEndian(marker) } }
    bytes += [UInt8](repeating: 0, count: bytes.count.alignedUp - bytes.count)
    for _ in 0..<64 { bytes += tables + [UInt8](repeating: 0, count: tables.count.alignedUp - tables.count) }
    let layout = KernelLayout.arm64Image(count: bytes.count, memoryCount: 1 << 24)
    #expect(throws: KernelSymbolsError.noNames) { try KernelSymbolTable(reading: bytes.span.bytes, layout) }
  }

  /// Segments that lie outside of the bytes, or at addresses that run over.
  @Test func absurdLayouts() throws {
    let kernel = SampleKernel(KallsymsWriter.Version.all[4], .x86_64)
    for (offset, count, memoryCount, virtual) in [
      (-1, 10, 10, 1 << 63), (.max, .max, .max, .max), (.min, .min, 0, .max), (0, .max, .max, 0xffff_ffff_8100_0000),
      (0, kernel.bytes.count, 0, 0xffff_ffff_8100_0000), (kernel.bytes.count, 1, 1, 0),
    ] as [(Int, Int, UInt64, UInt64)] {
      let segment = KernelLayout.Segment(
        offset: offset, count: count, memoryCount: memoryCount, virtual: GuestVirtual(virtual))
      let layout = KernelLayout(architecture: .x86_64, segments: [segment])
      if let table = try? KernelSymbolTable(reading: kernel.bytes.span.bytes, layout) {
        #expect(table.symbolFile.count > 0)
      }
    }
  }
}
