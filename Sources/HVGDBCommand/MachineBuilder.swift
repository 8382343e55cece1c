import Architecture
import Bits
import CPUEngine
import DeviceTree
import Devices
import GuestMemory
import KVMEngine
import KernelImage
import Logging
import Machine
import SystemPackage
import X86

/// Puts together the machine that the command line asks for.
struct MachineBuilder {
  let command: RunCommand
  let logger: Logger

  func machine() throws -> Machine {
    let image = try KernelImage(reading: KernelFile(path: command.kernel), asRawAt: rawPlacement)
    try checkEngine(for: image.architecture)
    switch image.architecture {
    case .x86_64: return try pc(image)
    case .arm64: return try virt(image)
    }
  }

  private var rawPlacement: KernelImage.RawPlacement? {
    if let address = command.loadAddress {
      return KernelImage.RawPlacement(
        architecture: GuestArchitecture.host ?? .x86_64, address: GuestPhysical(address.value),
        entry: GuestPhysical(command.entry?.value ?? address.value))
    }
    return command.raw ? .arm64(entry: command.entry.map { GuestPhysical($0.value) }) : nil
  }

  private func checkEngine(for guest: GuestArchitecture) throws {
    if command.accel == .soft { throw Failure(description: "the software CPU is not there yet: use --accel kvm") }
    guard guest == GuestArchitecture.host else {
      throw Failure(
        description: "KVM runs guests of the host's own architecture only, and this kernel is for \(guest)")
    }
  }

  private func pc(_ image: KernelImage) throws -> Machine {
    for (option, isGiven) in [
      ("--dtb", command.dtb != nil), ("--dump-dtb", command.dumpDtb != nil), ("--kaslr", command.kaslr),
      ("--strict-mmio", command.strictMmio),
    ] where isGiven {
      throw Failure(description: "\(option) is for arm64 guests, and this kernel is for x86-64")
    }
    #if arch(x86_64)
      let host = try KVMHost()
      guard host.synchronizesRegisters else {
        throw Failure(
          description: "the host's KVM does not hand over registers with each exit (KVM_CAP_SYNC_REGS): it takes Linux "
            + "4.17 or newer")
      }
      let size = command.memory.bytes
      let ram = try GuestRAM(PCMemoryLayout.ram(memorySize: size))
      let engine = try KVMX86Machine(on: host, memory: ram, cpuCount: command.cpus, traits: KVMX86Traits(of: host))
      let console = Console()
      let low = min(size, PCMemoryLayout.lowEnd.rawValue)
      let board = try PCBoard(
        memorySize: PCBoard.MemorySize(below4GiB: low, above4GiB: size - low), console: console
      ) { line, isHigh in try? engine.setInterruptLine(line, asserted: isHigh) }
      let options = PCLoader.Options(
        kernel: image, initialRAMDisk: try command.initrd.map { try InitialRAMDisk(path: $0) },
        commandLine: Array(command.append.utf8), memorySize: size, throughDecompressor: command.throughDecompressor)
      return try Machine(
        engine, board: board, console: console,
        loader: PCLoader(options, registerFile: engine.registerFile), cpuid: engine.cpuid)
    #else
      throw Failure(description: "KVM runs x86-64 guests on x86-64 hosts only")
    #endif
  }

  private func virt(_ image: KernelImage) throws -> Machine {
    guard !command.throughDecompressor else {
      throw Failure(description: "--through-decompressor is for x86-64 guests, and this kernel is for arm64")
    }
    #if arch(arm64)
      let size = command.memory.bytes
      let ram = try GuestRAM([(start: VirtMemoryMap.ram, count: size)])
      let engine = try KVMARM64Machine(
        on: try KVMHost(), memory: ram, cpuCount: command.cpus, gic: .virt(cpuCount: command.cpus))
      let gic = VirtTree.GIC(engine.gicVersion)
      let mostCPUs = gic == .v3 ? VirtMemoryMap.redistributorCapacity : 8
      guard command.cpus <= mostCPUs else {
        throw Failure(description: "the virt board's interrupt controller serves \(mostCPUs) CPUs at most")
      }
      let logger = logger
      if !command.kaslr {
        do throws(EngineError) { try engine.hideRandomNumbers() } catch {
          logger.notice(
            "the guest has RNDR, by which newer kernels move themselves unless --append has nokaslr (\(error))")
        }
      }
      let console = Console()
      let board = try VirtBoard(console: console, strictMMIO: command.strictMmio) {
        logger.notice("\($0)")
      } driveLine: { line, isHigh in
        try? engine.setInterruptLine(line, asserted: isHigh)
      }
      let options = VirtLoader.Options(
        kernel: image, initialRAMDisk: try command.initrd.map { try InitialRAMDisk(path: $0) }, memorySize: size,
        deviceTree: try deviceTree(VirtTree(memorySize: size, cpus: engine.affinities, gic: gic)),
        commandLine: command.append.isEmpty && command.dtb != nil ? nil : Array(command.append.utf8),
        kaslrSeed: command.kaslr ? UInt64.random(in: .min ... .max) : nil)
      let loader = VirtLoader(options, registerFile: engine.registerFile)
      let machine = try Machine(engine, board: board, console: console, loader: loader)
      if let path = command.dumpDtb, let tree = loader.placedTree { try write(tree.blob, to: path) }
      return machine
    #else
      throw Failure(description: "KVM runs arm64 guests on arm64 hosts only")
    #endif
  }

  /// The tree that the command line names, with the machine's own memory, or else the board's.
  private func deviceTree(_ board: VirtTree) throws -> DeviceTree {
    guard let path = command.dtb else { return board.tree }
    let bytes = try KernelFile(path: path, role: "device tree").contents()
    do throws(DeviceTreeError) {
      var tree = try DeviceTree(blob: bytes)
      try tree.setMemory([
        VirtMemoryMap.ram.rawValue..<VirtMemoryMap.ram.wrapping(by: board.memorySize).rawValue
      ])
      return tree
    } catch {
      throw Failure(description: "the device tree `\(path)`: \(error)")
    }
  }

  private func write(_ blob: [UInt8], to path: String) throws {
    do {
      let file = try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.create, .truncate],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
      try file.closeAfter { _ = try file.writeAll(blob) }
    } catch {
      throw Failure(description: "the device tree cannot be written to `\(path)`: \(error)")
    }
  }
}
