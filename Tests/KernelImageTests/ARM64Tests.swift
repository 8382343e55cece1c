import Architecture
import Bits
import Testing

@testable import KernelImage

/// Kernels for arm64 are read right and arrive in memory byte for byte.
@Suite struct ARM64Tests {
  private func image(_ bytes: [UInt8]) throws -> KernelImage {
    try KernelImage(reading: TemporaryFile(bytes).open())
  }

  /// Loads a file twice into RAM and looks for the Image's bytes and zeros behind them.
  private func expectLoaded(_ file: [UInt8], of sample: SampleImage) throws {
    let temporary = try TemporaryFile(file)
    let image = try KernelImage(reading: temporary.open())
    let load = try image.load()
    let start = 0x4000_0000 + sample.textOffset
    #expect(image.architecture == .arm64 && load.bootProtocol == .linuxARM64 && load.setupHeader == nil)
    #expect(load.entry == GuestPhysical(start))
    #expect(load.physicalRange == GuestPhysical(0x4000_0000)..<GuestPhysical(start + sample.imageSize))
    let memory = SampleMemory(base: 0x4000_0000, count: 1 << 20)
    try load.check(fits: [memory.range])
    for _ in 0..<2 {
      memory.clear()
      try memory.load(load)
      #expect(memory.holds(sample.bytes, at: start))
      #expect(memory.holds([UInt8](repeating: 0, count: 70_000), at: start + UInt64(sample.bytes.count)))
    }
  }

  @Test("a kernel that lies outside RAM is told where that is, and of --memory only where it starts in RAM")
  func outsideRAM() throws {
    let load = try image(SampleImage().bytes).load()
    let start = load.physicalRange.lowerBound
    let cut = #expect(throws: KernelImageError.self) { try load.check(fits: [start..<start.wrapping(by: 0x1000)]) }
    #expect(cut?.description.contains("RAM is from 0x40000000 to 0x40001000: give the guest more by --memory") == true)
    let ram = GuestPhysical(0x8000_0000)..<GuestPhysical(0x9000_0000)
    let elsewhere = #expect(throws: KernelImageError.self) { try load.check(fits: [ram]) }
    #expect(elsewhere?.description.hasSuffix("RAM is from 0x80000000 to 0x90000000: load the kernel there") == true)
  }

  @Test func header() throws {
    let image = try image(SampleImage().bytes)
    #expect(image.kind == .image && image.compression == nil)
    let header = try #require(image.arm64Header)
    #expect(header.textOffset == 0 && header.imageSize == SampleImage().imageSize)
    #expect(header.flags.pageSize == 4096 && header.flags.canBePlacedAnywhere && !header.flags.isBigEndian)
    #expect(ARM64ImageFlags(rawValue: 0).pageSize == nil && !ARM64ImageFlags(rawValue: 7).canBePlacedAnywhere)
    #expect(ARM64ImageFlags(rawValue: 4).pageSize == 16384 && ARM64ImageFlags(rawValue: 6).pageSize == 65536)
    #expect(try image.version() == SampleImage.version)
  }

  @Test(arguments: [true, false], [0, 0x8_0000] as [UInt64])
  func plainImage(_ hasEFIStub: Bool, _ textOffset: UInt64) throws {
    var sample = SampleImage()
    sample.hasEFIStub = hasEFIStub
    sample.textOffset = textOffset
    try expectLoaded(sample.bytes, of: sample)
  }

  @Test(arguments: [true, false], Compression.unpackable)
  func packedImage(_ hasEFIStub: Bool, _ compression: Compression) throws {
    var sample = SampleImage()
    sample.hasEFIStub = hasEFIStub
    try expectLoaded(compression.pack(sample.bytes), of: sample)
  }

  /// Older builds append the unpacked length to whatever they pack.
  @Test(arguments: [Compression.lz4, .lzma, .xz, .zstd])
  func packedImageWithItsLength(_ compression: Compression) throws {
    var sample = SampleImage()
    sample.hasEFIStub = false
    var packed = try compression.pack(sample.bytes)
    packed.appendLittleEndian(UInt32(sample.bytes.count))
    try expectLoaded(packed, of: sample)
  }

  @Test(arguments: Compression.unpackable.filter { $0 != .bzip2 }, [true, false])
  func zboot(_ compression: Compression, _ isPadded: Bool) throws {
    let sample = SampleImage()
    var image = sample.bytes
    // Later builds pack the zeros as well.
    if isPadded { image.pad(to: Int(sample.imageSize)) }
    let file = try SampleZboot(packing: image, by: compression).bytes
    try expectLoaded(file, of: sample)
    let kernel = try self.image(file)
    #expect(kernel.kind == .zboot && kernel.compression == compression)
  }

  /// What follows the sections is a signature, which is not the kernel's.
  @Test func signatureIsNotLoaded() throws {
    let sample = SampleImage()
    try expectLoaded(sample.bytes + [UInt8](repeating: 0xee, count: 1500), of: sample)
  }

  /// Kernels before Linux 3.17 state neither their size nor, for sure, the byte order of their offset.
  @Test(arguments: [false, true])
  func imageWithoutSize(_ isPacked: Bool) throws {
    var sample = SampleImage()
    sample.statedSize = 0
    sample.textOffset = 0x800
    sample.flags = 0
    sample.hasEFIStub = false
    let load = try image(isPacked ? Compression.gzip.pack(sample.bytes) : sample.bytes).load()
    #expect(load.entry == GuestPhysical(0x4008_0000))
    #expect(load.segments[0].fileCount == sample.bytes.count)
    let needed = load.physicalRange.upperBound.rawValue - load.entry.rawValue
    #expect(needed == UInt64(sample.bytes.count) + 16 << 20)
  }

  @Test func ramThatStartsElsewhere() throws {
    var sample = SampleImage()
    sample.textOffset = 0x8_0000
    let load = try image(sample.bytes).load(ramStart: GuestPhysical(0x8010_0000))
    #expect(load.entry == GuestPhysical(0x8028_0000))
    #expect(load.physicalRange.lowerBound == GuestPhysical(0x8020_0000))
  }

  @Test(arguments: [nil] + Compression.unpackable.map { $0 })
  func vmlinux(_ compression: Compression?) throws {
    let elf = SampleELF.arm64Kernel()
    let kernel = try image(compression?.pack(elf.bytes) ?? elf.bytes)
    #expect(kernel.kind == .vmlinux && kernel.architecture == .arm64)
    let load = try kernel.load()
    #expect(load.bootProtocol == .linuxARM64 && load.entry == GuestPhysical(0x4000_0000))
    #expect(load.segments.map(\.virtual.rawValue) == [SampleELF.linkBase, SampleELF.linkBase + 0xc000])
    // The image_size of the header in it reaches past the segments.
    #expect(load.physicalRange.upperBound == GuestPhysical(0x4000_0000 + SampleImage().imageSize))
    let memory = SampleMemory(base: 0x4000_0000, count: 1 << 20)
    try load.check(fits: [memory.range])
    try memory.load(load)
    #expect(memory.holds(elf.contents[0].bytes, at: 0x4000_0000))
    #expect(memory.holds(elf.contents[1].bytes, at: 0x4000_c000))
    #expect(try kernel.notes().buildID == SampleELF.buildID)
    #expect(try kernel.version() == SampleImage.version)
  }

  @Test func vmlinuxWithTextOffset() throws {
    var elf = SampleELF.arm64Kernel()
    for index in 0..<2 {
      elf.programs[index].physical += 0x8_0000
      elf.programs[index].virtual += 0x8_0000
    }
    elf.entry += 0x8_0040
    elf.type = 2
    let load = try image(elf.bytes).load(ramStart: GuestPhysical(0x8000_0000))
    #expect(load.entry == GuestPhysical(0x8008_0040))
    #expect(load.segments[1].physical == GuestPhysical(0x8008_c000))
    #expect(load.physicalRange.upperBound == GuestPhysical(0x8008_0000 + SampleImage().imageSize))
  }

  /// A program with physical addresses of its own goes there, wherever RAM starts.
  @Test func programWithPhysicalAddresses() throws {
    var elf = SampleELF()
    elf.machine = 183
    elf.entry = 0x4010_0010
    elf.add(.sample(count: 100, seed: 17), offset: 0x1000, physical: 0x4010_0000, virtual: 0x4010_0000)
    let load = try image(elf.bytes).load(ramStart: GuestPhysical(0x8000_0000))
    #expect(load.entry == GuestPhysical(0x4010_0010))
    #expect(load.physicalRange == GuestPhysical(0x4010_0000)..<GuestPhysical(0x4010_0064))
  }

  @Test func rawCode() throws {
    let bytes = [UInt8].sample(count: 1000, seed: 18)
    let temporary = try TemporaryFile(bytes)
    let load = try KernelImage(reading: temporary.open(), asRawAt: .arm64()).load()
    #expect(load.entry == GuestPhysical(0x4008_0000) && load.bootProtocol == .bare)
    let memory = SampleMemory(base: 0x4000_0000, count: 1 << 20)
    try memory.load(load)
    #expect(memory.holds(bytes, at: 0x4008_0000))
    let entry = GuestPhysical(0x8008_0004)
    let placement = KernelImage.RawPlacement.arm64(ramStart: GuestPhysical(0x8000_0000), entry: entry)
    #expect(placement.address == GuestPhysical(0x8008_0000) && placement.entry == entry)
  }

  /// The id in an ELF file that the Image carries, as it does its vDSOs, is not the kernel's.
  @Test(arguments: [2, 1] as [UInt8])
  func buildID(_ fileClass: UInt8) throws {
    var sample = SampleImage(count: 1_100_000)
    func put(_ bytes: [UInt8], at offset: Int) {
      let start = offset - SampleImage.headCount
      sample.contents.replaceSubrange(start..<start + bytes.count, with: bytes)
    }
    func note(_ id: UInt8) -> [UInt8] { SampleELF.note(owner: "GNU", type: 3, [UInt8](repeating: id, count: 20)) }
    #expect(try image(sample.bytes).notes().buildID == nil)
    // Over the border of the windows that the image is searched in.
    put(note(3), at: (1 << 20) - 10)
    var embedded: [UInt8] = ELFImage.magic + [fileClass]
    embedded.pad(to: 0x1800)
    let (table, sizes) = fileClass == 2 ? (0x28, 0x3a) : (0x20, 0x2e)
    embedded.set(UInt32(0x1700), at: table)
    embedded.set(UInt16(0x40), at: sizes)
    embedded.set(UInt16(4), at: sizes + 2)
    embedded.replaceSubrange(0x17c0..<0x17c0 + 36, with: note(1))
    put(embedded, at: 0x8000)
    #expect(try image(sample.bytes).notes().buildID == [UInt8](repeating: 3, count: 20))
    #expect(try image(Compression.zstd.pack(sample.bytes)).notes().buildID == [UInt8](repeating: 3, count: 20))
    put(note(2), at: 0x9800)
    #expect(try image(sample.bytes).notes().buildID == [UInt8](repeating: 2, count: 20))
  }

  @Test func report() throws {
    func facts(_ bytes: [UInt8]) throws -> [String: String] {
      Dictionary(try image(bytes).report().facts.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }
    let sample = SampleImage()
    let plain = try facts(sample.bytes)
    #expect(plain["kind"] == "Image for arm64" && plain["version"] == SampleImage.version)
    #expect(plain["entry"] == "0x40000000" && plain["compression"] == "none" && plain["EFI stub"] == "yes")
    #expect(plain["load range"] == "0x40000000-0x\(String(0x3fff_ffff + sample.imageSize, radix: 16))")
    #expect(plain["text_offset"] == "0x0" && plain["image_size"] == "\(sample.imageSize) bytes")
    #expect(plain["flags"] == "0xa, little-endian, 4 KiB pages, anywhere in memory")
    let zboot = try facts(SampleZboot(packing: sample.bytes, by: .zstd).bytes)
    #expect(zboot["kind"] == "EFI zboot image for arm64" && zboot["entry"] == plain["entry"])
    #expect(zboot["compression"]?.hasPrefix("Zstandard, ") == true)
    let vmlinux = try facts(SampleELF.arm64Kernel().bytes)
    #expect(vmlinux["kind"] == "ELF vmlinux for arm64" && vmlinux["build id"]?.hasPrefix("000d1a27") == true)
  }
}

/// Kernel, device tree and RAM disk never overlap, and what does not fit is said with figures.
@Suite struct ARM64PlacementTests {
  private static func range(_ start: UInt64, _ count: UInt64) -> Range<GuestPhysical> {
    GuestPhysical(start)..<GuestPhysical(start + count)
  }

  private static let mebibyte: UInt64 = 1 << 20

  @Test func usual() throws {
    let placement = try ARM64Placement(
      in: Self.range(0x4000_0000, 512 * Self.mebibyte), kernel: Self.range(0x4000_0000, 0x1ab_0000),
      deviceTreeCount: 5000, initialRAMDiskCount: 0x123_4567)
    #expect(placement.deviceTree == Self.range(0x41c0_0000, 5000))
    #expect(placement.initialRAMDisk == Self.range(0x41c1_0000, 0x123_4567))
    let alone = try ARM64Placement(
      in: Self.range(0x4000_0000, 512 * Self.mebibyte), kernel: Self.range(0x4000_0000, 0x1ab_0000),
      deviceTreeCount: 5000)
    #expect(alone.initialRAMDisk == nil && alone.deviceTree == placement.deviceTree)
  }

  @Test func kernelAtTheEndOfRAM() throws {
    let placement = try ARM64Placement(
      in: Self.range(0x4000_0000, 64 * Self.mebibyte), kernel: Self.range(0x43f0_0000, Self.mebibyte),
      deviceTreeCount: 1 << 21, initialRAMDiskCount: 1)
    #expect(placement.deviceTree == Self.range(0x4000_0000, 1 << 21))
    // Behind the kernel there is no RAM, and at the start of RAM is the tree.
    #expect(placement.initialRAMDisk == Self.range(0x4020_0000, 1))
  }

  @Test func rawCodeHasTheTreeAtTheStartOfRAM() throws {
    func tree(_ count: Int) throws -> Range<GuestPhysical> {
      try ARM64Placement(
        in: Self.range(0x4000_0000, 64 * Self.mebibyte), kernel: Self.range(0x4008_0000, Self.mebibyte), isRaw: true,
        deviceTreeCount: count
      ).deviceTree
    }
    #expect(try tree(0x8_0000) == Self.range(0x4000_0000, 0x8_0000))
    // In front of the code there is no room for more.
    #expect(try tree(0x8_0001) == Self.range(0x4020_0000, 0x8_0001))
  }

  /// Sizes of every kind: either all is inside RAM and apart, or there is a sentence.
  @Test func randomSizes() throws {
    var generator = SplitMix(state: 41)
    var placed = 0
    for _ in 0..<20_000 {
      let ram = Self.range(
        UInt64.random(in: 0...40, using: &generator) << 30 + UInt64.random(in: 0...3, using: &generator) << 20,
        1 << UInt64.random(in: 22...36, using: &generator))
      let start = ram.lowerBound.rawValue + UInt64.random(in: 0...64, using: &generator) << 16
      let kernel = Self.range(start, 1 << UInt64.random(in: 10...26, using: &generator))
      let tree = Int.random(in: 40...(2 << 20) + 1000, using: &generator)
      let disk = Bool.random(using: &generator) ? 1 << Int.random(in: 0...36, using: &generator) : nil
      do throws(KernelImageError) {
        let placement = try ARM64Placement(
          in: ram, kernel: kernel, deviceTreeCount: tree, initialRAMDiskCount: disk)
        placed += 1
        let all = [kernel, placement.deviceTree] + (placement.initialRAMDisk.map { [$0] } ?? [])
        #expect(all.allSatisfy { ram.lowerBound <= $0.lowerBound && $0.upperBound <= ram.upperBound })
        let sorted = all.sorted { $0.lowerBound < $1.lowerBound }
        #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound })
        let blocks = placement.deviceTree.upperBound.wrapping(by: .max).alignedDown(to: 2 << 20)
        #expect(blocks == placement.deviceTree.lowerBound)
        let window = sorted[0].lowerBound.alignedDown(to: 1 << 30)
        #expect(disk == nil || all.map(\.upperBound.rawValue).max() ?? 0 <= window.rawValue + 32 << 30)
      } catch {
        #expect(error.description.contains(/\d/) && !error.description.contains("\n"))
      }
    }
    #expect((5_000..<18_000).contains(placed))
  }

  /// What is asked for, and what the sentence has to name.
  private static let refused: [(ram: UInt64, kernel: UInt64, tree: Int, disk: Int?, name: String)] = [
    (16, 27, 5000, nil, "the kernel takes 27648 KiB from 0x40000000 where the guest's RAM is 16384 KiB"),
    (512, 27, (2 << 20) + 1, nil, "2097153 bytes, more than the 2097152"),
    (27, 27, 5000, nil, "device tree of 5 KiB does not fit"),
    (64, 27, 5000, 40 << 20, "initial RAM disk of 40960 KiB does not fit the guest's RAM, which is 65536 KiB"),
    (64 << 10, 27, 5000, 33 << 30, "32 GiB"),
    (64, 27, 5000, .max, "does not fit"),
  ]

  @Test(arguments: refused.indices)
  func whatDoesNotFit(_ index: Int) {
    let sizes = Self.refused[index]
    let error = #expect(throws: KernelImageError.self) {
      try ARM64Placement(
        in: Self.range(0x4000_0000, sizes.ram * Self.mebibyte),
        kernel: Self.range(0x4000_0000, sizes.kernel * Self.mebibyte), deviceTreeCount: sizes.tree,
        initialRAMDiskCount: sizes.disk)
    }
    #expect(error?.description.contains(sizes.name) == true, "\(error?.description ?? "no error")")
  }
}
