import CPUEngine
import GuestMemory
import KVMEngine

/// Looks at this host's KVM and tries it.
enum KVMExamination {
  /// All that can be found out, in a few seconds at most.
  static func diagnosis(path: String = "/dev/kvm") -> Diagnosis {
    // KVM runs guests of the host's own architecture only.
    #if arch(x86_64)
      Diagnosis(architecture: "x86-64", findings: findings(path))
    #else
      Diagnosis(
        architecture: "arm64", findings: [Finding(key: .kvm, outcome: .notTried("hvgdb uses KVM on x86-64 hosts only"))]
      )
    #endif
  }
}

#if arch(x86_64)
  extension KVMExamination {
    private static func findings(_ path: String) -> [Finding] {
      let host: KVMHost
      do throws(EngineError) { host = try KVMHost(path: path) } catch {
        return [
          Finding(
            key: .kvm, outcome: .fails(error.description), meaning: "hvgdb cannot run x86-64 kernels on this host")
        ]
      }
      let traits = KVMX86Traits(of: host)
      var findings = limits(of: host)
      do throws(EngineError) {
        let machine = try machine(on: host, traits)
        let trials = Trials(machine: machine, kit: try X86GuestKit(machine.registerFile)).findings()
        // Only after the trials is it known which way an INT3 comes back.
        let failsAtBreakpoints = (machine.cpus[0] as? KVMX86CPU)?.hasFailedAtBreakpoint ?? false
        findings.append(virtualization(traits, failsAtBreakpoints))
        for finding in trials {
          findings.append(finding)
          if finding.key == .softwareBreakpoints {
            findings.append(reportedBreakpoints(machine.capabilities, failsAtBreakpoints))
          }
        }
      } catch {
        findings.append(Finding(key: .singleStep, outcome: .notTried(error.description)))
      }
      return findings
    }

    private static func machine(on host: KVMHost, _ traits: KVMX86Traits) throws(EngineError) -> KVMX86Machine {
      let memory: GuestRAM
      do throws(GuestMemoryError) { memory = try GuestRAM(X86GuestKit.ram) } catch {
        throw EngineError(error.description)
      }
      return try KVMX86Machine(on: host, memory: memory, cpuCount: 1, traits: traits)
    }

    private static func limits(of host: KVMHost) -> [Finding] {
      [
        Finding(key: .kvm, outcome: .works),
        Finding(key: .interfaceVersion, outcome: .amount(KVMHost.interfaceVersion, unit: "")),
        Finding(
          key: .synchronizedRegisters, outcome: host.synchronizesRegisters ? .works : .fails("KVM_CAP_SYNC_REGS is 0"),
          meaning: "hvgdb does not run: it needs Linux 4.17 or newer"),
        Finding(key: .maximumCPUs, outcome: .amount(UInt64(host.maximumCPUCount), unit: "")),
        Finding(key: .memorySlots, outcome: .amount(UInt64(host.memorySlotCount), unit: "")),
      ]
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
