#if arch(arm64)
  import ARM64
  public import Bits
  public import CPUEngine
  import CKVM
  import SystemPackage

  // The debug hardware: what KVM is told to trap, and what it tells.
  extension KVMARM64CPU {
    /// Has KVM trap what `control` says from the next `run()` on.
    public func setDebug(_ control: DebugControl) throws(EngineError) {
      guard control != debugControl else { return }
      // Told at once where it cannot be had, and not when the guest is to run.
      _ = try Self.registers(for: control, debugRegisters)
      debugControl = control
      debugControlIsStale = true
    }

    func installDebugControl() throws(EngineError) {
      let control = debugControl
      var debug = kvm_guest_debug()
      if control != .none { debug.control |= UInt32(KVM_GUESTDBG_ENABLE) }
      if control.singleStep { debug.control |= UInt32(KVM_GUESTDBG_SINGLESTEP) }
      if control.trapsSoftwareBreakpoints { debug.control |= UInt32(KVM_GUESTDBG_USE_SW_BP) }
      if !control.breakpoints.isEmpty || !control.watchpoints.isEmpty {
        debug.control |= UInt32(KVM_GUESTDBG_USE_HW)
        let registers = try Self.registers(for: control, debugRegisters)
        registers.breakpointControls.copy(into: &debug.arch.dbg_bcr)
        registers.breakpointValues.copy(into: &debug.arch.dbg_bvr)
        registers.watchpointControls.copy(into: &debug.arch.dbg_wcr)
        registers.watchpointValues.copy(into: &debug.arch.dbg_wvr)
      }
      try named("KVM_SET_GUEST_DEBUG") { () throws(Errno) in try descriptor.control(kKVM_SET_GUEST_DEBUG, &debug) }
      debugControlIsStale = false
    }

    private static func registers(
      for control: DebugControl, _ counts: DebugRegisterCounts
    ) throws(EngineError) -> ARM64DebugRegisters {
      let watchpoints = Self.watchpoints(of: control)
      guard watchpoints.count == control.watchpoints.count,
        let registers = ARM64DebugRegisters(breakpoints: control.breakpoints, watchpoints: watchpoints, counts: counts)
      else {
        throw EngineError(
          "this CPU's debug registers hold \(counts.breakpoints) breakpoints at multiples of 4 and \(counts.watchpoints) watchpoints"
        )
      }
      return registers
    }

    private static func watchpoints(of control: DebugControl) -> [ARM64DebugRegisters.Watchpoint] {
      control.watchpoints.compactMap {
        ARM64DebugRegisters.Watchpoint($0.address, length: $0.length, access: .init($0.access))
      }
    }

    /// What an exit of the debug hardware is to the machine.
    ///
    /// While KVM debugs at all it comes back at every breakpoint instruction. One that nobody asked for is the guest's, which
    /// takes its exception here; a step of it ends at the handler.
    func debugExit(_ exit: kvm_debug_exit_arch) throws(EngineError) -> Exit {
      let event = try debugEvent(exit)
      guard event.isSoftwareBreakpoint, !debugControl.trapsSoftwareBreakpoints else { return .debug(event) }
      guard let handler = try reflect(event), debugControl.singleStep else { return .interrupted }
      return .debug(DebugEvent(programCounter: handler, isSingleStep: true))
    }

    private func debugEvent(_ event: kvm_debug_exit_arch) throws(EngineError) -> DebugEvent {
      debugSyndrome = ExceptionSyndrome(rawValue: UInt64(event.hsr))
      let programCounter = GuestVirtual(try value(of: .programCounter))
      if case .watchpoint(let syndrome) = debugSyndrome.detail {
        let accessed = GuestVirtual(event.far)
        let watchpoints = Self.watchpoints(of: debugControl)
        return DebugEvent(
          programCounter: programCounter,
          watchpoint: ARM64DebugRegisters.hit(syndrome, at: accessed, among: watchpoints),
          accessedAddress: syndrome.hasAddress ? accessed : nil)
      }
      switch debugSyndrome.exceptionClass {
      case .brk64, .bkpt32: return DebugEvent(programCounter: programCounter, isSoftwareBreakpoint: true)
      case .breakpointLower, .breakpointSame:
        return DebugEvent(
          programCounter: programCounter, breakpoint: debugControl.breakpoints.firstIndex(of: programCounter))
      default: return DebugEvent(programCounter: programCounter, isSingleStep: debugControl.singleStep)
      }
    }

    /// Takes the exception at EL1, as the CPU does (Arm ARM, section D1.3, "Exception entry").
    public func reflect(_ event: DebugEvent) throws(EngineError) -> GuestVirtual? {
      let state = PSTATE(rawValue: try value(of: .processState))
      let vector = ExceptionVector(from: state)
      try setSystemRegister(.elrEL1, event.programCounter.rawValue)
      try setSystemRegister(.spsrEL1, state.rawValue)
      try setSystemRegister(.esrEL1, syndrome(from: state).rawValue)
      if let address = event.accessedAddress { try setSystemRegister(.farEL1, address.rawValue) }
      let handler = GuestVirtual(try systemRegister(.vbarEL1) &+ vector.offset)
      let control = SCTLR(rawValue: try systemRegister(.sctlrEL1))
      try setValue(state.onEntryToEL1(control).rawValue, of: .processState)
      try setValue(handler.rawValue, of: .programCounter)
      return handler
    }

    /// What EL1 finds in ESR_EL1: KVM's syndromes are those of an exception from a lower level.
    private func syndrome(from state: PSTATE) -> ExceptionSyndrome {
      var value = debugSyndrome.rawValue
      switch debugSyndrome.exceptionClass {
      case .breakpointLower, .softwareStepLower, .watchpointLower: value[bit: 26] = state.exceptionLevel == .el1
      default: break
      }
      return ExceptionSyndrome(rawValue: value)
    }
  }

  extension ARM64DebugRegisters.Watchpoint.Access {
    fileprivate init(_ access: HardwareWatchpoint.Access) {
      switch access {
      case .read: self = .load
      case .write: self = .store
      case .readWrite: self = .loadStore
      }
    }
  }

  extension [UInt64] {
    /// Copies the elements into one of KVM's arrays, which Swift sees as tuples.
    fileprivate func copy<Tuple>(into tuple: inout Tuple) {
      Swift.withUnsafeMutableBytes(of: &tuple) { target in
        for (index, value) in enumerated() { target.storeLittleEndian(value, at: 8 * index) }
      }
    }
  }
#endif
