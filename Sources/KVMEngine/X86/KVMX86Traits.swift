#if arch(x86_64)
  import CKVM
  import Glibc

  /// What a host's KVM does that a debugger must know beforehand.
  ///
  /// The defaults are those of hardware virtualization; `doctor` tries each on a tiny guest.
  public struct KVMX86Traits: Sendable, Equatable {
    /// Ring 0 runs in KVM's instruction emulator: instructions that it lacks must not be announced by CPUID.
    public var emulatesKernelMode: Bool
    /// Data watchpoints in debug registers come back in ring 0.
    public var watchpointsFire: Bool
    /// Interrupts can be held back for a step.
    public var blocksInterruptsWhileStepping: Bool

    /// Makes it of its parts.
    public init(emulatesKernelMode: Bool, watchpointsFire: Bool, blocksInterruptsWhileStepping: Bool) {
      self.emulatesKernelMode = emulatesKernelMode
      self.watchpointsFire = watchpointsFire
      self.blocksInterruptsWhileStepping = blocksInterruptsWhileStepping
    }

    /// What the host tells without running a guest.
    ///
    /// KVM without VMX or SVM has no hardware to run ring 0 with, so it emulates it, and an emulated access does not
    /// look at the debug registers.
    public init(of host: KVMHost) {
      let hasHardware = Self.processorHasVirtualization
      self.init(
        emulatesKernelMode: !hasHardware,
        watchpointsFire: hasHardware,
        blocksInterruptsWhileStepping: host.check(Int32(kKVM_CAP_SET_GUEST_DEBUG2))
          & kKVM_GUESTDBG_BLOCKIRQ != 0)
    }

    /// CPUID 1 ECX bit 5 (VMX) or 0x8000_0001 ECX bit 2 (SVM), as Linux shows them.
    private static var processorHasVirtualization: Bool {
      guard let file = fopen("/proc/cpuinfo", "re") else { return true }
      defer { fclose(file) }
      var line: UnsafeMutablePointer<CChar>?
      var capacity = 0
      defer { free(line) }
      while getline(&line, &capacity, file) > 0 {
        guard let line, strncmp(line, "flags", 5) == 0 else { continue }
        let flags = String(cString: line).split { $0 == " " || $0 == "\n" || $0 == "\t" }
        return flags.contains("vmx") || flags.contains("svm")
      }
      return true
    }
  }
#endif
