import Architecture
import Bits

@testable import KernelSymbols

/// SplitMix64: the same numbers in every run.
struct Random: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  /// A number below `limit`.
  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
}

/// A kernel made for a test: noise with kallsyms, a banner and a build id in it.
struct SampleKernel {
  static let banner = "Linux version 6.1.0-sample (a@b) (gcc) #1 SMP"
  static let buildID = (0..<20).map { UInt8($0 * 7) }
  static let memoryCount: UInt64 = 16 << 20
  private static let tablesOffset = 0x4000

  var bytes: [UInt8]
  let layout: KernelLayout
  let symbols: [SampleSymbol]
  /// Where the tables' parts start in the bytes.
  let places: [String: Int]

  /// Where the kernel is linked to.
  static func start(_ architecture: GuestArchitecture) -> UInt64 {
    architecture == .arm64 ? 0xffff_8000_0801_0000 : 0xffff_ffff_8100_0000
  }

  /// Makes a kernel.
  ///
  /// - Parameters:
  ///   - version: how its tables are laid out.
  ///   - architecture: an arm64 kernel is an Image, which states no address, with a `text_offset` of 64 KiB.
  ///   - count: how many symbols it has.
  ///   - seed: where the random numbers start.
  ///   - relocations: for the base, at the places in the image that are given; nil for a base that stands as it is.
  init(
    _ version: KallsymsWriter.Version, _ architecture: GuestArchitecture, count: Int = 700, seed: UInt64 = 1,
    relocatedAt relocations: [UInt64]? = nil
  ) {
    var random = Random(seed: seed)
    let start = Self.start(architecture)
    symbols = Self.symbols(count, from: start, hasPerCPU: version.encoding == .perCPUAbsolute, &random)
    let writer = KallsymsWriter(version, symbols, storedBase: relocations == nil ? nil : 0)
    places = writer.places.mapValues { $0 + Self.tablesOffset }
    bytes = (0..<Self.tablesOffset).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    if architecture == .arm64 { Self.put(UInt64(0x1_0000), UInt32(0x644d_5241), in: &bytes) }
    // One that the linker replaces, one of a format, and the right one.
    for (offset, text) in [
      (0x1001, "Linux version 6.1.0 (a) # SMP"), (0x1101, "Linux version %s (%s)"), (0x1203, Self.banner),
    ] { bytes.replaceSubrange(offset..<offset + text.utf8.count + 1, with: Array(text.utf8) + [0]) }
    Self.putNotes(in: &bytes)
    bytes += writer.bytes
    bytes += (0..<0x1004).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    while bytes.count % 8 != 0 { bytes.append(0) }
    for address in relocations ?? [] {
      bytes.appendLittleEndian(address + UInt64(places["base"] ?? 0))
      bytes.appendLittleEndian(UInt64(1027))
      bytes.appendLittleEndian(writer.base - start + address)
    }
    layout = KernelLayout(
      architecture: architecture,
      segments: [
        KernelLayout.Segment(
          offset: 0, count: bytes.count, memoryCount: Self.memoryCount,
          virtual: architecture == .arm64 ? GuestVirtual(0x4000_0000) : GuestVirtual(start))
      ])
  }

  func table() throws(KernelSymbolsError) -> KernelSymbolTable {
    try KernelSymbolTable(reading: bytes.span.bytes, layout)
  }

  /// The header's fields that count.
  private static func put(_ textOffset: UInt64, _ magic: UInt32, in bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes {
      $0.storeLittleEndian(textOffset, at: 8)
      $0.storeLittleEndian(magic, at: 56)
    }
  }

  /// The note of a vDSO, whose file reaches from 0x2000 to 0x2800, and then the kernel's.
  private static func putNotes(in bytes: inout [UInt8]) {
    for (offset, id) in [(0x2100, [UInt8](repeating: 9, count: 20)), (0x2804, buildID)] {
      let note: [UInt8] = [4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, 0x47, 0x4e, 0x55, 0] + id
      bytes.replaceSubrange(offset..<offset + note.count, with: note)
    }
    bytes.withUnsafeMutableBytes {
      $0.storeLittleEndian(ELF.magic, at: 0x2000)
      $0.storeLittleEndian(ELF.class64, at: 0x2004)
      $0.storeLittleEndian(UInt64(0x700), at: 0x2028)
      $0.storeLittleEndian(UInt16(64), at: 0x203a)
      $0.storeLittleEndian(UInt16(4), at: 0x203c)
    }
  }

  /// Symbols in ascending order, with those that divide the kernel at a sixteenth each.
  private static func symbols(
    _ count: Int, from start: UInt64, hasPerCPU: Bool, _ random: inout Random
  ) -> [SampleSymbol] {
    let part = memoryCount / 16
    let marks: [(String, UInt8, UInt64)] = [
      ("_text", 0x54, 0), ("_stext", 0x54, 1), ("_etext", 0x54, 4), ("__start_rodata", 0x44, 4),
      ("__init_begin", 0x54, 6), ("_sinittext", 0x54, 6), ("_einittext", 0x54, 8), ("_sdata", 0x44, 10),
      ("_edata", 0x44, 13), ("__bss_start", 0x42, 13), ("_end", 0x42, 16),
    ]
    var symbols = marks.map { SampleSymbol(name: $0.0, kind: $0.1, address: start + $0.2 * part) }
    let kinds: [UInt64: String] = [
      4: "rR", 5: "rR", 8: "dD", 9: "dD", 10: "dD", 11: "dD", 12: "dD", 13: "bB", 14: "bB", 15: "bB",
    ]
    let perCPUCount = hasPerCPU ? count / 50 : 0
    for index in 0..<perCPUCount {
      symbols.append(SampleSymbol(name: "per_cpu_\(index)", kind: 0x41, address: UInt64(index) * 0x40))
    }
    while symbols.count < count {
      let offset = random.next() % memoryCount
      let letters = Array((kinds[offset / part] ?? "tTW").utf8)
      symbols.append(
        SampleSymbol(name: name(&random), kind: letters[random.below(letters.count)], address: start + offset))
    }
    return symbols.enumerated().sorted { ($0.element.address, $0.offset) < ($1.element.address, $1.offset) }
      .map(\.element)
  }

  /// A name of words that come often, and at times one that is far longer than 127 bytes when it is compressed.
  private static func name(_ random: inout Random) -> String {
    let words = [
      "sys", "vfs", "read", "write", "init", "lock", "page", "__x64", "irq", "tcp", "probe", "alloc", "1", "Q",
    ]
    let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.$_")
    if random.below(100) == 0 {
      return String((0..<300).map { _ in letters[random.below(letters.count)] })
    }
    let name = (0..<1 + random.below(4)).map { _ in words[random.below(words.count)] }.joined(separator: "_")
    return name + String(letters[random.below(52)])
  }
}
