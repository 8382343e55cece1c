import Glibc
import Host
import Machine
import Synchronization

/// What a test throws whose guest does not come to a stop.
struct Hang: Error {}

/// Runs `body` on a thread of its own with the signals blocked that threads are called back by.
///
/// The thread is left asleep: a machine signals its control thread for as long as it lives.
///
/// - Parameter body: the test.
/// - Throws: what it threw, or `Hang` where it did not end within a minute.
func onControlThread(_ body: @escaping @Sendable () throws -> Void) async throws {
  let ending = Ending()
  try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
    HostThread.start("control") {
      HostThread.blockSignals()
      let result = Result { try body() }
      if ending.take() { continuation.resume(with: result) }
      while true { HostThread.waitForSignal() }
    }
    HostThread.start("watchdog") {
      sleep(60)
      if ending.take() { continuation.resume(throwing: Hang()) }
    }
  }
}

/// Says once that a test has ended.
private final class Ending: Sendable {
  private let isOver = Atomic<Bool>(false)

  /// True for the first who asks.
  func take() -> Bool { !isOver.exchange(true, ordering: .sequentiallyConsistent) }
}
