import Bits

extension KernelLoad {
  /// More than any kernel has, and less than a file may make a host set aside for it.
  private static let contentsLimit: UInt64 = 1 << 30

  /// The kernel as it stands in memory when it is entered, from the first byte of `imageRange` to the last that is not
  /// zeroed data at its end.
  ///
  /// - Returns: the bytes; zeros where no segment has any.
  /// - Throws: `KernelImageError` where the image is corrupt, cannot be read, or is larger than any kernel.
  public func contents() throws(KernelImageError) -> [UInt8] {
    let start = imageRange.lowerBound
    let count = segments.map { ($0.physical.rawValue &- start.rawValue) &+ UInt64($0.fileCount) }.max() ?? 0
    guard count <= Self.contentsLimit else {
      throw KernelImageError("the kernel's segments spread over \(count >> 20) MiB, more than any kernel has")
    }
    var bytes = [UInt8](repeating: 0, count: Int(count))
    try bytes.fill { buffer throws(KernelImageError) in
      try copy { address, count in
        guard let offset = Int(exactly: address.rawValue &- start.rawValue), offset <= buffer.count,
          count <= buffer.count - offset
        else { return nil }
        return UnsafeMutableRawBufferPointer(rebasing: buffer[offset..<offset + count])
      }
    }
    return bytes
  }
}
