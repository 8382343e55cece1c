import Bits

/// The real-mode setup header of an x86 kernel (Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header").
///
/// A field that a later version of the boot protocol brought is nil in a header of an earlier one.
public struct SetupHeader: Sendable, Equatable {
  /// Where the header stands both in the file and in `boot_params`.
  public static let offset = 0x1f1

  /// The header as it stands in the file, from `offset` to its end: what a boot loader copies into `boot_params`.
  ///
  /// It ends at 0x290 at the latest, where the next field of `boot_params` begins (`asm/bootparam.h`).
  public let bytes: [UInt8]

  /// Reads the header out of a file's first 4096 bytes; nil where they are not an x86 kernel's.
  init?(head: [UInt8]) {
    guard head.littleEndian(at: 0x1fe) == UInt16(0xaa55), head.dropFirst(0x202).starts(with: "HdrS".utf8),
      let jumpDistance: UInt8 = head.littleEndian(at: 0x201)
    else { return nil }
    // The two-byte jump at 0x200 leads just past the header.
    bytes = Array(head[Self.offset..<min(0x202 + Int(jumpDistance), 0x290, head.count)])
  }

  /// The field at an offset of the file, or nil where the protocol version is before `version`.
  private func field<Value: FixedWidthInteger & BitwiseCopyable>(
    _ offset: Int, since version: UInt16, as type: Value.Type = Value.self
  ) -> Value? {
    protocolVersion >= version ? bytes.littleEndian(at: offset - Self.offset) : nil
  }

  private func field<Value: FixedWidthInteger & BitwiseCopyable>(
    _ offset: Int, as type: Value.Type = Value.self
  ) -> Value {
    bytes.littleEndian(at: offset - Self.offset) ?? 0
  }

  /// The version of the boot protocol, the major number in the high byte: 0x20f is 2.15.
  public var protocolVersion: UInt16 { field(0x206) }

  /// The version as its document writes it, such as 2.08.
  public var versionNumber: String {
    let minor = protocolVersion[bits: 0...7]
    return "\(protocolVersion[bits: 8...15]).\(minor < 10 ? "0" : "")\(minor)"
  }

  /// The length of boot sector and setup code; the protected-mode part of the file starts there.
  public var setupCount: Int {
    let sectors = field(0x1f1, as: UInt8.self)
    // Zero stands for four, for the sake of very old kernels.
    return (Int(sectors == 0 ? 4 : sectors) + 1) * 512
  }

  /// The length of the protected-mode part, rounded up to 16 bytes.
  public var protectedModeCount: Int? { field(0x1f4, since: 0x204, as: UInt32.self).map { Int($0) * 16 } }

  /// Where the version string stands in the file; nil where there is none.
  public var versionStringOffset: Int? {
    let offset = field(0x20e, as: UInt16.self)
    return offset == 0 ? nil : Int(offset) + 0x200
  }

  /// The `loadflags` bits.
  public var loadFlags: LoadFlags { LoadFlags(rawValue: field(0x211)) }

  /// The highest address that an initial RAM disk may reach.
  public var initrdLimit: UInt32 { field(0x22c, since: 0x203) ?? 0x37ff_ffff }

  /// What the load address has to be a multiple of, if the kernel is relocatable.
  public var kernelAlignment: UInt32? { field(0x230, since: 0x205) }

  /// Whether the protected-mode part may be loaded at any address that is aligned.
  public var isRelocatable: Bool { field(0x234, since: 0x205, as: UInt8.self).map { $0 != 0 } ?? false }

  /// The least alignment that works, as a power of two.
  public var minimumAlignment: UInt8? { field(0x235, since: 0x20a) }

  /// The `xloadflags` bits.
  public var extendedLoadFlags: ExtendedLoadFlags? {
    field(0x236, since: 0x20c).map { ExtendedLoadFlags(rawValue: $0) }
  }

  /// The longest command line, without its NUL.
  public var commandLineLimit: UInt32 { field(0x238, since: 0x206) ?? 255 }

  /// Where the packed kernel stands, counted from the start of the protected-mode part, and its length; nil where the
  /// header does not say.
  public var payload: (offset: Int, count: Int)? {
    guard let offset = field(0x248, since: 0x208, as: UInt32.self),
      let count = field(0x24c, since: 0x208, as: UInt32.self), count > 0
    else { return nil }
    return (Int(offset), Int(count))
  }

  /// Where the kernel wants to be loaded.
  public var preferredAddress: UInt64? { field(0x258, since: 0x20a) }

  /// How much memory, from its run-time start on, the kernel takes before it reads its memory map.
  public var initialCount: UInt32? { field(0x260, since: 0x20a) }

  /// The EFI handover entry, counted from the start of the protected-mode part; 0 for none.
  public var handoverOffset: UInt32? { field(0x264, since: 0x20b) }

  /// `kernel_info`, counted from the start of the protected-mode part.
  public var kernelInfoOffset: UInt32? { field(0x268, since: 0x20f) }
}

/// `loadflags` of the setup header.
public struct LoadFlags: OptionSet, Sendable {
  /// The byte as it stands in the header.
  public let rawValue: UInt8
  /// Makes the set of the header's byte.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The protected-mode part is loaded at 1 MiB or above, as every bzImage is.
  public static let loadedHigh = LoadFlags(rawValue: 1 << 0)
  /// The decompressor tells the kernel that it moved it.
  public static let kaslr = LoadFlags(rawValue: 1 << 1)
  /// Early messages are suppressed.
  public static let quiet = LoadFlags(rawValue: 1 << 5)
  /// The 32-bit entry does not load the segment registers.
  public static let keepSegments = LoadFlags(rawValue: 1 << 6)
  /// The boot loader filled in `heap_end_ptr`.
  public static let canUseHeap = LoadFlags(rawValue: 1 << 7)

  /// The names of the flags that are set, as boot.rst spells them.
  public var names: [String] {
    let all: [(LoadFlags, String)] = [
      (.loadedHigh, "LOADED_HIGH"), (.kaslr, "KASLR_FLAG"), (.quiet, "QUIET_FLAG"), (.keepSegments, "KEEP_SEGMENTS"),
      (.canUseHeap, "CAN_USE_HEAP"),
    ]
    return all.filter { contains($0.0) }.map(\.1)
  }
}

/// `xloadflags` of the setup header.
public struct ExtendedLoadFlags: OptionSet, Sendable {
  /// The two bytes as they stand in the header.
  public let rawValue: UInt16
  /// Makes the set of the header's two bytes.
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// There is a 64-bit entry point at 0x200.
  public static let kernel64 = ExtendedLoadFlags(rawValue: 1 << 0)
  /// Kernel, command line and initial RAM disk may lie above 4 GiB.
  public static let canBeLoadedAbove4G = ExtendedLoadFlags(rawValue: 1 << 1)
  /// There is a 32-bit EFI handover entry.
  public static let efiHandover32 = ExtendedLoadFlags(rawValue: 1 << 2)
  /// There is a 64-bit EFI handover entry.
  public static let efiHandover64 = ExtendedLoadFlags(rawValue: 1 << 3)
  /// It can be started by kexec with the EFI runtime kept.
  public static let efiKexec = ExtendedLoadFlags(rawValue: 1 << 4)
  /// It knows five-level paging.
  public static let fiveLevel = ExtendedLoadFlags(rawValue: 1 << 5)
  /// It is built to use five-level paging.
  public static let fiveLevelEnabled = ExtendedLoadFlags(rawValue: 1 << 6)

  /// The names of the flags that are set, as the kernel's `asm/bootparam.h` spells them.
  public var names: [String] {
    let all: [(ExtendedLoadFlags, String)] = [
      (.kernel64, "XLF_KERNEL_64"), (.canBeLoadedAbove4G, "XLF_CAN_BE_LOADED_ABOVE_4G"),
      (.efiHandover32, "XLF_EFI_HANDOVER_32"), (.efiHandover64, "XLF_EFI_HANDOVER_64"),
      (.efiKexec, "XLF_EFI_KEXEC"), (.fiveLevel, "XLF_5LEVEL"), (.fiveLevelEnabled, "XLF_5LEVEL_ENABLED"),
    ]
    return all.filter { contains($0.0) }.map(\.1)
  }
}
