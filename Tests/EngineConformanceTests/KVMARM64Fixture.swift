// An arm64 host's KVM runs arm64 guests only.
#if arch(arm64)
  import ARM64
  import Architecture
  import CPUEngine
  import GuestMemory
  import KVMEngine
  import Machine

  @testable import HVGDBCommand

  /// The KVM of an arm64 host.
  struct KVMARM64Fixture: EngineFixture {
    let architecture = GuestArchitecture.arm64
    let capabilities: EngineCapabilities
    /// The syndrome of a data abort has no place for a second register (Arm ARM, section D17.2.37, ISV).
    let describesEveryAccess = false
    private let host: KVMHost

    /// The counters of the generic timer, as far as KVM shows them.
    let countingRegisters: Set<String> = ["cntvct_el0", "cntpct_el0"]
    let optionalRegisters: Set<String> = []
    /// The host may be an emulated machine.
    let patience = 180.0
    var testDescription: String { "KVM, arm64" }

    /// Opens the host's KVM; nil where it cannot make a machine.
    init?() {
      guard let host = try? KVMHost(), let machine = try? Self.machine(on: host, cpuCount: 1) else { return nil }
      self.host = host
      capabilities = machine.capabilities
    }

    func machine(cpuCount: Int) throws -> any VirtualMachine { try Self.machine(on: host, cpuCount: cpuCount) }

    func kit(for machine: any VirtualMachine) throws -> any GuestKit {
      guard let machine = machine as? KVMARM64Machine else { throw EngineError("not a machine of this engine") }
      return try ARM64GuestKit(machine.registerFile, VirtTree.GIC(machine.gicVersion))
    }

    static func machine(on host: KVMHost, cpuCount: Int) throws -> KVMARM64Machine {
      try KVMARM64Machine(
        on: host, memory: GuestRAM(ARM64GuestKit.ram), cpuCount: cpuCount, gic: .virt(cpuCount: cpuCount))
    }
  }
#endif
