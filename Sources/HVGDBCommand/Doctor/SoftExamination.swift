import CPUEngine
import GuestMemory
import Machine
import SoftEngine

/// Tries the software CPU, which is there whatever the host's KVM is like.
enum SoftExamination {
  /// How fast it runs an arm64 guest.
  static func finding() -> Finding {
    do {
      let machine = try SoftMachine(
        memory: GuestRAM(ARM64GuestKit.ram), options: SoftMachine.Options(cpuCount: 1, gic: .virt(cpuCount: 1)))
      return Trials(machine: machine, kit: try ARM64GuestKit(machine.registerFile, .v3)).speed(.softwareCPU, .kernel)
    } catch {
      return Finding(key: .softwareCPU, outcome: .fails("\(error)"), meaning: "arm64 guests run by KVM alone")
    }
  }
}
