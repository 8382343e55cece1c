import Bits
import CCompression
import Testing

@testable import KernelImage

extension Compression {
  /// The compressions whose payloads can be unpacked.
  static let unpackable: [Compression] = allCases.filter { $0 != .lzo }

  /// Whether damage to the packed bytes is sure to be noticed.
  var hasChecksum: Bool { self != .lzma && self != .lz4 }

  /// Packs bytes by the same libraries as the kernel's build uses.
  func pack(_ bytes: [UInt8]) throws -> [UInt8] {
    switch self {
    case .gzip: try packByZlib(bytes)
    case .bzip2: try packByBzip2(bytes)
    case .lzma: try packByLZMA(bytes)
    case .xz: try packByXZ(bytes)
    case .lz4: try packByLZ4(bytes)
    case .zstd: try packByZstd(bytes)
    case .lzo: [0x89, 0x4c, 0x5a, 0x4f, 0x00, 0x0d, 0x0a, 0x1a, 0x0a] + bytes
    }
  }
}

private func room(for bytes: [UInt8]) -> [UInt8] { [UInt8](repeating: 0, count: bytes.count * 2 + 4096) }

private func packByZlib(_ bytes: [UInt8]) throws -> [UInt8] {
  var output = room(for: bytes)
  var source = bytes
  var stream = z_stream()
  try withUnsafeMutablePointer(to: &stream) { stream in
    let size = Int32(MemoryLayout<z_stream>.size)
    try #require(deflateInit2_(stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK)
    let capacity = output.count
    let result = source.withUnsafeMutableBufferPointer { source in
      output.withUnsafeMutableBufferPointer { output in
        stream.pointee.next_in = source.baseAddress
        stream.pointee.avail_in = uInt(source.count)
        stream.pointee.next_out = output.baseAddress
        stream.pointee.avail_out = uInt(capacity)
        return deflate(stream, Z_FINISH)
      }
    }
    try #require(result == Z_STREAM_END)
    output.removeLast(Int(stream.pointee.avail_out))
    deflateEnd(stream)
  }
  return output
}

private func packByBzip2(_ bytes: [UInt8]) throws -> [UInt8] {
  var output = room(for: bytes).map(CChar.init)
  var source = bytes.map(CChar.init(bitPattern:))
  var count = UInt32(output.count)
  try #require(BZ2_bzBuffToBuffCompress(&output, &count, &source, UInt32(source.count), 9, 0, 0) == BZ_OK)
  return output.prefix(Int(count)).map(UInt8.init(bitPattern:))
}

private func packByXZ(_ bytes: [UInt8]) throws -> [UInt8] {
  var output = room(for: bytes)
  var count = 0
  // The kernel's decompressor knows no other check than CRC32.
  try #require(
    lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, nil, bytes, bytes.count, &output, &count, output.count) == LZMA_OK)
  return Array(output.prefix(count))
}

private func packByLZMA(_ bytes: [UInt8]) throws -> [UInt8] {
  var output = room(for: bytes)
  var options = lzma_options_lzma()
  try #require(lzma_lzma_preset(&options, 1) == 0)
  var stream = lzma_stream()
  defer { lzma_end(&stream) }
  try #require(lzma_alone_encoder(&stream, &options) == LZMA_OK)
  let result = bytes.withUnsafeBufferPointer { source in
    output.withUnsafeMutableBufferPointer { output in
      stream.next_in = source.baseAddress
      stream.avail_in = source.count
      stream.next_out = output.baseAddress
      stream.avail_out = output.count
      return lzma_code(&stream, LZMA_FINISH)
    }
  }
  try #require(result == LZMA_STREAM_END)
  return output.dropLast(stream.avail_out)
}

private func packByLZ4(_ bytes: [UInt8]) throws -> [UInt8] {
  var frame: [UInt8] = [0x02, 0x21, 0x4c, 0x18]
  var start = 0
  while start < bytes.count {
    let block = bytes[start..<min(start + 8 << 20, bytes.count)]
    var output = [UInt8](repeating: 0, count: Int(LZ4_compressBound(Int32(block.count))))
    let count = block.withUnsafeBytes { block in
      output.withUnsafeMutableBytes { output in
        LZ4_compress_default(
          block.baseAddress?.assumingMemoryBound(to: CChar.self),
          output.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(block.count), Int32(output.count))
      }
    }
    try #require(count > 0)
    frame.appendLittleEndian(UInt32(count))
    frame += output.prefix(Int(count))
    start += block.count
  }
  return frame
}

private func packByZstd(_ bytes: [UInt8]) throws -> [UInt8] {
  let context = try #require(ZSTD_createCCtx())
  defer { ZSTD_freeCCtx(context) }
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
  var output = room(for: bytes)
  let count = ZSTD_compress2(context, &output, output.count, bytes, bytes.count)
  try #require(ZSTD_isError(count) == 0)
  return Array(output.prefix(count))
}
