import Bits
import Foundation
import Testing

@testable import KernelImage

/// The kernels that these tests run on.
enum DebianKernel {
  /// `HVGDB_TEST_KERNEL`, else the newest `.cache/kernels/amd64/vmlinuz*` of the package.
  static let path: String? = {
    if let path = ProcessInfo.processInfo.environment["HVGDB_TEST_KERNEL"] { return path }
    return cached(for: "amd64").last?.path
  }()

  /// The kernels in the package's `.cache/kernels` for one of Debian's architectures, the oldest first.
  static func cached(for architecture: String) -> [URL] {
    let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let files = try? FileManager.default.contentsOfDirectory(
      at: package.appending(path: ".cache/kernels/\(architecture)"),
      includingPropertiesForKeys: [.contentModificationDateKey])
    return (files ?? []).filter { $0.lastPathComponent.hasPrefix("vmlinuz-") }
      .sorted { Self.date(of: $0) < Self.date(of: $1) }
  }

  private static func date(of file: URL) -> Date {
    (try? file.resourceValues(forKeys: [.contentModificationDateKey]))?.contentModificationDate ?? .distantPast
  }
}

/// A kernel as Debian ships it.
@Suite(
  .enabled(
    if: DebianKernel.path != nil,
    "no Debian kernel is here: name one by HVGDB_TEST_KERNEL, or have one fetched to .cache/kernels"))
struct DebianKernelTests {
  private func image() throws -> KernelImage { try KernelImage(reading: KernelFile(path: #require(DebianKernel.path))) }

  @Test func goesToItsPreferredAddress() throws {
    let image = try image()
    #expect(image.kind == .bzImage)
    let header = try #require(image.setupHeader)
    let load = try image.load()
    #expect(load.entry.rawValue == header.preferredAddress)
    #expect(load.physicalRange.lowerBound.rawValue == header.preferredAddress)
    #expect(load.segments.count >= 3)
    let through = try image.load(throughDecompressor: true)
    #expect(through.physicalRange.lowerBound <= load.physicalRange.lowerBound)
    #expect(through.physicalRange.upperBound >= load.physicalRange.upperBound)
  }

  @Test func unpacksWithItsBannerAndNotes() throws {
    let image = try image()
    let load = try image.load()
    let range = load.physicalRange
    let memory = SampleMemory(
      base: range.lowerBound.rawValue, count: Int(range.upperBound.rawValue - range.lowerBound.rawValue))
    try memory.load(load)
    let version = try #require(try image.version())
    let release = try #require(version.split(separator: " ").first)
    let banner = Data("Linux version \(release) ".utf8)
    let text = try #require(memory.bytes(at: load.segments[0].physical, count: load.segments[0].fileCount))
    let bytes = Data(bytesNoCopy: try #require(text.baseAddress), count: text.count, deallocator: .none)
    #expect(bytes.range(of: banner) != nil)

    let notes = try image.notes()
    let buildID = try #require(notes.buildID)
    #expect(buildID.count == 20)
    // The notes are in memory as well, so that a debugger can compare the id with its symbols'.
    #expect(bytes.range(of: Data(buildID)) != nil)
    let entry = try #require(notes.pvhEntry)
    #expect(range.contains(entry))
  }

  @Test func versionOfTheVmlinuxInside() throws {
    let image = try image()
    let payload = try #require(image.payload)
    var reader = try payload.open()
    let vmlinux = try TemporaryFile(reader.bytes(#require(payload.unpackedCount)))
    let version = try #require(try KernelImage(reading: vmlinux.open()).version())
    let own = try #require(try image.version())
    #expect(version.split(separator: " ").first == own.split(separator: " ").first)
    #expect(version.hasSuffix(own.drop { $0 != "#" }))
  }

  @Test func report() throws {
    let report = try image().report()
    let names = Set(report.facts.map(\.name))
    #expect(names.isSuperset(of: ["kind", "version", "build id", "compression", "entry", "PVH entry", "decompressor"]))
  }

  @Test func everyBitOfItsSetupHeader() throws {
    let bytes = try [UInt8](Data(contentsOf: URL(filePath: #require(DebianKernel.path))))
    let temporary = try TemporaryFile(bytes)
    let file = try temporary.open()
    var loaded = 0
    for bit in 0x1f1 * 8..<0x26c * 8 {
      try temporary.write([bytes[bit / 8] ^ 1 << UInt8(bit % 8)], at: bit / 8)
      do throws(KernelImageError) {
        let image = try KernelImage(reading: file)
        _ = try? image.load(throughDecompressor: true)
        _ = try image.load()
        loaded += 1
      } catch {
        #expect(!error.description.isEmpty)
      }
      try temporary.write([bytes[bit / 8]], at: bit / 8)
    }
    // The boot flag, the signature, the lengths and the payload's place are what has to be right.
    #expect((500..<900).contains(loaded))
  }

  @Test func everyPrefixOfItsFirst4KiB() throws {
    let head = try [UInt8](Data(contentsOf: URL(filePath: #require(DebianKernel.path))).prefix(4096))
    let temporary = try TemporaryFile(head)
    for count in (0...4096).reversed() {
      try temporary.truncate(to: count)
      #expect(throws: KernelImageError.self) { try KernelImage(reading: temporary.open()) }
    }
  }
}
