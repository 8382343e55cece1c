import Glibc
import Host

/// Signals the calling thread every millisecond, so that it looks whether a pending breakpoint can be placed.
final class RetryTimer {
  private var timer: timer_t?
  private let start = HostClock.monotonic.now

  /// How long a page that came is left without its breakpoint, at most: a millisecond, in nanoseconds.
  private static let interval: UInt64 = 1_000_000

  init() {
    var event = sigevent()
    event.sigev_notify = Int32(SIGEV_THREAD_ID)
    event.sigev_signo = HostThread.callSignal
    event._sigev_un._tid = HostThread.currentKernelID
    var period = itimerspec()
    period.it_interval.tv_nsec = Int(Self.interval)
    period.it_value.tv_nsec = Int(Self.interval)
    if timer_create(CLOCK_MONOTONIC, &event, &timer) == 0, let timer { timer_settime(timer, 0, &period, nil) }
  }

  /// Whether a period has passed since it was made.
  var hasExpired: Bool { HostClock.monotonic.now &- start >= Self.interval }

  func cancel() {
    if let timer { timer_delete(timer) }
    timer = nil
  }

  deinit { cancel() }
}
