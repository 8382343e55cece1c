// An x86-64 host's KVM runs x86-64 guests only.
#if arch(x86_64)
  import Architecture
  import CPUEngine
  import GuestMemory
  import KVMEngine
  import X86

  @testable import HVGDBCommand

  /// The KVM of an x86-64 host.
  struct KVMX86Fixture: EngineFixture {
    let architecture = GuestArchitecture.x86_64
    let capabilities: EngineCapabilities
    let describesEveryAccess = true
    private let host: KVMHost
    private let traits: KVMX86Traits

    let countingRegisters: Set<String> = ["tsc", "tsc_deadline"]
    let optionalRegisters: Set<String> = Set(MSR.allCases.map(\.name)).union(["xcr0"])
    let patience = 20.0
    var testDescription: String { "KVM, x86-64" }

    /// Opens the host's KVM; nil where it cannot make a machine.
    init?() {
      guard let host = try? KVMHost(), let memory = try? GuestRAM(X86GuestKit.ram) else { return nil }
      let traits = KVMX86Traits(of: host)
      guard let machine = try? KVMX86Machine(on: host, memory: memory, cpuCount: 1, traits: traits) else { return nil }
      self.host = host
      self.traits = traits
      capabilities = machine.capabilities
    }

    func machine(cpuCount: Int) throws -> any VirtualMachine { try x86Machine(cpuCount: cpuCount) }

    func kit(for machine: any VirtualMachine) throws -> any GuestKit {
      guard let machine = machine as? KVMX86Machine else { throw EngineError("not a machine of this engine") }
      return try X86GuestKit(machine.registerFile)
    }

    /// A machine by its own type, for the tests that only x86-64 has.
    func x86Machine(cpuCount: Int = 1) throws -> KVMX86Machine {
      try KVMX86Machine(on: host, memory: GuestRAM(X86GuestKit.ram), cpuCount: cpuCount, traits: traits)
    }
  }
#endif
