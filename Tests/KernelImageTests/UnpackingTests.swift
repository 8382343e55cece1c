import Architecture
import Bits
import Testing

@testable import KernelImage

/// Kernels of every compression arrive in memory byte for byte.
@Suite struct UnpackingTests {
  private static func expectLoaded(_ elf: SampleELF, in memory: SampleMemory) {
    for (program, content) in zip(elf.programs, elf.contents) where program.type == 1 {
      #expect(memory.holds(content.bytes, at: program.physical))
      let zeros = [UInt8](repeating: 0, count: Int(program.memoryCount - program.fileCount))
      #expect(memory.holds(zeros, at: program.physical + program.fileCount))
    }
  }

  private static func load(_ file: [UInt8], of elf: SampleELF) throws {
    let temporary = try TemporaryFile(file)
    let load = try KernelImage(reading: temporary.open()).load()
    #expect(load.entry == GuestPhysical(elf.entry))
    let range = load.physicalRange
    let memory = SampleMemory(
      base: range.lowerBound.rawValue, count: Int(range.upperBound.rawValue - range.lowerBound.rawValue))
    try load.check(fits: [memory.range])
    try memory.load(load)
    expectLoaded(elf, in: memory)
    // A restart of the guest loads the kernel again.
    memory.clear()
    try memory.load(load)
    expectLoaded(elf, in: memory)
  }

  @Test(arguments: Compression.unpackable)
  func bzImage(_ compression: Compression) throws {
    let elf = SampleELF.kernel()
    try Self.load(SampleBzImage(packing: elf.bytes, by: compression).bytes, of: elf)
  }

  @Test func bzImageThatIsNotPacked() throws {
    let elf = SampleELF.kernel()
    var payload = elf.bytes
    payload.appendLittleEndian(UInt32(payload.count))
    try Self.load(SampleBzImage(payload: payload).bytes, of: elf)
  }

  @Test func vmlinux() throws {
    let elf = SampleELF.kernel()
    try Self.load(elf.bytes, of: elf)
  }

  /// A segment of zeros alone takes no bytes of the file, whatever offset it states.
  @Test(arguments: [0x2100, 1 << 40])
  func segmentOfZeros(_ offset: UInt64) throws {
    var elf = SampleELF.kernel()
    elf.add([], offset: 0x2100, physical: 0x180_0000, zeros: 0x1000)
    elf.programs[4].offset = offset
    try Self.load(elf.bytes, of: elf)
  }

  @Test(arguments: Compression.unpackable)
  func packedVmlinux(_ compression: Compression) throws {
    let elf = SampleELF.kernel()
    try Self.load(compression.pack(elf.bytes), of: elf)
  }

  /// Blocks of LZ4 that lie inside a segment are unpacked in place, those at its ends by way of a scratch block.
  @Test func kernelOfManyBlocks() throws {
    let elf = SampleELF.kernel(textCount: 17_000_001)
    try Self.load(SampleBzImage(packing: elf.bytes, by: .lz4).bytes, of: elf)
  }

  @Test(arguments: Compression.unpackable)
  func streamGivesTheSameBytesInPiecesOfAnyLength(_ compression: Compression) throws {
    let bytes = [UInt8].sample(count: 300_000, seed: 5)
    let temporary = try TemporaryFile(compression.pack(bytes))
    let payload = Payload(
      slice: FileSlice(try temporary.open()), compression: compression, unpackedCount: bytes.count)
    for piece in [1, 7, 4096, 70_000, 299_999] {
      var reader = try payload.open()
      try reader.advance(to: 3)
      #expect(try reader.bytes(piece) == Array(bytes[3..<min(3 + piece, bytes.count)]))
      let next = max(reader.position, 299_900)
      try reader.advance(to: next)
      #expect(try reader.bytes(200) == Array(bytes[next...]))
      try reader.finish()
    }
  }

  @Test func rawImageGoesWhereItIsPut() throws {
    let bytes = [UInt8].sample(count: 10_000, seed: 6)
    let temporary = try TemporaryFile(bytes)
    let placement = KernelImage.RawPlacement(
      architecture: .x86_64, address: GuestPhysical(0x7c00), entry: GuestPhysical(0x7c10))
    let load = try KernelImage(reading: temporary.open(), asRawAt: placement).load()
    #expect(load.bootProtocol == .bare)
    #expect(load.entry == GuestPhysical(0x7c10))
    let memory = SampleMemory(count: 1 << 16)
    try memory.load(load)
    #expect(memory.holds(bytes, at: 0x7c00))
  }

  @Test func throughDecompressorTakesTheProtectedModePart() throws {
    let sample = try SampleBzImage(packing: SampleELF.kernel().bytes, by: .xz)
    let temporary = try TemporaryFile(sample.bytes)
    let load = try KernelImage(reading: temporary.open()).load(throughDecompressor: true)
    #expect(load.entry == GuestPhysical(0x100_0200))
    #expect(load.physicalRange == GuestPhysical(0x100_0000)..<GuestPhysical(0x300_0000))
    #expect(load.setupHeader?.bytes == Array(sample.bytes[0x1f1..<0x26c]))
    let memory = SampleMemory(base: 0x100_0000, count: 0x200_0000)
    try load.check(fits: [memory.range])
    try memory.load(load)
    #expect(memory.holds(Array(sample.bytes[SampleBzImage.setupCount...]), at: 0x100_0000))
  }
}
