#if arch(x86_64)
  import CPUEngine
  import GuestMemory
  import KVMEngine

  extension KVMExamination {
    /// Adds what an x86-64 host does for a guest.
    ///
    /// - Parameters:
    ///   - host: the host's KVM.
    ///   - findings: where what was found goes, also where the rest could not be tried.
    /// - Throws: why no guest could be tried.
    static func examine(_ host: KVMHost, into findings: inout [Finding]) throws(EngineError) {
      findings.append(synchronizedRegisters(of: host))
      let traits = KVMX86Traits(of: host)
      let machine = try machine(on: host, traits)
      findings += Trials(machine: machine, kit: try X86GuestKit(machine.registerFile)).findings()
      // Only after the trials is it known which way an INT3 comes back.
      let failsAtBreakpoints = (machine.cpus[0] as? KVMX86CPU)?.hasFailedAtBreakpoint ?? false
      findings.append(virtualization(traits, failsAtBreakpoints))
      findings.append(reportedBreakpoints(machine.capabilities, failsAtBreakpoints))
    }

    private static func machine(on host: KVMHost, _ traits: KVMX86Traits) throws(EngineError) -> KVMX86Machine {
      let memory: GuestRAM
      do throws(GuestMemoryError) { memory = try GuestRAM(X86GuestKit.ram) } catch {
        throw EngineError(error.description)
      }
      return try KVMX86Machine(on: host, memory: memory, cpuCount: 1, traits: traits)
    }

    private static func synchronizedRegisters(of host: KVMHost) -> Finding {
      Finding(
        key: .synchronizedRegisters, outcome: host.synchronizesRegisters ? .works : .fails("KVM_CAP_SYNC_REGS is 0"),
        meaning: "hvgdb does not run: it needs Linux 4.17 or newer")
    }

    /// What the processor says of itself; KVM's emulator shows by its failure at INT3.
    private static func virtualization(_ traits: KVMX86Traits, _ failsAtBreakpoints: Bool) -> Finding {
      Finding(
        key: .hardwareVirtualization,
        outcome: traits.emulatesKernelMode ? .fails("KVM emulates ring 0, instruction by instruction") : .works,
        meaning: "kernels run slowly, and CPU features that KVM's emulator lacks are hidden from them",
        contradiction: failsAtBreakpoints && !traits.emulatesKernelMode
          ? "INT3 is an emulation failure, and hvgdb takes it that nothing is emulated" : nil)
    }

    private static func reportedBreakpoints(
      _ capabilities: EngineCapabilities, _ failsAtBreakpoints: Bool
    ) -> Finding {
      Finding(
        key: .reportedBreakpoints,
        outcome: failsAtBreakpoints ? .fails("KVM calls INT3 an emulation failure") : .works,
        meaning: "nothing is lost: hvgdb looks at the instruction and takes it for what it is",
        contradiction: failsAtBreakpoints == capabilities.reportsSoftwareBreakpoints
          ? "hvgdb takes it that breakpoints come back as \(failsAtBreakpoints ? "such" : "emulation failures")" : nil)
    }
  }
#endif
