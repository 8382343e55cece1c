import Bits
import Glibc
import Testing

@testable import KernelImage

/// Files that are no kernels, and damaged kernels, get one sentence that says what is wrong.
@Suite struct RefusalTests {
  private static func elf(_ change: (inout SampleELF) -> Void) -> [UInt8] {
    var elf = SampleELF.kernel()
    change(&elf)
    return elf.bytes
  }

  private static func header(_ magic: String, at offset: Int = 0, count: Int = 4096) -> [UInt8] {
    var bytes = [UInt8].sample(count: count, seed: 4)
    bytes.replaceSubrange(offset..<offset + magic.utf8.count, with: magic.utf8)
    return bytes
  }

  private static func portableExecutable(machine: UInt16) -> [UInt8] {
    var bytes = header("MZ")
    bytes.set(UInt32(0x80), at: 0x3c)
    bytes.replaceSubrange(0x80..<0x84, with: "PE\0\0".utf8)
    bytes.set(machine, at: 0x84)
    return bytes
  }

  /// Bytes of a file, and what the sentence has to name.
  private static let foreign: [(file: [UInt8], name: String)] = [
    ([], "empty"),
    (Array("#!/bin/sh\n".utf8), "script"),
    (Array("hello\n".utf8), "text file"),
    (header("\u{18}(o\u{1}", at: 0x24), "32-bit Arm zImage"),
    (header("RSC\u{5}", at: 0x38), "RISC-V"),
    (header("MZ\0\0zimg"), "zboot"),
    (header("MZ"), "DOS or EFI"),
    (portableExecutable(machine: 0x8664), "x86-64 EFI"),
    (portableExecutable(machine: 0xaa64), "arm64 EFI"),
    (header("070701"), "cpio"),
    (header("!<arch>\n"), "archive"),
    (header("ustar", at: 0x101), "tar"),
    ([0x80, 0x81, 0x82], "unknown kind"),
    (elf { $0.machine = 243 }, "RISC-V"),
    (elf { ($0.fileClass, $0.machine) = (1, 3) }, "32-bit"),
    (elf { $0.byteOrder = 2 }, "big-endian"),
    (elf { $0.type = 1 }, "object file"),
    (elf { $0.type = 3 }, "shared library"),
    (elf { $0.type = 4 }, "core dump"),
    (elf { $0.programs[3].type = 3 }, "runs under Linux"),
    (elf { $0.programs = [] }, "no segment"),
    (elf { $0.programs[0].memoryCount = 1 }, "but 0x1 in memory"),
    (elf { $0.programs[0].physical = .max - 5 }, "past any machine's memory"),
    (elf { $0.programs[2].memoryCount = 1 << 60 }, "past any machine's memory"),
    (elf { $0.programs[1].offset = .max - 5 }, "past any machine's memory"),
    (elf { $0.programs[1].offset = 1 << 40 }, "cut short"),
    (elf { $0.programs[1].physical = $0.programs[0].physical + 5 }, "overlap in memory"),
    (elf { $0.programs[1].offset = $0.programs[0].offset + 5 }, "share bytes"),
    (elf { $0.programs[0].memoryCount = 0 }, "but 0x0 in memory"),
    (elf { $0.entry = 0x5000 }, "entry point"),
    (Array(elf { _ in }.prefix(20)), "cut short"),
    (Array(elf { _ in }.prefix(70)), "program header 0"),
  ]

  @Test(arguments: foreign.indices)
  func foreignFile(_ index: Int) throws {
    let (bytes, name) = Self.foreign[index]
    let temporary = try TemporaryFile(bytes)
    let error = #expect(throws: KernelImageError.self) { try KernelImage(reading: temporary.open()).load() }
    #expect(error?.description.contains(name) == true, "\(error?.description ?? "no error")")
  }

  @Test func packedForeignFile() throws {
    for (bytes, name) in Self.foreign where name != "empty" {
      let temporary = try TemporaryFile(Compression.gzip.pack(bytes))
      let error = #expect(throws: KernelImageError.self) { try KernelImage(reading: temporary.open()) }
      let sentence = error?.description ?? "no error"
      #expect(sentence.contains("in the gzip file") && sentence.contains(name), "\(sentence)")
    }
    let bzImage = try SampleBzImage(packing: SampleELF.kernel().bytes, by: .gzip).bytes
    let temporary = try TemporaryFile(Compression.xz.pack(bzImage))
    let error = #expect(throws: KernelImageError.self) { try KernelImage(reading: temporary.open()) }
    #expect(error?.description.contains("in the XZ file is a bzImage") == true)
  }

  /// What a bzImage is changed by, and what the sentence has to name.
  private static let damage: [(name: String, change: @Sendable (inout SampleBzImage) throws -> Void)] = [
    ("zImage", { $0.loadFlags = 0 }),
    ("2.08", { $0.protocolVersion = 0x207 }),
    ("payload up to offset", { $0.statedCount = .max }),
    ("too short", { $0.statedCount = 4 }),
    ("no compression", { $0.payload = .sample(count: 5000, seed: 8) }),
    ("LZO", { $0.payload = try Compression.lzo.pack($0.payload) }),
    ("no ELF", { $0 = try SampleBzImage(packing: .sample(count: 5000, seed: 8), by: .zstd) }),
    (
      "in the bzImage's payload: this is a 32-bit ELF",
      { $0 = try SampleBzImage(packing: RefusalTests.elf { $0.fileClass = 1 }, by: .xz) }
    ),
    (
      "fewer than",
      { $0.payload = try Compression.zstd.pack(SampleELF.kernel().bytes) + [0xff, 0xff, 0xff, 0x0f] }
    ),
    (
      "more than",
      {
        let bytes = SampleELF.kernel().bytes
        $0.payload = try Compression.zstd.pack(bytes + [1])
        $0.payload.appendLittleEndian(UInt32(bytes.count))
      }
    ),
  ]

  @Test(arguments: damage.indices)
  func damagedBzImage(_ index: Int) throws {
    var sample = try SampleBzImage(packing: SampleELF.kernel().bytes, by: .gzip)
    try Self.damage[index].change(&sample)
    let temporary = try TemporaryFile(sample.bytes)
    let memory = SampleMemory(base: 0x100_0000, count: 0x200_0000)
    let error = #expect(throws: KernelImageError.self) {
      try memory.load(KernelImage(reading: temporary.open()).load())
    }
    #expect(error?.description.contains(Self.damage[index].name) == true, "\(error?.description ?? "no error")")
  }

  @Test func decompressorThatIsNotThere() throws {
    var sample = try SampleBzImage(packing: SampleELF.kernel().bytes, by: .gzip)
    sample.extendedLoadFlags = 0
    for bytes in [sample.bytes, SampleELF.kernel().bytes] {
      let image = try KernelImage(reading: TemporaryFile(bytes).open())
      #expect(throws: KernelImageError.self) { try image.load(throughDecompressor: true) }
    }
  }

  @Test(arguments: [
    ("/", "directory"), ("/dev/null", "pipe, socket or device"), ("/does/not/exist", "cannot be opened"),
  ])
  func pathThatIsNoFile(_ path: String, _ name: String) {
    let error = #expect(throws: KernelImageError.self) { try KernelFile(path: path) }
    #expect(error?.description.contains(name) == true)
  }

  @Test func sparseFileThatIsLargerThanAnyKernel() throws {
    // Shared memory has files of any length on every host.
    let name = "/hvgdb-kernel-\(getpid())"
    let descriptor = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600)
    try #require(descriptor >= 0)
    defer {
      close(descriptor)
      shm_unlink(name)
    }
    try #require(ftruncate(descriptor, 1 << 50) == 0)
    let error = #expect(throws: KernelImageError.self) { try KernelFile(path: "/proc/self/fd/\(descriptor)") }
    #expect(error?.description.contains("larger than any kernel") == true)
  }

  @Test func pipeDoesNotWait() throws {
    let temporary = try TemporaryFile([])
    let path = temporary.path + ".fifo"
    try #require(mkfifo(path, 0o600) == 0)
    defer { unlink(path) }
    #expect(throws: KernelImageError.self) { try KernelFile(path: path) }
  }

  @Test func fileThatIsCutShortWhileItIsRead() throws {
    let temporary = try TemporaryFile(SampleELF.kernel().bytes)
    let load = try KernelImage(reading: temporary.open()).load()
    try temporary.truncate(to: 10_000)
    let memory = SampleMemory(base: 0x100_0000, count: 0x200_0000)
    let error = #expect(throws: KernelImageError.self) { try memory.load(load) }
    #expect(error?.description.contains("cut short to 0x2710 bytes") == true)
  }
}
