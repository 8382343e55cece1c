import Architecture

/// What `doctor` found out about one thing.
struct Finding: Sendable, Equatable {
  /// What came of looking or trying.
  enum Outcome: Sendable, Equatable {
    /// It works.
    case works
    /// It does not work; in words, what happened in its place.
    case fails(String)
    /// It is so much of a unit.
    case amount(UInt64, unit: String)
    /// It is this one.
    case found(String)
    /// It was not tried, and why.
    case notTried(String)
  }

  /// The name for machines; it never changes.
  let key: Key
  let outcome: Outcome
  /// What this means to somebody who debugs, where it does not work as it should; a sentence without a full stop.
  var meaning: String?
  /// What hvgdb assumes without trying, where that is something else; a sentence without a full stop.
  var contradiction: String?

  /// What there is to find out, in the order in which it is told.
  enum Key: String, CaseIterable, Sendable {
    case kvm
    case interfaceVersion = "interface-version"
    case synchronizedRegisters = "synchronized-registers"
    case maximumCPUs = "maximum-cpus"
    case memorySlots = "memory-slots"
    case physicalAddresses = "physical-addresses"
    case listedRegisters = "listed-registers"
    case gicv3
    case psci
    case hardwareVirtualization = "hardware-virtualization"
    case debugRegisters = "debug-registers"
    case watchpointRegisters = "watchpoint-registers"
    case singleStep = "single-step"
    case executeBreakpoints = "execute-breakpoints"
    case kernelWatchpoints = "kernel-watchpoints"
    case userWatchpoints = "user-watchpoints"
    case softwareBreakpoints = "software-breakpoints"
    case reportedBreakpoints = "reported-breakpoints"
    case guestBreakpoints = "guest-breakpoints"
    case exceptions
    case interrupts
    case stepsWithoutInterrupts = "steps-without-interrupts"
    case undecodedAccesses = "undecoded-accesses"
    case hiddenRandomNumbers = "hidden-random-numbers"
    case granule4K = "granule-4k"
    case granule16K = "granule-16k"
    case granule64K = "granule-64k"
    case scalableVectors = "scalable-vectors"
    case pointerAuthentication = "pointer-authentication"
    case performanceMonitors = "performance-monitors"
    case programs32Bit = "32-bit-programs"
    case kernels32Bit = "32-bit-kernels"
    case kernelSpeed = "kernel-speed"
    case userSpeed = "user-speed"
    case stepSpeed = "step-speed"
    case softwareCPU = "software-cpu"

    /// The name for people.
    var title: String {
      switch self {
      case .kvm: "KVM"
      case .interfaceVersion: "version of its interface"
      case .synchronizedRegisters: "registers with each exit"
      case .maximumCPUs: "most CPUs of a guest"
      case .memorySlots: "memory slots"
      case .physicalAddresses: "physical addresses"
      case .listedRegisters: "registers that KVM lists"
      case .gicv3: "GICv3"
      case .psci: "PSCI"
      case .hardwareVirtualization: "hardware virtualization"
      case .debugRegisters: "debug registers"
      case .watchpointRegisters: "… for watchpoints"
      case .singleStep: "single-step"
      case .executeBreakpoints: "breakpoints in debug registers"
      case .kernelWatchpoints: "watchpoints, kernel mode"
      case .userWatchpoints: "watchpoints, user mode"
      case .softwareBreakpoints: "software breakpoints"
      case .reportedBreakpoints: "… reported as such"
      case .guestBreakpoints: "the guest's own breakpoints"
      case .exceptions: "exceptions"
      case .interrupts: "interrupts"
      case .stepsWithoutInterrupts: "steps that take no interrupt"
      case .undecodedAccesses: "accesses without a syndrome"
      case .hiddenRandomNumbers: "random numbers can be hidden"
      case .granule4K: "pages of 4 KiB"
      case .granule16K: "pages of 16 KiB"
      case .granule64K: "pages of 64 KiB"
      case .scalableVectors: "SVE"
      case .pointerAuthentication: "pointer authentication"
      case .performanceMonitors: "performance monitors"
      case .programs32Bit: "32-bit programs"
      case .kernels32Bit: "32-bit kernels"
      case .kernelSpeed: "speed, kernel mode"
      case .userSpeed: "speed, user mode"
      case .stepSpeed: "speed of stepping"
      case .softwareCPU: "software CPU"
      }
    }

    /// The architecture whose hosts alone have such a thing; nil where all have.
    private var architecture: GuestArchitecture? {
      switch self {
      case .synchronizedRegisters, .hardwareVirtualization, .reportedBreakpoints: .x86_64
      case .physicalAddresses, .listedRegisters, .gicv3, .psci, .watchpointRegisters, .undecodedAccesses,
        .hiddenRandomNumbers, .granule4K, .granule16K, .granule64K, .scalableVectors, .pointerAuthentication,
        .performanceMonitors, .programs32Bit, .kernels32Bit:
        .arm64
      default: nil
      }
    }

    /// What there is to find out on hosts of an architecture.
    static func all(on host: GuestArchitecture) -> [Key] { allCases.filter { ($0.architecture ?? host) == host } }
  }
}

/// All that `doctor` found.
struct Diagnosis: Sendable, Equatable {
  /// The host's architecture.
  let architecture: String
  /// In the order in which they are told.
  var findings: [Finding]

  /// The finding of a key, or nil where it was not looked for.
  subscript(key: Finding.Key) -> Finding? { findings.first { $0.key == key } }

  /// Whether hvgdb can stop a guest of this host's KVM: it steps or stops at an address.
  var canDebug: Bool { [.singleStep, .executeBreakpoints].contains { self[$0]?.outcome == .works } }
}
