import CKVM

extension KVMHost {
  /// The version of KVM's interface that every opened host speaks (KVM_GET_API_VERSION).
  public static let interfaceVersion = UInt64(KVM_API_VERSION)

  /// How many CPUs a machine can have (KVM_CAP_MAX_VCPUS).
  public var maximumCPUCount: Int { max(1, check(KVM_CAP_MAX_VCPUS)) }

  /// How many stretches of memory a machine can have (KVM_CAP_NR_MEMSLOTS); 32 where the host does not say.
  public var memorySlotCount: Int {
    let count = check(KVM_CAP_NR_MEMSLOTS)
    return count > 0 ? count : 32
  }

  /// Whether general registers come with each exit (KVM_CAP_SYNC_REGS), which the engine counts on.
  public var synchronizesRegisters: Bool { check(KVM_CAP_SYNC_REGS) != 0 }
}
