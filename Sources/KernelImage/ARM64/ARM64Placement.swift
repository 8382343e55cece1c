public import Bits

/// Where an arm64 kernel's initial RAM disk and device tree go beside it (Documentation/arch/arm64/booting.rst).
///
/// The tree goes behind the kernel, which is where kernels before Linux 4.2 look for it, and the RAM disk behind the
/// tree; where there is no room, they go in front of the kernel. Code that is no Linux has the tree at the start of RAM:
/// firmware for boards like this one takes it from there (U-Boot, doc/board/emulation/qemu-arm.rst).
public struct ARM64Placement: Sendable, Equatable {
  /// The most that Linux maps of a device tree.
  public static let deviceTreeLimit = 2 << 20

  /// The tree's bytes, aligned so that they lie in one block of 2 MiB.
  public let deviceTree: Range<GuestPhysical>
  /// The RAM disk's bytes, from the start of a page of any size on; nil where there is none.
  public let initialRAMDisk: Range<GuestPhysical>?

  /// Linux maps the kernel in blocks of 2 MiB, and the tree as one of them.
  private static let blockSize: UInt64 = 2 << 20
  private static let largestPageSize: UInt64 = 64 << 10

  /// The first address in RAM that an Image's `text_offset` counts from.
  static func kernelBase(ramStart: GuestPhysical) -> GuestPhysical { ramStart.alignedUp(to: blockSize) }

  /// Finds room for all.
  ///
  /// - Parameters:
  ///   - ram: the guest's RAM.
  ///   - kernel: the memory that the kernel takes, as its `KernelLoad` says.
  ///   - isRaw: whether the kernel is raw code, which has the tree at the start of RAM where there is room in front of it.
  ///   - deviceTreeCount: the length of the device tree's blob in bytes.
  ///   - initialRAMDiskCount: the length of the RAM disk in bytes; nil for none.
  /// - Throws: `KernelImageError` that says what does not fit, with the figures.
  public init(
    in ram: Range<GuestPhysical>, kernel: Range<GuestPhysical>, isRaw: Bool = false, deviceTreeCount: Int,
    initialRAMDiskCount: Int? = nil
  ) throws(KernelImageError) {
    guard ram.lowerBound <= kernel.lowerBound, kernel.upperBound <= ram.upperBound else {
      throw KernelImageError(
        "the kernel takes \(Self.describe(kernel)) where the guest's RAM is \(Self.describe(ram)):"
          + " give the guest more by --memory")
    }
    guard deviceTreeCount <= Self.deviceTreeLimit else {
      throw KernelImageError(
        "the device tree has \(deviceTreeCount) bytes, more than the \(Self.deviceTreeLimit) that Linux maps")
    }
    guard
      let tree = Self.room(
        for: deviceTreeCount, alignedTo: Self.blockSize, in: ram, beside: [kernel], startsWithRAM: isRaw)
    else { throw Self.noRoom(for: "device tree", deviceTreeCount, in: ram, kernel) }
    deviceTree = tree
    initialRAMDisk = try initialRAMDiskCount.map { count throws(KernelImageError) in
      guard let disk = Self.room(for: count, alignedTo: Self.largestPageSize, in: ram, beside: [kernel, tree])
      else { throw Self.noRoom(for: "initial RAM disk", count, in: ram, kernel) }
      try Self.checkWindow(of: disk, kernel)
      return disk
    }
  }

  /// A place right behind something that is taken, the highest first, or else at the start of RAM; or that one first.
  private static func room(
    for count: Int, alignedTo alignment: UInt64, in ram: Range<GuestPhysical>, beside taken: [Range<GuestPhysical>],
    startsWithRAM: Bool = false
  ) -> Range<GuestPhysical>? {
    let places = taken.map(\.upperBound).sorted(by: >)
    for address in startsWithRAM ? [ram.lowerBound] + places : places + [ram.lowerBound] {
      let start = address.alignedUp(to: alignment)
      // Rounding up wraps to 0 at the end of the address space.
      guard start >= address, let end = start.advanced(by: UInt64(count)), end <= ram.upperBound,
        !taken.contains(where: { $0.overlaps(start..<end) })
      else { continue }
      return start..<end
    }
    return nil
  }

  /// Kernel and RAM disk have to lie in one window of 32 GiB that starts at a multiple of 1 GiB.
  private static func checkWindow(
    of disk: Range<GuestPhysical>, _ kernel: Range<GuestPhysical>
  ) throws(KernelImageError) {
    let start = min(disk.lowerBound, kernel.lowerBound).alignedDown(to: 1 << 30)
    let end = max(disk.upperBound, kernel.upperBound)
    guard end.rawValue - start.rawValue <= 32 << 30 else {
      throw KernelImageError(
        "the initial RAM disk would take \(describe(disk)) and the kernel \(describe(kernel)), which is more than the"
          + " 32 GiB that Linux maps of both")
    }
  }

  private static func noRoom(
    for what: String, _ count: Int, in ram: Range<GuestPhysical>, _ kernel: Range<GuestPhysical>
  ) -> KernelImageError {
    KernelImageError(
      "the \(what) of \(kibibytes(UInt64(count))) does not fit the guest's RAM, which is \(describe(ram)),"
        + " beside the kernel, which takes \(describe(kernel)): give the guest more by --memory")
  }

  private static func describe(_ range: Range<GuestPhysical>) -> String {
    "\(kibibytes(range.upperBound.rawValue - range.lowerBound.rawValue)) from \(range.lowerBound)"
  }

  private static func kibibytes(_ count: UInt64) -> String { "\(count >> 10 + (count[bits: 0...9] > 0 ? 1 : 0)) KiB" }
}

extension GuestPhysical {
  /// The address rounded up to a multiple of `alignment`, a power of two; 0 where the address space ends before that.
  fileprivate func alignedUp(to alignment: UInt64) -> GuestPhysical {
    wrapping(by: alignment &- 1).alignedDown(to: alignment)
  }
}
