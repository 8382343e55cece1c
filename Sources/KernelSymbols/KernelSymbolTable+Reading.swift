import Architecture
import Bits
import Glibc

extension KernelSymbolTable {
  /// Reads a kernel's own symbols out of its bytes, which may be stripped.
  ///
  /// - Parameters:
  ///   - bytes: the kernel, as its unpacked file or as the guest's memory before it runs.
  ///   - layout: where its parts stand in them.
  /// - Throws: `KernelSymbolsError` where there are no symbols, or nothing gives them addresses.
  public init(reading bytes: RawSpan, _ layout: KernelLayout) throws(KernelSymbolsError) {
    // SAFETY: the buffer does not leave the closure.
    self = try bytes.withUnsafeBytes { buffer throws(KernelSymbolsError) in
      try KernelSymbolTable(ImageBytes(bytes: buffer, layout: layout))
    }
  }

  private init(_ image: ImageBytes) throws(KernelSymbolsError) {
    var image = image
    var (kallsyms, segment) = try image.findKallsyms()
    let addresses = kallsyms.addresses
    let link = try LinkAddress(
      of: image.bytes(of: segment), stated: image.layout.segments[segment].virtual,
      base: addresses.base(in: image.bytes(of: segment)), at: addresses.baseOffset ?? 0, in: image.bytes)
    kallsyms.addresses.rebase(to: link.base)
    image.link(segment, to: link.start)
    guard let linkRange = image.layout.linkRange else { throw .noLinkAddress }
    let symbols = SymbolCollector(kallsyms, in: image.bytes(of: segment), linkRange: linkRange)
    self.init(
      symbols, architecture: image.layout.architecture, linkRange: linkRange, buildID: image.buildID,
      banner: image.banner)
  }
}

/// A kernel's bytes with their layout.
private struct ImageBytes {
  let bytes: UnsafeRawBufferPointer
  private(set) var layout: KernelLayout

  init(bytes: UnsafeRawBufferPointer, layout: KernelLayout) {
    self.bytes = bytes
    self.layout = layout
  }

  /// The bytes of a segment, cut to those that are there.
  func bytes(of segment: Int) -> UnsafeRawBufferPointer {
    let segment = layout.segments[segment]
    let start = min(max(segment.offset, 0), bytes.count)
    let count = min(max(segment.count, 0), bytes.count - start)
    return UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
  }

  /// The kernel's tables, and the segment that they stand in.
  func findKallsyms() throws(KernelSymbolsError) -> (Kallsyms, segment: Int) {
    var failure = KernelSymbolsError.noTokenTable
    var budget = SearchBudget.standard
    for segment in layout.segments.indices {
      do throws(KernelSymbolsError) {
        return (try Kallsyms(in: bytes(of: segment), budget: &budget), segment)
      } catch {
        if failure == .noTokenTable { failure = error }
      }
    }
    throw failure
  }

  /// States the address that a segment is linked to.
  mutating func link(_ segment: Int, to address: GuestVirtual) {
    layout = layout.linking(segment, to: address)
  }

  /// The kernel's build id, from the first segment that has one.
  var buildID: BuildID? {
    layout.segments.indices.lazy.compactMap { BuildIDNote.find(inKernel: bytes(of: $0))?.id }.first
  }

  /// What the kernel says of itself first.
  var banner: String? { layout.segments.indices.lazy.compactMap { bytes(of: $0).banner }.first }
}

extension UnsafeRawBufferPointer {
  /// The kernel's banner (Linux, init/version-timestamp.c); nil where there is none.
  ///
  /// A digit tells it from the format of `/proc/version`, and the build's number behind the `#` from the banner that the
  /// kernel's build links first and replaces at its end.
  fileprivate var banner: String? {
    let greeting = Array("Linux version ".utf8)
    var start = 0
    // Kernels have three of them.
    for _ in 0..<64 {
      guard let found = firstOffset(of: greeting, from: start) else { break }
      let text = self[found...].prefix(512).prefix { (32..<127).contains($0) }
      let banner = String(decoding: text, as: UTF8.self)
      if banner.utf8.dropFirst(greeting.count).first.map({ (0x30...0x39).contains($0) }) == true, !banner.contains("# ")
      {
        return banner
      }
      start = found + greeting.count
    }
    return nil
  }

  /// Where a pattern first starts, from an offset on.
  func firstOffset(of pattern: [UInt8], from start: Int) -> Int? {
    guard let base = baseAddress, let first = pattern.first else { return nil }
    var offset = start
    while offset < count {
      // SAFETY: memchr stays inside the bytes from `offset` to the end.
      guard let found = memchr(base + offset, Int32(first), count - offset) else { return nil }
      offset = UnsafeRawPointer(found) - base
      if self[offset...].starts(with: pattern) { return offset }
      offset += 1
    }
    return nil
  }
}
