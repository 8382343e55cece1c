import CCompression

/// The state of liblzma, which unpacks both XZ and the older LZMA.
private struct LZMAState: ~Copyable {
  /// A header may ask for a dictionary of 4 GiB; the kernel's build uses up to 128 MiB (scripts/xz_wrap.sh).
  static let memoryLimit: UInt64 = 192 << 20

  // SAFETY: liblzma is given the same address each time; owned here from init to deinit.
  private let stream: UnsafeMutablePointer<lzma_stream>

  init?(_ start: (UnsafeMutablePointer<lzma_stream>) -> lzma_ret) {
    let stream = UnsafeMutablePointer<lzma_stream>.allocate(capacity: 1)
    stream.initialize(to: lzma_stream())
    guard start(stream) == LZMA_OK else {
      stream.deallocate()
      return nil
    }
    self.stream = stream
  }

  deinit {
    lzma_end(stream)
    stream.deallocate()
  }

  func step(_ input: inout UnsafeRawBufferPointer, _ output: inout UnsafeMutableRawBufferPointer) -> CodecStatus {
    // SAFETY: liblzma reads and writes no more than the counts beside the pointers.
    stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_in = input.count
    stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = output.count
    let result = lzma_code(stream, LZMA_RUN)
    input.consume(input.count - stream.pointee.avail_in)
    output.consume(output.count - stream.pointee.avail_out)
    switch result {
    case LZMA_STREAM_END: return .end
    // LZMA_BUF_ERROR says only that there was nothing to do; whether that is the end of it is for the caller to see.
    case LZMA_OK, LZMA_BUF_ERROR: return .more
    case LZMA_FORMAT_ERROR: return .corrupt("its header is not of this format")
    case LZMA_OPTIONS_ERROR: return .corrupt("its header asks for options that liblzma does not know")
    case LZMA_DATA_ERROR: return .corrupt("the data or a checksum is wrong")
    case LZMA_MEMLIMIT_ERROR:
      return .corrupt("its header asks for more than \(Self.memoryLimit >> 20) MiB of memory")
    case LZMA_MEM_ERROR: return .corrupt("it wants more memory than the host has")
    default: return .corrupt("liblzma's error \(result.rawValue)")
    }
  }
}

/// XZ, by liblzma; its checksums are verified.
struct XZCodec: StreamCodec, ~Copyable {
  static var compression: Compression { .xz }
  private let state: LZMAState

  init?() {
    guard let state = LZMAState({ lzma_stream_decoder($0, LZMAState.memoryLimit, 0) }) else { return nil }
    self.state = state
  }

  func step(_ input: inout UnsafeRawBufferPointer, _ output: inout UnsafeMutableRawBufferPointer) -> CodecStatus {
    state.step(&input, &output)
  }
}

/// LZMA alone, the format before XZ, by liblzma; it has no checksum.
struct LZMACodec: StreamCodec, ~Copyable {
  static var compression: Compression { .lzma }
  private let state: LZMAState

  init?() {
    guard let state = LZMAState({ lzma_alone_decoder($0, LZMAState.memoryLimit) }) else { return nil }
    self.state = state
  }

  func step(_ input: inout UnsafeRawBufferPointer, _ output: inout UnsafeMutableRawBufferPointer) -> CodecStatus {
    state.step(&input, &output)
  }
}
