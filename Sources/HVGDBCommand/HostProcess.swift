import Glibc
import Host
import Synchronization

/// This process as the host sees it: its signals, its time and its end.
///
/// Making one blocks the signals that end the process in every thread that is made after it; a thread of its own waits
/// for them, so that no handler ever interrupts anything.
final class HostProcess: Sendable {
  private static let endingSignals = [SIGINT, SIGTERM, SIGHUP]
  /// What coreutils' `timeout` ends with.
  private static let timeoutStatus: Int32 = 124

  private let endings = Mutex<[@Sendable () -> Void]>([])

  init() {
    // A client that hangs up while it is written to is an error of the write, not a signal.
    signal(SIGPIPE, SIG_IGN)
    HostThread.blockSignals(Self.endingSignals)
    HostThread.start("signals") { [self] in
      var signals = sigset_t()
      sigemptyset(&signals)
      for signal in Self.endingSignals { sigaddset(&signals, signal) }
      var received: Int32 = 0
      while sigwait(&signals, &received) != 0 {}
      end(status: 128 + received)
    }
  }

  /// Has `body` run before the process ends, whichever way it does.
  func atEnd(_ body: @escaping @Sendable () -> Void) { endings.withLock { $0.append(body) } }

  /// Runs what `atEnd` was given, once.
  func runEndings() {
    let bodies = endings.withLock { endings in
      defer { endings = [] }
      return endings
    }
    for body in bodies.reversed() { body() }
  }

  /// Ends the process from any thread, whatever the guest does.
  func end(status: Int32) -> Never {
    runEndings()
    _exit(status)
  }

  /// Ends the process after some time.
  func endAfter(seconds: Double) {
    HostThread.start("timeout") { [self] in
      let time = timespec(tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
      var left = time
      var asked = time
      while nanosleep(&asked, &left) != 0 { asked = left }
      complain("the time given by --timeout is over")
      end(status: Self.timeoutStatus)
    }
  }
}
