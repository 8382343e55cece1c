public import ARM64
public import Bits
public import CPUEngine
public import DeviceTree
import GuestMemory
public import KernelImage
import Synchronization

/// Puts a Linux kernel into a `virt` board by the arm64 boot protocol (Documentation/arch/arm64/booting.rst).
public final class VirtLoader: BootLoader {
  /// What is to be booted.
  public struct Options: Sendable {
    /// The kernel.
    public var kernel: KernelImage
    /// The initial RAM disk.
    public var initialRAMDisk: InitialRAMDisk?
    /// The machine's RAM in bytes, a multiple of 4096.
    public var memorySize: UInt64
    /// The device tree, to which the boot settings are added.
    public var deviceTree: DeviceTree
    /// The kernel's command line at first; nil leaves the tree's own.
    public var commandLine: [UInt8]?
    /// What the kernel moves itself by; nil has it stay where its symbols say.
    public var kaslrSeed: UInt64?

    /// Puts the options together.
    public init(
      kernel: KernelImage, initialRAMDisk: InitialRAMDisk? = nil, memorySize: UInt64, deviceTree: DeviceTree,
      commandLine: [UInt8]? = nil, kaslrSeed: UInt64? = nil
    ) {
      self.kernel = kernel
      self.initialRAMDisk = initialRAMDisk
      self.memorySize = memorySize
      self.deviceTree = deviceTree
      self.commandLine = commandLine
      self.kaslrSeed = kaslrSeed
    }
  }

  /// The device tree in the guest's memory.
  public struct PlacedTree: Sendable {
    /// Its first byte.
    public let address: GuestPhysical
    /// Its bytes as the kernel gets them.
    public let blob: [UInt8]
  }

  private let options: Options
  private let registerFile: ARM64RegisterFile
  private let placed = Mutex<PlacedTree?>(nil)
  private let loaded = Mutex<LoadedKernel?>(nil)
  private let nextCommandLine: Mutex<[UInt8]?>

  /// The kernel's command line; nil leaves the tree's own.
  public var commandLine: [UInt8]? {
    get { nextCommandLine.withLock { $0 } }
    set { nextCommandLine.withLock { $0 = newValue } }
  }

  /// Makes a loader for CPUs with these registers.
  public init(_ options: Options, registerFile: ARM64RegisterFile) {
    self.options = options
    nextCommandLine = Mutex(options.commandLine)
    self.registerFile = registerFile
  }

  /// The tree of the last boot; nil before the first.
  public var placedTree: PlacedTree? { placed.withLock { $0 } }

  /// Where the tree is.
  public var deviceTreeAddress: GuestPhysical? { placedTree?.address }

  /// The kernel of the last boot.
  public var kernel: LoadedKernel? { loaded.withLock { $0 } }

  /// Checks that all fits, writes the device tree and sets CPU 0 to the kernel's entry.
  ///
  /// The kernel and the initial RAM disk are left to the function that is returned.
  public func prepare(
    _ machine: any VirtualMachine
  ) throws(MachineError) -> (@Sendable () throws(MachineError) -> Void)? {
    let memory = machine.memory
    do {
      let load = try options.kernel.load(ramStart: VirtMemoryMap.ram)
      let ram = VirtMemoryMap.ram..<VirtMemoryMap.ram.wrapping(by: options.memorySize)
      try load.check(fits: [ram])
      let placement = try ARM64Placement(
        in: ram, kernel: load.physicalRange, isRaw: options.kernel.kind == .raw, deviceTreeCount: try blob().count,
        initialRAMDiskCount: options.initialRAMDisk?.count)
      let tree = PlacedTree(
        address: placement.deviceTree.lowerBound, blob: try blob(initialRAMDisk: placement.initialRAMDisk))
      tree.blob.withUnsafeBytes { _ = memory.write(at: tree.address, from: $0) }
      placed.withLock { $0 = tree }
      let settings = ARM64BootProtocol.registers(entry: load.entry, deviceTree: tree.address)
      try machine.cpus[0].setValues(
        settings.compactMap { setting in registerFile.index(of: setting.register).map { ($0, setting.value) } })
      let kernel = LoadedKernel(image: options.kernel, place: .fixed(load.imageRange))
      loaded.withLock { $0 = kernel }
      return load.work(into: memory, options.initialRAMDisk, at: placement.initialRAMDisk)
    } catch let error as MachineError {
      throw error
    } catch {
      throw MachineError("\(error)")
    }
  }

  /// The tree's bytes; their number does not depend on where the initial RAM disk is.
  private func blob(initialRAMDisk: Range<GuestPhysical>? = nil) throws(DeviceTreeError) -> [UInt8] {
    var tree = options.deviceTree
    var disk = initialRAMDisk.map { $0.lowerBound.rawValue..<$0.upperBound.rawValue }
    if options.initialRAMDisk != nil { disk = disk ?? 0..<0 }
    tree.apply(
      DeviceTree.BootSettings(
        commandLine: commandLine, initialRAMDisk: disk, kaslrSeed: options.kaslrSeed))
    return try tree.blob()
  }
}
