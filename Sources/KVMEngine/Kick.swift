import CKVM
import CPUEngine
import Glibc
import Synchronization
import SystemPackage

/// How a vCPU is called back from the guest: by a signal that is blocked everywhere but inside `KVM_RUN`.
///
/// A kick that comes before `KVM_RUN` stays pending and ends it at once, so none is lost, no handler ever runs and
/// nothing polls. The signal is `SIGIO`, so that a descriptor with `O_ASYNC` kicks as well, from within the kernel.
struct Kick: ~Copyable {
  /// The thread that runs the CPU, as `pthread_self` names it; 0 before it ran.
  private let runner = Atomic<UInt>(0)
  private let isPending = Atomic<Bool>(false)

  /// Lets `SIGIO` and nothing else end `KVM_RUN` of this vCPU.
  init(for descriptor: borrowing Descriptor) throws(EngineError) {
    // struct kvm_signal_mask: a length and then the kernel's 64-bit signal set.
    var mask: (UInt32, UInt32, UInt32) = (8, 0, 0)
    let blocked: UInt64 = ~(1 << UInt64(SIGIO - 1))
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
    let me = pthread_self()
    if runner.load(ordering: .relaxed) != me { runner.store(me, ordering: .sequentiallyConsistent) }
    return !isPending.load(ordering: .sequentiallyConsistent)
  }

  /// Takes the kicks that came so far.
  func clear() {
    isPending.store(false, ordering: .sequentiallyConsistent)
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGIO)
    var none = timespec(tv_sec: 0, tv_nsec: 0)
    // It is of the sort that does not queue: there is one at most.
    _ = sigtimedwait(&signals, nil, &none)
  }

  func send() {
    isPending.store(true, ordering: .sequentiallyConsistent)
    let thread = runner.load(ordering: .sequentiallyConsistent)
    // SAFETY: a thread that runs a CPU outlives the machine.
    if thread != 0 { pthread_kill(thread, SIGIO) }
  }
}
