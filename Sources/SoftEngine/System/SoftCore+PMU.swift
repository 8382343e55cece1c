import ARM64
import Bits
import Devices

extension CPUState {
  /// The CPU's time without that in which it was idle: what its counters count.
  var busyTime: UInt64 { time &- idleTime }
}

// How a CPU keeps its performance monitors up to date, and their interrupt.
extension SoftCore {
  /// The interrupt's INTID (Arm BSA, section 3.7.1).
  private static let overflowInterrupt: UInt32 = 23

  /// The monitors as they are at a time of the CPU's.
  ///
  /// - Parameters:
  ///   - time: the time, in which the exception level is what it is now since they were brought up to date.
  ///   - isRetiring: whether it went by with instructions; with an exception taken, if not.
  /// - Returns: the monitors, which have counted up to then.
  func pmu(at time: UInt64, isRetiring: Bool = true) -> PMU {
    let state = context.pointee.state
    var pmu = state.system.pmu
    pmu.advance(to: time &- state.idleTime, at: state.exceptionLevel, isRetiring: isRetiring)
    return pmu
  }

  /// Brings the monitors up to date, and changes them.
  func setPMU(at time: UInt64, isRetiring: Bool = true, _ change: (inout PMU) -> Void = { _ in }) {
    var pmu = pmu(at: time, isRetiring: isRetiring)
    change(&pmu)
    if !pmu.isCounting { pmu.countedTime = 0 }
    let isChanging = pmu.isInterrupting != pmu.isAsserted
    pmu.isAsserted = pmu.isInterrupting
    context.pointee.state.system.pmu = pmu
    notePMUChange()
    if isChanging {
      machine.interruptController.setPPI(Self.overflowInterrupt, of: index, to: pmu.isAsserted)
      machine.updateInterrupts()
    }
    // The run may have to end earlier now.
    needsAttention = true
  }

  /// Finds anew when a counter overflows next.
  func notePMUChange() {
    let state = context.pointee.state
    nextOverflow = state.system.pmu.nextOverflow(at: state.exceptionLevel)
  }

  /// Counts what has happened up to now and an event, before the exception level changes.
  func countEvent(_ event: PMUEvent, at time: UInt64) {
    guard context.pointee.state.system.pmu.isCounting else { return }
    let level = context.pointee.state.exceptionLevel
    setPMU(at: time) { $0.count(event, at: level) }
  }

  /// Counts the time that an exception took, after the exception level has changed.
  func countExceptionEntry() {
    guard context.pointee.state.system.pmu.isCounting else { return }
    setPMU(at: context.pointee.state.time, isRetiring: false)
  }
}
