#if arch(arm64)
  import CKVM

  /// What a host's KVM says of itself that no guest can try.
  public struct KVMARM64Traits: Sendable, Equatable {
    /// The most bits that a guest's physical addresses can have (KVM_CAP_ARM_VM_IPA_SIZE); 40 where the host does not say.
    public let physicalAddressBits: Int
    /// Guests can have performance monitors (KVM_CAP_ARM_PMU_V3).
    public let hasPerformanceMonitors: Bool
    /// EL1 can be in AArch32 state (KVM_CAP_ARM_EL1_32BIT).
    public let runs32BitKernels: Bool

    /// Asks the host.
    public init(of host: KVMHost) {
      let bits = host.check(KVM_CAP_ARM_VM_IPA_SIZE)
      physicalAddressBits = bits > 0 ? bits : 40
      hasPerformanceMonitors = host.check(KVM_CAP_ARM_PMU_V3) != 0
      runs32BitKernels = host.check(KVM_CAP_ARM_EL1_32BIT) != 0
    }
  }
#endif
