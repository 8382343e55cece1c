import Bits

/// The symbols' addresses: `kallsyms_addresses`, or `kallsyms_offsets` with `kallsyms_relative_base`.
///
/// They stand in front of `kallsyms_num_syms`, and from Linux 6.4 on behind the token index.
struct AddressTable {
  /// How an entry gives an address (Linux, kernel/kallsyms.c, `kallsyms_sym_address`).
  enum Encoding: Equatable {
    /// 64 bits, the address itself: without CONFIG_KALLSYMS_BASE_RELATIVE, up to Linux 6.10.
    case absolute
    /// 32 bits without sign, added to the base.
    case relative(base: UInt64)
    /// 32 bits: an address of per-CPU data where not negative, else its complement is added to the base.
    ///
    /// CONFIG_KALLSYMS_ABSOLUTE_PERCPU, which x86-64 has up to Linux 6.14.
    case perCPUAbsolute(base: UInt64)
  }

  /// Where the first entry stands.
  let start: Int
  /// How many entries there are.
  let count: Int
  /// How they are written; the base may still be that of a kernel which relocates itself.
  private var encoding: Encoding
  /// Where the base stands; nil for absolute addresses.
  let baseOffset: Int?

  /// Looks for the addresses of as many names; nil where no place and encoding gives rising ones.
  static func find(in image: UnsafeRawBufferPointer, names: NameTable, tokens: TokenTable) -> AddressTable? {
    let count = names.count
    let relative = [
      (start: names.countOffset - 8 - (4 * count).alignedUp, base: names.countOffset - 8),
      (start: tokens.end, base: tokens.end + (4 * count).alignedUp),
    ]
    for place in relative {
      guard let base: UInt64 = image.littleEndian(at: place.base), base == 0 || base[bit: 63] else { continue }
      for encoding in [Encoding.relative(base: base), .perCPUAbsolute(base: base)] {
        let table = AddressTable(start: place.start, count: count, encoding: encoding, baseOffset: place.base)
        if table.isRising(in: image) { return table }
      }
    }
    for start in [names.countOffset - 8 * count, tokens.end] {
      let table = AddressTable(start: start, count: count, encoding: .absolute, baseOffset: nil)
      if table.isRising(in: image) { return table }
    }
    return nil
  }

  /// The address of a symbol; nil where its entry lies outside of the image or gives none.
  func address(_ index: Int, in image: UnsafeRawBufferPointer) -> UInt64? {
    switch encoding {
    case .absolute: return image.littleEndian(at: start + 8 * index)
    case .relative(let base):
      guard let offset: UInt32 = image.littleEndian(at: start + 4 * index) else { return nil }
      return GuestVirtual(base).advanced(by: UInt64(offset))?.rawValue
    case .perCPUAbsolute(let base):
      guard let offset: Int32 = image.littleEndian(at: start + 4 * index) else { return nil }
      return offset >= 0 ? UInt64(offset) : GuestVirtual(base).advanced(by: UInt64(~offset))?.rawValue
    }
  }

  /// The lowest address: the base where there is one, even one that stands as zero in the file.
  func base(in image: UnsafeRawBufferPointer) -> UInt64 {
    switch encoding {
    case .absolute: address(0, in: image) ?? 0
    case .relative(let base), .perCPUAbsolute(let base): base
    }
  }

  /// Puts the base in that the kernel has once it is relocated.
  mutating func rebase(to base: UInt64) {
    switch encoding {
    case .absolute: break
    case .relative: encoding = .relative(base: base)
    case .perCPUAbsolute: encoding = .perCPUAbsolute(base: base)
    }
  }

  /// Whether the addresses rise as those of a kernel do, but for a few that may be damaged.
  ///
  /// The tables are sorted by address, and most symbols have one of their own.
  private func isRising(in image: UnsafeRawBufferPointer) -> Bool {
    let size = encoding == .absolute ? 8 : 4
    guard start >= 0, count * size <= image.count - start else { return false }
    var (rising, falling) = (0, 0)
    var last: UInt64 = 0
    for index in 0..<count {
      let next = address(index, in: image) ?? 0
      if next > last { rising += 1 }
      if next < last { falling += 1 }
      if falling > count / 16 { return false }
      last = next
    }
    return rising >= count / 2 && (encoding != .absolute || GuestVirtual(last).isInUpperHalf)
  }
}
