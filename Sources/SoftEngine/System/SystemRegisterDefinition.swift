import ARM64
import Bits

/// What a system register of this CPU is, who may have it, and what follows from a change of it.
struct SystemRegisterDefinition: Sendable {
  let register: SystemRegister
  let value: Value
  let user: UserAccess
  let effect: Effect

  /// Where the value is.
  enum Value: Sendable {
    /// Read-only; a write is UNDEFINED.
    case constant(UInt64)
    /// A place in `CPUState`, in bytes. A write changes the bits of `writable`; those of `fixed` are one.
    case place(Int, writable: UInt64, fixed: UInt64)
    case computed(Computed)
  }

  /// What is not a place: each function gets the time of the instruction.
  struct Computed: Sendable {
    /// What MRS reads; nil where that is UNDEFINED.
    var read: (@Sendable (SoftCore, _ time: UInt64) -> UInt64)?
    /// What MSR does; nil where that is UNDEFINED.
    var write: (@Sendable (SoftCore, _ value: UInt64, _ time: UInt64) -> Void)?
    /// What a debugger reads, where reading has an effect.
    var peek: (@Sendable (SoftCore) -> UInt64)?
    /// The register's value is not to be had while this is so: UNDEFINED.
    var isUndefined: (@Sendable (SoftCore) -> Bool)?
  }

  /// What EL0 may do; what it may not at all is UNDEFINED to it.
  enum UserAccess: Sendable, Equatable {
    case none
    case read(Gate)
    case write(Gate)
    case readWrite(Gate)
    /// Reads and writes have a gate each.
    case readOrWrite(Gate, Gate)
    /// Not even EL1 has it: the register is shown to a debugger alone.
    case debuggerOnly
  }

  /// What lets EL0's accesses pass; they are trapped where it does not.
  enum Gate: Sendable, Equatable {
    case open
    /// A bit of SCTLR_EL1.
    case sctlr(Int)
    /// A bit of SCTLR_EL1 that is clear.
    case sctlrClear(Int)
    /// One of some bits of CNTKCTL_EL1.
    case cntkctl(UInt64)
    /// One of some bits of PMUSERENR_EL0.
    case pmuserenr(UInt64)
    /// MDSCR_EL1.TDCC is clear.
    case debugChannel
    /// CPACR_EL1.FPEN, for EL1 too.
    case vectorAccess
  }

  /// What a write changes beside the value.
  enum Effect: Sendable {
    case none
    /// All translations.
    case translation
    /// The current address space, perhaps.
    case addressSpace
    /// What `SoftCore.selectTables` looks at.
    case regime
    /// Interrupts may be pending, or be taken, that were not.
    case interrupts
    /// The guest's own breakpoints, watchpoints or steps.
    case debug
  }
}

// MARK: - Writing them down

extension SystemRegisterDefinition {
  /// A register that is storage in `SystemState`.
  static func stored(
    _ name: String, _ place: PartialKeyPath<SystemState>, at index: Int = 0, writable: UInt64 = ~0,
    fixed: UInt64 = 0, user: UserAccess = .none, then effect: Effect = .none
  ) -> Self {
    guard let base = MemoryLayout<CPUState>.offset(of: \.system),
      let offset = MemoryLayout<SystemState>.offset(of: place)
    else { preconditionFailure("\(name) is not stored") }
    return Self(
      register: named(name), value: .place(base + offset + index * 8, writable: writable, fixed: fixed), user: user,
      effect: effect)
  }

  /// A register that reads the same always.
  static func constant(_ name: String, _ value: UInt64 = 0, user: UserAccess = .none) -> Self {
    Self(register: named(name), value: .constant(value), user: user, effect: .none)
  }

  /// A register that reads the same always, and that may be written to no effect.
  static func ignored(_ name: String, _ value: UInt64 = 0) -> Self {
    computed(name, read: { _, _ in value }, write: { _, _, _ in })
  }

  static func computed(
    _ name: String, user: UserAccess = .none, then effect: Effect = .none,
    read: (@Sendable (SoftCore, UInt64) -> UInt64)? = nil,
    write: (@Sendable (SoftCore, UInt64, UInt64) -> Void)? = nil, peek: (@Sendable (SoftCore) -> UInt64)? = nil,
    isUndefined: (@Sendable (SoftCore) -> Bool)? = nil
  ) -> Self {
    Self(
      register: named(name),
      value: .computed(Computed(read: read, write: write, peek: peek, isUndefined: isUndefined)), user: user,
      effect: effect)
  }

  private static func named(_ name: String) -> SystemRegister {
    guard let register = SystemRegister(named: name) else { preconditionFailure("there is no \(name)") }
    return register
  }
}

// MARK: - Access

extension SystemRegisterDefinition {
  /// The bytes of a place in the state.
  private static func place(_ offset: Int, of core: SoftCore) -> UnsafeMutableRawPointer {
    // SAFETY: offsets are those of stored properties of the state, which is first in the context.
    UnsafeMutableRawPointer(core.context) + offset
  }

  /// What MRS reads at a time; nil where it is UNDEFINED.
  func read(from core: SoftCore, at time: UInt64) -> UInt64? {
    switch value {
    case .constant(let value): value
    case .place(let offset, _, _): Self.place(offset, of: core).load(as: UInt64.self)
    case .computed(let computed):
      computed.isUndefined?(core) == true ? nil : computed.read?(core, time)
    }
  }

  /// Does what MSR does at a time; false where it is UNDEFINED.
  func write(_ newValue: UInt64, to core: SoftCore, at time: UInt64) -> Bool {
    switch value {
    case .constant: return false
    case .place(let offset, let writable, let fixed):
      let old = Self.place(offset, of: core).load(as: UInt64.self)
      let asid = core.asid
      Self.place(offset, of: core)
        .storeBytes(of: old & ~writable | newValue & writable | fixed, as: UInt64.self)
      core.apply(effect, formerASID: asid)
    case .computed(let computed):
      guard let write = computed.write, computed.isUndefined?(core) != true else { return false }
      write(core, newValue, time)
      core.apply(effect, formerASID: core.asid)
    }
    return true
  }

  /// What a debugger reads; nil for what is only written.
  func peek(_ core: SoftCore) -> UInt64? {
    if case .computed(let computed) = value {
      return computed.peek?(core) ?? computed.read?(core, core.context.pointee.state.time)
    }
    return read(from: core, at: core.context.pointee.state.time)
  }

  /// Whether a debugger can read it.
  var isReadable: Bool {
    if case .computed(let computed) = value { return computed.read != nil || computed.peek != nil }
    return true
  }
}

extension SoftCore {
  fileprivate func apply(_ effect: SystemRegisterDefinition.Effect, formerASID: UInt16) {
    switch effect {
    case .none: break
    case .translation: noteTranslationChange()
    case .addressSpace: if asid != formerASID { tables.clearOwned() }
    case .regime: selectTables()
    case .interrupts: machine.updateInterrupts()
    case .debug: noteGuestDebugChange()
    }
  }

  /// The value of a system register for a debugger.
  func peek(_ register: SystemRegister) -> UInt64? { SystemRegisterFile.definition(of: register)?.peek(self) }

  /// Sets a system register for a debugger.
  func poke(_ register: SystemRegister, _ value: UInt64) -> Bool {
    guard let definition = SystemRegisterFile.definition(of: register) else { return false }
    let time = context.pointee.state.time
    // An unchanged value may be put back to what cannot be written.
    guard definition.write(value, to: self, at: time) || definition.peek(self) == value else { return false }
    needsAttention = true
    return true
  }

  // MARK: What is refused

  /// Whether the current exception level may access a register; where not, the exception is raised.
  func permits(_ definition: SystemRegisterDefinition, _ access: SystemInstruction) -> Bool {
    let isEL0 = context.pointee.state.exceptionLevel == .el0
    let gate: SystemRegisterDefinition.Gate?
    switch definition.user {
    case .debuggerOnly: return cpu.raise(Syndrome.unknown)
    case .none: return isEL0 ? cpu.raise(Syndrome.unknown) : true
    case .read(let its): gate = access.isRead ? its : nil
    case .write(let its): gate = access.isRead ? nil : its
    case .readWrite(let its): gate = its
    case .readOrWrite(let reading, let writing): gate = access.isRead ? reading : writing
    }
    if gate == .vectorAccess { return context.pointee.run.isVectorTrapped ? cpu.raise(Syndrome.vectorAccess) : true }
    guard isEL0 else { return true }
    guard let gate else { return cpu.raise(Syndrome.unknown) }
    return isOpen(gate) || cpu.raise(Syndrome.systemRegister(access))
  }

  /// Whether a gate lets EL0 pass.
  func isOpen(_ gate: SystemRegisterDefinition.Gate) -> Bool {
    let state = context.pointee.state
    return switch gate {
    case .open: true
    case .sctlr(let bit): state.system.sctlr[bit: bit]
    case .sctlrClear(let bit): !state.system.sctlr[bit: bit]
    case .cntkctl(let bits): state.system.cntkctl & bits != 0
    case .pmuserenr(let bits): state.system.pmu.userAccess & bits != 0
    case .debugChannel: !state.system.mdscr[bit: 12]
    case .vectorAccess: !context.pointee.run.isVectorTrapped
    }
  }
}

/// An instruction that is trapped, as a syndrome tells it.
struct SystemInstruction {
  let register: SystemRegister
  let isRead: Bool
  /// The number of the general register, 31 for XZR.
  let generalRegister: UInt8

  init(_ word: InstructionWord) {
    register = SystemRegister(rawValue: UInt16(truncatingIfNeeded: word[bits: 5...20]))
    isRead = word[bit: 21]
    generalRegister = word.rd
  }
}

extension Syndrome {
  /// A trapped MSR, MRS or system instruction.
  static func systemRegister(_ access: SystemInstruction) -> UInt64 {
    let register = access.register
    var specific: UInt64 = 0
    specific[bit: 0] = access.isRead
    specific[bits: 1...4] = UInt64(register.crm)
    specific[bits: 5...9] = UInt64(access.generalRegister)
    specific[bits: 10...13] = UInt64(register.crn)
    specific[bits: 14...16] = UInt64(register.op1)
    specific[bits: 17...19] = UInt64(register.op2)
    specific[bits: 20...21] = UInt64(register.op0)
    return make(.systemRegister, specific)
  }
}
