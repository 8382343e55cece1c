import Glibc
import Host
import Machine

/// Runs `body` on a thread of its own, which blocks what those that run CPUs block.
func inBackground(_ body: @escaping @Sendable () -> Void) { HostThread.start("test", body) }

/// Lets some time go by.
func pause(microseconds: Int) {
  var time = timespec(tv_sec: 0, tv_nsec: microseconds * 1000)
  nanosleep(&time, nil)
}
