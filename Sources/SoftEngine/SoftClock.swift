import CPUEngine

/// The guest's time for a device: it starts at a date of its own and goes by the count of instructions.
final class SoftClock: GuestClock, @unchecked Sendable {
  // SAFETY: (@unchecked Sendable) used by the thread that runs the machine alone, and before it runs.

  /// When every machine is switched on: the start of 2025, so that runs are the same whenever they are made.
  static let powerOn: UInt64 = 1_735_689_600 * 1_000_000_000

  private unowned let machine: SoftMachine
  private var alarm: (time: UInt64, ring: @Sendable () -> Void)?

  init(_ machine: SoftMachine) { self.machine = machine }

  var now: UInt64 {
    Self.powerOn &+ machine.nanoseconds(machine.time)
  }

  /// The machine's time in instructions at which the call is due.
  var alarmTime: UInt64? {
    guard let alarm else { return nil }
    guard alarm.time > Self.powerOn else { return 0 }
    let (high, low) = (alarm.time - Self.powerOn).multipliedFullWidth(by: machine.options.instructionsPerSecond)
    return high < 1_000_000_000 ? (1_000_000_000 as UInt64).dividingFullWidth((high, low)).quotient &+ 1 : .max
  }

  func setAlarm(_ time: UInt64?, _ ring: @escaping @Sendable () -> Void) { alarm = time.map { ($0, ring) } }

  func cancelAlarm() { alarm = nil }

  /// Makes the call if it is due.
  func ring() {
    guard let time = alarmTime, time <= machine.time, let alarm else { return }
    self.alarm = nil
    alarm.ring()
  }
}
