import Glibc

/// The host's clocks; all times are in nanoseconds.
public enum HostClock: Sendable {
  /// The time since the start of 1970, which may be set (CLOCK_REALTIME).
  case realTime
  /// The time since an arbitrary moment, which only goes forward (CLOCK_MONOTONIC).
  case monotonic

  /// The clock's time now.
  public var now: UInt64 {
    var time = timespec()
    clock_gettime(id, &time)
    return UInt64(max(0, time.tv_sec)) &* 1_000_000_000 &+ UInt64(max(0, time.tv_nsec))
  }

  var id: clockid_t {
    switch self {
    case .realTime: CLOCK_REALTIME
    case .monotonic: CLOCK_MONOTONIC
    }
  }
}

extension timespec {
  init(nanoseconds: UInt64) {
    self.init(
      tv_sec: Int(clamping: nanoseconds / 1_000_000_000), tv_nsec: Int(clamping: nanoseconds % 1_000_000_000))
  }
}
