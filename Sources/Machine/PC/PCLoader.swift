import Bits
public import CPUEngine
import GuestMemory
public import KernelImage
import Synchronization
public import X86

/// Puts a kernel into a `pc` board by the boot protocol that it wants.
public final class PCLoader: BootLoader {
  /// What is to be booted.
  public struct Options: Sendable {
    /// The kernel.
    public var kernel: KernelImage
    /// The initial RAM disk.
    public var initialRAMDisk: InitialRAMDisk?
    /// The kernel's command line at first.
    public var commandLine: [UInt8]
    /// The machine's RAM in bytes, a multiple of 4096.
    public var memorySize: UInt64
    /// Whether a bzImage unpacks itself in the guest.
    public var throughDecompressor: Bool

    /// Puts the options together.
    public init(
      kernel: KernelImage, initialRAMDisk: InitialRAMDisk? = nil, commandLine: [UInt8] = [], memorySize: UInt64,
      throughDecompressor: Bool = false
    ) {
      self.kernel = kernel
      self.initialRAMDisk = initialRAMDisk
      self.commandLine = commandLine
      self.memorySize = memorySize
      self.throughDecompressor = throughDecompressor
    }
  }

  private let options: Options
  private let registerFile: X86RegisterFile
  private let loaded = Mutex<LoadedKernel?>(nil)
  private let nextCommandLine: Mutex<[UInt8]>

  /// The kernel's command line; without one it is empty.
  public var commandLine: [UInt8]? {
    get { nextCommandLine.withLock { $0 } }
    set { nextCommandLine.withLock { $0 = newValue ?? [] } }
  }

  /// Makes a loader for CPUs with these registers.
  public init(_ options: Options, registerFile: X86RegisterFile) {
    self.options = options
    nextCommandLine = Mutex(options.commandLine)
    self.registerFile = registerFile
  }

  /// The kernel of the last boot.
  public var kernel: LoadedKernel? { loaded.withLock { $0 } }

  /// Checks that all fits, writes what the boot protocol wants and sets CPU 0 to the kernel's entry.
  ///
  /// The kernel and the initial RAM disk are left to the function that is returned.
  public func prepare(
    _ machine: any VirtualMachine
  ) throws(MachineError) -> (@Sendable () throws(MachineError) -> Void)? {
    let memory = machine.memory
    do {
      let load = try options.kernel.load(throughDecompressor: options.throughDecompressor)
      try load.check(fits: memory.regions.map { $0.start..<$0.start.wrapping(by: $0.count) })
      let disk = try options.initialRAMDisk.map { try place(of: $0, beside: load) }
      let state = try bootState(of: load, disk, cpuCount: machine.cpus.count)
      try load.check(clearOf: state.blobs.map(\.range) + (disk.map { [$0] } ?? []))
      for blob in state.blobs { blob.bytes.withUnsafeBytes { _ = memory.write(at: blob.address, from: $0) } }
      try machine.cpus[0].setValues(
        state.registers.compactMap { setting in registerFile.index(of: setting.register).map { ($0, setting.value) } })
      let kernel = loadedKernel(load)
      loaded.withLock { $0 = kernel }
      return load.work(into: memory, options.initialRAMDisk, at: disk)
    } catch let error as MachineError {
      throw error
    } catch {
      throw MachineError("\(error)")
    }
  }

  /// The kernel, for those who look for it; nil where it unpacks itself to what only it knows how to unpack.
  private func loadedKernel(_ load: KernelLoad) -> LoadedKernel? {
    guard options.throughDecompressor else {
      return LoadedKernel(image: options.kernel, place: .fixed(load.imageRange))
    }
    return (try? KernelDecompressor(of: options.kernel, loadedBy: load)).map {
      LoadedKernel(image: options.kernel, place: .chosen(by: $0))
    }
  }

  private func place(of disk: InitialRAMDisk, beside load: KernelLoad) throws(MachineError) -> Range<GuestPhysical> {
    let count = UInt64(disk.count)
    guard
      let start = PCMemoryLayout.initialRAMDisk(
        count: count, memorySize: options.memorySize, kernelEnd: load.physicalRange.upperBound,
        limit: load.setupHeader?.initrdLimit ?? 0x7FFF_FFFF)
    else {
      throw MachineError(
        "the initial RAM disk of \(count >> 10) KiB does not fit beside the kernel: give the guest more by --memory")
    }
    return start..<start.wrapping(by: count)
  }

  private func bootState(
    of load: KernelLoad, _ disk: Range<GuestPhysical>?, cpuCount: Int
  ) throws -> BootState {
    let tables = ACPITables(cpuCount: cpuCount)
    let request = BootRequest(
      commandLine: nextCommandLine.withLock { $0 }, initialRAMDisk: disk, memorySize: options.memorySize,
      rsdp: ACPITables.rsdp)
    var state =
      switch load.bootProtocol {
      case .linux64, .bare:
        try LinuxBootProtocol.state(for: request, entry: load.entry, setupHeader: load.setupHeader?.bytes)
      case .pvh: try PVHBootProtocol.state(for: request, entry: load.entry)
      case .linuxARM64: throw MachineError("an arm64 kernel cannot be booted on the pc board")
      }
    state.blobs += tables.blobs
    return state
  }
}
