#if arch(arm64)
  import ARM64
  import Architecture
  public import Bits
  public import CPUEngine
  import CKVM
  import Glibc
  import GuestMemory
  import SystemPackage

  /// A virtual CPU of an arm64 host's KVM.
  ///
  /// KVM gives each register by a call of its own; the general ones are kept until the CPU runs again.
  public final class KVMARM64CPU: VirtualCPU, @unchecked Sendable {
    // SAFETY: (@unchecked Sendable) one thread at a time runs the CPU or looks at it, as `VirtualCPU` demands; `kick` touches
    // only `kickState`, which is atomic.

    /// The CPU's number.
    public let index: Int
    let descriptor: Descriptor
    let runPage: RunPage
    let registerFile: ARM64RegisterFile
    let memory: GuestRAM
    let debugRegisters: DebugRegisterCounts
    /// The longest SVE vector in bytes; nil without SVE.
    let vectorLength: Int?
    private let kickState: Kick
    private let initialization: kvm_vcpu_init

    /// The general registers that were fetched since the CPU last ran.
    var core = CoreRegisters()
    /// The debug control in force, and whether KVM must be told again before the CPU runs.
    var debugControl = DebugControl.none
    var debugControlIsStale = false
    /// The syndrome of the last debug exit.
    var debugSyndrome = ExceptionSyndrome(rawValue: 0)
    /// Where the code page of the last step is.
    var steppedPage: SteppedPage?
    /// Whether the guest is in the middle of an instruction and waits for the answer to an access.
    private(set) var isInAccess = false

    /// Makes a CPU of the host's own type.
    ///
    /// - Parameters:
    ///   - index: its number; 0 is the one that boots.
    ///   - machine: the virtual machine's descriptor.
    ///   - runPageCount: the length of `kvm_run` with its tails.
    ///   - features: the optional features that it has.
    ///   - debugRegisters: how many breakpoints and watchpoints its hardware holds.
    ///   - registerFile: the registers that it shows; nil to ask KVM which there are.
    ///   - memory: the guest's RAM, to look at instructions.
    /// - Throws: what KVM refused.
    init(
      index: Int, of machine: borrowing Descriptor, runPageCount: Int, features: ARM64CPUFeatures,
      debugRegisters: DebugRegisterCounts, registerFile: ARM64RegisterFile?, memory: GuestRAM
    ) throws(EngineError) {
      self.index = index
      self.memory = memory
      self.debugRegisters = debugRegisters
      do throws(Errno) {
        descriptor = Descriptor(owning: try machine.control(kKVM_CREATE_VCPU, UInt(index)))
      } catch {
        throw EngineError("KVM_CREATE_VCPU \(index)", error)
      }
      runPage = try RunPage(of: descriptor, count: runPageCount)
      kickState = try Kick(for: descriptor)
      var initialization = kvm_vcpu_init()
      do throws(Errno) {
        try machine.control(kKVM_ARM_PREFERRED_TARGET, &initialization)
        initialization.features.0 |= features.bits(ofCPU: index)
        try descriptor.control(kKVM_ARM_VCPU_INIT, &initialization)
        if features.hasSVE {
          var feature = KVM_ARM_VCPU_SVE
          try descriptor.control(kKVM_ARM_VCPU_FINALIZE, &feature)
        }
        vectorLength = features.hasSVE ? try Self.vectorLength(of: descriptor) : nil
        if let registerFile {
          self.registerFile = registerFile
        } else {
          self.registerFile = ARM64RegisterFile(
            systemRegisters: try descriptor.registerNames().compactMap(\.systemRegister), vectorLength: vectorLength,
            hasPointerAuthentication: features.hasPointerAuthentication)
        }
      } catch {
        throw EngineError("to make CPU \(index)", error)
      }
      self.initialization = initialization
    }

    /// The longest vector in bytes, by the set of lengths that KVM gives.
    private static func vectorLength(of descriptor: borrowing Descriptor) throws(Errno) -> Int {
      // The register's 512 bits.
      var words: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
      try withUnsafeMutableBytes(of: &words) { bytes throws(Errno) in try descriptor.read(.vectorLengths, into: bytes) }
      // KVM's longest vector has 2048 bits, which the first word covers.
      return 16 * (UInt64.bitWidth - words.0.leadingZeroBitCount)
    }

    /// What the CPU does by KVM's own record (KVM_GET_MP_STATE); KVM does not tell whether it waits for an interrupt.
    public var activity: CPUActivity {
      var state = kvm_mp_state()
      guard (try? descriptor.control(kKVM_GET_MP_STATE, &state)) != nil else { return .running }
      return Int32(state.mp_state) == KVM_MP_STATE_STOPPED ? .waitingForStartup : .running
    }

    /// Puts the CPU back to the state after power-on.
    func reset() throws(EngineError) {
      // An access that waits for its answer would otherwise be completed on top of the new state.
      while isInAccess { _ = try settle() }
      var initialization = initialization
      try named("KVM_ARM_VCPU_INIT") { () throws(Errno) in
        try descriptor.control(kKVM_ARM_VCPU_INIT, &initialization)
      }
      forget()
      for (register, value) in unresetRegisters where registerFile.index(of: .system(register)) != nil {
        if try systemRegister(register) != value { try setSystemRegister(register, value) }
      }
      debugControlIsStale = true
    }

    /// What KVM_ARM_VCPU_INIT leaves as it was set, with its value after power-on: the affinity, by which the interrupt
    /// controller knows the CPU, registers that no guest's access to is trapped, the timers' comparators, and the virtual
    /// counter, which starts with the machine.
    private var unresetRegisters: [(register: SystemRegister, value: UInt64)] {
      [
        (.mpidrEL1, MPIDR(cpuIndex: index).rawValue), (.spEL1, 0), (.elrEL1, 0), (.spsrEL1, 0), (.cntvCvalEL0, 0),
        (.cntpCvalEL0, 0), (.cntvctEL0, 0),
      ]
    }

    // MARK: Running

    /// Runs the guest by KVM_RUN until KVM or a kick ends it.
    public func run() throws(EngineError) -> Exit {
      if debugControlIsStale { try installDebugControl() }
      if debugControl.singleStep, debugControl.blocksInterrupts { return try stepWithoutInterrupts() }
      steppedPage = nil
      return try runFreely()
    }

    /// Runs the guest with its state as it is.
    func runFreely() throws(EngineError) -> Exit {
      core.forget()
      guard kickState.willRun() else {
        kickState.clear()
        return .interrupted
      }
      return try enter()
    }

    /// Completes the instruction at hand by KVM_RUN with `immediate_exit`, which executes no other one.
    public func settle() throws(EngineError) -> Exit {
      runPage.pointer.pointee.immediate_exit = 1
      defer { runPage.pointer.pointee.immediate_exit = 0 }
      core.forget()
      return try enter(clearingKicks: false)
    }

    /// Ends KVM_RUN by a signal, now or the next time.
    public func kick() { kickState.send() }

    /// Forgets what was fetched.
    func forget() {
      core.forget()
      steppedPage = nil
    }

    private func enter(clearingKicks: Bool = true) throws(EngineError) -> Exit {
      isInAccess = false
      if ckvm_ioctl(descriptor.rawValue, kKVM_RUN, 0) < 0 {
        switch errno {
        case EINTR:
          if clearingKicks { kickState.clear() }
          return .interrupted
        case EAGAIN: return .interrupted
        default: return .failure(.hostRefusal(errno: errno))
        }
      }
      return try exit()
    }

    private func exit() throws(EngineError) -> Exit {
      let run = runPage.pointer
      switch Int32(bitPattern: run.pointee.exit_reason) {
      case KVM_EXIT_MMIO:
        // SAFETY: the field lies in the mapping, which lives as long as this CPU.
        let data = UnsafeMutableRawPointer(run) + Int(kKVM_RUN_MMIO_DATA)
        let size = min(Int(run.pointee.mmio.len), 8)
        isInAccess = true
        return .mmio(
          BusAccess(
            address: run.pointee.mmio.phys_addr, size: size, count: 1, isWrite: run.pointee.mmio.is_write != 0,
            data: UnsafeMutableRawBufferPointer(start: data, count: size)))
      case KVM_EXIT_DEBUG: return try debugExit(run.pointee.debug.arch)
      case KVM_EXIT_INTR: return .interrupted
      case KVM_EXIT_SYSTEM_EVENT:
        return switch Int32(bitPattern: run.pointee.system_event.type) {
        case KVM_SYSTEM_EVENT_SHUTDOWN: .system(.powerOff)
        case KVM_SYSTEM_EVENT_RESET: .system(.reset)
        default: .system(.crash)
        }
      case KVM_EXIT_ARM_NISV:
        return .failure(
          .undecodedAccess(
            address: GuestPhysical(run.pointee.arm_nisv.fault_ipa), syndrome: run.pointee.arm_nisv.esr_iss))
      case KVM_EXIT_INTERNAL_ERROR:
        let error = run.pointee.internal
        let data = withUnsafeBytes(of: error.data) { bytes in
          (0..<min(Int(error.ndata), 16)).compactMap { bytes.littleEndian(at: $0 * 8, as: UInt64.self) }
        }
        return .failure(.internalError(suberror: error.suberror, data: data))
      case KVM_EXIT_FAIL_ENTRY:
        return .failure(.entryFailure(reason: run.pointee.fail_entry.hardware_entry_failure_reason))
      default: return .failure(.unknownExit(reason: run.pointee.exit_reason))
      }
    }

    /// KVM translates no addresses of arm64 guests.
    public func translate(_ address: GuestVirtual) throws(EngineError) -> GuestPhysical? {
      throw EngineError("KVM does not translate addresses of arm64 guests")
    }
  }
#endif
