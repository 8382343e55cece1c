import ARM64
import Bits
import CPUEngine
import Devices

// The firmware calls by HVC, as KVM answers them: PSCI 1.1 (Arm DEN0022D) and what SMCCC 1.1 itself has (Arm DEN0028).
extension SoftMachine {
  /// The calls of SMCCC itself.
  private enum SMCCC: UInt32 {
    case version = 0x8000_0000
    case features = 0x8000_0001
    /// Against branch target injection, store bypass and branch history injection.
    case workaround1 = 0x8000_8000
    case workaround2 = 0x8000_7fff
    case workaround3 = 0x8000_3fff

    static let version11: UInt64 = 0x1_0001
    /// NOT_REQUIRED: this CPU does not speculate.
    static let notRequired = UInt64(bitPattern: -2)
  }

  /// Answers the call that a CPU has made by HVC: the function in W0, arguments in X1 to X3.
  ///
  /// - Returns: what the machine is asked for, if the call is of that sort.
  func performFirmwareCall(of core: SoftCore) -> SystemEvent? {
    let function = UInt32(truncatingIfNeeded: core[argument: 0])
    if let call = SMCCC(rawValue: function) {
      core.finishCall(answer(call, argument: UInt32(truncatingIfNeeded: core[argument: 1])))
      return nil
    }
    guard let call = PSCI(functionID: function) else {
      core.finishCall(.notSupported)
      return nil
    }
    // A call with arguments of 32 bits takes the low halves.
    let isWide = function == call.wideFunctionID
    let arguments = (1...3).map { isWide ? core[argument: $0] : core[argument: $0] & 0xffff_ffff }
    switch call {
    case .systemOff, .systemReset, .systemReset2:
      // Seen only where the machine goes on all the same.
      core.finishCall(.internalFailure)
      return call == .systemOff ? .powerOff : .reset
    case .cpuOff: core.turnOff()
    case .cpuSuspend:
      // Every state that is suspended to is one that an interrupt ends at once.
      core.finishCall(.success)
      core.context.pointee.state.wait = .interrupt
    case .version: core.finishCall(UInt64(PSCI.version11))
    case .features: core.finishCall(features(of: UInt32(truncatingIfNeeded: arguments[0])))
    case .cpuOn: core.finishCall(turnOn(arguments[0], entry: arguments[1], argument: arguments[2]))
    case .affinityInfo: core.finishCall(affinityInfo(arguments[0], level: arguments[1]))
    // No trusted system that would have to be migrated.
    case .migrateInfoType: core.finishCall(2)
    default: core.finishCall(.notSupported)
    }
    return nil
  }

  private func answer(_ call: SMCCC, argument: UInt32) -> UInt64 {
    switch call {
    case .version: return SMCCC.version11
    case .features:
      switch SMCCC(rawValue: argument) {
      case .version, .features: return 0
      case .workaround1, .workaround2, .workaround3: return SMCCC.notRequired
      case nil: return PSCI.Status.notSupported.registerValue
      }
    case .workaround1, .workaround2, .workaround3: return 0
    }
  }

  private func features(of function: UInt32) -> PSCI.Status {
    if function == SMCCC.version.rawValue { return .success }
    switch PSCI(functionID: function) {
    case .version, .features, .cpuSuspend, .cpuOff, .cpuOn, .affinityInfo, .migrateInfoType, .systemOff, .systemReset,
      .systemReset2:
      return .success
    default: return .notSupported
    }
  }

  private func core(ofAffinity affinity: UInt64) -> SoftCore? {
    cores.first { MPIDR(cpuIndex: $0.index).affinity == affinity }
  }

  private func turnOn(_ affinity: UInt64, entry: UInt64, argument: UInt64) -> PSCI.Status {
    guard let core = core(ofAffinity: affinity) else { return .invalidParameters }
    guard !core.context.pointee.state.isOn else { return .alreadyOn }
    core.turnOn(entry: entry, argument: argument)
    interruptController.resetInterface(of: core.index)
    updateInterrupts()
    return .success
  }

  /// Whether any CPU of an affinity is on; levels above 0 leave the lower fields of the affinity open.
  private func affinityInfo(_ affinity: UInt64, level: UInt64) -> UInt64 {
    guard level <= 3 else { return PSCI.Status.invalidParameters.registerValue }
    // Aff3 is not next to Aff2.
    let masks: [UInt64] = [0xff_00ff_ffff, 0xff_00ff_ff00, 0xff_00ff_0000, 0xff_0000_0000]
    let mask = masks[Int(level)]
    let matching = cores.filter { MPIDR(cpuIndex: $0.index).affinity & mask == affinity & mask }
    guard !matching.isEmpty else { return PSCI.Status.invalidParameters.registerValue }
    let state: PSCI.AffinityState = matching.contains { $0.context.pointee.state.isOn } ? .on : .off
    return state.rawValue
  }
}

extension SoftCore {
  /// The registers of a call's arguments and its result.
  fileprivate subscript(argument number: Int) -> UInt64 {
    get { context.pointee.state.x[number] }
    set { context.pointee.state.x[number] = newValue }
  }

  /// Returns from a call with a result in X0; X1 to X3, which are for results too, are zero.
  fileprivate func finishCall(_ result: UInt64) {
    self[argument: 0] = result
    for number in 1...3 { self[argument: number] = 0 }
  }

  fileprivate func finishCall(_ status: PSCI.Status) { finishCall(status.registerValue) }

  /// Starts a CPU that is off.
  fileprivate func turnOn(entry: UInt64, argument: UInt64) {
    let time = (context.pointee.state.time, context.pointee.state.idleTime)
    reset()
    (context.pointee.state.time, context.pointee.state.idleTime) = time
    context.pointee.state.pc = entry
    self[argument: 0] = argument
    context.pointee.state.isOn = true
    fireTimers()
  }

  /// Turns a CPU off, its timers and performance monitors with it.
  fileprivate func turnOff() {
    for timer in GenericTimer.allCases {
      setTimer(timer, at: context.pointee.state.time) { $0.control = 0 }
    }
    setPMU(at: context.pointee.state.time) { $0.controlRegister = 0 }
    context.pointee.state.isOn = false
  }
}
