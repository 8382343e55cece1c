import CKVM
import CPUEngine
import Host
import Synchronization
import SystemPackage

/// How a vCPU is called back from the guest: by `HostThread`'s signal, which only `KVM_RUN` lets through.
///
/// A kick that comes before `KVM_RUN` stays pending and ends it at once, so none is lost, no handler ever runs and
/// nothing polls. A descriptor that signals the thread kicks as well, from within the kernel.
struct Kick: ~Copyable {
  /// The thread that runs the CPU, by its raw value; 0 before it ran.
  private let runner = Atomic<UInt>(0)
  private let isPending = Atomic<Bool>(false)

  /// Lets that signal and nothing else end `KVM_RUN` of this vCPU.
  init(for descriptor: borrowing Descriptor) throws(EngineError) {
    // struct kvm_signal_mask: a length and then the kernel's 64-bit signal set.
    var mask: (UInt32, UInt32, UInt32) = (8, 0, 0)
    let blocked: UInt64 = ~(1 << UInt64(HostThread.callSignal - 1))
    mask.1 = UInt32(truncatingIfNeeded: blocked)
    mask.2 = UInt32(truncatingIfNeeded: blocked >> 32)
    do throws(Errno) {
      try descriptor.control(kKVM_SET_SIGNAL_MASK, &mask)
    } catch {
      throw EngineError("KVM_SET_SIGNAL_MASK", error)
    }
  }

  /// Names the calling thread as the one that kicks go to; false where one came before it was known.
  func willRun() -> Bool {
    let me = HostThread.current.rawValue
    if runner.load(ordering: .relaxed) != me { runner.store(me, ordering: .sequentiallyConsistent) }
    return !isPending.load(ordering: .sequentiallyConsistent)
  }

  /// Takes the kicks that came so far.
  func clear() {
    isPending.store(false, ordering: .sequentiallyConsistent)
    HostThread.discardSignal()
  }

  func send() {
    isPending.store(true, ordering: .sequentiallyConsistent)
    // A thread that runs a CPU outlives the machine.
    HostThread(rawValue: runner.load(ordering: .sequentiallyConsistent))?.signal()
  }
}
