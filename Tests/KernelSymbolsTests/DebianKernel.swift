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

  /// The kernel's bytes from its lowest address up, and what they are.
  func loaded() throws -> (bytes: [UInt8], layout: KernelLayout, buildID: [UInt8]?) {
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
    return (bytes, layout, try image.notes().buildID)
  }
}
