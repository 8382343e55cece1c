import Architecture
import Bits
import Foundation
import Testing

@testable import KernelImage

/// Kernels for arm64 as Debian ships them.
@Suite(
  .enabled(
    if: !DebianKernel.cached(for: "arm64").isEmpty,
    "no Debian kernel for arm64 is here: have one fetched to .cache/kernels/arm64"))
struct DebianARM64KernelTests {
  private static let paths = DebianKernel.cached(for: "arm64").map(\.path)

  private static func bytes(_ path: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(filePath: path))) }

  /// Loads a kernel file and compares what came into memory with the start of the Image that it has to be.
  private func expectLoaded(_ path: String, as image: [UInt8]) throws {
    let kernel = try KernelImage(reading: KernelFile(path: path))
    let load = try kernel.load()
    let range = load.physicalRange
    #expect(range.lowerBound == KernelImage.virtRAMStart && load.entry == KernelImage.virtRAMStart)
    #expect(kernel.arm64Header?.imageSize == range.upperBound.rawValue - range.lowerBound.rawValue)
    let count = load.segments[0].fileCount
    // The image is at least all but the signature behind it.
    #expect(count <= image.count && image.count - count < 1 << 16)
    let memory = SampleMemory(
      base: range.lowerBound.rawValue, count: Int(range.upperBound.rawValue - range.lowerBound.rawValue))
    try memory.load(load)
    #expect(memory.holds(Array(image.prefix(count)), at: range.lowerBound.rawValue))
  }

  @Test(arguments: paths)
  func imageAsItIs(_ path: String) throws {
    try expectLoaded(path, as: Self.bytes(path))
    let image = try KernelImage(reading: KernelFile(path: path))
    #expect(image.kind == .image && image.architecture == .arm64)
    let release = try #require(path.split(separator: "vmlinuz-").last)
    #expect(try image.version()?.hasPrefix("\(release) (") == true)
    #expect(try image.notes().buildID?.count == 20)
    let names = Set(try image.report().facts.map(\.name))
    #expect(
      names.isSuperset(of: ["kind", "version", "build id", "entry", "load range", "text_offset", "image_size", "flags"])
    )
  }

  /// The longest kernel there is by each way of packing that is quick enough for one.
  @Test(arguments: [Compression.lz4, .gzip, .zstd])
  func imagePacked(_ compression: Compression) throws {
    let bytes = try Self.bytes(#require(Self.paths.last))
    for file in try [compression.pack(bytes), SampleZboot(packing: bytes, by: compression).bytes] {
      let temporary = try TemporaryFile(file)
      try expectLoaded(temporary.path, as: bytes)
    }
  }

  @Test(arguments: paths)
  func everyBitOfItsHeader(_ path: String) throws {
    let bytes = try Self.bytes(path)
    let temporary = try TemporaryFile(bytes)
    let file = try temporary.open()
    var loaded = 0
    for bit in 0..<0x148 * 8 {
      try temporary.write([bytes[bit / 8] ^ 1 << UInt8(bit % 8)], at: bit / 8)
      if let load = try? KernelImage(reading: file).load() {
        loaded += 1
        #expect(load.segments.allSatisfy { $0.memoryCount >= UInt64($0.fileCount) && $0.fileCount <= file.count })
      }
      try temporary.write([bytes[bit / 8]], at: bit / 8)
    }
    // The magic, the byte order, the sizes and the sections' ends are what has to be right.
    #expect((0x148 * 7..<0x148 * 8 - 60).contains(loaded), "\(loaded)")
  }

  @Test(arguments: paths)
  func prefixes(_ path: String) throws {
    let bytes = try Self.bytes(path)
    let temporary = try TemporaryFile(Array(bytes.prefix(8192)))
    for count in (0...8192).reversed() {
      try temporary.truncate(to: count)
      #expect(throws: KernelImageError.self) { try KernelImage(reading: temporary.open()) }
    }
    // Cut in the middle.
    let half = try TemporaryFile(Array(bytes.prefix(bytes.count / 2)))
    let error = #expect(throws: KernelImageError.self) { try KernelImage(reading: half.open()) }
    #expect(error?.description.contains("cut short") == true)
  }
}
