public import Bits

/// What a kernel's ELF notes say of it.
public struct KernelNotes: Sendable, Equatable {
  /// The linker's id of this very build (`NT_GNU_BUILD_ID`); debug symbols of the same id fit.
  public private(set) var buildID: [UInt8]?
  /// Where the kernel is entered by the PVH protocol, in 32-bit mode (`XEN_ELFNOTE_PHYS32_ENTRY`).
  public private(set) var pvhEntry: GuestPhysical?

  /// Whether it is Linux, which says so by notes of its own (include/linux/elfnote-lto.h, build-salt.h, from 4.19 on) or
  /// to Xen (`XEN_ELFNOTE_GUEST_OS`).
  public private(set) var isLinux = false

  /// The notes of a file that has none.
  init() {}

  /// Adds what stands in the bytes of a note segment; what is malformed ends it.
  mutating func read(_ bytes: [UInt8]) {
    var offset = 0
    while let nameCount: UInt32 = bytes.littleEndian(at: offset),
      let descriptionCount: UInt32 = bytes.littleEndian(at: offset + 4),
      let type: UInt32 = bytes.littleEndian(at: offset + 8)
    {
      let name = offset + 12
      let description = name + Int(nameCount).roundedUp(to: 4)
      let end = description + Int(descriptionCount)
      guard end <= bytes.count else { return }
      take(owner: bytes[name..<name + Int(nameCount)], type: type, description: Array(bytes[description..<end]))
      offset = end.roundedUp(to: 4)
    }
  }

  private mutating func take(owner: ArraySlice<UInt8>, type: UInt32, description: [UInt8]) {
    // The owner's name carries its NUL.
    if owner.elementsEqual("GNU\0".utf8), type == 3, !description.isEmpty {
      buildID = description
    } else if owner.elementsEqual("Linux\0".utf8) {
      isLinux = true
    } else if owner.elementsEqual("Xen\0".utf8), type == 6 {
      isLinux = isLinux || description.starts(with: "linux".utf8)
    } else if owner.elementsEqual("Xen\0".utf8), type == 18 {
      // Four bytes, or eight by the kernel's 64-bit build; the protocol enters in 32-bit mode either way.
      pvhEntry = description.littleEndian(at: 0, as: UInt32.self).map { GuestPhysical(UInt64($0)) }
    }
  }
}

extension Int {
  /// The next multiple of `alignment`, a power of two; for counts of 32 bits, so that no sum overflows.
  fileprivate func roundedUp(to alignment: Int) -> Int { (self + alignment - 1) & ~(alignment - 1) }
}
