#if arch(x86_64)
  import Architecture
  public import Bits
  public import CPUEngine
  import CKVM
  import SystemPackage
  import X86

  // The debug hardware: what KVM is told to trap, and what it tells.
  extension KVMX86CPU {
    /// Has KVM trap what `control` says from the next `run()` on; four breakpoints and watchpoints together are the most.
    public func setDebug(_ control: DebugControl) throws(EngineError) {
      guard control != debugControl else { return }
      guard control.breakpoints.count + control.watchpoints.count <= 4 else {
        throw EngineError("an x86-64 CPU has four debug registers")
      }
      debugControl = control
      debugControlIsStale = true
    }

    /// Has KVM told again what to trap; it takes the step's start from the program counter at that moment.
    func invalidateDebugControl() {
      if debugControl.singleStep { debugControlIsStale = true }
    }

    func installDebugControl() throws(EngineError) {
      let control = debugControl
      var debug = kvm_guest_debug()
      var flags: UInt32 = 0
      if control != .none { flags |= UInt32(KVM_GUESTDBG_ENABLE) }
      if control.singleStep { flags |= UInt32(KVM_GUESTDBG_SINGLESTEP) }
      if control.singleStep, control.blocksInterrupts { flags |= UInt32(kKVM_GUESTDBG_BLOCKIRQ) }
      if control.trapsSoftwareBreakpoints { flags |= UInt32(KVM_GUESTDBG_USE_SW_BP) }
      if !control.breakpoints.isEmpty || !control.watchpoints.isEmpty {
        flags |= UInt32(KVM_GUESTDBG_USE_HW_BP)
        let image = try Self.debugRegisters(control)
        // KVM's order is that of the registers' numbers: DR0 to DR3, then DR7 in the last of eight.
        debug.arch.debugreg = (
          image.addresses[0], image.addresses[1], image.addresses[2], image.addresses[3], 0, 0, 0,
          image.control.rawValue
        )
      }
      debug.control = flags
      try named("KVM_SET_GUEST_DEBUG") { () throws(Errno) in try descriptor.control(kKVM_SET_GUEST_DEBUG, &debug) }
      debugControlIsStale = false
    }

    private static func debugRegisters(_ control: DebugControl) throws(EngineError) -> X86DebugRegisters {
      var breakpoints = control.breakpoints.map {
        X86DebugRegisters.Breakpoint($0, length: 1, condition: .execute)
      }
      for watchpoint in control.watchpoints {
        let condition: X86DebugRegisters.Condition = watchpoint.access == .write ? .write : .readWrite
        breakpoints.append(
          X86DebugRegisters.Breakpoint(watchpoint.address, length: watchpoint.length, condition: condition))
      }
      let valid = breakpoints.compactMap { $0 }
      guard valid.count == breakpoints.count, let image = X86DebugRegisters(valid) else {
        throw EngineError("an x86-64 CPU's debug registers cannot hold what was asked of them")
      }
      return image
    }

    func debugEvent(_ event: kvm_debug_exit_arch) -> DebugEvent {
      let programCounter = GuestVirtual(event.pc)
      if event.exception == UInt32(X86Exception.breakpoint.rawValue) {
        return DebugEvent(programCounter: programCounter, isSoftwareBreakpoint: true)
      }
      debugStatus = DR6(rawValue: event.dr6)
      let hit = debugStatus.hits.first
      let breakpointCount = debugControl.breakpoints.count
      let breakpoint = hit.flatMap { $0 < breakpointCount ? $0 : nil }
      let watchpoint = hit.flatMap { index in
        debugControl.watchpoints.indices.contains(index - breakpointCount) ? index - breakpointCount : nil
      }
      return DebugEvent(
        programCounter: programCounter, isSingleStep: debugControl.singleStep && debugStatus.contains(.singleStep),
        breakpoint: breakpoint, watchpoint: watchpoint)
    }

    /// Injects #BP or #DB by KVM_SET_VCPU_EVENTS.
    public func reflect(_ event: DebugEvent) throws(EngineError) -> GuestVirtual? {
      let exception = event.isSoftwareBreakpoint ? X86Exception.breakpoint : .debug
      if exception == .debug { try restoreDebugStatus() }
      if exception == .breakpoint, emulatesKernelMode {
        // The return address is behind the one-byte instruction (SDM volume 3, 6.15, "Interrupt 3"); with hardware
        // virtualization KVM adds the instruction's length itself, as it injects #BP as a software exception.
        var registers = syncRegisters
        registers.rip &+= 1
        try setRegisters(registers)
      }
      do throws(Errno) {
        var events = kvm_vcpu_events()
        try descriptor.control(kKVM_GET_VCPU_EVENTS, &events)
        events.flags = 0
        events.exception.injected = 1
        events.exception.nr = exception.rawValue
        events.exception.has_error_code = 0
        try descriptor.control(kKVM_SET_VCPU_EVENTS, &events)
      } catch {
        throw EngineError("to deliver the guest's debug exception", error)
      }
      return nil
    }

    /// Puts what the debug exit told into the guest's DR6, where its handler looks for the cause.
    private func restoreDebugStatus() throws(EngineError) {
      var registers = kvm_debugregs()
      do throws(Errno) {
        try descriptor.control(kKVM_GET_DEBUGREGS, &registers)
        registers.dr6 = debugStatus.rawValue
        try descriptor.control(kKVM_SET_DEBUGREGS, &registers)
      } catch {
        throw EngineError("to tell the guest the cause of its debug exception", error)
      }
      cache.debug = nil
    }
  }
#endif
