import Glibc
import Host
import Synchronization

@testable import Machine

/// What a test of run control throws when it does not come to an end.
struct Hang: Error {}

/// Runs `body` on a thread of its own with the signals blocked that threads are called back by.
///
/// The thread is left asleep: a machine signals its control thread for as long as it lives.
///
/// - Parameter body: the test.
/// - Returns: what it returned.
/// - Throws: what it threw, or `Hang` where it did not end within a minute.
func onControlThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  let ending = Ending()
  return try await withCheckedThrowingContinuation { continuation in
    HostThread.start("control") {
      HostThread.blockSignals()
      let result = Swift.Result { try body() }
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

extension HostThread {
  /// Lets the other threads have a moment: 2 milliseconds.
  static func waitALittle() { usleep(2_000) }
}
