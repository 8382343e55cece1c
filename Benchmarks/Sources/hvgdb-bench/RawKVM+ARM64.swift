// KVM's requests are the host's architecture's own.
#if arch(arm64)
  import CLinux
  import Glibc

  extension Architecture {
    /// This host's.
    static let host = arm64
  }

  extension RawKVM {
    static let breakpointControl = UInt32(KVM_GUESTDBG_USE_HW)

    /// The virtual machine needs nothing before its vCPU.
    static func prepare(machine: CInt) throws(BenchmarkError) {}

    /// DBGBVR0_EL1 holds the address; DBGBCR0_EL1's E, PMC (EL1 and EL0) and BAS (all four bytes) make it a breakpoint
    /// (Arm ARM, section D2.9).
    static func setBreakpoint(at address: UInt64, in debug: inout kvm_guest_debug) {
      debug.arch.dbg_bvr.0 = address
      debug.arch.dbg_bcr.0 = 0b1111 << 5 | 0b11 << 1 | 1
    }

    /// Enters the loop at EL1 with the MMU off, where KVM_ARM_VCPU_INIT puts a vCPU.
    func enterLoop() throws(BenchmarkError) {
      var initialization = kvm_vcpu_init()
      guard ioctl(machine, kKVM_ARM_PREFERRED_TARGET, &initialization) == 0 else {
        throw .system("KVM_ARM_PREFERRED_TARGET")
      }
      try control(kKVM_ARM_VCPU_INIT, &initialization)
      var address = Self.loopStart
      try exchange(kKVM_SET_ONE_REG, Self.programCounterName, &address)
    }

    /// The program counter, by the one request that gives it.
    func readProgramCounter() throws(BenchmarkError) -> UInt64 {
      var value: UInt64 = 0
      try exchange(kKVM_GET_ONE_REG, Self.programCounterName, &value)
      return value
    }

    /// Reads the registers of GDB's core feature, X0 to X30, SP, PC and PSTATE, by a request each: all that is in `g` on a
    /// host with SVE, whose vectors can be longer than a packet.
    func readRegisters() throws(BenchmarkError) {
      var value: UInt64 = 0
      for name in Self.coreNames { try exchange(kKVM_GET_ONE_REG, name, &value) }
    }

    private static let programCounterName = coreName(at: Int(kKVM_REGS_PC))

    private static let coreNames =
      (0..<31).map { coreName(at: Int(kKVM_REGS_X0) + 8 * $0) }
      + [coreName(at: Int(kKVM_REGS_SP_EL1)), programCounterName, coreName(at: Int(kKVM_REGS_PSTATE))]

    /// KVM's name of a register of 64 bits at a place of `struct kvm_regs` (KVM API, 4.68).
    private static func coreName(at offset: Int) -> UInt64 {
      UInt64(KVM_REG_ARM64) | UInt64(KVM_REG_SIZE_U64) | UInt64(KVM_REG_ARM_CORE) | UInt64(offset / 4)
    }

    private func exchange(_ request: UInt, _ name: UInt64, _ value: inout UInt64) throws(BenchmarkError) {
      let result = withUnsafeMutablePointer(to: &value) { place in
        // SAFETY: KVM reads or writes the 8 bytes that the name says, during the call.
        var argument = kvm_one_reg(id: name, addr: UInt64(UInt(bitPattern: place)))
        return ioctl(cpu, request, &argument)
      }
      guard result == 0 else { throw .system("register 0x\(String(name, radix: 16))") }
    }
  }
#endif
