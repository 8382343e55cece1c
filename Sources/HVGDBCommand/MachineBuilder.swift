import ARM64
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
import SoftEngine
import SystemPackage
import X86

/// Puts together the machine that the command line asks for.
struct MachineBuilder {
  let command: RunCommand
  let logger: Logger

  func machine() throws -> Machine {
    let image = try KernelImage(reading: KernelFile(path: command.kernel), asRawAt: rawPlacement)
    let engine = try engine(for: image.architecture)
    if engine == .kvm {
      for (option, isGiven) in [
        ("--trace-hash", command.traceHash), ("--instructions-per-second", command.instructionsPerSecond != nil),
      ] where isGiven {
        throw Failure(description: "\(option) is for the software CPU: use --accel soft")
      }
    }
    switch image.architecture {
    case .x86_64: return try pc(image)
    case .arm64: return try virt(image, engine)
    }
  }

  private var rawPlacement: KernelImage.RawPlacement? {
    if let address = command.loadAddress {
      return KernelImage.RawPlacement(
        architecture: command.accel == .soft ? .arm64 : GuestArchitecture.host ?? .arm64,
        address: GuestPhysical(address.value),
        entry: GuestPhysical(command.entry?.value ?? address.value))
    }
    return command.raw ? .arm64(entry: command.entry.map { GuestPhysical($0.value) }) : nil
  }

  /// The engine that runs a guest: KVM where it can, else the software CPU where that can.
  private func engine(for guest: GuestArchitecture) throws -> Engine {
    let isOwn = guest == GuestArchitecture.host
    switch command.accel {
    case .kvm:
      guard isOwn else {
        throw Failure(
          description: "KVM runs guests of the host's own architecture only, and this kernel is for \(guest)")
      }
      return .kvm
    case .soft:
      guard guest == .arm64 else {
        throw Failure(description: "the software CPU runs arm64 guests only, and this kernel is for \(guest)")
      }
      return .soft
    case .auto:
      if guest == .x86_64 {
        guard isOwn else {
          throw Failure(description: "KVM runs x86-64 kernels on x86-64 hosts only, and this kernel is for x86-64")
        }
        return .kvm
      }
      guard isOwn else { return .soft }
      do {
        try KVMHost().requireGIC()
        return .kvm
      } catch {
        logger.notice("the software CPU runs the guest, as KVM does not: \(error)")
        return .soft
      }
    }
  }

  private enum Engine { case kvm, soft }

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

  private func virt(_ image: KernelImage, _ engine: Engine) throws -> Machine {
    guard !command.throughDecompressor else {
      throw Failure(description: "--through-decompressor is for x86-64 guests, and this kernel is for arm64")
    }
    let ram = try GuestRAM([(start: VirtMemoryMap.ram, count: command.memory.bytes)])
    switch engine {
    case .kvm: return try virt(image, onKVM: ram)
    case .soft:
      var options = SoftMachine.Options(cpuCount: command.cpus, gic: .virt(cpuCount: command.cpus))
      if let rate = command.instructionsPerSecond { options.instructionsPerSecond = rate }
      options.tracesRun = command.traceHash
      let machine = try SoftMachine(memory: ram, options: options)
      return try virt(
        image, machine, machine.registerFile, machine.affinities, gic: .v3,
        hasPerformanceMonitors: SoftMachine.hasPerformanceMonitors)
    }
  }

  private func virt(_ image: KernelImage, onKVM ram: GuestRAM) throws -> Machine {
    #if arch(arm64)
      let engine = try KVMARM64Machine(
        on: try KVMHost(), memory: ram, cpuCount: command.cpus, gic: .virt(cpuCount: command.cpus))
      if !command.kaslr {
        do throws(EngineError) { try engine.hideRandomNumbers() } catch {
          logger.notice(
            "the guest has RNDR, by which newer kernels move themselves unless --append has nokaslr (\(error))")
        }
      }
      return try virt(image, engine, engine.registerFile, engine.affinities, gic: VirtTree.GIC(engine.gicVersion))
    #else
      throw Failure(description: "KVM runs arm64 guests on arm64 hosts only")
    #endif
  }

  /// Puts the board around an engine.
  private func virt(
    _ image: KernelImage, _ engine: any VirtualMachine, _ registerFile: ARM64RegisterFile, _ affinities: [UInt64],
    gic: VirtTree.GIC, hasPerformanceMonitors: Bool = false
  ) throws -> Machine {
    let mostCPUs = gic == .v3 ? VirtMemoryMap.redistributorCapacity : 8
    guard command.cpus <= mostCPUs else {
      throw Failure(description: "the virt board's interrupt controller serves \(mostCPUs) CPUs at most")
    }
    let logger = logger
    let console = Console()
    let turns = engine as? any TurnTakingMachine
    var announceTyping: (@Sendable ([UInt8]) -> Void)?
    if let turns { announceTyping = { turns.type($0) } }
    let board = try VirtBoard(
      console: console, strictMMIO: command.strictMmio, clock: turns?.makeClock(), announceTyping: announceTyping
    ) {
      logger.notice("\($0)")
    } driveLine: { line, isHigh in
      try? engine.setInterruptLine(line, asserted: isHigh)
    }
    turns?.connectConsole { [weak board] in board?.receive($0) }
    let size = command.memory.bytes
    let options = VirtLoader.Options(
      kernel: image, initialRAMDisk: try command.initrd.map { try InitialRAMDisk(path: $0) }, memorySize: size,
      deviceTree: try deviceTree(
        VirtTree(
          memorySize: size, cpus: affinities, gic: gic, hasPerformanceMonitors: hasPerformanceMonitors)),
      commandLine: command.append.isEmpty && command.dtb != nil ? nil : Array(command.append.utf8),
      kaslrSeed: command.kaslr ? (turns == nil ? UInt64.random(in: .min ... .max) : Self.fixedSeed) : nil)
    let loader = VirtLoader(options, registerFile: registerFile)
    let machine = try Machine(engine, board: board, console: console, loader: loader)
    if let path = command.dumpDtb, let tree = loader.placedTree { try write(tree.blob, to: path) }
    return machine
  }

  /// What a kernel moves itself by on the software CPU, where the same command is the same run.
  private static let fixedSeed: UInt64 = 0x9e37_79b9_7f4a_7c15

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
