// KVM's names for registers are those of the host's architecture.
#if arch(arm64)
  import ARM64
  import Bits
  import CKVM
  import Glibc
  import SystemPackage

  /// The name by which KVM_GET_ONE_REG and KVM_SET_ONE_REG know a register of an arm64 vCPU
  /// (Documentation/virt/kvm/api.rst, KVM_SET_ONE_REG).
  struct OneRegister: RawRepresentable, Hashable, Sendable {
    let rawValue: UInt64
    init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The length of the register's value in bytes.
    var byteCount: Int { 1 << Int(rawValue[bits: 52...55]) }

    /// A register in `struct kvm_regs`, by its place and length in bytes.
    private init(core offset: Int, byteCount: Int) {
      var value = UInt64(KVM_REG_ARM64) | UInt64(KVM_REG_ARM_CORE) | UInt64(offset / 4)
      value[bits: 52...55] = UInt64(byteCount.trailingZeroBitCount)
      rawValue = value
    }

    /// A register in `struct kvm_regs` that follows others of its length.
    private static func core(_ offset: Int, _ number: Int = 0, byteCount: Int = 8) -> OneRegister {
      OneRegister(core: offset + number * byteCount, byteCount: byteCount)
    }

    /// X0 to X30.
    static func general(_ number: Int) -> OneRegister { core(Int(kKVM_REGS_X0), number) }
    /// SP_EL0.
    static let stackPointer0 = core(Int(kKVM_REGS_SP))
    /// SP_EL1.
    static let stackPointer1 = core(Int(kKVM_REGS_SP_EL1))
    /// PC.
    static let programCounter = core(Int(kKVM_REGS_PC))
    /// PSTATE, in the format of an SPSR.
    static let processState = core(Int(kKVM_REGS_PSTATE))
    /// V0 to V31, of a vCPU without SVE.
    static func vector(_ number: Int) -> OneRegister { core(Int(kKVM_REGS_V0), number, byteCount: 16) }
    /// FPSR.
    static let floatingPointStatus = core(Int(kKVM_REGS_FPSR), byteCount: 4)
    /// FPCR.
    static let floatingPointControl = core(Int(kKVM_REGS_FPCR), byteCount: 4)

    /// Z0 to Z31 of a vCPU with SVE: 2048 bits, of which the vector length counts.
    static func scalableVector(_ number: Int) -> OneRegister { sve(KVM_REG_ARM64_SVE_ZREG_BASE, number, sizeLog2: 8) }
    /// P0 to P15 of a vCPU with SVE: 256 bits, of which an eighth of the vector length counts.
    static func predicate(_ number: Int) -> OneRegister { sve(KVM_REG_ARM64_SVE_PREG_BASE, number, sizeLog2: 5) }
    /// FFR of a vCPU with SVE, in the format of a predicate.
    static let firstFault = sve(KVM_REG_ARM64_SVE_FFR_BASE, 0, sizeLog2: 5)
    /// The set of vector lengths of a vCPU with SVE: bit n of 512 stands for (n + 1) × 128 bits.
    static let vectorLengths = OneRegister(
      rawValue: UInt64(KVM_REG_ARM64) | UInt64(KVM_REG_ARM64_SVE) | 6 << 52 | 0xFFFF)

    private static func sve(_ base: Int32, _ number: Int, sizeLog2: UInt64) -> OneRegister {
      OneRegister(
        rawValue: UInt64(KVM_REG_ARM64) | UInt64(KVM_REG_ARM64_SVE) | sizeLog2 << 52 | UInt64(base)
          | UInt64(number) << 5)
    }

    // MARK: System registers

    /// A system register, wherever KVM keeps it.
    init(_ register: SystemRegister) {
      self = Self.exceptions.first { $0.register == register }?.name ?? Self.named(register)
    }

    /// The system register that this is, or nil where it is something else.
    var systemRegister: SystemRegister? {
      if let exception = Self.exceptions.first(where: { $0.name == self }) { return exception.register }
      guard rawValue >> 16 == Self.named(SystemRegister(rawValue: 0)).rawValue >> 16 else { return nil }
      return SystemRegister(rawValue: UInt16(truncatingIfNeeded: rawValue))
    }

    /// The name with the register's own encoding.
    private static func named(_ register: SystemRegister) -> OneRegister {
      OneRegister(
        rawValue: UInt64(KVM_REG_ARM64) | UInt64(KVM_REG_ARM64_SYSREG) | 3 << 52 | UInt64(register.rawValue))
    }

    /// The system registers that KVM keeps in `struct kvm_regs`, and the two of the virtual timer whose encodings its
    /// interface has exchanged for good (arch/arm64/include/uapi/asm/kvm.h, KVM_REG_ARM_TIMER_CVAL).
    private static let exceptions: [(register: SystemRegister, name: OneRegister)] = [
      (.spEL0, stackPointer0),
      (.spEL1, stackPointer1),
      (.elrEL1, core(Int(kKVM_REGS_ELR_EL1))),
      (.spsrEL1, core(Int(kKVM_REGS_SPSR), 0)),
      (.spsrAbort, core(Int(kKVM_REGS_SPSR), 1)),
      (.spsrUndefined, core(Int(kKVM_REGS_SPSR), 2)),
      (.spsrIRQ, core(Int(kKVM_REGS_SPSR), 3)),
      (.spsrFIQ, core(Int(kKVM_REGS_SPSR), 4)),
      (.cntvCvalEL0, named(.cntvctEL0)),
      (.cntvctEL0, named(.cntvCvalEL0)),
    ]
  }

  extension Descriptor {
    /// Reads a register into a buffer of its length.
    func read(_ register: OneRegister, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) {
      var request = kvm_one_reg(id: register.rawValue, addr: UInt64(UInt(bitPattern: buffer.baseAddress)))
      // SAFETY: KVM writes as many bytes as the name says, for which there is room.
      guard buffer.count >= register.byteCount else { throw .invalidArgument }
      try control(kKVM_GET_ONE_REG, &request)
    }

    /// Sets a register from a buffer of its length.
    func write(_ register: OneRegister, from buffer: UnsafeRawBufferPointer) throws(Errno) {
      var request = kvm_one_reg(id: register.rawValue, addr: UInt64(UInt(bitPattern: buffer.baseAddress)))
      // SAFETY: KVM reads as many bytes as the name says, which are there.
      guard buffer.count >= register.byteCount else { throw .invalidArgument }
      try control(kKVM_SET_ONE_REG, &request)
    }

    /// Reads a register of at most 64 bits.
    func value(of register: OneRegister) throws(Errno) -> UInt64 {
      var value: UInt64 = 0
      var request = kvm_one_reg(id: register.rawValue, addr: 0)
      guard register.byteCount <= 8 else { throw .invalidArgument }
      // SAFETY: the value lives across the call and has room for what the name says.
      try withUnsafeMutablePointer(to: &value) { pointer throws(Errno) in
        request.addr = UInt64(UInt(bitPattern: pointer))
        try control(kKVM_GET_ONE_REG, &request)
      }
      return value
    }

    /// Sets a register of at most 64 bits.
    func setValue(_ value: UInt64, of register: OneRegister) throws(Errno) {
      var value = value
      var request = kvm_one_reg(id: register.rawValue, addr: 0)
      guard register.byteCount <= 8 else { throw .invalidArgument }
      // SAFETY: the value lives across the call.
      try withUnsafeMutablePointer(to: &value) { pointer throws(Errno) in
        request.addr = UInt64(UInt(bitPattern: pointer))
        try control(kKVM_SET_ONE_REG, &request)
      }
    }

    /// The names of all registers that a vCPU has (KVM_GET_REG_LIST).
    func registerNames() throws(Errno) -> [OneRegister] {
      // struct kvm_reg_list: a count and so many names.
      var list: [UInt64] = [0]
      do throws(Errno) { try control(kKVM_GET_REG_LIST, &list) } catch {
        // It does not fit, and the count now says what would.
        guard error.rawValue == E2BIG else { throw error }
      }
      let count = min(list[0], 1 << 16)
      list = [count] + [UInt64](repeating: 0, count: Int(count))
      try control(kKVM_GET_REG_LIST, &list)
      return list.dropFirst().map { OneRegister(rawValue: $0) }
    }
  }
#endif
