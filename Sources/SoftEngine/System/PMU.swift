import ARM64
import Bits

/// What the performance monitors count (Arm ARM, section D13.12.3); the raw value is the event's number.
enum PMUEvent: UInt64, CaseIterable {
  /// SW_INCR: PMSWINC_EL0 was written.
  case softwareIncrement = 0x00
  /// INST_RETIRED: an instruction was executed.
  case instructionRetired = 0x08
  /// EXC_TAKEN: an exception was taken, counted where it came from.
  case exceptionTaken = 0x09
  /// EXC_RETURN: an exception's handler returned, counted where it was.
  case exceptionReturn = 0x0a
  /// CPU_CYCLES: one for each instruction and for each exception taken, none while the CPU waits.
  case cycle = 0x11
  /// CHAIN: the even counter before this odd one has overflowed.
  case chain = 0x1e
}

/// The performance monitors of a CPU (PMUv3; Arm ARM, chapter D13): words of 64 bits alone, so that there is no padding.
///
/// Nothing is counted instruction by instruction. What a counter is behind by follows from the CPU's busy time, in
/// instructions and exceptions taken; it is made good (`advance`) where the exception level or a register changes.
struct PMU: BitwiseCopyable {
  /// How many event counters there are.
  static let counterCount = 6
  /// The cycle counter's bit among the counters'.
  static let cycleCounter = 31
  /// The bits of all counters there are.
  static let counterMask: UInt64 = 1 << cycleCounter | UInt64.lowMask(counterCount)
  /// The greatest value of an event counter.
  fileprivate static let greatestCount = UInt64(UInt32.max)

  /// PMCR_EL0's E and DP.
  var control: UInt64 = 0
  /// PMCNTENSET_EL0.
  var enabled: UInt64 = 0
  /// PMOVSSET_EL0.
  var overflowed: UInt64 = 0
  /// PMINTENSET_EL1.
  var interruptsEnabled: UInt64 = 0
  /// PMSELR_EL0.
  var selected: UInt64 = 0
  /// PMUSERENR_EL0.
  var userAccess: UInt64 = 0
  /// PMCCFILTR_EL0.
  var cycleFilter: UInt64 = 0
  /// PMCCNTR_EL0.
  var cycles: UInt64 = 0
  /// PMEVTYPER<n>_EL0.
  var types = InlineArray<6, UInt64>(repeating: 0)
  /// PMEVCNTR<n>_EL0.
  var counts = InlineArray<6, UInt64>(repeating: 0)
  /// The busy time up to which the counters have counted; 0 while none does.
  var countedTime: UInt64 = 0
  /// The interrupt controller's input, as it was set last: 1 or 0.
  var output: UInt64 = 0
}

// MARK: - Counting

extension PMU {
  /// Whether any counter counts: PMCR_EL0.E and what is enabled.
  @inline(__always) var isCounting: Bool { control[bit: 0] && enabled != 0 }

  /// Whether the interrupt is to be signalled.
  var isInterrupting: Bool { control[bit: 0] && overflowed & interruptsEnabled != 0 }

  /// Whether the interrupt controller's input is high.
  var isAsserted: Bool {
    get { output != 0 }
    set { output = newValue ? 1 : 0 }
  }

  /// Counts what has happened up to a busy time.
  ///
  /// - Parameters:
  ///   - time: the busy time.
  ///   - level: the exception level since the counters have counted last.
  ///   - isRetiring: whether it went by with instructions; with an exception taken, if not.
  mutating func advance(to time: UInt64, at level: ExceptionLevel, isRetiring: Bool = true) {
    let passed = time &- countedTime
    countedTime = time
    guard passed != 0, isCounting else { return }
    if countsCycles(at: level) {
      let (sum, overflow) = cycles.addingReportingOverflow(passed)
      cycles = sum
      if overflow { overflowed[bit: Self.cycleCounter] = true }
    }
    count(.cycle, passed, at: level)
    if isRetiring { count(.instructionRetired, passed, at: level) }
  }

  /// Has the counters of an event count it.
  ///
  /// - Parameters:
  ///   - event: what has happened.
  ///   - amount: how often, up to 2^32 times.
  ///   - level: the exception level where it did.
  ///   - counters: those that are asked, by their bits.
  mutating func count(
    _ event: PMUEvent, _ amount: UInt64 = 1, at level: ExceptionLevel, among counters: UInt64 = counterMask
  ) {
    for number in counts.indices where counters[bit: number] && counts(event, in: number, at: level) {
      let sum = counts[number] &+ amount
      counts[number] = sum & Self.greatestCount
      guard sum > Self.greatestCount else { continue }
      overflowed[bit: number] = true
      if number.isMultiple(of: 2) { count(.chain, at: level, among: 1 << UInt64(number + 1)) }
    }
  }

  /// The busy time at which a counter overflows, as long as the exception level stays; nil where none will.
  func nextOverflow(at level: ExceptionLevel) -> UInt64? {
    guard isCounting else { return nil }
    var rest = countsCycles(at: level) ? UInt64.max &- cycles : .max
    for number in counts.indices
    where counts(.cycle, in: number, at: level) || counts(.instructionRetired, in: number, at: level) {
      rest = min(rest, Self.greatestCount &- counts[number])
    }
    let (time, isLate) = (countedTime &+ 1).addingReportingOverflow(rest)
    return isLate ? nil : time
  }

  private func countsCycles(at level: ExceptionLevel) -> Bool {
    isCounting && enabled[bit: Self.cycleCounter] && Self.isCounted(at: level, by: cycleFilter)
  }

  private func counts(_ event: PMUEvent, in number: Int, at level: ExceptionLevel) -> Bool {
    isCounting && enabled[bit: number] && types[number][bits: 0...9] == event.rawValue
      && Self.isCounted(at: level, by: types[number])
  }

  /// Whether a filter lets an exception level be counted: P (EL1) and U (EL0), which keep it from that.
  private static func isCounted(at level: ExceptionLevel, by filter: UInt64) -> Bool {
    level == .el0 ? !filter[bit: 30] : !filter[bit: 31]
  }
}

// MARK: - Registers

extension PMU {
  /// PMCR_EL0: LC, as there is no AArch32, N, and what is stored.
  ///
  /// P and C, which are written, put counters to zero.
  var controlRegister: UInt64 {
    get { control | 1 << 6 | UInt64(Self.counterCount) << 11 }
    set {
      control = newValue & (1 << 0 | 1 << 5)
      if newValue[bit: 1] { counts = InlineArray(repeating: 0) }
      if newValue[bit: 2] { cycles = 0 }
    }
  }

  /// PMEVTYPER<n>_EL0, or PMCCFILTR_EL0: P, U and, but for cycles, the event.
  ///
  /// What is not there is zero.
  subscript(type number: Int) -> UInt64 {
    get {
      if number == Self.cycleCounter { return cycleFilter }
      return types.indices.contains(number) ? types[number] : 0
    }
    set {
      if number == Self.cycleCounter {
        cycleFilter = newValue & 0b11 << 30
      } else if types.indices.contains(number) {
        types[number] = newValue & (0b11 << 30 | 0x3ff)
      }
    }
  }

  /// PMEVCNTR<n>_EL0; what is not there is zero.
  subscript(count number: Int) -> UInt64 {
    get { counts.indices.contains(number) ? counts[number] : 0 }
    set { if counts.indices.contains(number) { counts[number] = newValue & Self.greatestCount } }
  }

  /// PMXEVTYPER_EL0: the type of the counter that PMSELR_EL0 selects.
  var selectedType: UInt64 {
    get { self[type: Int(selected & 0x1f)] }
    set { self[type: Int(selected & 0x1f)] = newValue }
  }

  /// PMXEVCNTR_EL0: the count of the counter that PMSELR_EL0 selects.
  var selectedCount: UInt64 {
    get { self[count: Int(selected & 0x1f)] }
    set { self[count: Int(selected & 0x1f)] = newValue }
  }
}
