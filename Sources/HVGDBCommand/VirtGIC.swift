import CPUEngine
import KVMEngine
import Machine

extension GICPlacement {
  /// Where the `virt` board has its interrupt controller.
  static func virt(cpuCount: Int) -> GICPlacement {
    GICPlacement(
      distributor: VirtMemoryMap.distributor.start,
      redistributors: VirtMemoryMap.redistributors(cpuCount: cpuCount).start,
      cpuInterface: VirtMemoryMap.cpuInterface.start)
  }
}

#if arch(arm64)
  extension VirtTree.GIC {
    /// What the board calls the version that the host's KVM has.
    init(_ version: GICVersion) {
      self =
        switch version {
        case .v2: .v2
        case .v3: .v3
        }
    }
  }
#endif
