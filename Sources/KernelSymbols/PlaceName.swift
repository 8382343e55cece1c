/// How sure it is that a name is that of a place, such as the start of a section, and not of what is there.
///
/// Linker scripts have names of their own for places (Linux, include/asm-generic/vmlinux.lds.h and each architecture's
/// vmlinux.lds.S), but functions such as `__block_write_begin` look the same.
enum PlaceName {
  case certain
  case likely

  /// Judges a name; nil for that of a function or of data.
  init?(_ name: ArraySlice<UInt8>) {
    guard name.first == Self.reserved.first else { return nil }
    if name.starts(with: Self.reserved) {
      let isLikely =
        Self.prefixes.contains { name.starts(with: $0) } || Self.suffixes.contains { name.suffix($0.count) == $0[...] }
      guard isLikely else { return nil }
      self = .likely
    } else {
      guard Self.whole.contains(where: { name == $0[...] }) else { return nil }
      self = .certain
    }
  }

  private static let whole = bytes(
    "_text", "_stext", "_etext", "_sinittext", "_einittext", "_data", "_sdata", "_edata", "_end")
  private static let reserved = Array("__".utf8)
  private static let prefixes = bytes("__start_", "__stop_", "__end_")
  private static let suffixes = bytes("_start", "_begin", "_stop", "_end")

  private static func bytes(_ names: String...) -> [[UInt8]] { names.map { Array($0.utf8) } }
}
