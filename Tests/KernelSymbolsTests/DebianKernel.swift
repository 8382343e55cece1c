import Architecture
import Bits
import Foundation
import KernelImage
import KernelSymbols
import Testing

/// A kernel that Debian ships, unpacked into memory as the loader does it.
struct DebianKernel: Sendable, CustomTestStringConvertible {
  let path: String

  var testDescription: String { URL(filePath: path).lastPathComponent }

  /// The kernels in the package's `.cache/kernels`.
  static let cached: [DebianKernel] = {
    let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return ["amd64", "arm64"].flatMap { architecture in
      let directory = package.appending(path: ".cache/kernels/\(architecture)")
      let files = try? FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
      return (files ?? []).filter { $0.lastPathComponent.hasPrefix("vmlinuz-") }.map { DebianKernel(path: $0.path) }
        .sorted { $0.path < $1.path }
    }
  }()

  /// A kernel in memory.
  struct Loaded: Sendable {
    /// From its lowest address up.
    let bytes: [UInt8]
    let layout: KernelLayout
    /// As its notes have it, read by the loader's own means.
    let buildID: [UInt8]?
    let table: KernelSymbolTable
  }

  private static let loads = cached.map { kernel in Result { try kernel.load() } }

  /// The kernel, which is unpacked and read once for all tests.
  func loaded() throws -> Loaded {
    let index = try #require(Self.cached.firstIndex { $0.path == path })
    return try Self.loads[index].get()
  }

  private func load() throws -> Loaded {
    let image = try KernelImage(reading: KernelFile(path: path))
    let load = try image.load()
    let start = load.physicalRange.lowerBound.rawValue
    var bytes = [UInt8](repeating: 0, count: Int(load.physicalRange.upperBound.rawValue - start))
    try bytes.withUnsafeMutableBytes { buffer in
      try load.copy { address, count in
        UnsafeMutableRawBufferPointer(rebasing: buffer[Int(address.rawValue - start)...].prefix(count))
      }
    }
    let segments = load.segments.map {
      KernelLayout.Segment(
        offset: Int($0.physical.rawValue - start), count: $0.fileCount, memoryCount: $0.memoryCount,
        virtual: $0.virtual)
    }
    let layout = KernelLayout(architecture: image.architecture, segments: segments)
    return Loaded(
      bytes: bytes, layout: layout, buildID: try image.notes().buildID,
      table: try KernelSymbolTable(reading: bytes.span.bytes, layout))
  }
}
