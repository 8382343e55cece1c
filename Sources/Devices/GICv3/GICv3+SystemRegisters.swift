internal import Bits

extension GICv3 {
  /// The system registers of a CPU interface, each by its name (IHI 0069H, section 12.2).
  ///
  /// With five bits of priority there is one ICC_AP0R and one ICC_AP1R.
  public enum CPUInterfaceRegister: String, CaseIterable, Sendable {
    case acknowledge0 = "icc_iar0_el1"
    case acknowledge1 = "icc_iar1_el1"
    case endOfInterrupt0 = "icc_eoir0_el1"
    case endOfInterrupt1 = "icc_eoir1_el1"
    case deactivate = "icc_dir_el1"
    case highestPending0 = "icc_hppir0_el1"
    case highestPending1 = "icc_hppir1_el1"
    case runningPriority = "icc_rpr_el1"
    case priorityMask = "icc_pmr_el1"
    case binaryPoint0 = "icc_bpr0_el1"
    case binaryPoint1 = "icc_bpr1_el1"
    case activePriorities0 = "icc_ap0r0_el1"
    case activePriorities1 = "icc_ap1r0_el1"
    case control = "icc_ctlr_el1"
    case systemRegisterEnable = "icc_sre_el1"
    case groupEnable0 = "icc_igrpen0_el1"
    case groupEnable1 = "icc_igrpen1_el1"
    case generate0 = "icc_sgi0r_el1"
    case generate1 = "icc_sgi1r_el1"
    case generateAlias1 = "icc_asgi1r_el1"
  }

  /// Reads a register as the CPU does: reading ICC_IAR0_EL1 or ICC_IAR1_EL1 acknowledges the interrupt.
  ///
  /// - Parameters:
  ///   - register: which one.
  ///   - cpu: whose it is.
  /// - Returns: Its value; nil for a register that is only written, which is UNDEFINED to the CPU.
  public mutating func read(_ register: CPUInterfaceRegister, of cpu: Int) -> UInt64? {
    if let group = register.acknowledgedGroup, let interrupt = signalled(group, to: cpu) {
      acknowledge(interrupt, by: cpu)
      return UInt64(interrupt.id)
    }
    return peek(register, of: cpu)
  }

  /// What a CPU would read, without the effect that reading has on it.
  public func peek(_ register: CPUInterfaceRegister, of cpu: Int) -> UInt64? {
    switch register {
    case .acknowledge0: Self.identifier(of: signalled(.zero, to: cpu))
    case .acknowledge1: Self.identifier(of: signalled(.one, to: cpu))
    case .highestPending0: Self.identifier(of: highestPending(.zero, for: cpu))
    case .highestPending1: Self.identifier(of: highestPending(.one, for: cpu))
    default: cpus[cpu].interface.value(of: register)
    }
  }

  /// Writes a register as the CPU does.
  ///
  /// - Parameters:
  ///   - value: what is written; reserved bits are not kept.
  ///   - register: which one.
  ///   - cpu: whose it is.
  /// - Returns: False for a register that is only read, which is UNDEFINED to the CPU.
  public mutating func write(_ value: UInt64, to register: CPUInterfaceRegister, of cpu: Int) -> Bool {
    switch register {
    case .endOfInterrupt0: end(value, in: .zero, by: cpu)
    case .endOfInterrupt1: end(value, in: .one, by: cpu)
    case .deactivate:
      // While the end of an interrupt deactivates, this is unpredictable; here nothing happens.
      if !cpus[cpu].interface.deactivatesAtEnd { deactivate(Self.interrupt(value), by: cpu) }
    case .generate1: generate(SGIRequest(value), from: cpu, in: .all)
    // Without a secure group the alias is for Group 0 too.
    case .generate0, .generateAlias1: generate(SGIRequest(value), from: cpu, in: .zero)
    default: return poke(value, to: register, of: cpu)
    }
    return true
  }

  /// Sets a register that holds state, as a debugger does; false for any other.
  public mutating func poke(_ value: UInt64, to register: CPUInterfaceRegister, of cpu: Int) -> Bool {
    var isSet = false
    changeInterface(of: cpu) { isSet = $0.set(register, to: value) }
    return isSet
  }

  /// The end of an interrupt; nothing happens where the highest active priority is not of that group.
  private mutating func end(_ value: UInt64, in group: Group, by cpu: Int) {
    let interrupt = Self.interrupt(value)
    guard interrupt < Self.firstSpecial, cpus[cpu].interface.dropPriority(of: group) else { return }
    if cpus[cpu].interface.deactivatesAtEnd { deactivate(interrupt, by: cpu) }
    update(cpu)
  }

  // MARK: INTIDs

  /// The field INTID of a register.
  private static func interrupt(_ value: UInt64) -> Int { Int(value[bits: 0...23]) }

  private static func identifier(of interrupt: PendingInterrupt?) -> UInt64 { UInt64(interrupt?.id ?? spurious) }

  /// The interrupt that is signalled to a CPU, where it is in that group.
  private func signalled(_ group: Group, to cpu: Int) -> PendingInterrupt? {
    cpus[cpu].signal == nil ? nil : highestPending(group, for: cpu)
  }

  /// The interrupt that comes first for a CPU, where it is in that group.
  private func highestPending(_ group: Group, for cpu: Int) -> PendingInterrupt? {
    cpus[cpu].highestPending.flatMap { $0.group == group ? $0 : nil }
  }
}

extension GICv3.CPUInterfaceRegister {
  /// The group whose interrupts reading it acknowledges.
  fileprivate var acknowledgedGroup: GICv3.Group? {
    switch self {
    case .acknowledge0: .zero
    case .acknowledge1: .one
    default: nil
    }
  }
}
