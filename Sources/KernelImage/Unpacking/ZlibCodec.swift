import CCompression

/// gzip, by zlib; the checksum and the length at its end are verified.
struct GzipCodec: StreamCodec, ~Copyable {
  static var compression: Compression { .gzip }

  // SAFETY: zlib keeps the address of its stream, so that it must not move; owned here from init to deinit.
  private let stream: UnsafeMutablePointer<z_stream>

  init?() {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 15 is the largest window; 16 more accepts only the gzip wrapper (zlib manual, "inflateInit2").
    guard inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      stream.deallocate()
      return nil
    }
    self.stream = stream
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  func step(_ input: inout UnsafeRawBufferPointer, _ output: inout UnsafeMutableRawBufferPointer) -> CodecStatus {
    let offered = (input: uInt(clamping: input.count), output: uInt(clamping: output.count))
    // SAFETY: zlib reads and writes no more than the counts that stand beside the pointers; it does not write the input.
    stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: Bytef.self))
    stream.pointee.avail_in = offered.input
    stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: Bytef.self)
    stream.pointee.avail_out = offered.output
    let result = inflate(stream, Z_NO_FLUSH)
    input.consume(Int(offered.input - stream.pointee.avail_in))
    output.consume(Int(offered.output - stream.pointee.avail_out))
    switch result {
    case Z_STREAM_END: return .end
    // Z_BUF_ERROR says only that there was nothing to do; whether that is the end of it is for the caller to see.
    case Z_OK, Z_BUF_ERROR: return .more
    default: return .corrupt(stream.pointee.msg.map { String(cString: $0) } ?? "zlib's error \(result)")
    }
  }
}
