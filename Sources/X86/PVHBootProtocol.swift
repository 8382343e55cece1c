public import Bits

/// Xen's PVH boot protocol, for ELF kernels that name an entry for it (Xen, docs/misc/pvh.pandoc).
public enum PVHBootProtocol {
  /// The state in which a kernel is entered: 32-bit protected mode, paging and interrupts off, `hvm_start_info` in EBX.
  ///
  /// - Parameters:
  ///   - request: what the kernel is handed.
  ///   - entry: the address in its `XEN_ELFNOTE_PHYS32_ENTRY` note.
  /// - Returns: memory and registers.
  /// - Throws: where the command line is too long.
  public static func state(for request: BootRequest, entry: GuestPhysical) throws(BootError) -> BootState {
    let commandLine = try request.commandLineBlob(limit: PCMemoryLayout.commandLineCapacity - 1)
    let cr0: CR0 = [.protectionEnable, .extensionType]
    return BootState(
      blobs: [
        BootSegments.table(code: BootSegments.code32),
        BootState.Blob(PCMemoryLayout.startInfo, startInfo(for: request)),
        commandLine,
      ],
      registers: [
        BootState.Setting(.rip, entry.rawValue),
        BootState.Setting(.rflags, RFLAGS.fixed.rawValue),
        BootState.Setting(.general(.rbx), PCMemoryLayout.startInfo.rawValue),
        BootState.Setting(.control(0), cr0.rawValue),
        BootState.Setting(.control(4), 0),
        BootState.Setting(.efer, 0),
      ] + BootSegments.registers(code: BootSegments.code32))
  }

  /// `struct hvm_start_info` of version 1, its module list and its memory map (Xen, xen/include/public/arch-x86/hvm/start_info.h).
  private static func startInfo(for request: BootRequest) -> [UInt8] {
    let memoryMap = PCMemoryLayout.e820(memorySize: request.memorySize)
    let moduleCount = request.initialRAMDisk == nil ? 0 : 1
    let modules = PCMemoryLayout.startInfo.wrapping(by: UInt64(Size.startInfo))
    let map = modules.wrapping(by: UInt64(moduleCount * Size.module))

    var bytes: [UInt8] = []
    bytes.appendLittleEndian(UInt32(0x336e_c578))  // magic
    bytes.appendLittleEndian(UInt32(1))  // version
    bytes.appendLittleEndian(UInt32(0))  // flags
    bytes.appendLittleEndian(UInt32(moduleCount))  // nr_modules
    bytes.appendLittleEndian(moduleCount == 0 ? 0 : modules.rawValue)  // modlist_paddr
    bytes.appendLittleEndian(PCMemoryLayout.commandLine.rawValue)  // cmdline_paddr
    bytes.appendLittleEndian(request.rsdp?.rawValue ?? 0)  // rsdp_paddr
    bytes.appendLittleEndian(map.rawValue)  // memmap_paddr
    bytes.appendLittleEndian(UInt32(memoryMap.count))  // memmap_entries
    bytes.appendLittleEndian(UInt32(0))  // reserved

    if let disk = request.initialRAMDisk {
      bytes.appendLittleEndian(disk.lowerBound.rawValue)  // paddr
      bytes.appendLittleEndian(disk.upperBound.rawValue &- disk.lowerBound.rawValue)  // size
      bytes.appendLittleEndian(UInt64(0))  // cmdline_paddr
      bytes.appendLittleEndian(UInt64(0))  // reserved
    }
    for entry in memoryMap {
      bytes.appendLittleEndian(entry.range.lowerBound.rawValue)  // addr
      bytes.appendLittleEndian(entry.count)  // size
      bytes.appendLittleEndian(entry.kind.rawValue)  // type
      bytes.appendLittleEndian(UInt32(0))  // reserved
    }
    return bytes
  }

  /// The lengths of the structures in bytes.
  private enum Size {
    static let startInfo = 56
    static let module = 32
  }
}
