// KVM's structures and half of its requests differ by the host's architecture, and its guest is the host's.
#if arch(x86_64)
  public import Architecture
  import Bits
  public import CPUEngine
  import CKVM
  public import GuestMemory
  import Synchronization
  import SystemPackage
  public import X86

  /// A virtual machine of an x86-64 host's KVM, with the interrupt controllers and the PIT in the kernel.
  public final class KVMX86Machine: VirtualMachine {
    /// x86-64.
    public let architecture = GuestArchitecture.x86_64
    /// What this host's KVM does for a debugger.
    public let capabilities: EngineCapabilities
    /// The guest's RAM, which KVM maps in place.
    public let memory: GuestRAM
    /// The CPUs by APIC id.
    public let cpus: [any VirtualCPU]
    /// The registers that this host's CPUs have.
    public var registers: RegisterTable { registerFile.table }

    /// The registers that the guest's CPUs have.
    public let registerFile: X86RegisterFile

    /// The CPUID leaves of each CPU.
    public let cpuid: [CPUIDTable]

    private let descriptor: Descriptor
    private let x86CPUs: [KVMX86CPU]
    private let powerOn: ChipState

    /// Makes the machine with its memory and CPUs.
    ///
    /// - Parameters:
    ///   - host: the host's KVM.
    ///   - memory: the guest's RAM.
    ///   - cpuCount: how many CPUs, 1 up to what the host allows.
    ///   - traits: what this host's KVM was found to do.
    /// - Throws: one sentence that names what the host refused.
    public init(
      on host: KVMHost, memory: GuestRAM, cpuCount: Int, traits: KVMX86Traits
    ) throws(EngineError) {
      let maximum = max(1, host.check(KVM_CAP_MAX_VCPUS))
      guard (1...maximum).contains(cpuCount) else {
        throw EngineError("this host's KVM makes machines of 1 to \(maximum) CPUs, not of \(cpuCount)")
      }
      self.memory = memory
      let machine = Descriptor(
        owning: try named("KVM_CREATE_VM") { () throws(Errno) in try host.descriptor.control(kKVM_CREATE_VM) })
      try Self.setUp(machine, memory)

      let filter = CPUIDFilter(
        cpuCount: cpuCount, emulatesKernelMode: traits.emulatesKernelMode,
        hasTSCDeadlineTimer: host.check(KVM_CAP_TSC_DEADLINE_TIMER) != 0)
      let supported = try SupportedCPUID.entries(of: host.descriptor)
      cpuid = (0..<cpuCount).map { filter.table(from: supported, cpu: $0) }
      registerFile = X86RegisterFile(hasAVX: cpuid[0].hasAVX)
      capabilities = EngineCapabilities(
        debugRegisters: .shared(count: 4),
        blocksInterruptsWhileStepping: traits.blocksInterruptsWhileStepping,
        watchpointsFire: traits.watchpointsFire,
        reportsSoftwareBreakpoints: !traits.emulatesKernelMode)
      let msrs = try MSRBuffer.supported(by: host)
      var cpus: [KVMX86CPU] = []
      for index in 0..<cpuCount {
        cpus.append(
          try KVMX86CPU(
            index: index, of: machine, runPageCount: host.runPageCount, registerFile: registerFile,
            cpuid: cpuid[index].entries, msrs: msrs, memory: memory, emulatesKernelMode: traits.emulatesKernelMode))
      }
      powerOn = try ChipState(of: machine)
      descriptor = machine
      x86CPUs = cpus
      self.cpus = cpus
    }

    /// Drives an input of KVM's interrupt controllers (KVM_IRQ_LINE).
    public func setInterruptLine(_ line: UInt32, asserted: Bool) throws(EngineError) {
      var level = kvm_irq_level()
      level.irq = line
      level.level = asserted ? 1 : 0
      do throws(Errno) { try descriptor.control(kKVM_IRQ_LINE, &level) } catch {
        throw EngineError("KVM_IRQ_LINE", error)
      }
    }

    /// Puts CPUs, interrupt controllers and the PIT back to the state after power-on.
    public func reset() throws(EngineError) {
      try powerOn.restore(to: descriptor)
      for cpu in x86CPUs { try cpu.reset() }
    }

    private static func setUp(_ machine: borrowing Descriptor, _ memory: GuestRAM) throws(EngineError) {
      do throws(Errno) {
        // Three pages for real mode and one for its page table on Intel hosts without "unrestricted guest"; below the
        // flash area and away from all RAM and devices.
        try machine.control(kKVM_SET_TSS_ADDR, 0xFFFB_D000)
        var identityMap: UInt64 = 0xFFFB_C000
        try machine.control(kKVM_SET_IDENTITY_MAP_ADDR, &identityMap)
        try machine.control(kKVM_CREATE_IRQCHIP)
        var pit = kvm_pit_config()
        pit.flags = UInt32(KVM_PIT_SPEAKER_DUMMY)
        try machine.control(kKVM_CREATE_PIT2, &pit)
        try machine.map(memory)
      } catch {
        throw EngineError("to set up the virtual machine", error)
      }
    }
  }

  /// The state of the in-kernel chips that no CPU owns: both PICs, the IOAPIC and the PIT.
  struct ChipState {
    private var masterPIC = kvm_irqchip()
    private var slavePIC = kvm_irqchip()
    private var ioapic = kvm_irqchip()
    private var pit = kvm_pit_state2()

    /// Copies it out.
    init(of machine: borrowing Descriptor) throws(EngineError) {
      masterPIC.chip_id = UInt32(KVM_IRQCHIP_PIC_MASTER)
      slavePIC.chip_id = UInt32(KVM_IRQCHIP_PIC_SLAVE)
      ioapic.chip_id = UInt32(KVM_IRQCHIP_IOAPIC)
      do throws(Errno) {
        try machine.control(kKVM_GET_IRQCHIP, &masterPIC)
        try machine.control(kKVM_GET_IRQCHIP, &slavePIC)
        try machine.control(kKVM_GET_IRQCHIP, &ioapic)
        try machine.control(kKVM_GET_PIT2, &pit)
      } catch {
        throw EngineError("to tell its interrupt controllers' state", error)
      }
    }

    /// Puts it back.
    func restore(to machine: borrowing Descriptor) throws(EngineError) {
      var copy = self
      do throws(Errno) {
        try machine.control(kKVM_SET_IRQCHIP, &copy.masterPIC)
        try machine.control(kKVM_SET_IRQCHIP, &copy.slavePIC)
        try machine.control(kKVM_SET_IRQCHIP, &copy.ioapic)
        try machine.control(kKVM_SET_PIT2, &copy.pit)
      } catch {
        throw EngineError("to set its interrupt controllers' state", error)
      }
    }
  }
#endif
