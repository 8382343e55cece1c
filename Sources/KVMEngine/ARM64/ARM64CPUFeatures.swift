#if arch(arm64)
  import CKVM

  /// The optional features that this host's KVM gives a vCPU (KVM_ARM_VCPU_INIT).
  struct ARM64CPUFeatures: Sendable {
    /// The scalable vector extension.
    let hasSVE: Bool
    /// Pointers can be signed; KVM gives both sorts of keys or none.
    let hasPointerAuthentication: Bool

    init(of host: KVMHost) {
      hasSVE = host.check(KVM_CAP_ARM_SVE) != 0
      hasPointerAuthentication =
        host.check(KVM_CAP_ARM_PTRAUTH_ADDRESS) != 0 && host.check(KVM_CAP_ARM_PTRAUTH_GENERIC) != 0
    }

    /// The feature bits of a CPU; all but the first wait for PSCI to turn them on.
    func bits(ofCPU index: Int) -> UInt32 {
      var numbers = [KVM_ARM_VCPU_PSCI_0_2]
      if index > 0 { numbers.append(KVM_ARM_VCPU_POWER_OFF) }
      if hasSVE { numbers.append(KVM_ARM_VCPU_SVE) }
      if hasPointerAuthentication { numbers += [KVM_ARM_VCPU_PTRAUTH_ADDRESS, KVM_ARM_VCPU_PTRAUTH_GENERIC] }
      return numbers.reduce(0) { $0 | 1 << UInt32($1) }
    }
  }
#endif
