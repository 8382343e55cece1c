public import Architecture
import Bits

/// An executable with nothing in it, for debuggers that want one before they look for what is loaded.
public enum EmptyProgram {
  /// The bytes of an ELF file that is a header alone.
  public static func bytes(for architecture: GuestArchitecture) -> [UInt8] {
    var header: [UInt8] = []
    header.appendLittleEndian(ELF.magic)
    header += [ELF.class64, ELF.littleEndian, ELF.currentVersion]
    header += [UInt8](repeating: 0, count: 9)
    header.appendLittleEndian(ELF.executable)
    header.appendLittleEndian(ELF.machine(architecture))
    header.appendLittleEndian(UInt32(ELF.currentVersion))
    // No entry, no program headers, no section headers, no flags.
    header += [UInt8](repeating: 0, count: 28)
    for size in [ELF.headerSize, ELF.programHeaderSize, 0, ELF.sectionHeaderSize, 0, 0] {
      header.appendLittleEndian(UInt16(size))
    }
    return header
  }
}
