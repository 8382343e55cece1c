/// The time that a board's devices go by, and a call when a time has come.
///
/// On KVM it is the host's; an engine whose time is the guest's own gives its own, so that devices are as deterministic as
/// the CPUs.
public protocol GuestClock: AnyObject, Sendable {
  /// Nanoseconds since the start of 1970.
  var now: UInt64 { get }

  /// Sets the time of the one call, in place of what was set before.
  ///
  /// - Parameters:
  ///   - time: as `now` tells it; nil for no call.
  ///   - ring: what is called then, once; it may set the next time.
  func setAlarm(_ time: UInt64?, _ ring: @escaping @Sendable () -> Void)

  /// Ends all calls.
  func cancelAlarm()
}
