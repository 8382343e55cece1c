import Bits

@testable import KernelImage

extension [UInt8] {
  /// Stores a little-endian integer.
  mutating func set(_ value: some FixedWidthInteger & BitwiseCopyable, at offset: Int) {
    withUnsafeMutableBytes { _ = $0.storeLittleEndian(value, at: offset) }
  }

  /// Appends zeros up to a length.
  mutating func pad(to count: Int) { append(contentsOf: repeatElement(0, count: Swift.max(0, count - self.count))) }

  /// Bytes that compress somewhat, the same for the same seed.
  static func sample(count: Int, seed: UInt64) -> [UInt8] {
    var generator = SplitMix(state: seed)
    let block = (0..<Swift.min(count, 4096)).map { index in
      index % 3 == 0 ? UInt8(truncatingIfNeeded: generator.next()) : UInt8(truncatingIfNeeded: index / 7)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + block.count)
    while bytes.count < count {
      bytes += block
      // A counter, so that a block in the wrong place is noticed.
      bytes.set(UInt32(truncatingIfNeeded: bytes.count), at: bytes.count - block.count)
    }
    bytes.removeLast(bytes.count - count)
    return bytes
  }
}

/// SplitMix64, so that every run tests the same.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}

/// An ELF kernel that a test makes up.
struct SampleELF {
  struct Program {
    var type: UInt32 = 1
    var offset: UInt64
    var virtual: UInt64
    var physical: UInt64
    var fileCount: UInt64
    var memoryCount: UInt64
  }

  var fileClass: UInt8 = 2
  var byteOrder: UInt8 = 1
  var type: UInt16 = 2
  var machine: UInt16 = 62
  var entry: UInt64 = 0x100_0000
  var programs: [Program] = []
  var contents: [(offset: Int, bytes: [UInt8])] = []

  /// Adds a segment to load and its bytes.
  mutating func add(_ bytes: [UInt8], offset: Int, physical: UInt64, virtual: UInt64? = nil, zeros: Int = 0) {
    programs.append(
      Program(
        offset: UInt64(offset), virtual: virtual ?? 0xffff_ffff_8000_0000 + physical, physical: physical,
        fileCount: UInt64(bytes.count), memoryCount: UInt64(bytes.count + zeros)))
    contents.append((offset, bytes))
  }

  /// Adds a note to what stands at `offset`.
  mutating func addNotes(_ bytes: [UInt8], offset: Int) {
    programs.append(
      Program(
        type: 4, offset: UInt64(offset), virtual: 0, physical: 0, fileCount: UInt64(bytes.count),
        memoryCount: UInt64(bytes.count)))
    contents.append((offset, bytes))
  }

  static func note(owner: String, type: UInt32, _ description: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(UInt32(owner.utf8.count + 1))
    bytes.appendLittleEndian(UInt32(description.count))
    bytes.appendLittleEndian(type)
    bytes += owner.utf8
    bytes.append(0)
    bytes.pad(to: (bytes.count + 3) & ~3)
    bytes += description
    bytes.pad(to: (bytes.count + 3) & ~3)
    return bytes
  }

  var bytes: [UInt8] {
    var image: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, fileClass, byteOrder, 1]
    image.pad(to: 64 + programs.count * 56)
    image.set(type, at: 16)
    image.set(machine, at: 18)
    image.set(entry, at: 24)
    image.set(UInt64(64), at: 32)
    image.set(UInt16(56), at: 54)
    image.set(UInt16(programs.count), at: 56)
    for (index, program) in programs.enumerated() {
      let start = 64 + index * 56
      image.set(program.type, at: start)
      image.set(program.offset, at: start + 8)
      image.set(program.virtual, at: start + 16)
      image.set(program.physical, at: start + 24)
      image.set(program.fileCount, at: start + 32)
      image.set(program.memoryCount, at: start + 40)
    }
    for content in contents {
      image.pad(to: content.offset)
      image.replaceSubrange(
        content.offset..<min(content.offset + content.bytes.count, image.count), with: content.bytes)
    }
    return image
  }

  /// The build id of `kernel`.
  static let buildID: [UInt8] = (0..<20).map { $0 &* 13 }

  /// A small kernel in the shape of a real one: a gap behind the headers, a per-CPU segment at virtual address 0,
  /// zeros behind the data, notes inside the text.
  static func kernel(textCount: Int = 40_000, isLinux: Bool = true) -> SampleELF {
    var elf = SampleELF()
    let data = (0x100_0000 + UInt64(textCount) + 0x1f_ffff) & ~0x1f_ffff
    let notes =
      note(owner: "GNU", type: 3, buildID) + note(owner: "Xen", type: 18, [0x80, 0x01, 0x00, 0x01])
      + (isLinux ? note(owner: "Linux", type: 0x100, [0]) : [])
    elf.add(.sample(count: textCount, seed: 1), offset: 0x2000, physical: 0x100_0000)
    elf.add(.sample(count: 9_000, seed: 2), offset: 0x2000 + textCount, physical: data, virtual: 0)
    elf.add(.sample(count: 5_000, seed: 3), offset: 0x6000 + textCount, physical: data + 0x1_0000, zeros: 70_000)
    elf.addNotes(notes, offset: 0x3000)
    elf.contents[0].bytes.replaceSubrange(0x1000..<0x1000 + notes.count, with: notes)
    return elf
  }
}

/// A bzImage that a test makes up around a payload.
struct SampleBzImage {
  static let version = "6.1.0-sample (builder@host) #1 SMP"
  static let setupCount = 8 * 512

  var protocolVersion: UInt16 = 0x20f
  var loadFlags: UInt8 = 0x01
  var extendedLoadFlags: UInt16 = 0x7f
  var payload: [UInt8]
  /// The payload's length as the header states it, if not the true one.
  var statedCount: UInt32?

  init(payload: [UInt8]) { self.payload = payload }

  /// Packs an image as the kernel's build does.
  init(packing image: [UInt8], by compression: Compression) throws {
    payload = try compression.pack(image)
    if compression != .gzip { payload.appendLittleEndian(UInt32(image.count)) }
  }

  /// Where the payload starts in the file.
  static let payloadOffset = setupCount + 0x300

  var bytes: [UInt8] {
    var setup = [UInt8](repeating: 0, count: Self.setupCount)
    let protectedCount = (0x300 + payload.count + 15) & ~15
    setup.set(UInt8(7), at: 0x1f1)
    setup.set(UInt32(protectedCount / 16), at: 0x1f4)
    setup.set(UInt16(0xaa55), at: 0x1fe)
    setup.set(UInt16(0x6aeb), at: 0x200)
    setup.replaceSubrange(0x202..<0x206, with: "HdrS".utf8)
    setup.set(protocolVersion, at: 0x206)
    setup.set(UInt16(0x400), at: 0x20e)
    setup.set(loadFlags, at: 0x211)
    setup.set(UInt32(0x10_0000), at: 0x214)
    setup.set(UInt32(0x7fff_ffff), at: 0x22c)
    setup.set(UInt32(0x20_0000), at: 0x230)
    setup.set(UInt8(1), at: 0x234)
    setup.set(UInt8(0x15), at: 0x235)
    setup.set(extendedLoadFlags, at: 0x236)
    setup.set(UInt32(2047), at: 0x238)
    setup.set(UInt32(0x300), at: 0x248)
    setup.set(statedCount ?? UInt32(payload.count), at: 0x24c)
    setup.set(UInt64(0x100_0000), at: 0x258)
    setup.set(UInt32(0x200_0000), at: 0x260)
    setup.set(UInt32(0x190), at: 0x264)
    setup.replaceSubrange(0x600..<0x600 + Self.version.utf8.count, with: Self.version.utf8)
    var protected = [UInt8].sample(count: 0x300, seed: 9) + payload
    protected.pad(to: protectedCount)
    return setup + protected
  }
}
