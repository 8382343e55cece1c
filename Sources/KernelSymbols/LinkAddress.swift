import Bits

/// Finds the address that a stretch of a kernel is linked to, and the base of its kallsyms, where the file does not state
/// them.
///
/// An arm64 Image's header does not. The address depends on the kernel's version and its number of virtual address bits,
/// so there is nothing to guess from. But the base of kallsyms is the address of the kernel's first symbol, which is
/// `_text` or, where only functions are listed, `_stext` at most 64 KiB further up; and the boot protocol has the Image
/// lie `text_offset` bytes past a multiple of 2 MiB, in memory as where it is linked.
///
/// The base itself is zero in the file of a kernel that relocates itself by `.rela.dyn`, which has its value then.
struct LinkAddress {
  /// Of the first byte.
  let start: GuestVirtual
  /// What the offsets of kallsyms are added to.
  let base: UInt64

  /// What the boot protocol aligns (Linux, Documentation/arch/arm64/booting.rst).
  private static let alignment: UInt64 = 2 << 20
  /// R_AARCH64_RELATIVE (ELF for the Arm 64-bit Architecture, "Dynamic relocations").
  private static let relative: UInt64 = 1027

  /// Works out the address.
  ///
  /// - Parameters:
  ///   - segment: the bytes of the stretch that holds kallsyms; of an Image, all.
  ///   - stated: the address that its file states for it.
  ///   - base: the base of kallsyms as it stands there.
  ///   - baseOffset: where in the segment it stands.
  ///   - image: all of the kernel's bytes, in which its relocations are.
  /// - Throws: `KernelSymbolsError` where nothing tells the address, or more than one agrees with all.
  init(
    of segment: UnsafeRawBufferPointer, stated: GuestVirtual?, base: UInt64, at baseOffset: Int,
    in image: UnsafeRawBufferPointer
  ) throws(KernelSymbolsError) {
    let textOffset = Self.textOffset(segment)
    if base != 0 {
      let start = GuestVirtual(base &- textOffset).alignedDown(to: Self.alignment).wrapping(by: textOffset)
      self.init(start: stated ?? start, base: base)
      return
    }
    let found = Self.relocations(at: UInt64(baseOffset), in: image) {
      if let stated { return $0.start == stated }
      return $0.start.isInUpperHalf && ($0.start.rawValue &- textOffset).isMultiple(of: Self.alignment)
        && $0.base &- $0.start.rawValue < Self.alignment
    }
    guard let first = found.first else { throw .noLinkAddress }
    guard found.count == 1 else { throw .ambiguousLinkAddress(found.map(\.start)) }
    self = first
  }

  private init(start: GuestVirtual, base: UInt64) {
    self.start = start
    self.base = base
  }

  /// The places that relocations give if what they relocate lies `offset` bytes on: the first few that are accepted.
  private static func relocations(
    at offset: UInt64, in image: UnsafeRawBufferPointer, _ isAccepted: (LinkAddress) -> Bool
  ) -> [LinkAddress] {
    var found: [LinkAddress] = []
    var position = 8
    while let info: UInt64 = image.littleEndian(at: position), found.count < 16 {
      defer { position += 8 }
      guard info == relative, let target: UInt64 = image.littleEndian(at: position - 8),
        let value: UInt64 = image.littleEndian(at: position + 8)
      else { continue }
      let address = LinkAddress(start: GuestVirtual(target &- offset), base: value)
      if isAccepted(address), !found.contains(where: { $0.start == address.start }) { found.append(address) }
    }
    return found
  }

  /// `text_offset` of an Image's header, less than 2 MiB; 0 where there is no header.
  private static func textOffset(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    guard bytes.littleEndian(at: 56, as: UInt32.self) == 0x644d_5241, let offset: UInt64 = bytes.littleEndian(at: 8)
    else { return 0 }
    return GuestVirtual(offset).offset(in: alignment)
  }
}
