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
    noteGuestDebugChange()
  }

  /// How long a WFE lasts at most, in instructions: as if an event stream ended it.
  private static let longestEventWait = SoftMachine.round

  /// Whether the CPU has something to do before a time; then, if it waits, it waits no more.
  func wakes(before end: UInt64) -> Bool {
    let wait = context.pointee.state.wait
    guard wait != .none else { return true }
    if !(irq || fiq) {
      let isEvent = wait == .event
      let wakeTime = isEvent ? context.pointee.state.time &+ Self.longestEventWait : .max
      let next = min(nextTimer ?? .max, wakeTime)
      idle(until: min(next, end))
      if let nextTimer, nextTimer <= context.pointee.state.time { fireTimers() }
      guard irq || fiq || isEvent else { return false }
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
