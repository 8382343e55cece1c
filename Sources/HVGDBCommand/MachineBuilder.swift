import Architecture
import Bits
import CPUEngine
import Devices
import GuestMemory
import KVMEngine
import KernelImage
import Machine
import X86

/// Puts together the machine that the command line asks for.
struct MachineBuilder {
  let command: RunCommand

  func machine() throws -> Machine {
    let image = try KernelImage(reading: KernelFile(path: command.kernel), asRawAt: rawPlacement)
    try checkEngine(for: image.architecture)
    switch image.architecture {
    case .x86_64: return try pc(image)
    case .arm64: throw Failure(description: "arm64 kernels cannot be run yet: only x86-64 ones on KVM")
    }
  }

  private var rawPlacement: KernelImage.RawPlacement? {
    command.loadAddress.map { address in
      KernelImage.RawPlacement(
        architecture: GuestArchitecture.host ?? .x86_64, address: GuestPhysical(address.value),
        entry: GuestPhysical(command.entry?.value ?? address.value))
    }
  }

  private func checkEngine(for guest: GuestArchitecture) throws {
    if command.accel == .soft { throw Failure(description: "the software CPU is not there yet: use --accel kvm") }
    guard guest == GuestArchitecture.host else {
      throw Failure(
        description: "KVM runs guests of the host's own architecture only, and this kernel is for \(guest)")
    }
  }

  private func pc(_ image: KernelImage) throws -> Machine {
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
}
