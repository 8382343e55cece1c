import Bits

// The registers of the performance monitors (Arm ARM, section D19.5).
extension SystemRegisterFile {
  private typealias Gate = SystemRegisterDefinition.Gate
  private typealias UserAccess = SystemRegisterDefinition.UserAccess

  // What lets EL0 pass: PMUSERENR_EL0's EN, and with it SW, CR or ER.
  private static let anyUser = Gate.pmuserenr(0b0001)
  private static let incrementingUser = Gate.pmuserenr(0b0011)
  private static let cycleReadingUser = Gate.pmuserenr(0b0101)
  private static let eventReadingUser = Gate.pmuserenr(0b1001)

  static let performanceMonitors: [SystemRegisterDefinition] =
    [
      monitor("pmcr_el0", .readWrite(anyUser)) {
        $0.controlRegister
      } set: {
        $0.controlRegister = $1
      },
      .stored("pmuserenr_el0", \.pmu.userAccess, writable: 0xf, user: .read(.open)),
      .constant("pmceid0_el0", countedEvents, user: .read(anyUser)),
      .constant("pmceid1_el0", user: .read(anyUser)),
      .computed(
        "pmswinc_el0", user: .write(incrementingUser),
        write: { core, value, time in
          let level = core.context.pointee.state.exceptionLevel
          core.setPMU(at: time) { $0.count(.softwareIncrement, at: level, among: value) }
        }),
      monitor("pmccntr_el0", .readOrWrite(cycleReadingUser, anyUser)) {
        $0.cycles
      } set: {
        $0.cycles = $1
      },
      monitor("pmccfiltr_el0", .readWrite(anyUser)) {
        $0[type: PMU.cycleCounter]
      } set: {
        $0[type: PMU.cycleCounter] = $1
      },
      .stored("pmselr_el0", \.pmu.selected, writable: 0x1f, user: .readWrite(eventReadingUser)),
      monitor("pmxevtyper_el0", .readWrite(anyUser)) {
        $0[type: $0.selectedCounter]
      } set: {
        $0[type: $0.selectedCounter] = $1
      },
      monitor("pmxevcntr_el0", .readOrWrite(eventReadingUser, anyUser)) {
        $0[count: $0.selectedCounter]
      } set: {
        $0[count: $0.selectedCounter] = $1
      },
    ]
    + (0..<PMU.counterCount).flatMap { number in
      [
        monitor("pmevtyper\(number)_el0", .readWrite(anyUser)) {
          $0[type: number]
        } set: {
          $0[type: number] = $1
        },
        monitor("pmevcntr\(number)_el0", .readOrWrite(eventReadingUser, anyUser)) {
          $0[count: number]
        } set: {
          $0[count: number] = $1
        },
      ]
    }
    + setAndClear("pmcntenset_el0", "pmcntenclr_el0", .readWrite(anyUser)) {
      $0.enabled
    } set: {
      $0.enabled = $1
    }
    + setAndClear("pmovsset_el0", "pmovsclr_el0", .readWrite(anyUser)) {
      $0.overflowed
    } set: {
      $0.overflowed = $1
    }
    + setAndClear("pmintenset_el1", "pmintenclr_el1", .none) {
      $0.interruptsEnabled
    } set: {
      $0.interruptsEnabled = $1
    }

  /// PMCEID0_EL0: a bit for each event that is counted.
  private static let countedEvents = PMUEvent.allCases.reduce(UInt64(0)) { $0 | 1 << $1.rawValue }

  /// A register that is read and written with the counters up to date.
  private static func monitor(
    _ name: String, _ user: UserAccess, get: @escaping @Sendable (PMU) -> UInt64,
    set: @escaping @Sendable (inout PMU, UInt64) -> Void
  ) -> SystemRegisterDefinition {
    .computed(
      name, user: user, read: { get($0.pmu(at: $1)) },
      write: { core, value, time in core.setPMU(at: time) { set(&$0, value) } })
  }

  /// The two registers of a bit for each counter: what is written to the one sets bits, to the other clears them.
  private static func setAndClear(
    _ setName: String, _ clearName: String, _ user: UserAccess, get: @escaping @Sendable (PMU) -> UInt64,
    set: @escaping @Sendable (inout PMU, UInt64) -> Void
  ) -> [SystemRegisterDefinition] {
    [
      monitor(setName, user, get: get) { set(&$0, get($0) | $1 & PMU.counterMask) },
      monitor(clearName, user, get: get) { set(&$0, get($0) & ~$1) },
    ]
  }
}
