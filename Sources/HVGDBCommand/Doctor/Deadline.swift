import CPUEngine
import Glibc
import Machine
import Synchronization

/// Calls a CPU back from the guest when its time is over.
///
/// `SIGIO` is blocked in every thread (`HostThread.blockSignals`), as it is for running a CPU anyway.
final class Deadline: Sendable {
  private let state: State
  private let waiter: HostThread?

  private final class State: Sendable {
    let hasPassed = Atomic<Bool>(false)
  }

  /// Starts the time.
  ///
  /// - Parameters:
  ///   - seconds: how much there is.
  ///   - cpu: the CPU that is called back.
  init(seconds: Double, for cpu: any VirtualCPU) {
    let state = State()
    self.state = state
    waiter = HostThread.start("deadline") {
      if !Self.isSignalled(within: seconds) {
        state.hasPassed.store(true, ordering: .sequentiallyConsistent)
        cpu.kick()
        // The thread lives until `deinit` signals it, which may always do so.
        HostThread.waitForSignal()
      }
    }
    // Without a thread to wait, the time is over at once: a trial that cannot be bounded is not made.
    if waiter == nil { state.hasPassed.store(true, ordering: .sequentiallyConsistent) }
  }

  /// Whether the time is over.
  var hasPassed: Bool { state.hasPassed.load(ordering: .sequentiallyConsistent) }

  deinit { waiter?.signal() }

  private static func isSignalled(within seconds: Double) -> Bool {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGIO)
    var time = timespec(tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
    // What interrupts the wait makes the time longer at most; nothing handles signals here.
    return sigtimedwait(&signals, nil, &time) == SIGIO
  }
}
