#if arch(x86_64)
  import Architecture
  public import Bits
  public import CPUEngine
  import CKVM
  import Glibc
  import GuestMemory
  import SystemPackage
  import X86

  /// A virtual CPU of an x86-64 host's KVM.
  ///
  /// General and special registers travel in `kvm_run` with every exit (KVM_CAP_SYNC_REGS), so that a step and the stop
  /// reply after it cost one system call; the rest is fetched when a debugger asks and forgotten when the CPU runs.
  public final class KVMX86CPU: VirtualCPU, @unchecked Sendable {
    // SAFETY: (@unchecked Sendable) one thread at a time runs the CPU or looks at it, as `VirtualCPU` demands; `kick` touches
    // only `kickState`, which is atomic.

    /// The CPU's number, which is also its APIC id.
    public let index: Int
    let descriptor: Descriptor
    let runPage: RunPage
    let registerFile: X86RegisterFile
    let memory: GuestRAM
    let emulatesKernelMode: Bool
    private let kickState: Kick
    private let powerOn: KVMX86CPUState

    /// What was fetched since the CPU last ran.
    var cache = Cache()
    /// The debug control in force, and whether KVM must be told again before the CPU runs.
    var debugControl = DebugControl.none
    var debugControlIsStale = false
    /// DR6 of the last debug exit, which the guest's own register does not show.
    var debugStatus = DR6(rawValue: 0)
    /// Whether the guest is in the middle of an instruction and waits for the answer to an access.
    private var isInAccess = false
    /// Whether an INT3 came back as an emulation failure, for whoever asks what the host's KVM does.
    public private(set) var hasFailedAtBreakpoint = false

    /// INT3, the one-byte breakpoint instruction.
    private static let int3: UInt8 = 0xCC
    /// HLT.
    private static let hlt: UInt8 = 0xF4

    struct Cache {
      /// Whether `kvm_run` holds the special registers that the CPU has.
      var knowsSpecial = false
      /// Whether changes to them are collected there, to be set as one.
      var collectsSpecial = false
      var extended: XSaveArea?
      var debug: kvm_debugregs?
    }

    /// Makes a CPU with the given CPUID leaves.
    ///
    /// - Parameters:
    ///   - index: its number, which is also its APIC id.
    ///   - machine: the virtual machine's descriptor.
    ///   - runPageCount: the length of `kvm_run` with its tails.
    ///   - registerFile: the registers that it shows.
    ///   - cpuid: the leaves that the guest sees.
    ///   - msrs: the MSRs that this host can save and restore.
    ///   - memory: the guest's RAM, to look at instructions.
    ///   - emulatesKernelMode: whether KVM runs ring 0 in its instruction emulator.
    /// - Throws: what KVM refused.
    init(
      index: Int, of machine: borrowing Descriptor, runPageCount: Int, registerFile: X86RegisterFile,
      cpuid: [CPUIDEntry], msrs: [UInt32], memory: GuestRAM, emulatesKernelMode: Bool
    ) throws(EngineError) {
      self.index = index
      self.registerFile = registerFile
      self.memory = memory
      self.emulatesKernelMode = emulatesKernelMode
      do throws(Errno) {
        descriptor = Descriptor(owning: try machine.control(kKVM_CREATE_VCPU, UInt(index)))
      } catch {
        throw EngineError("KVM_CREATE_VCPU \(index)", error)
      }
      runPage = try RunPage(of: descriptor, count: runPageCount)
      kickState = try Kick(for: descriptor)
      try SupportedCPUID.install(cpuid, on: descriptor)
      runPage.pointer.pointee.kvm_valid_regs = UInt64(KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS)
      powerOn = try KVMX86CPUState(of: descriptor, msrs: msrs)
      try refreshSyncRegisters()
    }

    /// What the CPU does by KVM's own record (KVM_GET_MP_STATE); `running` where KVM does not tell.
    public var activity: CPUActivity {
      var state = kvm_mp_state()
      guard (try? descriptor.control(kKVM_GET_MP_STATE, &state)) != nil else { return .running }
      return switch Int32(state.mp_state) {
      case KVM_MP_STATE_HALTED: .halted
      case KVM_MP_STATE_UNINITIALIZED, KVM_MP_STATE_INIT_RECEIVED, KVM_MP_STATE_SIPI_RECEIVED: .waitingForStartup
      default: .running
      }
    }

    /// Puts the CPU back to the state after power-on.
    func reset() throws(EngineError) {
      // An access that waits for its answer would otherwise be completed on top of the new state.
      while isInAccess { _ = try settle() }
      try powerOn.restore(to: descriptor)
      cache = Cache()
      debugControlIsStale = true
      try refreshSyncRegisters()
    }

    // MARK: Running

    /// Runs the guest by KVM_RUN until KVM or a kick ends it.
    public func run() throws(EngineError) -> Exit {
      if debugControl.singleStep {
        if isInAccess { return try finishSteppedAccess() }
        if try !isEmulated { debugControlIsStale = true } else if let exit = try stepOverHalt() { return exit }
      }
      if debugControlIsStale { try installDebugControl() }
      cache = Cache()
      guard kickState.willRun() else {
        kickState.clear()
        return .interrupted
      }
      return try enter()
    }

    /// Whether the next instruction is executed by KVM's emulator.
    private var isEmulated: Bool {
      get throws(EngineError) {
        let level = try privilegeLevel()
        return emulatesKernelMode && level == 0
      }
    }

    /// Performs a step over HLT, or halts the CPU for it; nil where there is something to execute.
    ///
    /// KVM's emulator would report the step and halt only after it: at the next instruction that it runs freely, be that in
    /// an interrupt handler, where nothing wakes the CPU any more. A step that takes no interrupt leads past HLT, as if one
    /// had come, but not where none could come; one that takes interrupts waits for the next.
    private func stepOverHalt() throws(EngineError) -> Exit? {
      let address = try instructionAddress()
      guard try bytes(at: address, count: 1) == [Self.hlt] else { return nil }
      let takesInterrupts = RFLAGS(rawValue: syncRegisters.rflags).contains(.interruptEnable)
      if debugControl.blocksInterrupts, !takesInterrupts {
        return .debug(DebugEvent(programCounter: address, isSingleStep: true))
      }
      var registers = syncRegisters
      registers.rip &+= 1
      try setRegisters(registers)
      do throws(Errno) {
        // The STI before it holds interrupts back for one instruction, which HLT was.
        var events = kvm_vcpu_events()
        try descriptor.control(kKVM_GET_VCPU_EVENTS, &events)
        events.flags = UInt32(KVM_VCPUEVENT_VALID_SHADOW)
        events.interrupt.shadow = 0
        try descriptor.control(kKVM_SET_VCPU_EVENTS, &events)
        guard !debugControl.blocksInterrupts else {
          return .debug(DebugEvent(programCounter: address.wrapping(by: 1), isSingleStep: true))
        }
        var state = kvm_mp_state()
        state.mp_state = UInt32(KVM_MP_STATE_HALTED)
        try descriptor.control(kKVM_SET_MP_STATE, &state)
      } catch {
        throw EngineError("to halt the CPU", error)
      }
      return nil
    }

    /// Completes the instruction at hand by KVM_RUN with `immediate_exit`, which executes no other one.
    public func settle() throws(EngineError) -> Exit {
      runPage.pointer.pointee.immediate_exit = 1
      defer { runPage.pointer.pointee.immediate_exit = 0 }
      cache = Cache()
      return try enter(clearingKicks: false)
    }

    /// Ends the step of an instruction whose access was answered.
    ///
    /// KVM does not stop after a store or an output that it emulated, but executes one instruction more (arch/x86/kvm/x86.c,
    /// the FIXME in complete_emulated_mmio); so the access is completed alone. Where KVM reports the step, it does it here.
    private func finishSteppedAccess() throws(EngineError) -> Exit {
      let exit = try settle()
      guard case .interrupted = exit else { return exit }
      return .debug(DebugEvent(programCounter: try instructionAddress(), isSingleStep: true))
    }

    /// Ends KVM_RUN by a signal, now or the next time.
    public func kick() { kickState.send() }

    private func enter(clearingKicks: Bool = true) throws(EngineError) -> Exit {
      isInAccess = false
      let result = ckvm_ioctl(descriptor.rawValue, kKVM_RUN, 0)
      cache.knowsSpecial = true
      if result < 0 {
        switch errno {
        case EINTR:
          if clearingKicks { kickState.clear() }
          return .interrupted
        case EAGAIN:
          // An application processor took its INIT or SIPI.
          return .interrupted
        default:
          return .failure(.hostRefusal(errno: errno))
        }
      }
      return try exit()
    }

    private func exit() throws(EngineError) -> Exit {
      let run = runPage.pointer
      switch Int32(bitPattern: run.pointee.exit_reason) {
      case KVM_EXIT_IO:
        let access = run.pointee.io
        let (count, overflow) = Int(access.size).multipliedReportingOverflow(by: Int(access.count))
        guard !overflow, let data = runPage.bytes(at: access.data_offset, count: count) else {
          return .failure(.unknownExit(reason: run.pointee.exit_reason))
        }
        isInAccess = true
        return .port(
          BusAccess(
            address: UInt64(access.port), size: Int(access.size), count: Int(access.count),
            isWrite: Int32(access.direction) == KVM_EXIT_IO_OUT, data: data))
      case KVM_EXIT_MMIO:
        // SAFETY: the field lies in the mapping, which lives as long as this CPU.
        let data = UnsafeMutableRawPointer(run) + Int(kKVM_RUN_MMIO_DATA)
        let size = min(Int(run.pointee.mmio.len), 8)
        isInAccess = true
        return .mmio(
          BusAccess(
            address: run.pointee.mmio.phys_addr, size: size, count: 1, isWrite: run.pointee.mmio.is_write != 0,
            data: UnsafeMutableRawBufferPointer(start: data, count: size)))
      case KVM_EXIT_DEBUG: return .debug(debugEvent(run.pointee.debug.arch))
      case KVM_EXIT_HLT: return .halted
      case KVM_EXIT_INTR, KVM_EXIT_IRQ_WINDOW_OPEN: return .interrupted
      case KVM_EXIT_SHUTDOWN: return .failure(.tripleFault)
      case KVM_EXIT_SYSTEM_EVENT:
        return switch Int32(bitPattern: run.pointee.system_event.type) {
        case KVM_SYSTEM_EVENT_SHUTDOWN: .system(.powerOff)
        case KVM_SYSTEM_EVENT_RESET: .system(.reset)
        default: .system(.crash)
        }
      case KVM_EXIT_INTERNAL_ERROR: return try internalError()
      case KVM_EXIT_FAIL_ENTRY:
        return .failure(.entryFailure(reason: run.pointee.fail_entry.hardware_entry_failure_reason))
      default: return .failure(.unknownExit(reason: run.pointee.exit_reason))
      }
    }

    /// Sorts an internal error; an INT3 that KVM's emulator lacks is the breakpoint that it would have been.
    private func internalError() throws(EngineError) -> Exit {
      let error = runPage.pointer.pointee.internal
      guard error.suberror == UInt32(KVM_INTERNAL_ERROR_EMULATION) else {
        let data = withUnsafeBytes(of: error.data) { bytes in
          (0..<min(Int(error.ndata), 16)).compactMap { bytes.littleEndian(at: $0 * 8, as: UInt64.self) }
        }
        return .failure(.internalError(suberror: error.suberror, data: data))
      }
      let programCounter = try instructionAddress()
      let instruction = try bytes(at: programCounter, count: 15)
      guard instruction.first == Self.int3 else {
        return .failure(.emulationFailure(instruction: instruction))
      }
      hasFailedAtBreakpoint = true
      if debugControl.trapsSoftwareBreakpoints {
        return .debug(DebugEvent(programCounter: programCounter, isSoftwareBreakpoint: true))
      }
      _ = try reflect(DebugEvent(programCounter: programCounter, isSoftwareBreakpoint: true))
      return .interrupted
    }

    /// The bytes that the CPU fetches at a virtual address, as many as can be had.
    func bytes(at address: GuestVirtual, count: Int) throws(EngineError) -> [UInt8] {
      let special = try special().pointee
      let context = X86TranslationContext(cr0: special.cr0, cr3: special.cr3, cr4: special.cr4, efer: special.efer)
      var result: [UInt8] = []
      for offset in 0..<UInt64(count) {
        guard let place = try? context.translate(address.wrapping(by: offset), readPhysical: memory.loadInteger(at:_:)),
          let byte = memory.load(at: place.physical, as: UInt8.self)
        else { break }
        result.append(byte)
      }
      return result
    }

    /// KVM's own translation (KVM_TRANSLATE); nil where the guest's tables map nothing.
    public func translate(_ address: GuestVirtual) throws(EngineError) -> GuestPhysical? {
      var translation = kvm_translation()
      translation.linear_address = address.rawValue
      try named("KVM_TRANSLATE") { () throws(Errno) in try descriptor.control(kKVM_TRANSLATE, &translation) }
      return translation.valid == 0 ? nil : GuestPhysical(translation.physical_address)
    }
  }
#endif
