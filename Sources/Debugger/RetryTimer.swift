import Glibc
import Host

/// Signals the calling thread again and again, so that it looks after the breakpoints while the guest runs.
final class RetryTimer {
  private var timer: timer_t?
  private let start = HostClock.monotonic.now

  private let interval: UInt64

  /// Starts the signals.
  ///
  /// - Parameter interval: the time from one to the next, in nanoseconds; less than a second.
  init(every interval: UInt64) {
    self.interval = interval
    var event = sigevent()
    event.sigev_notify = Int32(SIGEV_THREAD_ID)
    event.sigev_signo = HostThread.callSignal
    event._sigev_un._tid = HostThread.currentKernelID
    var period = itimerspec()
    period.it_interval.tv_nsec = Int(interval)
    period.it_value.tv_nsec = Int(interval)
    if timer_create(CLOCK_MONOTONIC, &event, &timer) == 0, let timer { timer_settime(timer, 0, &period, nil) }
  }

  /// Whether a period has passed since it was made.
  var hasExpired: Bool { HostClock.monotonic.now &- start >= interval }

  func cancel() {
    if let timer { timer_delete(timer) }
    timer = nil
  }

  deinit { cancel() }
}
