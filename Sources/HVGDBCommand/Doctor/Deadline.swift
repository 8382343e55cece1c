import CPUEngine
import Host
import Synchronization

/// Calls a CPU back from the guest when its time is over.
///
/// Threads are called by a signal that is blocked (`HostThread.blockSignals`), as it is for running a CPU anyway.
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
    let time = HostClock.monotonic.now &+ UInt64(seconds * 1e9)
    waiter = HostThread.start("deadline") {
      if !HostThread.waitForSignal(until: time) {
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
}
