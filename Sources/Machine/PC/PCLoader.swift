import Bits
public import CPUEngine
import GuestMemory
public import KernelImage
import Synchronization
public import X86

/// Puts a Linux kernel into a `pc` board by the boot protocol that it wants.
public final class PCLoader: BootLoader {
  /// What is to be booted.
  public struct Options: Sendable {
    /// The kernel.
    public var kernel: KernelImage
    /// The initial RAM disk.
    public var initialRAMDisk: KernelFile?
    /// The kernel's command line.
    public var commandLine: [UInt8]
    /// The machine's RAM in bytes, a multiple of 4096.
    public var memorySize: UInt64
    /// Whether a bzImage unpacks itself in the guest.
    public var throughDecompressor: Bool

    /// Puts the options together.
    public init(
      kernel: KernelImage, initialRAMDisk: KernelFile? = nil, commandLine: [UInt8] = [], memorySize: UInt64,
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

  /// Makes a loader for CPUs with these registers.
  public init(_ options: Options, registerFile: X86RegisterFile) {
    self.options = options
    self.registerFile = registerFile
  }

  public func prepare(
    _ machine: any VirtualMachine
  ) throws(MachineError) -> (@Sendable () throws(MachineError) -> Void)? {
    let memory = machine.memory
    do {
      let load = try options.kernel.load(throughDecompressor: options.throughDecompressor)
      try load.check(fits: memory.regions.map { $0.start..<$0.start.wrapping(by: $0.count) })
      let state = try bootState(of: load, cpuCount: machine.cpus.count)
      for blob in state.blobs { blob.bytes.withUnsafeBytes { _ = memory.write(at: blob.address, from: $0) } }
      try setRegisters(state.registers, of: machine.cpus[0])
      return { () throws(MachineError) in
        do throws(KernelImageError) {
          try load.copy { address, count in
            guard let bytes = memory.bytes(at: address), bytes.count >= count else { return nil }
            return bytes
          }
        } catch {
          throw MachineError(error.description)
        }
      }
    } catch let error as MachineError {
      throw error
    } catch {
      throw MachineError("\(error)")
    }
  }

  private func bootState(of load: KernelLoad, cpuCount: Int) throws -> BootState {
    let tables = ACPITables(cpuCount: cpuCount, at: PCMemoryLayout.acpi)
    var request = BootRequest(commandLine: options.commandLine, memorySize: options.memorySize, rsdp: tables.rsdp)
    var disk: BootState.Blob?
    if let file = options.initialRAMDisk {
      let bytes = try file.contents()
      guard
        let address = PCMemoryLayout.initialRAMDisk(
          count: UInt64(bytes.count), memorySize: options.memorySize, kernelEnd: load.physicalRange.upperBound,
          limit: load.setupHeader?.initrdLimit ?? 0x7FFF_FFFF)
      else {
        throw MachineError(
          "the initial RAM disk of \(bytes.count >> 10) KiB does not fit beside the kernel: give more by --memory")
      }
      request.initialRAMDisk = address..<address.wrapping(by: UInt64(bytes.count))
      disk = BootState.Blob(address, bytes)
    }
    var state: BootState
    switch load.bootProtocol {
    case .linux64, .bare:
      state = try LinuxBootProtocol.state(for: request, entry: load.entry, setupHeader: load.setupHeader?.bytes)
    }
    state.blobs += tables.blobs
    if let disk { state.blobs.append(disk) }
    return state
  }

  /// Sets registers in the order in which one may depend on another: segments and control registers go as one.
  private func setRegisters(_ settings: [BootState.Setting], of cpu: any VirtualCPU) throws(MachineError) {
    do throws(EngineError) {
      try cpu.setValues(
        settings.compactMap { setting in registerFile.index(of: setting.register).map { ($0, setting.value) } })
    } catch {
      throw MachineError("CPU 0 cannot be put at the kernel's entry: \(error)")
    }
  }
}
