import Host

/// Calls a function once when a time has come, on a thread of its own that sleeps for as long as no time is set.
///
/// The thread is made when the first time is set: a guest that wants no alarm costs none.
final class Alarm: @unchecked Sendable {
  // SAFETY: (@unchecked Sendable) `shared` is touched only inside `changes`.

  private struct Shared {
    /// In nanoseconds of the clock.
    var time: UInt64?
    var ring: @Sendable () -> Void = {}
    var hasThread = false
    var isCancelled = false
  }

  private let name: String
  private let clock: HostClock
  private let changes: WaitQueue
  private var shared = Shared()

  /// Makes an alarm that is not set; `name` is its thread's.
  init(_ name: String, clock: HostClock) {
    self.name = name
    self.clock = clock
    changes = WaitQueue(clock: clock)
  }

  /// Sets the alarm in place of what was set before.
  ///
  /// - Parameters:
  ///   - time: nanoseconds of the clock; nil for no time.
  ///   - ring: what is called then; it may set the alarm again.
  func set(_ time: UInt64?, _ ring: @escaping @Sendable () -> Void) {
    let needsThread = changes.update {
      defer { shared.hasThread = shared.hasThread || time != nil }
      shared.time = time
      shared.ring = ring
      return time != nil && !shared.hasThread
    }
    guard needsThread else { return }
    // On a host without a thread to spare the alarm stays silent; what it would tell is found by looking.
    HostThread.start(name) { [self] in while let ring = waitForTime() { ring() } }
  }

  /// Ends the thread; the alarm rings no more.
  func cancel() { changes.update { shared.isCancelled = true } }

  /// Waits until the time that is set has come, and takes it; nil where the alarm was cancelled.
  private func waitForTime() -> (@Sendable () -> Void)? {
    changes.wait { () -> (@Sendable () -> Void)?? in
      if shared.isCancelled { return .some(nil) }
      guard let time = shared.time, time <= clock.now else { return nil }
      shared.time = nil
      return shared.ring
    } askingAgainAt: {
      shared.time
    }
  }
}
