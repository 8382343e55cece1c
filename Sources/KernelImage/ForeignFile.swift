import Bits

/// What files are that are no kernels for this program, by their first bytes.
enum ForeignFile {
  private static let names: [(offset: Int, magic: [UInt8], name: String)] = [
    (0x24, [0x18, 0x28, 0x6f, 0x01], "a 32-bit Arm zImage"),
    (0x24, [0x01, 0x6f, 0x28, 0x18], "a big-endian 32-bit Arm zImage"),
    (0x38, Array("RSC\u{5}".utf8), "a RISC-V kernel Image"),
    (0, [0xd0, 0x0d, 0xfe, 0xed], "a flattened device tree"),
    (0, [0x27, 0x05, 0x19, 0x56], "a U-Boot image"),
    (0, Array("070701".utf8), "a cpio archive, such as an initial RAM disk"),
    (0, Array("070702".utf8), "a cpio archive, such as an initial RAM disk"),
    (0, Array("!<arch>\n".utf8), "an archive, such as a library or a Debian package"),
    (0, [0xed, 0xab, 0xee, 0xdb], "an RPM package"),
    (0, Array("PK\u{3}\u{4}".utf8), "a zip archive"),
    (0, Array("hsqs".utf8), "a squashfs file system"),
    (0, [0x51, 0x46, 0x49, 0xfb], "a qcow2 disk image"),
    (0, [0x04, 0x22, 0x4d, 0x18], "an LZ4 frame of today's format, which no kernel is packed in"),
    (0, Array("#!".utf8), "a script"),
    (0x101, Array("ustar".utf8), "a tar archive"),
    (0x8001, Array("CD001".utf8), "an ISO 9660 disk image"),
  ]

  /// Names what starts with these bytes, as far as it is known.
  static func name(of head: [UInt8]) -> String? {
    if let match = names.first(where: { head.dropFirst($0.offset).starts(with: $0.magic) }) { return match.name }
    if head.starts(with: PortableExecutable.magic) { return portableExecutableName(of: head) }
    if let compression = Compression(magic: head) { return "a \(compression) file" }
    if head.littleEndian(at: 0x1fe) == UInt16(0xaa55) { return "a boot sector or disk image" }
    let isText = head.allSatisfy { $0 == 9 || $0 == 10 || $0 == 13 || (32..<127).contains($0) }
    return isText ? "a text file" : nil
  }

  /// Names a file in the format of DOS, Windows and EFI programs.
  private static func portableExecutableName(of head: [UInt8]) -> String {
    guard let executable = PortableExecutable(head: head) else {
      return "a DOS or EFI program without a Linux setup header"
    }
    return switch executable.machine {
    case .amd64: "an x86-64 EFI program without a Linux setup header"
    case .arm64: "an arm64 EFI program without a kernel's header"
    case .intel386: "a 32-bit x86 EFI program without a Linux setup header"
    case nil: "an EFI program for another machine"
    }
  }

  /// The error for a file that is no kernel.
  static func error(head: [UInt8], within container: String? = nil) -> KernelImageError {
    let what = name(of: head) ?? "a file of unknown kind"
    let needed = "a Linux kernel for x86-64 or arm64 is needed"
    guard let container else { return KernelImageError("this is \(what) where \(needed)") }
    return KernelImageError("in the \(container) is \(what) where \(needed)")
  }
}
