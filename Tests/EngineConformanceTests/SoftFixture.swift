import ARM64
import Architecture
import CPUEngine
import GuestMemory
import Machine
import SoftEngine

@testable import HVGDBCommand

/// The software CPU, which every host has.
struct SoftFixture: EngineFixture {
  let architecture = GuestArchitecture.arm64
  let capabilities = SoftMachine.capabilities
  let describesEveryAccess = true
  /// The counter of the generic timer under both its names: it counts instructions.
  let countingRegisters: Set<String> = ["cntvct_el0", "cntpct_el0"]
  /// Nobody sets the time: it is what was executed.
  var optionalRegisters: Set<String> { countingRegisters }
  /// The tests may be built without optimization.
  let patience = 60.0
  var testDescription: String { "the software CPU" }

  func machine(cpuCount: Int) throws -> any VirtualMachine {
    try SoftMachine(
      memory: GuestRAM(ARM64GuestKit.ram),
      options: SoftMachine.Options(cpuCount: cpuCount, gic: .virt(cpuCount: cpuCount)))
  }

  func kit(for machine: any VirtualMachine) throws -> any GuestKit {
    guard let machine = machine as? SoftMachine else { throw EngineError("not a machine of this engine") }
    return try ARM64GuestKit(machine.registerFile, .v3)
  }
}
