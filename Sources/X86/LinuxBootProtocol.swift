public import Bits

/// Linux's 64-bit boot protocol (Documentation/arch/x86/boot.rst, "64-bit BOOT PROTOCOL").
public enum LinuxBootProtocol {
  /// The state in which a kernel is entered: long mode on an identity map of the first 4 GiB, interrupts off, the zero page
  /// in RSI.
  ///
  /// - Parameters:
  ///   - request: what the kernel is handed.
  ///   - entry: its 64-bit entry point; in a bzImage's protected-mode part that is 0x200 past its start.
  ///   - setupHeader: a bzImage's bytes from offset 0x1f1 on; nil for an ELF kernel, which has none.
  /// - Returns: memory and registers.
  /// - Throws: where the kernel does not take the request.
  public static func state(
    for request: BootRequest, entry: GuestPhysical, setupHeader: [UInt8]? = nil
  ) throws(BootError) -> BootState {
    let parameters = BootParameters(request: request, setupHeader: setupHeader)
    let commandLine = try request.commandLineBlob(limit: Int(parameters.commandLineLimit))
    let cr0: CR0 = [
      .protectionEnable, .monitorCoprocessor, .extensionType, .numericError, .writeProtect, .alignmentMask, .paging,
    ]
    let efer: EFER = [.longModeEnable, .longModeActive]
    return BootState(
      blobs: [
        BootSegments.table(code: BootSegments.code64),
        BootState.Blob(PCMemoryLayout.zeroPage, parameters.bytes),
        BootState.Blob(PCMemoryLayout.pageTables, identityMap(at: PCMemoryLayout.pageTables)),
        commandLine,
      ],
      registers: [
        BootState.Setting(.rip, entry.rawValue),
        BootState.Setting(.rflags, RFLAGS.fixed.rawValue),
        BootState.Setting(.general(.rsi), PCMemoryLayout.zeroPage.rawValue),
        BootState.Setting(.control(0), cr0.rawValue),
        BootState.Setting(.control(3), PCMemoryLayout.pageTables.rawValue),
        BootState.Setting(.control(4), CR4.physicalAddressExtension.rawValue),
        BootState.Setting(.efer, efer.rawValue),
      ] + BootSegments.registers(code: BootSegments.code64))
  }

  /// Page tables that map the first 4 GiB to themselves by pages of 2 MiB, which every x86-64 CPU has.
  ///
  /// - Parameter start: where they go, at a page border.
  /// - Returns: six pages: the PML4, the PDPT and four page directories.
  static func identityMap(at start: GuestPhysical) -> [UInt8] {
    // Present and writable; a page has accessed, dirty and page-size as well, so that the CPU need not set them.
    let table: UInt64 = 0x3
    let page: UInt64 = 0xe3
    let directories: UInt64 = 4
    var bytes: [UInt8] = []
    func append(_ entries: [UInt64]) {
      for entry in entries { bytes.appendLittleEndian(entry) }
      bytes.append(contentsOf: repeatElement(0, count: (512 - entries.count) * 8))
    }
    append([start.wrapping(by: 0x1000).rawValue | table])
    append((0..<directories).map { start.wrapping(by: 0x2000 + $0 * 0x1000).rawValue | table })
    for directory in 0..<directories {
      append((0..<512).map { (directory * 512 + $0) << 21 | page })
    }
    return bytes
  }
}

/// `struct boot_params`, the zero page (Documentation/arch/x86/zero-page.rst), whose offsets stand here as numbers.
struct BootParameters {
  private(set) var bytes = [UInt8](repeating: 0, count: 4096)

  /// How long a command line the kernel takes, NUL not counted (`cmdline_size`).
  var commandLineLimit: UInt32 { bytes.littleEndian(at: 0x238) ?? 0 }

  /// Where the setup header stands, and where the field after the longest possible one does.
  private static let headerRange = 0x1f1..<0x290

  init(request: BootRequest, setupHeader: [UInt8]?) {
    setTextScreen()
    if let setupHeader {
      let count = min(setupHeader.count, Self.headerRange.count)
      bytes.replaceSubrange(0x1f1..<0x1f1 + count, with: setupHeader.prefix(count))
    } else {
      setDefaultHeader()
    }
    // A loader without a number of its own.
    set(0x210, UInt8(0xff))
    // LOADED_HIGH: the protected-mode code is at 1 MiB or above.
    set(0x211, UInt8(bytes[0x211] | 1))
    setSplit(low: 0x228, high: 0xc8, PCMemoryLayout.commandLine.rawValue)
    if let disk = request.initialRAMDisk {
      setSplit(low: 0x218, high: 0xc0, disk.lowerBound.rawValue)
      setSplit(low: 0x21c, high: 0xc4, disk.upperBound.rawValue &- disk.lowerBound.rawValue)
    }
    if let rsdp = request.rsdp { set(0x70, rsdp.rawValue) }
    setMemoryMap(PCMemoryLayout.e820(memorySize: request.memorySize))
  }

  private mutating func set<Value: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, _ value: Value) {
    _ = bytes.withUnsafeMutableBytes { $0.storeLittleEndian(value, at: offset) }
  }

  /// A 64-bit value whose high half has a later field of its own (`ext_…`).
  private mutating func setSplit(low: Int, high: Int, _ value: UInt64) {
    set(low, UInt32(truncatingIfNeeded: value))
    set(high, UInt32(truncatingIfNeeded: value >> 32))
  }

  /// `screen_info`: VGA in its 80 by 25 colour text mode, as a BIOS leaves it.
  private mutating func setTextScreen() {
    set(0x06, UInt8(3))  // orig_video_mode
    set(0x07, UInt8(80))  // orig_video_cols
    set(0x0a, UInt16(3))  // orig_video_ega_bx: an EGA or VGA with 256 KiB
    set(0x0e, UInt8(25))  // orig_video_lines
    set(0x0f, UInt8(1))  // orig_video_isVGA
    set(0x10, UInt16(16))  // orig_video_points
  }

  /// A setup header for a kernel that has none: what a relocatable 64-bit kernel of protocol 2.15 says of itself.
  private mutating func setDefaultHeader() {
    set(0x1fa, UInt16(0xffff))  // vid_mode: normal
    set(0x1fe, UInt16(0xaa55))  // boot_flag
    set(0x202, UInt32(0x5372_6448))  // header: HdrS
    set(0x206, UInt16(0x20f))  // version
    set(0x22c, UInt32(0x7fff_ffff))  // initrd_addr_max
    set(0x230, UInt32(0x20_0000))  // kernel_alignment
    set(0x234, UInt8(1))  // relocatable_kernel
    set(0x236, UInt16(3))  // xloadflags: XLF_KERNEL_64, XLF_CAN_BE_LOADED_ABOVE_4G
    set(0x238, UInt32(2047))  // cmdline_size
  }

  /// `e820_entries` and `e820_table`.
  private mutating func setMemoryMap(_ entries: [E820Entry]) {
    let entries = entries.prefix(128)
    set(0x1e8, UInt8(truncatingIfNeeded: entries.count))
    for (index, entry) in entries.enumerated() {
      let offset = 0x2d0 + index * 20
      set(offset, entry.range.lowerBound.rawValue)
      set(offset + 8, entry.count)
      set(offset + 16, entry.kind.rawValue)
    }
  }
}
