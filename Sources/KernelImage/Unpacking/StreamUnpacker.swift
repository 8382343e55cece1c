/// What a step of a codec came to.
enum CodecStatus {
  case more
  case end
  /// The packed bytes are not what the format allows; the codec's own words.
  case corrupt(String)
}

/// A decompressor of one of the C libraries that all take a piece of input and fill a piece of output at a time.
///
/// A codec owns the library's state and gives it back when it ends.
protocol StreamCodec: ~Copyable {
  static var compression: Compression { get }

  /// Makes the library's state; nil where the host has no memory for it.
  init?()

  /// Goes on until the input is used up, the output is full, or the stream ends, and drops from both what it used.
  func step(_ input: inout UnsafeRawBufferPointer, _ output: inout UnsafeMutableRawBufferPointer) -> CodecStatus
}

/// Unpacks a slice of a file by a codec, through a window of fixed size.
final class StreamUnpacker<Codec: StreamCodec & ~Copyable>: Unpacker {
  private let slice: FileSlice
  private let codec: Codec
  private let window: UnsafeMutableRawBufferPointer
  /// The bytes of the window that the codec has not taken yet.
  private var input: UnsafeRawBufferPointer
  /// Where in the slice the window's successor starts.
  private var position = 0
  private var hasEnded = false

  init(_ slice: FileSlice) throws(KernelImageError) {
    guard let codec = Codec() else {
      throw KernelImageError("the host has no memory left for unpacking \(Codec.compression)")
    }
    self.slice = slice
    self.codec = codec
    // SAFETY: owned by this object, and `input` is only ever a part of it.
    window = .allocate(byteCount: min(slice.count, 1 << 17), alignment: 16)
    input = UnsafeRawBufferPointer(rebasing: window.prefix(0))
  }

  deinit { window.deallocate() }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(KernelImageError) -> Int {
    var output = buffer
    while !output.isEmpty, !hasEnded {
      if input.isEmpty { try refill() }
      let before = (input.count, output.count)
      switch codec.step(&input, &output) {
      case .end: hasEnded = true
      case .corrupt(let reason): throw corrupt("is corrupt near offset", reason)
      case .more:
        // A step that neither takes nor gives will not do so the next time: without this check it would be tried forever.
        if before == (input.count, output.count) {
          throw corrupt("ends too early, at offset", "its end mark is missing")
        }
      }
    }
    return buffer.count - output.count
  }

  private func refill() throws(KernelImageError) {
    let next = UnsafeMutableRawBufferPointer(rebasing: window.prefix(slice.count - position))
    try slice.read(at: position, into: next)
    position += next.count
    input = UnsafeRawBufferPointer(next)
  }

  private func corrupt(_ what: String, _ reason: String) -> KernelImageError {
    KernelImageError(
      "the \(Codec.compression) payload \(what) \(hex(slice.offset + position - input.count)) of the file: \(reason)")
  }
}
