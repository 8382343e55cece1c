// KVM's requests are the host's architecture's own.
#if arch(x86_64)
  import CLinux
  import Glibc

  extension Architecture {
    /// This host's.
    static let host = x86
  }

  extension RawKVM {
    static let breakpointControl = UInt32(KVM_GUESTDBG_USE_HW_BP)

    /// Intel's VMX wants three pages for real mode, anywhere the guest has nothing else (KVM API, 4.35).
    static func prepare(machine: CInt) throws(BenchmarkError) {
      guard ioctl(machine, kKVM_SET_TSS_ADDR, 0xf_d000) == 0 else { throw .system("KVM_SET_TSS_ADDR") }
    }

    /// DR0 holds the address; DR7's bit 1 (G0) enables it, bit 10 is always set (Intel SDM, volume 3, section 18.2).
    static func setBreakpoint(at address: UInt64, in debug: inout kvm_guest_debug) {
      debug.arch.debugreg.0 = address
      debug.arch.debugreg.7 = 1 << 10 | 1 << 1
    }

    /// Enters the loop in real mode.
    func enterLoop() throws(BenchmarkError) {
      var segments = kvm_sregs()
      try control(kKVM_GET_SREGS, &segments)
      segments.cs.base = 0
      segments.cs.selector = 0
      try control(kKVM_SET_SREGS, &segments)
      var registers = kvm_regs()
      registers.rip = Self.loopStart
      registers.rflags = 2
      try control(kKVM_SET_REGS, &registers)
    }

    /// The program counter, by the one request that gives it.
    func readProgramCounter() throws(BenchmarkError) -> UInt64 {
      var registers = kvm_regs()
      try control(kKVM_GET_REGS, &registers)
      return registers.rip
    }

    /// Reads all that is in `g`: the general registers, the segments, and the floating-point and vector registers.
    func readRegisters() throws(BenchmarkError) {
      var general = kvm_regs()
      try control(kKVM_GET_REGS, &general)
      var segments = kvm_sregs()
      try control(kKVM_GET_SREGS, &segments)
      var vectors = kvm_fpu()
      try control(kKVM_GET_FPU, &vectors)
    }
  }
#endif
