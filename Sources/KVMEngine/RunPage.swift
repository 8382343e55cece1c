import CKVM
import CPUEngine
import Glibc
import SystemPackage

/// Owns the mapping of a vCPU's `kvm_run`, through which KVM tells why it came back.
struct RunPage: ~Copyable {
  let pointer: UnsafeMutablePointer<kvm_run>
  let count: Int

  /// Maps the page of a vCPU's descriptor.
  init(of descriptor: borrowing Descriptor, count: Int) throws(EngineError) {
    // SAFETY: KVM gives this many bytes at offset 0 of a vCPU's descriptor (KVM_GET_VCPU_MMAP_SIZE).
    let base = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.rawValue, 0)
    guard let base, base != MAP_FAILED else { throw EngineError("mmap of kvm_run", Errno(rawValue: errno)) }
    pointer = base.bindMemory(to: kvm_run.self, capacity: 1)
    self.count = count
  }

  /// The bytes at an offset that the kernel gave, or nil where they do not lie inside the mapping.
  func bytes(at offset: UInt64, count: Int) -> UnsafeMutableRawBufferPointer? {
    guard count >= 0, let offset = Int(exactly: offset), offset <= self.count, count <= self.count - offset else {
      return nil
    }
    // SAFETY: the range lies inside the mapping, as was just checked; the CPU that owns it lends it out no longer.
    return UnsafeMutableRawBufferPointer(start: UnsafeMutableRawPointer(pointer) + offset, count: count)
  }

  deinit {
    // SAFETY: the owner ends the mapping it made; its CPU, which lends out pointers into it, owns this.
    munmap(pointer, count)
  }
}
