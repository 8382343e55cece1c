#if arch(arm64)
  import CPUEngine
  import GuestMemory
  import KVMEngine
  import Machine

  extension KVMExamination {
    /// Adds what an arm64 host does for a guest.
    ///
    /// - Parameters:
    ///   - host: the host's KVM.
    ///   - findings: where what was found goes, also where the rest could not be tried.
    /// - Throws: why no guest could be tried.
    static func examine(_ host: KVMHost, into findings: inout [Finding]) throws(EngineError) {
      findings += traits(KVMARM64Traits(of: host))
      let machine = try machine(on: host)
      findings += [listedRegisters(of: machine), interruptController(of: machine)]
      // ID registers are fixed from the first run on.
      let refusal = refusalToHideRandomNumbers(of: machine)
      let kit = try ARM64GuestKit(machine.registerFile, VirtTree.GIC(machine.gicVersion))
      let trials = Trials(machine: machine, kit: kit)
      findings += trials.findings()
      findings += ARM64Trials(trials: trials, kit: kit).findings(hidingRandomNumbers: refusal)
    }

    private static func machine(on host: KVMHost) throws(EngineError) -> KVMARM64Machine {
      let memory: GuestRAM
      do throws(GuestMemoryError) { memory = try GuestRAM(ARM64GuestKit.ram) } catch {
        throw EngineError(error.description)
      }
      return try KVMARM64Machine(on: host, memory: memory, cpuCount: 1, gic: .virt(cpuCount: 1))
    }

    private static func traits(_ traits: KVMARM64Traits) -> [Finding] {
      [
        Finding(key: .physicalAddresses, outcome: .amount(UInt64(traits.physicalAddressBits), unit: "bits")),
        Finding(
          key: .performanceMonitors,
          outcome: traits.hasPerformanceMonitors ? .works : .fails("KVM_CAP_ARM_PMU_V3 is 0"),
          meaning: "guests cannot count cycles and events"),
        Finding(
          key: .kernels32Bit, outcome: traits.runs32BitKernels ? .works : .fails("KVM_CAP_ARM_EL1_32BIT is 0"),
          meaning: "nothing is lost: hvgdb runs 64-bit kernels"),
      ]
    }

    private static func listedRegisters(of machine: KVMARM64Machine) -> Finding {
      let outcome: Finding.Outcome
      do throws(EngineError) {
        outcome = .amount(UInt64(try machine.listedRegisterCount), unit: "")
      } catch {
        outcome = .notTried(error.description)
      }
      return Finding(key: .listedRegisters, outcome: outcome)
    }

    private static func interruptController(of machine: KVMARM64Machine) -> Finding {
      Finding(
        key: .gicv3, outcome: machine.gicVersion == .v3 ? .works : .fails("a GICv2 in its place"),
        meaning: "guests have 8 CPUs at most")
    }

    private static func refusalToHideRandomNumbers(of machine: KVMARM64Machine) -> EngineError? {
      do throws(EngineError) { try machine.hideRandomNumbers() } catch { return error }
      return nil
    }
  }
#endif
