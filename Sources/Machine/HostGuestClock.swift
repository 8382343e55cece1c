public import CPUEngine
import Host

/// The host's calendar time, for the devices of a board whose engine has no time of its own.
public final class HostGuestClock: GuestClock {
  private let alarm: Alarm

  /// Makes a clock; `name` is that of the thread that its calls come from.
  public init(_ name: String) { alarm = Alarm(name, clock: .realTime) }

  /// Nanoseconds since the start of 1970.
  public var now: UInt64 { HostClock.realTime.now }

  /// Sets the time of the one call.
  public func setAlarm(_ time: UInt64?, _ ring: @escaping @Sendable () -> Void) { alarm.set(time, ring) }

  /// Ends the thread of the calls.
  public func cancelAlarm() { alarm.cancel() }
}
