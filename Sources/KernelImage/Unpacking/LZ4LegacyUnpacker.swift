import Bits
import CCompression

/// Unpacks LZ4's legacy frames: blocks of 8 MiB unpacked, each behind its packed length of 4 bytes, without checksums
/// (LZ4 Frame Format Description, "Legacy frame").
///
/// A block is unpacked straight into the caller's buffer where all of it fits there, else by way of a scratch block.
final class LZ4LegacyUnpacker: Unpacker {
  /// The bytes that a frame starts with, the number 0x184c2102.
  static let magic: [UInt8] = [0x02, 0x21, 0x4c, 0x18]
  private static let blockSize = 8 << 20
  /// What 8 MiB that do not compress grow to, at most (`LZ4_compressBound`).
  private static let packedLimit = blockSize + blockSize / 255 + 16
  /// Reads up to this length at the start of a block unpack no more of it than they ask for.
  private static let smallRead = 1 << 16

  private let slice: FileSlice
  /// Where the next block's length stands in the slice.
  private var position = LZ4LegacyUnpacker.magic.count
  /// How many bytes the blocks before that unpacked to.
  private var unpackedCount = 0
  /// How much of the next block was given out before the whole of it was unpacked.
  private var givenOut = 0
  // SAFETY: both are owned by this object; host memory is taken only where they are touched.
  private let packed: UnsafeMutableRawBufferPointer
  private let scratch: UnsafeMutableRawBufferPointer
  /// The part of `scratch` that was not given out yet.
  private var unread: UnsafeRawBufferPointer

  init(_ slice: FileSlice) {
    self.slice = slice
    packed = .allocate(byteCount: min(Self.packedLimit, slice.count), alignment: 16)
    scratch = .allocate(byteCount: Self.blockSize, alignment: 16)
    unread = UnsafeRawBufferPointer(rebasing: scratch.prefix(0))
  }

  deinit {
    packed.deallocate()
    scratch.deallocate()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(KernelImageError) -> Int {
    var output = buffer
    while !output.isEmpty {
      if unread.isEmpty {
        guard let block = try nextBlock() else { break }
        if givenOut == 0, output.count >= Self.blockSize {
          output.consume(try unpack(block, into: output))
          continue
        }
        if givenOut == 0, output.count <= Self.smallRead, try unpackStart(of: block, into: output) {
          return buffer.count
        }
        let count = try unpack(block, into: scratch)
        unread = UnsafeRawBufferPointer(rebasing: scratch.prefix(count).dropFirst(givenOut))
        givenOut = 0
      }
      let count = min(unread.count, output.count)
      output.copyMemory(from: UnsafeRawBufferPointer(rebasing: unread.prefix(count)))
      output.consume(count)
      unread.consume(count)
    }
    return buffer.count - output.count
  }

  /// Where the next block's packed bytes are in the slice; nil at the end of the stream.
  private func nextBlock() throws(KernelImageError) -> Range<Int>? {
    while position < slice.count {
      guard slice.count - position >= 4 else { throw corrupt("\(slice.count - position) bytes, too few for a block") }
      let length = try slice.bytes(at: position, count: 4)
      let start = position + length.count
      // A further frame may follow: its magic number stands where a length would.
      if length == Self.magic {
        position = start
        continue
      }
      let count = length.littleEndian(at: 0, as: UInt32.self).map { Int($0) } ?? 0
      // The kernel's build used to append the unpacked length to files as well that nobody reads it from.
      if start == slice.count, count == unpackedCount & 0xffff_ffff {
        position = start
        continue
      }
      guard (1...Self.packedLimit).contains(count) else {
        throw corrupt("a block of \(count) bytes, which no block of 8 MiB packs to")
      }
      guard count <= slice.count - start else {
        throw corrupt("a block of \(count) bytes where only \(slice.count - start) are left")
      }
      return start..<start + count
    }
    return nil
  }

  /// Unpacks a whole block to the start of `output`, which has room for 8 MiB; returns its unpacked length, and goes on
  /// to the next.
  private func unpack(_ block: Range<Int>, into output: UnsafeMutableRawBufferPointer) throws(KernelImageError) -> Int {
    let input = UnsafeMutableRawBufferPointer(rebasing: packed.prefix(block.count))
    try slice.read(at: block.lowerBound, into: input)
    // SAFETY: the library checks both against the lengths that it is given.
    let count = LZ4_decompress_safe(
      input.baseAddress?.assumingMemoryBound(to: CChar.self), output.baseAddress?.assumingMemoryBound(to: CChar.self),
      Int32(input.count), Int32(min(output.count, Self.blockSize)))
    guard count >= givenOut else { throw corrupt("a block that does not unpack") }
    position = block.upperBound
    unpackedCount += Int(count)
    return Int(count)
  }

  /// Fills `output` from the start of a block by unpacking no more than that; false where the block has to be unpacked
  /// as a whole.
  private func unpackStart(
    of block: Range<Int>, into output: UnsafeMutableRawBufferPointer
  ) throws(KernelImageError) -> Bool {
    // Bytes that do not compress are the worst case; what compresses needs fewer packed bytes than that.
    let enough = output.count + output.count / 255 + 16
    let input = UnsafeMutableRawBufferPointer(rebasing: packed.prefix(min(block.count, enough)))
    try slice.read(at: block.lowerBound, into: input)
    // SAFETY: the library checks both against the lengths that it is given.
    let count = LZ4_decompress_safe_partial(
      input.baseAddress?.assumingMemoryBound(to: CChar.self), output.baseAddress?.assumingMemoryBound(to: CChar.self),
      Int32(input.count), Int32(output.count), Int32(output.count))
    guard count == output.count else { return false }
    givenOut = output.count
    return true
  }

  private func corrupt(_ reason: String) -> KernelImageError {
    KernelImageError("the LZ4 payload is corrupt at offset \(hex(slice.offset + position)) of the file: \(reason)")
  }
}
