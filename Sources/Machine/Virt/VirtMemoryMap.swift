public import Bits
import Devices

/// Where things stand in the physical memory of the `virt` board, and which interrupt each device has.
///
/// The board, its device tree, the loader and the engines' interrupt controllers all take it from here.
public enum VirtMemoryMap {
  /// A device's registers.
  public struct Window: Sendable, Equatable {
    /// The first byte.
    public let start: GuestPhysical
    /// The length in bytes.
    public let count: UInt64
  }

  // MARK: Interrupt controller

  /// The distributor of GICv2 or GICv3.
  public static let distributor = Window(start: GuestPhysical(0x0800_0000), count: 0x1_0000)
  /// GICv2's CPU interface, with GICC_DIR on its second page.
  public static let cpuInterface = Window(start: GuestPhysical(0x0801_0000), count: 0x1_0000)
  /// GICv3's redistributors, one behind the other.
  ///
  /// - Parameter cpuCount: how many there are, up to `redistributorCapacity`.
  /// - Returns: the registers of all.
  public static func redistributors(cpuCount: Int) -> Window {
    Window(
      start: firstRedistributor, count: UInt64(min(max(cpuCount, 0), redistributorCapacity)) * redistributorStride)
  }

  /// How many redistributors, one for each CPU, fit below the devices.
  public static let redistributorCapacity = Int(
    (uart.start.rawValue - firstRedistributor.rawValue) / redistributorStride)

  private static let firstRedistributor = GuestPhysical(0x080A_0000)
  /// The two frames of a redistributor, RD_base and SGI_base, in bytes (Arm IHI 0069, section 12.10).
  private static let redistributorStride: UInt64 = 0x2_0000

  // MARK: Devices

  /// The PL011.
  public static let uart = Window(start: GuestPhysical(0x0900_0000), count: PL011.count)
  /// The PL031.
  public static let clock = Window(start: GuestPhysical(0x0901_0000), count: PL031.count)
  /// The frequency in hertz of the clock that both run by.
  public static let peripheralClock: UInt32 = 24_000_000
  /// How many virtio-mmio transports have a place.
  public static let transportCount = 32

  /// The place of virtio-mmio transport `index`, which runs from 0 up to `transportCount`.
  public static func transport(_ index: Int) -> Window {
    let count: UInt64 = 0x200
    return Window(start: GuestPhysical(0x0A00_0000).wrapping(by: UInt64(index) * count), count: count)
  }

  // MARK: Memory

  /// The start of RAM, which is one range.
  public static let ram = GuestPhysical(0x4000_0000)
}

/// The shared peripheral interrupts of the `virt` board: SPI n is the GIC's interrupt 32 + n.
public enum VirtInterrupt {
  /// The PL011's.
  public static let uart: UInt32 = 1
  /// The PL031's.
  public static let clock: UInt32 = 2

  /// The interrupt of virtio-mmio transport `index`, which runs from 0 up to `VirtMemoryMap.transportCount`.
  public static func transport(_ index: Int) -> UInt32 { 16 + UInt32(index) }
}
