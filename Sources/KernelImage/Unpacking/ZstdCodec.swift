import CCompression

/// Zstandard, by libzstd; the checksum, where the frame has one, is verified.
struct ZstdCodec: StreamCodec, ~Copyable {
  static var compression: Compression { .zstd }

  // SAFETY: owned here from init to deinit.
  private let stream: OpaquePointer

  init?() {
    guard let stream = ZSTD_createDStream() else { return nil }
    self.stream = stream
  }

  deinit { ZSTD_freeDStream(stream) }

  func step(_ input: inout UnsafeRawBufferPointer, _ output: inout UnsafeMutableRawBufferPointer) -> CodecStatus {
    // SAFETY: libzstd reads and writes no more than the sizes beside the pointers.
    var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
    var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
    let result = ZSTD_decompressStream(stream, &target, &source)
    input.consume(source.pos)
    output.consume(target.pos)
    if ZSTD_isError(result) != 0 { return .corrupt(String(cString: ZSTD_getErrorName(result))) }
    // Zero says that the frame has ended and all of it was given out.
    return result == 0 ? .end : .more
  }
}
