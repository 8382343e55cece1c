import Architecture
import Bits
import Testing

@testable import KernelImage

/// Whatever stands in a file for arm64, it loads or gets one sentence.
@Suite struct ARM64DamageTests {
  /// Loads a file; true where it loads into 1 MiB of RAM.
  private func attempt(_ file: KernelFile, into memory: SampleMemory) -> Bool {
    do throws(KernelImageError) {
      let image = try KernelImage(reading: file)
      let load = try image.load()
      try load.check(fits: [memory.range])
      try memory.load(load)
      return true
    } catch {
      #expect(!error.description.isEmpty && !error.description.contains("\n"))
      return false
    }
  }

  private func memory() -> SampleMemory { SampleMemory(base: 0x4000_0000, count: 1 << 20) }

  @Test func everyPrefixOfAnImage() throws {
    let sample = SampleImage(count: 12_000)
    let temporary = try TemporaryFile(sample.bytes)
    let memory = memory()
    for count in (0..<sample.bytes.count).reversed() where count < 5000 || count.isMultiple(of: 97) {
      try temporary.truncate(to: count)
      #expect(try !attempt(temporary.open(), into: memory))
    }
  }

  @Test(arguments: Compression.unpackable.filter { $0 != .bzip2 })
  func everyPrefixOfAZbootImage(_ compression: Compression) throws {
    let sample = try SampleZboot(packing: SampleImage(count: 12_000).bytes, by: compression)
    let end = SampleZboot.payloadOffset + sample.payload.count + (compression == .gzip ? 0 : 4)
    let temporary = try TemporaryFile(Array(sample.bytes.prefix(end)))
    let memory = memory()
    #expect(try attempt(temporary.open(), into: memory))
    for count in (0..<end).reversed() where count < 300 || count.isMultiple(of: 89) || count > end - 20 {
      try temporary.truncate(to: count)
      #expect(try !attempt(temporary.open(), into: memory))
    }
  }

  @Test(arguments: [0, 1, 2])
  func everyBitOfTheHeader(_ kind: Int) throws {
    let image = SampleImage(count: 12_000)
    let files = [
      image.bytes, try Compression.lz4.pack(image.bytes), try SampleZboot(packing: image.bytes, by: .xz).bytes,
    ]
    let bytes = files[kind]
    let temporary = try TemporaryFile(bytes)
    let file = try temporary.open()
    let memory = memory()
    var loaded = 0
    for bit in 0..<0x150 * 8 {
      try temporary.write([bytes[bit / 8] ^ 1 << UInt8(bit % 8)], at: bit / 8)
      if attempt(file, into: memory) { loaded += 1 }
      try temporary.write([bytes[bit / 8]], at: bit / 8)
    }
    // Most of the header is for EFI; a packed Image's first bytes hold its magic and lengths somewhere.
    #expect((200..<0x150 * 8 - 60).contains(loaded), "\(loaded)")
  }

  /// Bytes of a file, and what the sentence has to name.
  private static let refused: [(file: @Sendable () throws -> [UInt8], name: String)] = [
    ({ image { $0.flags = 0xb } }, "big-endian arm64 kernel (flags 0xb)"),
    ({ image { $0.statedSize = 100 } }, "states an image_size of 100"),
    ({ image { $0.textOffset = .max - 5 } }, "past any machine's memory"),
    ({ image { $0.statedSize = .max - 5 } }, "past any machine's memory"),
    ({ Array(image { _ in }.dropLast(100)) }, "where its EFI header announces"),
    ({ try Compression.zstd.pack(Array(image { _ in }.dropLast(100))) }, "fewer than"),
    ({ try Compression.gzip.pack(image { $0.flags = 1 }) }, "in the gzip file: this is a big-endian"),
    ({ try zboot { $0.compressionName = "rar\n" } }, "unknown compression `rar?`"),
    ({ try zboot { $0.statedCount = 1 << 30 } }, "states a payload of 1073741824 bytes at offset 0x1000"),
    ({ try zboot { $0.statedCount = 2 } }, "payload of 2 bytes"),
    ({ try zboot { $0.payload = [UInt8](repeating: 7, count: 100) } }, "XZ payload is corrupt"),
    ({ try SampleZboot(packing: image { _ in }, by: .lzo).bytes }, "LZO"),
    ({ try SampleZboot(packing: riscv, by: .xz).bytes }, "in the EFI zboot image is a RISC-V kernel Image"),
    ({ try Compression.xz.pack(zboot { _ in }) }, "in the XZ file is an EFI zboot image"),
    ({ elf { $0.programs[1].physical = 0x1000 } }, "past any machine's memory"),
    ({ elf { $0.programs[1].physical = .max - 4 } }, "no memory for the 6000 bytes"),
    ({ elf { $0.programs[1].physical = $0.programs[0].physical + 5 } }, "overlap in memory"),
    ({ elf { $0.entry = 0x5000 } }, "entry point"),
    ({ elf { $0.programs[3].type = 3 } }, "runs under Linux"),
    ({ elf { $0.type = 1 } }, "object file"),
    ({ elf { $0.byteOrder = 2 } }, "big-endian ELF"),
  ]

  private static func image(_ change: (inout SampleImage) -> Void) -> [UInt8] {
    var sample = SampleImage()
    change(&sample)
    return sample.bytes
  }

  private static func zboot(_ change: (inout SampleZboot) -> Void) throws -> [UInt8] {
    var sample = try SampleZboot(packing: SampleImage().bytes, by: .xz)
    change(&sample)
    return sample.bytes
  }

  private static func elf(_ change: (inout SampleELF) -> Void) -> [UInt8] {
    var elf = SampleELF.arm64Kernel()
    elf.addNotes([1], offset: 0x2_0000)
    change(&elf)
    return elf.bytes
  }

  private static var riscv: [UInt8] {
    var bytes = [UInt8].sample(count: 8000, seed: 19)
    bytes.replaceSubrange(0x38..<0x3c, with: "RSC\u{5}".utf8)
    return bytes
  }

  @Test(arguments: refused.indices)
  func refusal(_ index: Int) throws {
    let (file, name) = Self.refused[index]
    let temporary = try TemporaryFile(file())
    let memory = SampleMemory(base: 0x4000_0000, count: 1 << 20)
    let error = #expect(throws: KernelImageError.self) {
      try memory.load(KernelImage(reading: temporary.open()).load())
    }
    #expect(error?.description.contains(name) == true, "\(error?.description ?? "no error")")
  }

  @Test func kernelOfAnotherArchitecture() throws {
    let arm64 = try KernelImage(reading: TemporaryFile(SampleImage().bytes).open())
    let x86 = try KernelImage(
      reading: TemporaryFile(SampleBzImage(packing: SampleELF.kernel().bytes, by: .gzip).bytes).open())
    try arm64.check(isFor: .arm64)
    try x86.check(isFor: .x86_64)
    #expect(throws: KernelImageError("this is an Image for arm64 where a kernel for x86-64 is needed")) {
      try arm64.check(isFor: .x86_64)
    }
    #expect(throws: KernelImageError("this is a bzImage for x86-64 where a kernel for arm64 is needed")) {
      try x86.check(isFor: .arm64)
    }
    #expect(throws: KernelImageError.self) { try arm64.load(throughDecompressor: true) }
  }
}
