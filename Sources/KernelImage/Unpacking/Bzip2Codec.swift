import CCompression

/// bzip2, by libbz2; the checksum of each block is verified.
struct Bzip2Codec: StreamCodec, ~Copyable {
  static var compression: Compression { .bzip2 }

  // SAFETY: libbz2 keeps the address of its stream, so that it must not move; owned here from init to deinit.
  private let stream: UnsafeMutablePointer<bz_stream>

  init?() {
    let stream = UnsafeMutablePointer<bz_stream>.allocate(capacity: 1)
    stream.initialize(to: bz_stream())
    guard BZ2_bzDecompressInit(stream, 0, 0) == BZ_OK else {
      stream.deallocate()
      return nil
    }
    self.stream = stream
  }

  deinit {
    BZ2_bzDecompressEnd(stream)
    stream.deallocate()
  }

  func step(_ input: inout UnsafeRawBufferPointer, _ output: inout UnsafeMutableRawBufferPointer) -> CodecStatus {
    let offered = (input: UInt32(clamping: input.count), output: UInt32(clamping: output.count))
    // SAFETY: libbz2 reads and writes no more than the counts beside the pointers; it does not write the input.
    stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: CChar.self))
    stream.pointee.avail_in = offered.input
    stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: CChar.self)
    stream.pointee.avail_out = offered.output
    let result = BZ2_bzDecompress(stream)
    input.consume(Int(offered.input - stream.pointee.avail_in))
    output.consume(Int(offered.output - stream.pointee.avail_out))
    switch result {
    case BZ_STREAM_END: return .end
    case BZ_OK: return .more
    case BZ_DATA_ERROR: return .corrupt("a block's data or checksum is wrong")
    case BZ_DATA_ERROR_MAGIC: return .corrupt("its header is not bzip2's")
    case BZ_MEM_ERROR: return .corrupt("it wants more memory than the host has")
    default: return .corrupt("libbz2's error \(result)")
    }
  }
}
