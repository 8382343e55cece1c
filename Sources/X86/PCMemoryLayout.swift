public import Bits

/// Where things stand in the physical memory of the `pc` board.
///
/// The addresses below 1 MiB are the loader's own choice and free for the kernel once it has read them; it finds each by a
/// pointer. What the PC fixes is the VGA buffer, the BIOS area that is searched for the RSDP, and the interrupt controllers.
public enum PCMemoryLayout {
  /// The GDT that the kernel is entered with.
  public static let globalDescriptorTable = GuestPhysical(0x1000)
  /// PVH's `hvm_start_info`, with its module list and memory map behind it.
  public static let startInfo = GuestPhysical(0x6000)
  /// `boot_params`, the zero page.
  public static let zeroPage = GuestPhysical(0x7000)
  /// The identity map: one PML4, one PDPT, four page directories of 4 KiB each.
  public static let pageTables = GuestPhysical(0x9000)
  /// The kernel's command line with its NUL.
  public static let commandLine = GuestPhysical(0x2_0000)
  /// How many bytes the command line may take, NUL included.
  public static let commandLineCapacity = 0x1_0000
  /// Where conventional memory ends: a PC's extended BIOS data area starts here.
  public static let conventionalEnd = GuestPhysical(0x9_fc00)
  /// The VGA frame buffer's window, up to `videoEnd`.
  public static let videoStart = GuestPhysical(0xa_0000)
  /// VGA's text buffer in its colour modes.
  public static let videoText = GuestPhysical(0xb_8000)
  /// The end of VGA's window.
  public static let videoEnd = GuestPhysical(0xc_0000)
  /// The RSDP and the ACPI tables: the RSDP is searched for from here to 1 MiB (ACPI 6.5, section 5.2.5.1).
  public static let acpi = GuestPhysical(0xe_0000)
  /// The end of the low megabyte.
  public static let extendedStart = GuestPhysical(0x10_0000)
  /// RAM stops here, and goes on at 4 GiB: the hole is for devices.
  public static let lowEnd = GuestPhysical(0xc000_0000)
  /// The IOAPIC's registers.
  public static let ioAPIC = GuestPhysical(0xfec0_0000)
  /// The local APICs' registers.
  public static let localAPIC = GuestPhysical(0xfee0_0000)
  /// Where RAM goes on above the hole.
  public static let highStart = GuestPhysical(0x1_0000_0000)

  /// The RAM of a machine: one range, or two where there is more than fits below the hole.
  ///
  /// VGA's window is RAM too, so that its text buffer is there to be read and written.
  ///
  /// - Parameter memorySize: in bytes, a multiple of 4096.
  /// - Returns: start and length of each range, in ascending order.
  public static func ram(memorySize: UInt64) -> [(start: GuestPhysical, count: UInt64)] {
    let low = min(memorySize, lowEnd.rawValue)
    let high = memorySize - low
    return [(start: GuestPhysical(0), count: low)] + (high > 0 ? [(start: highStart, count: high)] : [])
  }

  /// The memory map that the kernel is told.
  ///
  /// - Parameter memorySize: in bytes, a multiple of 4096.
  /// - Returns: the ranges in ascending order, none of them empty.
  public static func e820(memorySize: UInt64) -> [E820Entry] {
    var entries = [
      E820Entry(GuestPhysical(0)..<conventionalEnd, .ram),
      E820Entry(conventionalEnd..<videoStart, .reserved),
      E820Entry(acpi..<extendedStart, .acpiReclaimable),
    ]
    for (start, count) in ram(memorySize: memorySize) {
      let first = max(start, extendedStart)
      guard let end = start.advanced(by: count), end > first else { continue }
      entries.append(E820Entry(first..<end, .ram))
    }
    return entries
  }

  /// Where the initial RAM disk goes: as high as it fits below the hole, at a page border.
  ///
  /// - Parameters:
  ///   - count: its length in bytes.
  ///   - memorySize: the machine's, in bytes.
  ///   - kernelEnd: the first byte past the kernel, with what it needs behind itself.
  ///   - limit: the last byte that it may use (the setup header's `initrd_addr_max`).
  /// - Returns: its address, or nil where it does not fit.
  public static func initialRAMDisk(
    count: UInt64, memorySize: UInt64, kernelEnd: GuestPhysical, limit: UInt32
  ) -> GuestPhysical? {
    let end = min(memorySize, lowEnd.rawValue, UInt64(limit) + 1)
    let (start, underflow) = end.subtractingReportingOverflow(count)
    let address = GuestPhysical(start).alignedDown(to: 4096)
    return underflow || address < max(kernelEnd, extendedStart) ? nil : address
  }
}

/// A range of the memory map as the PC's BIOS call E820 reports it (ACPI 6.5, section 15.1).
public struct E820Entry: Sendable, Equatable {
  /// What a range is good for, by its number in the map.
  public enum Kind: UInt32, Sendable {
    case ram = 1
    case reserved = 2
    case acpiReclaimable = 3
    case acpiNonVolatile = 4
    case unusable = 5
  }

  /// The range of physical addresses.
  public let range: Range<GuestPhysical>
  /// What it is good for.
  public let kind: Kind

  /// Makes an entry.
  public init(_ range: Range<GuestPhysical>, _ kind: Kind) {
    self.range = range
    self.kind = kind
  }

  /// The length of the range in bytes.
  public var count: UInt64 { range.upperBound.rawValue &- range.lowerBound.rawValue }
}
