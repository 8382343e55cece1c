import Bits
import Glibc

extension KernelImage {
  /// The kernel's version as it calls itself, such as `6.1.0-56-cloud-amd64 (debian-kernel@…) #1 SMP …`.
  ///
  /// A bzImage's setup header points to it; an ELF kernel is unpacked until its banner goes by.
  ///
  /// - Returns: the version, or nil where the kernel does not say.
  /// - Throws: `KernelImageError` where the file cannot be read or unpacked.
  public func version() throws(KernelImageError) -> String? {
    switch content {
    case .bzImage(let header, _):
      guard let offset = header.versionStringOffset, offset < header.setupCount else { return nil }
      let setup = try file.prefix(header.setupCount)
      return setup.text(at: offset)
    case .vmlinux(_, let payload): return try payload.banner()
    case .raw: return nil
    }
  }

  /// The kernel's notes; the payload is unpacked as far as they are.
  ///
  /// - Returns: what the notes say; nothing at all for a raw image.
  /// - Throws: `KernelImageError` where the payload cannot be read or unpacked.
  public func notes() throws(KernelImageError) -> KernelNotes {
    switch content {
    case .bzImage(_, let payload?): try payload.notes(of: Self.packedImage(payload))
    case .vmlinux(let image, let payload): try payload.notes(of: image)
    case .bzImage(_, nil), .raw: KernelNotes()
    }
  }
}

extension Payload {
  /// Reads the notes of the ELF image that this unpacks to, in one pass.
  func notes(of image: ELFImage) throws(KernelImageError) -> KernelNotes {
    var notes = KernelNotes()
    var reader = try open()
    // A range behind the reader lies in one that was read already.
    for range in image.notes where range.lowerBound >= reader.position {
      try reader.advance(to: range.lowerBound)
      notes.read(try reader.bytes(range.count))
    }
    return notes
  }

  /// What follows `Linux version ` in the unpacked bytes, up to the end of the line.
  fileprivate func banner() throws(KernelImageError) -> String? {
    let greeting = Array("Linux version ".utf8)
    let longest = 512
    var reader = try open()
    var window: [UInt8] = []
    while true {
      let next = try reader.bytes(1 << 20)
      if next.isEmpty { return nil }
      window += next
      if let version = window.text(after: greeting) { return version }
      // A banner that runs over the window's end is found when the next bytes have come.
      window.removeFirst(max(window.count - longest, 0))
    }
  }
}

extension [UInt8] {
  /// The printable ASCII characters from `offset` on; nil where there are none.
  fileprivate func text(at offset: Int) -> String? {
    let characters = dropFirst(offset).prefix { (32..<127).contains($0) }
    return characters.isEmpty ? nil : String(decoding: characters, as: UTF8.self)
  }

  /// The text behind the first `greeting` that starts a whole banner.
  ///
  /// A digit follows it, which a format string lacks, and a build number behind the `#`, which the banner lacks that the
  /// kernel's build links first (init/version.c) and replaces at its end.
  fileprivate func text(after greeting: [UInt8]) -> String? {
    var start = 0
    while let found = firstOffset(of: greeting, from: start) {
      start = found + greeting.count
      guard let text = text(at: start), start + text.utf8.count < count else { continue }
      if text.first?.isNumber == true, !text.contains("# ") { return text }
    }
    return nil
  }

  private func firstOffset(of pattern: [UInt8], from start: Int) -> Int? {
    withUnsafeBytes { bytes -> Int? in
      guard let base = bytes.baseAddress, let first = pattern.first else { return nil }
      var offset = start
      while offset <= bytes.count - pattern.count {
        // SAFETY: memchr stays inside the bytes from `offset` to the end.
        guard let found = memchr(base + offset, Int32(first), bytes.count - offset) else { return nil }
        offset = UnsafeRawPointer(found) - base
        if bytes[offset...].starts(with: pattern) { return offset }
        offset += 1
      }
      return nil
    }
  }
}
