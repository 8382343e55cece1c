import Architecture
import CPUEngine
import KVMEngine

/// Looks at this host's KVM and tries it.
enum KVMExamination {
  /// All that can be found out, in a few seconds at most.
  static func diagnosis(path: String = "/dev/kvm") -> Diagnosis {
    let architecture = GuestArchitecture.host?.description ?? "foreign"
    let host: KVMHost
    do throws(EngineError) { host = try KVMHost(path: path) } catch {
      let meaning =
        GuestArchitecture.host == .arm64
        ? "the software CPU runs every guest" : "hvgdb cannot run \(architecture) kernels on this host"
      return Diagnosis(
        architecture: architecture,
        findings: [
          Finding(key: .kvm, outcome: .fails(error.description), meaning: meaning), SoftExamination.finding(),
        ])
    }
    var findings = limits(of: host)
    do throws(EngineError) { try examine(host, into: &findings) } catch {
      findings.append(Finding(key: .singleStep, outcome: .notTried(error.description)))
    }
    findings.append(SoftExamination.finding())
    let ordered = Finding.Key.allCases.compactMap { key in findings.first { $0.key == key } }
    return Diagnosis(architecture: architecture, findings: ordered)
  }

  private static func limits(of host: KVMHost) -> [Finding] {
    [
      Finding(key: .kvm, outcome: .works),
      Finding(key: .interfaceVersion, outcome: .amount(KVMHost.interfaceVersion, unit: "")),
      Finding(key: .maximumCPUs, outcome: .amount(UInt64(host.maximumCPUCount), unit: "")),
      Finding(key: .memorySlots, outcome: .amount(UInt64(host.memorySlotCount), unit: "")),
    ]
  }
}
