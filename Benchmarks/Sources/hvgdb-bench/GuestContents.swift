/// What the memory that is read holds: the same bytes in every guest, so that no server gains by easier contents.
///
/// It is the kernel as hvgdb has loaded it; where hvgdb is not measured, the bytes of the kernel's file, repeated.
struct GuestContents {
  /// Code and constants of a distribution's kernel, its banner among them.
  static let byteCount = 24 << 20

  private(set) var bytes: [UInt8]
  /// Whether the kernel's banner with the file's version was found; nil where the bytes are the file's own.
  private(set) var hasBanner: Bool?

  /// The bytes of the kernel's file, repeated.
  init(repeating file: [UInt8]) {
    bytes = []
    bytes.reserveCapacity(Self.byteCount)
    while bytes.count < Self.byteCount, !file.isEmpty { bytes += file.prefix(Self.byteCount - bytes.count) }
  }

  /// What a client has read from a guest that was started from the kernel in `file`.
  init(read bytes: [UInt8], kernel file: [UInt8]) {
    self.bytes = bytes
    let banner = Array("Linux version ".utf8) + Self.version(ofKernel: file)
    hasBanner = bytes.withUnsafeBytes { $0.contains(banner) }
  }

  /// MB (10⁶ bytes) a second at which they are copied.
  func copyRate(for budget: Duration) throws(BenchmarkError) -> Double {
    var copy = ByteBuffer(capacity: bytes.count)
    let (_, perSecond) = try rate(for: budget, batch: 1) { () throws(BenchmarkError) in
      copy.count = 0
      bytes.withUnsafeBytes { copy.append($0[...]) }
    }
    guard copy.bytes.elementsEqual(bytes) else { throw BenchmarkError("the copy differs") }
    return perSecond * Double(bytes.count) / 1e6
  }

  /// The first word of a bzImage's version string (Linux boot protocol, `kernel_version`); empty for other files.
  private static func version(ofKernel file: [UInt8]) -> [UInt8] {
    guard file.count > 0x210, file[0x202..<0x206].elementsEqual("HdrS".utf8) else { return [] }
    let start = (Int(file[0x20e]) | Int(file[0x20f]) << 8) + 0x200
    return Array(file.dropFirst(start).prefix(64).prefix { $0 > UInt8(ascii: " ") })
  }
}

extension UnsafeRawBufferPointer {
  /// Whether `pattern` occurs in it.
  fileprivate func contains(_ pattern: [UInt8]) -> Bool {
    guard let first = pattern.first else { return true }
    var start = 0
    while let found = firstIndex(of: first, from: start) {
      if dropFirst(found).starts(with: pattern) { return true }
      start = found + 1
    }
    return false
  }
}
