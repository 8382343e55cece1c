import Bits
import Testing

@testable import KernelImage

/// Whatever stands in a file, it loads or gets one sentence: nothing traps, hangs or writes outside of the guest.
@Suite struct DamageTests {
  /// The kernel's memory, and what is loaded there by a file that is whole.
  private static let memoryRange = (base: UInt64(0x100_0000), count: 0x40_0000)

  /// Tries all that a file is used for; true where it loads.
  private func attempt(_ file: KernelFile, into memory: SampleMemory? = nil) -> Bool {
    do throws(KernelImageError) {
      let image = try KernelImage(reading: file)
      _ = try? image.load(throughDecompressor: true)
      let load = try image.load()
      guard let memory else { return true }
      _ = try image.version()
      try load.check(fits: [memory.range])
      try memory.load(load)
      return true
    } catch {
      #expect(!error.description.isEmpty && !error.description.contains("\n"))
      return false
    }
  }

  @Test func everyPrefixOfTheFirst4KiB() throws {
    let temporary = try TemporaryFile(SampleBzImage(packing: SampleELF.kernel().bytes, by: .gzip).bytes)
    for count in (0...4096).reversed() {
      try temporary.truncate(to: count)
      #expect(try !attempt(temporary.open()))
    }
  }

  @Test func everyPrefixOfTheHeadersOfVmlinux() throws {
    let temporary = try TemporaryFile(SampleELF.kernel().bytes)
    for count in (0...512).reversed() {
      try temporary.truncate(to: count)
      #expect(try !attempt(temporary.open()))
    }
  }

  @Test func everyBitOfTheFirst4KiB() throws {
    let bytes = try SampleBzImage(packing: SampleELF.kernel(textCount: 4500).bytes, by: .lz4).bytes
    let temporary = try TemporaryFile(bytes)
    let file = try temporary.open()
    var loaded = 0
    for bit in 0..<4096 * 8 {
      try temporary.write([bytes[bit / 8] ^ 1 << UInt8(bit % 8)], at: bit / 8)
      if attempt(file) { loaded += 1 }
      try temporary.write([bytes[bit / 8]], at: bit / 8)
    }
    // Most of the setup code means nothing to the loader.
    #expect((30_000..<32_768).contains(loaded))
  }

  @Test func everyBitOfTheHeadersOfVmlinux() throws {
    let bytes = SampleELF.kernel(textCount: 4500).bytes
    let temporary = try TemporaryFile(bytes)
    let file = try temporary.open()
    let memory = SampleMemory(base: Self.memoryRange.base, count: Self.memoryRange.count)
    var loaded = 0
    for bit in 0..<(64 + 4 * 56) * 8 {
      try temporary.write([bytes[bit / 8] ^ 1 << UInt8(bit % 8)], at: bit / 8)
      if attempt(file, into: memory) { loaded += 1 }
      try temporary.write([bytes[bit / 8]], at: bit / 8)
    }
    #expect((100..<2304).contains(loaded))
  }

  /// Where the format has a checksum, a payload that loads is whole.
  @Test(arguments: Compression.unpackable)
  func bitsOfThePayload(_ compression: Compression) throws {
    let elf = SampleELF.kernel()
    let bytes = try SampleBzImage(packing: elf.bytes, by: compression).bytes
    let temporary = try TemporaryFile(bytes)
    let file = try temporary.open()
    let memory = SampleMemory(base: Self.memoryRange.base, count: Self.memoryRange.count)
    var generator = SplitMix(state: 7)
    let payload = SampleBzImage.payloadOffset..<bytes.count
    let places = Array(payload.prefix(64)) + (0..<150).map { _ in Int.random(in: payload, using: &generator) }
    for place in places {
      try temporary.write([bytes[place] ^ 1 << UInt8.random(in: 0...7, using: &generator)], at: place)
      if attempt(file, into: memory), compression.hasChecksum {
        #expect(zip(elf.programs, elf.contents).allSatisfy { $0.type != 1 || memory.holds($1.bytes, at: $0.physical) })
      }
      try temporary.write([bytes[place]], at: place)
    }
  }

  /// Every length of a payload whose header states that length.
  @Test(arguments: Compression.unpackable)
  func payloadThatEndsTooEarly(_ compression: Compression) throws {
    let image = SampleELF.kernel().bytes
    let packed = try compression.pack(image)
    let memory = SampleMemory(base: Self.memoryRange.base, count: Self.memoryRange.count)
    for count in stride(from: 1, to: packed.count, by: packed.count / 40) {
      var sample = SampleBzImage(payload: Array(packed.prefix(count)))
      sample.payload.appendLittleEndian(UInt32(image.count))
      #expect(try !attempt(TemporaryFile(sample.bytes).open(), into: memory))
    }
  }

  @Test func randomBytes() throws {
    var generator = SplitMix(state: 11)
    let magics: [[UInt8]] = [[], ELFImage.magic, [0x1f, 0x8b, 8], LZ4LegacyUnpacker.magic, Array("MZ".utf8)]
    for round in 0..<500 {
      let noise = (0..<Int.random(in: 0..<3000, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      #expect(try !attempt(TemporaryFile(magics[round % magics.count] + noise).open()))
    }
  }

  @Test func randomPayload() throws {
    var generator = SplitMix(state: 12)
    for compression in Compression.unpackable {
      let magic = try compression.pack([1, 2, 3]).prefix(6)
      for _ in 0..<60 {
        let noise = (0..<2000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        #expect(try !attempt(TemporaryFile(SampleBzImage(payload: magic + noise).bytes).open()))
      }
    }
  }
}
