import ARM64
import Bits

// What happens to a CPU beside its instructions: reset, and time that goes by while it waits.
extension SoftCore {
  /// Puts the CPU into its state after power-on; the first one is on.
  func reset() {
    context.pointee.state = CPUState()
    context.pointee.state.isOn = index == 0
    access.finish()
    noteStateChange()
  }

  /// The state was put there as a whole: what follows from it is made anew.
  func noteStateChange() {
    noteTranslationChange()
    selectTables()
    fireTimers()
    notePMUChange()
    noteGuestDebugChange()
    debug.caught = nil
    debug.hit = nil
  }

  /// How long a WFE or YIELD lasts at most, in instructions.
  private static let longestPause = SoftMachine.round

  /// The time at which a wait ends by itself: a WFE's no later than the event stream has it; nil for a WFI's.
  private var waitEnd: UInt64? {
    let latest = context.pointee.state.time &+ Self.longestPause
    return switch context.pointee.state.wait {
    case .none, .interrupt: nil
    case .event: min(latest, nextStreamEvent ?? latest)
    case .turn: latest
    }
  }

  /// Whether the CPU has something to do before a time; then, if it waits, it waits no more.
  func wakes(before end: UInt64) -> Bool {
    guard context.pointee.state.wait != .none else { return true }
    if !(irq || fiq) {
      let waitEnd = waitEnd
      repeat {
        idle(until: min(nextTimer ?? .max, waitEnd ?? .max, end))
        guard let nextTimer, nextTimer <= context.pointee.state.time else { break }
        fireTimers()
        // Its interrupt may be one that is not enabled: the other timer's is next.
      } while !(irq || fiq) && waitEnd == nil
      guard irq || fiq || waitEnd != nil else { return false }
    }
    context.pointee.state.wait = .none
    return true
  }

  /// Lets time go by.
  func idle(until end: UInt64) {
    let time = context.pointee.state.time
    guard time < end else { return }
    context.pointee.state.idleTime &+= end &- time
    context.pointee.state.time = end
  }
}
