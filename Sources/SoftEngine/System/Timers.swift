import ARM64
import Bits
import Devices

/// The generic timers of EL1; the raw value is the interrupt's INTID (Arm BSA, section 3.7.1).
enum GenericTimer: UInt32, CaseIterable {
  case virtual = 27
  case physical = 30
}

extension SoftMachine {
  /// CNTFRQ_EL0: how often the counter counts in a second of the guest's time.
  static let counterFrequency: UInt64 = 62_500_000

  /// The counter at a time, the same for all CPUs, as CNTVOFF_EL2 is 0.
  func counter(at time: UInt64) -> UInt64 {
    let rate = options.instructionsPerSecond
    let (seconds, rest) = time.quotientAndRemainder(dividingBy: rate)
    return seconds &* Self.counterFrequency &+ rest &* Self.counterFrequency / rate
  }

  /// The first time at which the counter has a value; nil where that is too far away to be told.
  func time(ofCounter value: UInt64) -> UInt64? {
    let rate = options.instructionsPerSecond
    let (seconds, rest) = value.quotientAndRemainder(dividingBy: Self.counterFrequency)
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: rate)
    let part = (rest &* rate &+ Self.counterFrequency &- 1) / Self.counterFrequency
    let (time, carry) = whole.addingReportingOverflow(part)
    return overflow || carry ? nil : time
  }
}

// The timers of a CPU (Arm ARM, section D11.2.4).
extension SoftCore {
  subscript(timer: GenericTimer) -> TimerState {
    get {
      switch timer {
      case .virtual: context.pointee.state.system.virtualTimer
      case .physical: context.pointee.state.system.physicalTimer
      }
    }
    set {
      switch timer {
      case .virtual: context.pointee.state.system.virtualTimer = newValue
      case .physical: context.pointee.state.system.physicalTimer = newValue
      }
    }
  }

  /// What an instruction reads of the counter: never less than what another CPU has read before, whose turn may have been
  /// further on in the round.
  func readCounter(at time: UInt64) -> UInt64 {
    machine.latestCounter = shownCounter(at: time)
    return machine.latestCounter
  }

  /// What an instruction would read of the counter.
  private func shownCounter(at time: UInt64) -> UInt64 { max(machine.latestCounter, machine.counter(at: time)) }

  /// What the next instruction would read of the counter.
  var shownCounter: UInt64 { shownCounter(at: context.pointee.state.time) }

  /// CTL, with ISTATUS in bit 2, by the counter that goes with it.
  func timerControl(_ timer: GenericTimer, counter: UInt64) -> UInt64 {
    self[timer].control | (isMet(timer, counter: counter) ? 0b100 : 0)
  }

  /// TVAL: how far the counter is from CVAL.
  func timerValue(_ timer: GenericTimer, counter: UInt64) -> UInt64 {
    (self[timer].compareValue &- counter) & 0xffff_ffff
  }

  /// The time of the event stream's next event: where the counter's bit CNTKCTL_EL1.EVNTI rises, or falls (EVNTDIR); nil
  /// without the stream (EVNTEN).
  var nextStreamEvent: UInt64? {
    let control = context.pointee.state.system.cntkctl
    guard control[bit: 2] else { return nil }
    let half = UInt64(1) << control[bits: 4...7]
    let phase = control[bit: 3] ? 0 : half
    let later = machine.counter(at: context.pointee.state.time) &+ 1
    return machine.time(ofCounter: later &+ (phase &- later) & (2 &* half &- 1))
  }

  func setTimer(_ timer: GenericTimer, at time: UInt64, _ change: (inout TimerState) -> Void) {
    change(&self[timer])
    updateTimers(at: time)
    // The run may have to end earlier now.
    needsAttention = true
  }

  /// Whether a timer's condition is met; only an enabled one has a condition.
  private func isMet(_ timer: GenericTimer, counter: UInt64) -> Bool {
    self[timer].isEnabled && counter >= self[timer].compareValue
  }

  /// Drives the timers' interrupts as they are at the CPU's time.
  func fireTimers() { updateTimers(at: context.pointee.state.time) }

  private func updateTimers(at time: UInt64) {
    nextTimer = nil
    let counter = machine.counter(at: time)
    for timer in GenericTimer.allCases {
      let isMet = isMet(timer, counter: counter)
      let isAsserted = isMet && !self[timer].isMasked
      if isAsserted != self[timer].isAsserted {
        self[timer].isAsserted = isAsserted
        machine.interruptController.setPPI(timer.rawValue, of: index, to: isAsserted)
        machine.updateInterrupts()
      }
      guard self[timer].isEnabled, !self[timer].isMasked, !isMet,
        let next = machine.time(ofCounter: self[timer].compareValue)
      else { continue }
      nextTimer = min(next, nextTimer ?? next)
    }
  }
}

extension TimerState {
  /// CTL.ENABLE.
  fileprivate var isEnabled: Bool { control[bit: 0] }
  /// CTL.IMASK.
  fileprivate var isMasked: Bool { control[bit: 1] }
}
