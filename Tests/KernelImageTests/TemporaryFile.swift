import Bits
import Foundation
import Testing

@testable import KernelImage

/// A file of the test's own, which is gone when the test lets go of it.
final class TemporaryFile {
  let path: String
  private let descriptor: Int32

  init(_ bytes: [UInt8]) throws {
    let directory = FileManager.default.temporaryDirectory
    var template = Array(directory.appending(path: "hvgdb-kernel-XXXXXX").path.utf8CString)
    descriptor = mkstemp(&template)
    try #require(descriptor >= 0)
    path = template.withUnsafeBufferPointer { String(decoding: $0.dropLast().map(UInt8.init), as: UTF8.self) }
    try write(bytes, at: 0)
  }

  deinit {
    close(descriptor)
    unlink(path)
  }

  func write(_ bytes: [UInt8], at offset: Int) throws {
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, offset + done) }
      try #require(count > 0)
      done += count
    }
  }

  func truncate(to count: Int) throws {
    try #require(ftruncate(descriptor, count) == 0)
  }

  func open() throws -> KernelFile { try KernelFile(path: path) }
}

/// A guest's memory: zeros from an address on.
final class SampleMemory {
  let base: GuestPhysical
  private let buffer: UnsafeMutableRawBufferPointer

  init(base: UInt64 = 0, count: Int) {
    self.base = GuestPhysical(base)
    buffer = .allocate(byteCount: count, alignment: 4096)
    clear()
  }

  deinit { buffer.deallocate() }

  var range: Range<GuestPhysical> { base..<base.wrapping(by: UInt64(buffer.count)) }

  func bytes(at address: GuestPhysical, count: Int) -> UnsafeMutableRawBufferPointer? {
    guard let offset = Int(exactly: address.rawValue &- base.rawValue), offset >= 0, offset <= buffer.count,
      count <= buffer.count - offset
    else { return nil }
    return UnsafeMutableRawBufferPointer(rebasing: buffer[offset..<offset + count])
  }

  /// Whether exactly these bytes stand at an address.
  func holds(_ bytes: [UInt8], at address: UInt64) -> Bool {
    guard let own = self.bytes(at: GuestPhysical(address), count: bytes.count), let start = own.baseAddress else {
      return bytes.isEmpty
    }
    return memcmp(start, bytes, bytes.count) == 0
  }

  func clear() {
    if let start = buffer.baseAddress { memset(start, 0, buffer.count) }
  }

  func load(_ load: KernelLoad) throws(KernelImageError) { try load.copy(into: { self.bytes(at: $0, count: $1) }) }
}
