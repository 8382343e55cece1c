#if arch(x86_64)
  public import Architecture
  import Bits
  public import CPUEngine
  import CKVM
  import SystemPackage
  import X86

  // Registers by the architecture's table: each X86Register has its place in one of KVM's structures.
  extension KVMX86CPU {
    /// Writes a register's value to the start of `buffer`, fetching from KVM what was not fetched since the CPU ran.
    public func readRegister(
      _ index: RegisterIndex, into buffer: UnsafeMutableRawBufferPointer
    ) throws(EngineError) {
      let (register, target) = try place(of: index, buffer)
      switch register {
      case .x87, .x87Control, .xmm, .mxcsr, .ymmHigh:
        guard let field = XSaveArea.Field(register) else { throw unknown(register) }
        try extended().read(field, into: target)
      default:
        let value = try integer(register)
        for offset in target.indices {
          target[offset] = offset < 8 ? UInt8(truncatingIfNeeded: value >> UInt64(8 * offset)) : 0
        }
      }
    }

    /// Sets a register, in KVM at once or in what KVM takes at the next `run()`.
    public func writeRegister(_ index: RegisterIndex, from bytes: UnsafeRawBufferPointer) throws(EngineError) {
      guard let description = registerFile.table[index], bytes.count >= description.byteCount else {
        throw EngineError("a value of \(bytes.count) bytes does not fit register \(index.rawValue)")
      }
      let register = registerFile.registers[index.rawValue]
      let source = UnsafeRawBufferPointer(rebasing: bytes[..<description.byteCount])
      switch register {
      case .x87, .x87Control, .xmm, .mxcsr, .ymmHigh:
        guard let field = XSaveArea.Field(register) else { throw unknown(register) }
        try setExtended { $0.write(field, from: source) }
      default:
        var value: UInt64 = 0
        for offset in 0..<min(8, source.count) { value |= UInt64(source[offset]) << UInt64(8 * offset) }
        try setInteger(register, value)
      }
    }

    /// Sets registers, those of KVM's `kvm_sregs` together by one call.
    public func setValues(_ values: [(RegisterIndex, UInt64)]) throws(EngineError) {
      _ = try special()
      cache.collectsSpecial = true
      do throws(EngineError) {
        for (index, value) in values { try setValue(value, of: index) }
      } catch {
        cache = Cache()
        throw error
      }
      cache.collectsSpecial = false
      try setSpecial { _ in }
    }

    private func place(
      of index: RegisterIndex, _ buffer: UnsafeMutableRawBufferPointer
    ) throws(EngineError) -> (X86Register, UnsafeMutableRawBufferPointer) {
      guard let description = registerFile.table[index], buffer.count >= description.byteCount else {
        throw EngineError("a buffer of \(buffer.count) bytes does not fit register \(index.rawValue)")
      }
      return (
        registerFile.registers[index.rawValue],
        UnsafeMutableRawBufferPointer(rebasing: buffer[..<description.byteCount])
      )
    }

    private func unknown(_ register: X86Register) -> EngineError {
      EngineError("KVM does not tell the register \(register)")
    }

    // MARK: Integers

    private func integer(_ register: X86Register) throws(EngineError) -> UInt64 {
      switch register {
      case .general(let general): return generalRegisters[general.kvmPosition]
      case .rip: return generalRegisters[KVMRegisterPosition.rip]
      case .rflags: return generalRegisters[KVMRegisterPosition.rflags]
      case .selector(let segment): return UInt64(try special().pointee[keyPath: segment.kvmField].selector)
      case .base(let segment): return try special().pointee[keyPath: segment.kvmField].base
      case .limit(let segment): return UInt64(try special().pointee[keyPath: segment.kvmField].limit)
      case .attributes(let segment): return UInt64(try special().pointee[keyPath: segment.kvmField].attributes)
      case .tableBase(let table): return try special().pointee[keyPath: table.kvmField].base
      case .tableLimit(let table): return UInt64(try special().pointee[keyPath: table.kvmField].limit)
      case .control(let number):
        guard let field = Self.controlField(number) else { throw unknown(register) }
        return try special().pointee[keyPath: field]
      case .efer: return try special().pointee.efer
      case .apicBase: return try special().pointee.apic_base
      case .extendedControl0: return try extendedControl0()
      case .debug(let number): return try Self.debugValue(number, of: debugRegisters(), or: unknown(register))
      case .msr(let index): return try readMSR(index)
      case .x87, .x87Control, .xmm, .mxcsr, .ymmHigh: throw unknown(register)
      }
    }

    private func setInteger(_ register: X86Register, _ value: UInt64) throws(EngineError) {
      switch register {
      case .general(let general): try setGeneral { $0[general.kvmPosition] = value }
      case .rip: try setGeneral { $0[KVMRegisterPosition.rip] = value }
      case .rflags: try setGeneral { $0[KVMRegisterPosition.rflags] = value }
      case .selector(let segment): try setSelector(UInt16(truncatingIfNeeded: value), of: segment)
      case .base(let segment): try setSpecial { $0[keyPath: segment.kvmField].base = value }
      case .limit(let segment):
        try setSpecial { $0[keyPath: segment.kvmField].limit = UInt32(truncatingIfNeeded: value) }
      case .attributes(let segment):
        try setSpecial { $0[keyPath: segment.kvmField].attributes = UInt32(truncatingIfNeeded: value) }
      case .tableBase(let table): try setSpecial { $0[keyPath: table.kvmField].base = value }
      case .tableLimit(let table):
        try setSpecial { $0[keyPath: table.kvmField].limit = UInt16(truncatingIfNeeded: value) }
      case .control(let number):
        guard let field = Self.controlField(number) else { throw unknown(register) }
        try setSpecial { $0[keyPath: field] = value }
      case .efer: try setSpecial { $0.efer = value }
      case .apicBase: try setSpecial { $0.apic_base = value }
      case .extendedControl0: try setExtendedControl0(value)
      case .debug(let number): try setDebugRegister(number, value)
      case .msr(let index): try writeMSR(index, value)
      case .x87, .x87Control, .xmm, .mxcsr, .ymmHigh: throw unknown(register)
      }
    }

    private static func controlField(_ number: Int) -> WritableKeyPath<kvm_sregs, UInt64>? {
      switch number {
      case 0: \.cr0
      case 2: \.cr2
      case 3: \.cr3
      case 4: \.cr4
      case 8: \.cr8
      default: nil
      }
    }

    // MARK: General registers, shared with KVM by every exit

    var syncRegisters: kvm_regs { runPage.pointer.pointee.s.regs.regs }

    /// `kvm_regs` in `kvm_run` as what it is: eighteen 64-bit words in a row.
    private var generalRegisters: UnsafeMutablePointer<UInt64> {
      // SAFETY: the structure lies in the mapping, which lives as long as this CPU, and holds only such words.
      (UnsafeMutableRawPointer(runPage.pointer) + Int(kKVM_RUN_REGS)).assumingMemoryBound(to: UInt64.self)
    }

    private func setGeneral(_ change: (UnsafeMutablePointer<UInt64>) -> Void) throws(EngineError) {
      change(generalRegisters)
      if index > 0, activity == .waitingForStartup {
        // KVM_RUN of such a CPU takes nothing over from `kvm_run`.
        try setRegisters(syncRegisters)
      } else {
        runPage.pointer.pointee.kvm_dirty_regs |= UInt64(KVM_SYNC_X86_REGS)
      }
      invalidateDebugControl()
    }

    /// Sets all general registers now rather than with the next run.
    func setRegisters(_ registers: kvm_regs) throws(EngineError) {
      var registers = registers
      try named("KVM_SET_REGS") { () throws(Errno) in try descriptor.control(kKVM_SET_REGS, &registers) }
      runPage.pointer.pointee.s.regs.regs = registers
      runPage.pointer.pointee.kvm_dirty_regs &= ~UInt64(KVM_SYNC_X86_REGS)
    }

    /// Fetches the general registers where no exit has brought them.
    func refreshSyncRegisters() throws(EngineError) {
      var registers = kvm_regs()
      try named("KVM_GET_REGS") { () throws(Errno) in try descriptor.control(kKVM_GET_REGS, &registers) }
      runPage.pointer.pointee.s.regs.regs = registers
      runPage.pointer.pointee.kvm_dirty_regs &= ~UInt64(KVM_SYNC_X86_REGS)
    }

    // MARK: Special registers

    /// Where the next instruction is: RIP, with the code segment's base where the mode adds it.
    func instructionAddress() throws(EngineError) -> GuestVirtual {
      let special = try special().pointee
      let mode = X86Mode(
        cr0: CR0(rawValue: special.cr0), efer: EFER(rawValue: special.efer),
        rflags: RFLAGS(rawValue: syncRegisters.rflags),
        codeSegment: X86SegmentAttributes(rawValue: UInt64(special.cs.attributes)))
      return mode.linearAddress(syncRegisters.rip, in: .cs, base: special.cs.base)
    }

    /// The ring that the CPU is in: the stack segment's (SDM volume 3, section 5.5); in real mode 0.
    func privilegeLevel() throws(EngineError) -> UInt8 { try special().pointee.ss.dpl }

    /// `kvm_sregs` in `kvm_run`, which every exit brings; fetched where they were changed since.
    func special() throws(EngineError) -> UnsafeMutablePointer<kvm_sregs> {
      // SAFETY: the structure lies in the mapping, which lives as long as this CPU.
      let registers = (UnsafeMutableRawPointer(runPage.pointer) + Int(kKVM_RUN_SREGS))
        .assumingMemoryBound(to: kvm_sregs.self)
      if !cache.knowsSpecial {
        try named("KVM_GET_SREGS") { () throws(Errno) in try descriptor.control(kKVM_GET_SREGS, &registers.pointee) }
        cache.knowsSpecial = true
      }
      return registers
    }

    private func setSpecial(_ change: (inout kvm_sregs) -> Void) throws(EngineError) {
      let registers = try special()
      change(&registers.pointee)
      if cache.collectsSpecial { return }
      // What was collected is not what the CPU has any more, whether or not it takes the new values.
      cache.knowsSpecial = false
      do throws(Errno) { try descriptor.control(kKVM_SET_SREGS, &registers.pointee) } catch {
        throw EngineError("the value: it does not fit the other special registers (KVM_SET_SREGS)", error)
      }
      invalidateDebugControl()
    }

    /// Sets a selector; where segments are paragraphs the base follows (SDM Vol 3, 21.1.1).
    private func setSelector(_ selector: UInt16, of segment: X86Register.Segment) throws(EngineError) {
      let isVirtual8086 = syncRegisters.rflags[bit: 17]
      let isReal = try !special().pointee.cr0[bit: 0]
      try setSpecial {
        $0[keyPath: segment.kvmField].selector = selector
        if isReal || isVirtual8086 { $0[keyPath: segment.kvmField].base = UInt64(selector) << 4 }
      }
    }

    // MARK: The rest, fetched when asked for

    private func extended() throws(EngineError) -> XSaveArea {
      if let cached = cache.extended { return cached }
      var area = XSaveArea()
      try named("KVM_GET_XSAVE") { () throws(Errno) in try descriptor.control(kKVM_GET_XSAVE, &area.storage) }
      cache.extended = area
      return area
    }

    private func setExtended(_ change: (inout XSaveArea) -> Void) throws(EngineError) {
      var area = try extended()
      change(&area)
      try named("KVM_SET_XSAVE") { () throws(Errno) in try descriptor.control(kKVM_SET_XSAVE, &area.storage) }
      cache.extended = nil
    }

    private func extendedControl0() throws(EngineError) -> UInt64 {
      var registers = kvm_xcrs()
      try named("KVM_GET_XCRS") { () throws(Errno) in try descriptor.control(kKVM_GET_XCRS, &registers) }
      guard registers.nr_xcrs > 0 else { throw EngineError("this CPU has no extended control registers") }
      return registers.xcrs.0.value
    }

    private func setExtendedControl0(_ value: UInt64) throws(EngineError) {
      var registers = kvm_xcrs()
      registers.nr_xcrs = 1
      registers.xcrs.0.value = value
      try named("KVM_SET_XCRS") { () throws(Errno) in try descriptor.control(kKVM_SET_XCRS, &registers) }
    }

    private func debugRegisters() throws(EngineError) -> kvm_debugregs {
      if let cached = cache.debug { return cached }
      var registers = kvm_debugregs()
      try named("KVM_GET_DEBUGREGS") { () throws(Errno) in try descriptor.control(kKVM_GET_DEBUGREGS, &registers) }
      cache.debug = registers
      return registers
    }

    private static func debugField(_ number: Int) -> WritableKeyPath<kvm_debugregs, UInt64>? {
      switch number {
      case 0: \.db.0
      case 1: \.db.1
      case 2: \.db.2
      case 3: \.db.3
      case 6: \.dr6
      case 7: \.dr7
      default: nil
      }
    }

    private static func debugValue(
      _ number: Int, of registers: kvm_debugregs, or error: EngineError
    ) throws(EngineError) -> UInt64 {
      guard let field = debugField(number) else { throw error }
      return registers[keyPath: field]
    }

    private func setDebugRegister(_ number: Int, _ value: UInt64) throws(EngineError) {
      guard let field = Self.debugField(number) else { throw unknown(.debug(number)) }
      var registers = try debugRegisters()
      registers[keyPath: field] = value
      try named("KVM_SET_DEBUGREGS") { () throws(Errno) in try descriptor.control(kKVM_SET_DEBUGREGS, &registers) }
      cache.debug = nil
    }
  }

  extension KVMX86CPU: ModelSpecificRegisters {
    /// Reads an MSR by KVM_GET_MSRS.
    public func readMSR(_ index: UInt32) throws(EngineError) -> UInt64 {
      guard let value = MSRBuffer.read(index, from: descriptor) else {
        throw EngineError("KVM does not tell MSR 0x\(String(index, radix: 16))")
      }
      return value
    }

    /// Sets an MSR by KVM_SET_MSRS.
    public func writeMSR(_ index: UInt32, _ value: UInt64) throws(EngineError) {
      guard MSRBuffer.write(value, to: index, on: descriptor) else {
        throw EngineError("KVM refuses 0x\(String(value, radix: 16)) in MSR 0x\(String(index, radix: 16))")
      }
      // EFER and the segment bases are MSRs too; but values that are being collected still want to be set.
      if !cache.collectsSpecial { cache = Cache() }
    }
  }

  extension XSaveArea.Field {
    /// The place of a register of the x87, SSE and AVX units, or nil for any other.
    fileprivate init?(_ register: X86Register) {
      switch register {
      case .x87(let number): self = .stack(number)
      case .xmm(let number): self = .xmm(number)
      case .ymmHigh(let number): self = .ymmHigh(number)
      case .mxcsr: self = .mxcsr
      case .x87Control(let control):
        switch control {
        case .fctrl: self = .control
        case .fstat: self = .status
        case .ftag: self = .tag
        case .fiseg: self = .instructionSelector
        case .fioff: self = .instructionOffset
        case .foseg: self = .operandSelector
        case .fooff: self = .operandOffset
        case .fop: self = .opcode
        }
      default: return nil
      }
    }
  }

  /// The positions of words in `kvm_regs`.
  private enum KVMRegisterPosition {
    static let rip = 16
    static let rflags = 17
  }

  extension X86Register.General {
    /// The register's position in `kvm_regs`, which has RSP and RBP the other way round than GDB.
    fileprivate var kvmPosition: Int {
      switch self {
      case .rsp: 6
      case .rbp: 7
      default: rawValue
      }
    }
  }

  extension X86Register.Segment {
    fileprivate var kvmField: WritableKeyPath<kvm_sregs, kvm_segment> {
      switch self {
      case .cs: \.cs
      case .ss: \.ss
      case .ds: \.ds
      case .es: \.es
      case .fs: \.fs
      case .gs: \.gs
      case .tr: \.tr
      case .ldtr: \.ldt
      }
    }
  }

  extension X86Register.DescriptorTable {
    fileprivate var kvmField: WritableKeyPath<kvm_sregs, kvm_dtable> {
      switch self {
      case .gdtr: \.gdt
      case .idtr: \.idt
      }
    }
  }

  extension kvm_segment {
    /// Bits 8 to 15 and 20 to 23 of a descriptor's second word, as LAR shows them, with KVM's "unusable" in bit 16.
    fileprivate var attributes: UInt32 {
      get {
        UInt32(type) | UInt32(s) << 4 | UInt32(dpl) << 5 | UInt32(present) << 7 | UInt32(avl) << 12
          | UInt32(l) << 13 | UInt32(db) << 14 | UInt32(g) << 15 | UInt32(unusable) << 16
      }
      set {
        type = UInt8(newValue[bits: 0...3])
        s = UInt8(newValue[bits: 4...4])
        dpl = UInt8(newValue[bits: 5...6])
        present = UInt8(newValue[bits: 7...7])
        avl = UInt8(newValue[bits: 12...12])
        l = UInt8(newValue[bits: 13...13])
        db = UInt8(newValue[bits: 14...14])
        g = UInt8(newValue[bits: 15...15])
        unusable = UInt8(newValue[bits: 16...16])
      }
    }
  }
#endif
