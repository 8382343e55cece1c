import Bits

// The registers of the performance monitors (Arm ARM, section D19.5).
extension SystemRegisterFile {
  private typealias Gate = SystemRegisterDefinition.Gate
  private typealias UserAccess = SystemRegisterDefinition.UserAccess
  private typealias Place = any WritableKeyPath<PMU, UInt64> & Sendable

  // What lets EL0 pass: PMUSERENR_EL0's EN, and with it SW, CR or ER.
  private static let anyUser = Gate.pmuserenr(0b0001)
  private static let incrementingUser = Gate.pmuserenr(0b0011)
  private static let cycleReadingUser = Gate.pmuserenr(0b0101)
  private static let eventReadingUser = Gate.pmuserenr(0b1001)

  static let performanceMonitors = named + numbered + pairs

  private static let named: [SystemRegisterDefinition] = [
    monitor("pmcr_el0", \.controlRegister, .readWrite(anyUser)),
    .stored("pmuserenr_el0", \.pmu.userAccess, writable: 0xf, user: .read(.open)),
    .constant("pmceid0_el0", countedEvents, user: .read(anyUser)),
    .constant("pmceid1_el0", user: .read(anyUser)),
    .computed(
      "pmswinc_el0", user: .write(incrementingUser),
      write: { core, value, time in
        let level = core.context.pointee.state.exceptionLevel
        core.setPMU(at: time) { $0.count(.softwareIncrement, at: level, among: value) }
      }),
    monitor("pmccntr_el0", \.cycles, .readOrWrite(cycleReadingUser, anyUser)),
    monitor("pmccfiltr_el0", \.[type: PMU.cycleCounter], .readWrite(anyUser)),
    .stored("pmselr_el0", \.pmu.selected, writable: 0x1f, user: .readWrite(eventReadingUser)),
    monitor("pmxevtyper_el0", \.selectedType, .readWrite(anyUser)),
    monitor("pmxevcntr_el0", \.selectedCount, .readOrWrite(eventReadingUser, anyUser)),
  ]

  /// PMEVTYPER<n>_EL0 and PMEVCNTR<n>_EL0.
  private static let numbered: [SystemRegisterDefinition] = (0..<PMU.counterCount).flatMap { number in
    let type: Place = \.[type: number]
    let count: Place = \.[count: number]
    return [
      monitor("pmevtyper\(number)_el0", type, .readWrite(anyUser)),
      monitor("pmevcntr\(number)_el0", count, .readOrWrite(eventReadingUser, anyUser)),
    ]
  }

  private static let pairs: [SystemRegisterDefinition] = [
    setAndClear("pmcntenset_el0", "pmcntenclr_el0", \.enabled, .readWrite(anyUser)),
    setAndClear("pmovsset_el0", "pmovsclr_el0", \.overflowed, .readWrite(anyUser)),
    setAndClear("pmintenset_el1", "pmintenclr_el1", \.interruptsEnabled, .none),
  ].flatMap { $0 }

  /// PMCEID0_EL0: a bit for each event that is counted.
  private static let countedEvents = PMUEvent.allCases.reduce(UInt64(0)) { $0 | 1 << $1.rawValue }

  /// A register that is read and written with the counters up to date.
  private static func monitor(_ name: String, _ place: Place, _ user: UserAccess) -> SystemRegisterDefinition {
    .computed(
      name, user: user, read: { $0.pmu(at: $1)[keyPath: place] },
      write: { core, value, time in core.setPMU(at: time) { $0[keyPath: place] = value } })
  }

  /// The two registers of a bit for each counter: what is written to the one sets bits, to the other clears them.
  private static func setAndClear(
    _ setName: String, _ clearName: String, _ place: Place, _ user: UserAccess
  ) -> [SystemRegisterDefinition] {
    [
      .computed(
        setName, user: user, read: { $0.pmu(at: $1)[keyPath: place] },
        write: { core, value, time in core.setPMU(at: time) { $0[keyPath: place] |= value & PMU.counterMask } }),
      .computed(
        clearName, user: user, read: { $0.pmu(at: $1)[keyPath: place] },
        write: { core, value, time in core.setPMU(at: time) { $0[keyPath: place] &= ~value } }),
    ]
  }
}
