import Bits
import Testing

@testable import KernelImage

/// What the headers of kernels say is read right.
@Suite struct HeaderTests {
  private func image(_ bytes: [UInt8]) throws -> KernelImage {
    try KernelImage(reading: TemporaryFile(bytes).open())
  }

  @Test func setupHeader() throws {
    let header = try #require(SetupHeader(head: SampleBzImage(payload: SampleELF.kernel().bytes).bytes))
    #expect(header.protocolVersion == 0x20f)
    #expect(header.versionNumber == "2.15")
    #expect(header.bytes.count == 0x26c - 0x1f1)
    #expect(header.setupCount == 4096)
    #expect(header.loadFlags == .loadedHigh)
    #expect(header.extendedLoadFlags?.names.count == 7)
    #expect(header.preferredAddress == 0x100_0000)
    #expect(header.initialCount == 0x200_0000)
    #expect(header.kernelAlignment == 0x20_0000)
    #expect(header.isRelocatable)
    #expect(header.commandLineLimit == 2047)
    #expect(header.initrdLimit == 0x7fff_ffff)
    #expect(header.handoverOffset == 0x190)
  }

  @Test func fieldsOfLaterProtocolVersionsAreNotThere() throws {
    var sample = SampleBzImage(payload: SampleELF.kernel().bytes)
    sample.protocolVersion = 0x205
    let header = try #require(SetupHeader(head: sample.bytes))
    #expect(header.versionNumber == "2.05")
    #expect(header.payload == nil)
    #expect(header.preferredAddress == nil)
    #expect(header.extendedLoadFlags == nil)
    #expect(header.commandLineLimit == 255)
    #expect(header.isRelocatable)
  }

  @Test func versionAndNotes() throws {
    let elf = SampleELF.kernel()
    for file in [elf.bytes, try SampleBzImage(packing: elf.bytes, by: .zstd).bytes] {
      let notes = try image(file).notes()
      #expect(notes.buildID == SampleELF.buildID)
      #expect(notes.pvhEntry == GuestPhysical(0x100_0180))
    }
    #expect(try image(SampleBzImage(packing: elf.bytes, by: .gzip).bytes).version() == SampleBzImage.version)
    #expect(try image(elf.bytes).version() == nil)
  }

  /// The banner is found wherever it lies, across the reader's own borders too; neither the format string nor
  /// the banner without a number is taken for it.
  @Test(arguments: [0, 5000, (1 << 20) - 0x2000 - 5, (1 << 20) - 0x2000 - 20])
  func versionOfVmlinux(_ offset: Int) throws {
    var elf = SampleELF.kernel(textCount: 1_200_000)
    let banner = Array("Linux version %s\0Linux version 6.1 # SMP\n\0Linux version 6.1.0-sample #1 SMP\n\0".utf8)
    elf.contents[0].bytes.replaceSubrange(offset..<offset + banner.count, with: banner)
    if offset == 0 { elf.programs.removeLast() }
    #expect(try image(elf.bytes).version() == "6.1.0-sample #1 SMP")
  }

  @Test func entryByVirtualAddress() throws {
    var elf = SampleELF.kernel()
    elf.entry = 0xffff_ffff_8100_0010
    #expect(try image(elf.bytes).load().entry == GuestPhysical(0x100_0010))
  }

  @Test func kernelThatDoesNotFit() throws {
    let load = try image(SampleELF.kernel().bytes).load()
    #expect(throws: KernelImageError.self) {
      try load.check(fits: [GuestPhysical(0)..<GuestPhysical(0x120_0000)])
    }
    try load.check(fits: [GuestPhysical(0)..<GuestPhysical(0x800_0000)])
    #expect(throws: KernelImageError.self) { try load.copy { _, _ in nil } }
  }

  /// Only the kernel itself unpacks LZO; what its setup header says can be told all the same.
  @Test func reportOfPayloadThatCannotBeUnpacked() throws {
    let report = try image(SampleBzImage(packing: [], by: .lzo).bytes).report()
    let names = report.facts.map(\.name)
    #expect(report.lines.contains { $0.hasPrefix("compression") && $0.contains("LZO") })
    #expect(names.contains("decompressor") && names.contains("version") && !names.contains("segment"))
  }

  @Test func setupHeaderEndsWhereTheNextFieldOfBootParamsBegins() throws {
    var bytes = SampleBzImage(payload: SampleELF.kernel().bytes).bytes
    bytes.set(UInt8(0xff), at: 0x201)
    #expect(SetupHeader(head: bytes)?.bytes.count == 0x290 - 0x1f1)
  }

  @Test func pvhKernel() throws {
    let linux = try image(SampleELF.kernel().bytes).load()
    #expect(linux.bootProtocol == .linux64)
    #expect(linux.entry == GuestPhysical(0x100_0000))
    let other = try image(SampleELF.kernel(isLinux: false).bytes).load()
    #expect(other.bootProtocol == .pvh)
    #expect(other.entry == GuestPhysical(0x100_0180))
    #expect(other.segments == linux.segments)
  }

  @Test func report() throws {
    let elf = SampleELF.kernel()
    let report = try image(SampleBzImage(packing: elf.bytes, by: .lz4).bytes).report()
    let facts = Dictionary(report.facts.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    #expect(facts["kind"] == "bzImage for x86-64")
    #expect(facts["version"] == SampleBzImage.version)
    #expect(facts["build id"]?.hasPrefix("000d1a27") == true)
    #expect(facts["compression"]?.hasPrefix("LZ4, ") == true)
    #expect(facts["entry"] == "0x1000000")
    #expect(facts["entered by"] == "Linux's 64-bit boot protocol")
    #expect(facts["PVH entry"] == "0x1000180")
    #expect(facts["boot protocol"] == "2.15")
    #expect(facts["load range"] == "0x1000000-0x12224f7")
    #expect(facts["decompressor"] == "0x1000000-0x2ffffff, entry 0x1000200")
    #expect(facts["loadflags"] == "0x1 LOADED_HIGH")
    #expect(report.facts.filter { $0.name == "segment" }.count == 3)
    let columns = Set(zip(report.lines, report.facts).map { $0.count - $1.value.count })
    #expect(columns.count == 1)
  }
}
