// KVM's structures and half of its requests differ by the host's architecture, and its guest is the host's.
#if arch(arm64)
  public import ARM64
  public import Architecture
  public import Bits
  public import CPUEngine
  import CKVM
  public import GuestMemory
  import SystemPackage

  /// A virtual machine of an arm64 host's KVM, with the interrupt controller and the timers in the kernel.
  public final class KVMARM64Machine: VirtualMachine {
    /// arm64.
    public let architecture = GuestArchitecture.arm64
    /// What this host's KVM does for a debugger.
    public let capabilities: EngineCapabilities
    /// The guest's RAM, which KVM maps in place.
    public let memory: GuestRAM
    /// The CPUs; number 0 boots and turns the others on by PSCI.
    public let cpus: [any VirtualCPU]
    /// The registers that this host's CPUs have.
    public var registers: RegisterTable { registerFile.table }

    /// The registers that the guest's CPUs have.
    public let registerFile: ARM64RegisterFile
    /// The interrupt controller's version.
    public let gicVersion: GICVersion
    /// The affinity of each CPU, by which the device tree and PSCI name it.
    public let affinities: [UInt64]

    private let descriptor: Descriptor
    private let armCPUs: [KVMARM64CPU]
    private let gic: GICDevice
    private let powerOn: GICState

    /// Makes the machine with its memory and CPUs.
    ///
    /// - Parameters:
    ///   - host: the host's KVM.
    ///   - memory: the guest's RAM.
    ///   - cpuCount: how many CPUs, 1 up to what the host allows.
    ///   - placement: where the board has its interrupt controller.
    /// - Throws: one sentence that names what the host refused.
    public init(
      on host: KVMHost, memory: GuestRAM, cpuCount: Int, gic placement: GICPlacement
    ) throws(EngineError) {
      let maximum = host.maximumCPUCount
      guard (1...maximum).contains(cpuCount) else {
        throw EngineError("this host's KVM makes machines of 1 to \(maximum) CPUs, not of \(cpuCount)")
      }
      self.memory = memory
      let type = try Self.type(for: memory, on: host)
      let machine = Descriptor(
        owning: try named("KVM_CREATE_VM") { () throws(Errno) in try host.descriptor.control(kKVM_CREATE_VM, type) })
      try Self.setUp(machine, memory)

      let counts = DebugRegisterCounts(
        breakpoints: host.check(KVM_CAP_GUEST_DEBUG_HW_BPS), watchpoints: host.check(KVM_CAP_GUEST_DEBUG_HW_WPS))
      let features = ARM64CPUFeatures(of: host)
      var cpus: [KVMARM64CPU] = []
      for index in 0..<cpuCount {
        cpus.append(
          try KVMARM64CPU(
            index: index, of: machine, runPageCount: host.runPageCount, features: features, debugRegisters: counts,
            registerFile: cpus.first?.registerFile, memory: memory))
      }
      let gic = try GICDevice(in: machine)
      try gic.initialize(at: placement)
      affinities = try cpus.map { cpu throws(EngineError) in
        MPIDR(rawValue: try cpu.systemRegister(.mpidrEL1)).affinity
      }
      powerOn = try GICState(of: gic, affinities: affinities)
      gicVersion = gic.version
      self.gic = gic
      registerFile = cpus[0].registerFile
      capabilities = EngineCapabilities(
        debugRegisters: .separate(breakpoints: counts.breakpoints, watchpoints: counts.watchpoints),
        blocksInterruptsWhileStepping: true, watchpointsFire: counts.watchpoints > 0,
        reportsSoftwareBreakpoints: true)
      descriptor = machine
      armCPUs = cpus
      self.cpus = cpus
    }

    /// Drives a shared peripheral interrupt's line (KVM_IRQ_LINE); `line` counts from the first of them.
    public func setInterruptLine(_ line: UInt32, asserted: Bool) throws(EngineError) {
      var level = kvm_irq_level()
      level.irq =
        UInt32(KVM_ARM_IRQ_TYPE_SPI) << UInt32(KVM_ARM_IRQ_TYPE_SHIFT) | (GICDevice.firstSharedInterrupt &+ line)
      level.level = asserted ? 1 : 0
      do throws(Errno) { try descriptor.control(kKVM_IRQ_LINE, &level) } catch {
        throw EngineError("KVM_IRQ_LINE", error)
      }
    }

    /// Puts CPUs, their timers and the interrupt controller back to the state after power-on.
    public func reset() throws(EngineError) {
      for cpu in armCPUs { try cpu.reset() }
      try powerOn.restore(to: gic)
    }

    /// Cleans the data caches and invalidates instructions; KVM does so by itself only as it maps a page.
    public func synchronizeMemory(at address: GuestPhysical, count: Int) {
      var done = 0
      while done < count, let next = address.advanced(by: UInt64(done)), let bytes = memory.bytes(at: next) {
        let piece = min(bytes.count, count - done)
        ckvm_synchronize_memory(bytes.baseAddress, UInt(piece))
        done += piece
      }
    }

    /// Takes RNDR away (ID_AA64ISAR0_EL1.RNDR): by it Linux would move itself without being given a seed.
    ///
    /// - Throws: where the host's KVM has fixed ID registers, as before Linux 6.7.
    public func hideRandomNumbers() throws(EngineError) {
      for cpu in armCPUs {
        var features = try cpu.systemRegister(.idAA64ISAR0EL1)
        guard features[bits: 60...63] != 0 else { continue }
        features[bits: 60...63] = 0
        try cpu.setSystemRegister(.idAA64ISAR0EL1, features)
      }
    }

    /// How many registers KVM lists for a CPU (KVM_GET_REG_LIST), those that no register table has among them.
    public var listedRegisterCount: Int {
      get throws(EngineError) {
        try named("KVM_GET_REG_LIST") { () throws(Errno) in try armCPUs[0].descriptor.registerNames().count }
      }
    }

    /// KVM_CREATE_VM's argument: the width of guest-physical addresses, where 0 stands for 40 bits.
    private static func type(for memory: GuestRAM, on host: KVMHost) throws(EngineError) -> UInt {
      let last = memory.regions.map { $0.start.wrapping(by: $0.count &- 1).rawValue }.max() ?? 0
      let needed = max(32, UInt64.bitWidth - last.leadingZeroBitCount)
      let maximum = host.check(KVM_CAP_ARM_VM_IPA_SIZE)
      guard maximum > 0 else {
        guard needed <= 40 else { throw EngineError("this host's KVM gives guests 1 TiB of addresses at most") }
        return 0
      }
      guard needed <= maximum else {
        throw EngineError("this host's KVM gives guests addresses of \(maximum) bits, and the memory needs \(needed)")
      }
      return UInt(min(maximum, max(40, needed)))
    }

    private static func setUp(_ machine: borrowing Descriptor, _ memory: GuestRAM) throws(EngineError) {
      do throws(Errno) {
        try machine.map(memory)
        // An access that the hardware does not describe then comes back as an exit of its own, and not as an error.
        var capability = kvm_enable_cap()
        capability.cap = UInt32(KVM_CAP_ARM_NISV_TO_USER)
        try machine.control(kKVM_ENABLE_CAP, &capability)
      } catch {
        throw EngineError("to set up the virtual machine", error)
      }
    }
  }
#endif
