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
    case hardwareVirtualization = "hardware-virtualization"
    case debugRegisters = "debug-registers"
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
    case kernelSpeed = "kernel-speed"
    case userSpeed = "user-speed"
    case stepSpeed = "step-speed"

    /// The name for people.
    var title: String {
      switch self {
      case .kvm: "KVM"
      case .interfaceVersion: "version of its interface"
      case .synchronizedRegisters: "registers with each exit"
      case .maximumCPUs: "most CPUs of a guest"
      case .memorySlots: "memory slots"
      case .hardwareVirtualization: "hardware virtualization"
      case .debugRegisters: "debug registers"
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
      case .kernelSpeed: "speed, kernel mode"
      case .userSpeed: "speed, user mode"
      case .stepSpeed: "speed of stepping"
      }
    }
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

  /// Whether hvgdb can stop a guest on this host: it steps or stops at an address.
  var canDebug: Bool { [.singleStep, .executeBreakpoints].contains { self[$0]?.outcome == .works } }
}
