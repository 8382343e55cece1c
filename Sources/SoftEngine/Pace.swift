import Host

/// Keeps an idle guest from running ahead of the host's time.
///
/// Idle time is skipped as long as the guest is behind, which it is after it was busy. An idle guest that has caught up
/// waits for the host, so that `sleep 5` takes no less than it says and nobody's CPU is burnt. The guest cannot tell.
struct Pace {
  /// How long the machine may stand still before that counts as a stop, in nanoseconds: then the host's time stands too.
  private static let gap: UInt64 = 1_000_000

  /// The host's time while the machine ran, in nanoseconds.
  private var elapsed: UInt64 = 0
  private var lastSeen: UInt64?

  /// The machine goes on: what has passed since it was last seen does not count if it is long.
  mutating func resume() {
    let now = HostClock.monotonic.now
    if let lastSeen, now &- lastSeen < Self.gap { elapsed &+= now &- lastSeen }
    lastSeen = now
  }

  /// The guest's time jumps: from now on the two go together from there.
  ///
  /// - Parameter time: the guest's time in nanoseconds since power-on.
  mutating func jump(to time: UInt64) { elapsed = time }

  /// The machine runs, or returns from a run.
  mutating func look() {
    let now = HostClock.monotonic.now
    if let lastSeen { elapsed &+= now &- lastSeen }
    lastSeen = now
  }

  /// Waits until the host's time has come to the guest's, if it has not.
  ///
  /// - Parameter time: the guest's time in nanoseconds since power-on.
  /// - Returns: false where somebody signalled the thread before; the signal stays.
  mutating func wait(for time: UInt64) -> Bool {
    look()
    guard time > elapsed, let lastSeen else { return true }
    let (deadline, isFar) = lastSeen.addingReportingOverflow(time - elapsed)
    guard !isFar else { return false }
    let isSignalled = HostThread.waitForSignal(until: deadline)
    if isSignalled { HostThread.current.signal() }
    look()
    return !isSignalled
  }
}
