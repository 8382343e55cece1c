public import Bits

/// How a bzImage that unpacks itself hands over to the kernel in it, at a place of its own choice.
public struct KernelDecompressor: Sendable, Equatable {
  /// Where its code has the jump to the kernel, whose address is in RAX, before it moves itself out of the way.
  ///
  /// There may be others like it: the true one leads to `entryBytes`.
  public let exits: [GuestPhysical]
  /// How far the kernel's entry is into its image.
  public let entryOffset: UInt64
  /// The first bytes at the entry.
  public let entryBytes: [UInt8]
  /// The bytes from the image's first one to the end of the code with the entry.
  public let codeCount: UInt64
  /// The memory that the kernel takes from its first byte on.
  public let imageCount: UInt64

  /// The jump, `jmp *%rax`, which is two bytes long.
  public static let exitInstruction: [UInt8] = [0xFF, 0xE0]
  /// What the kernel's place is a multiple of (Linux, CONFIG_PHYSICAL_ALIGN).
  public static let alignment: UInt64 = 2 << 20

  /// What stands before the jump: RSI becomes the address of `boot_params` again, out of R15 or from the stack
  /// (Linux, arch/x86/boot/compressed/head_64.S, `.Lrelocated`).
  fileprivate static let preludes: [[UInt8]] = [[0x4C, 0x89, 0xFE], [0x5E]]

  /// Whether bytes are those at the kernel's entry; where it was moved, the addresses among them have changed.
  public func isEntry(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count >= entryBytes.count else { return false }
    return zip(bytes, entryBytes).count { $0 != $1 } <= entryBytes.count / 8
  }
}

extension KernelDecompressor {
  /// Looks at a bzImage that is loaded as a boot loader does.
  ///
  /// - Parameters:
  ///   - kernel: the bzImage.
  ///   - load: how it is loaded.
  /// - Throws: `KernelImageError` where the kernel in it is corrupt or cannot be read.
  public init?(of kernel: KernelImage, loadedBy load: KernelLoad) throws(KernelImageError) {
    guard case .bzImage(let header, let payload?) = kernel.content, let segment = load.segments.first else {
      return nil
    }
    let unpacked = try kernel.load()
    guard let entered = unpacked.segments.first(where: { $0.physicalRange.contains(unpacked.entry) }) else {
      return nil
    }
    let offset = entered.fileOffset + Int(unpacked.entry.rawValue &- entered.physical.rawValue)
    var reader = try payload.open()
    try reader.advance(to: offset)
    let entryBytes = try reader.bytes(256)
    let start = unpacked.imageRange.lowerBound.rawValue
    let packed = header.payload.map { $0.offset..<$0.offset + $0.count } ?? 0..<0
    let code = try kernel.file.bytes(at: header.setupCount, count: segment.fileCount)
    self.init(
      exits: Self.exits(in: code, besides: packed).map { segment.physical.wrapping(by: UInt64($0)) },
      entryOffset: unpacked.entry.rawValue &- start, entryBytes: entryBytes,
      codeCount: (entered.physical.rawValue &- start) &+ UInt64(entered.fileCount),
      imageCount: unpacked.imageRange.upperBound.rawValue &- start)
  }

  private static func exits(in code: [UInt8], besides packed: Range<Int>) -> [Int] {
    let parts = [code[..<min(packed.lowerBound, code.count)], code[min(packed.upperBound, code.count)...]]
    return parts.flatMap { part in
      part.indices.filter { index in
        part[index...].starts(with: exitInstruction) && preludes.contains { part[..<index].suffix($0.count) == $0[...] }
      }
    }
  }
}
