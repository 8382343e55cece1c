import Bits
import CKVM
import GuestMemory
import SystemPackage

extension Descriptor {
  /// Gives a virtual machine its RAM, a memory slot for each region (KVM_SET_USER_MEMORY_REGION).
  func map(_ memory: GuestRAM) throws(Errno) {
    for (slot, region) in memory.regions.enumerated() {
      var range = kvm_userspace_memory_region()
      range.slot = UInt32(slot)
      range.guest_phys_addr = region.start.rawValue
      range.memory_size = region.count
      range.userspace_addr = UInt64(region.host)
      try control(kKVM_SET_USER_MEMORY_REGION, &range)
    }
  }
}
