import ARM64
import Bits

// SYS: maintenance of caches and translations, and address translation (Arm ARM, sections C5.3 to C5.5).
extension DecodeTable {
  /// SYSL has nothing that is defined.
  static let systemOperations: [InstructionPattern] = [
    InstructionPattern("SYS", "1101010100 0 01 ppp nnnn mmmm ooo ttttt") { word in
      guard let handler = systemOperation(SystemInstruction(word).register) else { return nil }
      return Slot(handler, Operands(rn: word.rd.orZero, word: word.rawValue))
    }
  ]
}

/// What a system instruction does; nil where it is UNDEFINED.
private func systemOperation(_ name: SystemRegister) -> Handler? {
  switch (name.op1, name.crn, name.crm, name.op2) {
  case (0, 7, 8, 0...3): { attempt($0, $1, $2) { translateAddress($0, $1) } }
  case (0, 7, 9, 0...1) where Feature.announced.contains(.pan2): { attempt($0, $1, $2) { translateAddress($0, $1) } }
  // IC IALLUIS and IALLU, DC ISW, CSW and CISW: stores are seen by fetches anyway.
  case (0, 7, 1, 0), (0, 7, 5, 0), (0, 7, 6, 2), (0, 7, 10, 2), (0, 7, 14, 2):
    {
      attempt($0, $1, $2) { cpu, _ in isPrivileged(cpu) }
    }
  // DC IVAC.
  case (0, 7, 6, 1): { attempt($0, $1, $2) { isPrivileged($0) && maintainCache($0, $1, asWrite: true) } }
  // DC ZVA.
  case (3, 7, 4, 1): { attempt($0, $1, $2) { zeroBlock($0, $1) } }
  // DC CVAC, CVAU, CVAP and CIVAC.
  case (3, 7, 10, 1), (3, 7, 11, 1), (3, 7, 14, 1): { attempt($0, $1, $2) { maintainCache($0, $1, asWrite: false) } }
  case (3, 7, 12, 1) where Feature.announced.contains(.dpb):
    {
      attempt($0, $1, $2) { maintainCache($0, $1, asWrite: false) }
    }
  // IC IVAU.
  case (3, 7, 5, 1): { attempt($0, $1, $2) { isOpen($0, $1, .sctlr(26)) } }
  // TLBI VMALLE1, VAE1, ASIDE1, VAAE1, VALE1 and VAALE1, inner shareable (CRm 3) or not.
  case (0, 8, 3, 0...3), (0, 8, 3, 5), (0, 8, 3, 7), (0, 8, 7, 0...3), (0, 8, 7, 5), (0, 8, 7, 7):
    {
      attempt($0, $1, $2) { invalidateTranslations($0, $1) }
    }
  default: nil
  }
}

extension Operands {
  fileprivate var instruction: SystemInstruction { SystemInstruction(InstructionWord(rawValue: word)) }
}

// MARK: - Who may

/// Whether it is EL1; where not, the instruction is UNDEFINED.
@inline(never)
private func isPrivileged(_ cpu: CPU) -> Bool {
  cpu.state.pointee.exceptionLevel != .el0 || cpu.raise(Syndrome.unknown)
}

/// Whether EL0 may, where it is EL0; where not, the instruction is trapped.
@inline(never)
private func isOpen(_ cpu: CPU, _ op: Operands, _ gate: SystemRegisterDefinition.Gate) -> Bool {
  cpu.run.pointee.core._withUnsafeGuaranteedRef { core in
    cpu.state.pointee.exceptionLevel != .el0 || core.isOpen(gate)
      || cpu.raise(Syndrome.systemRegister(op.instruction))
  }
}

// MARK: - Caches

/// Checks what maintenance of a cache line by address checks; there is nothing else to do (section D7.5.8).
@inline(never)
private func maintainCache(_ cpu: CPU, _ op: Operands, asWrite: Bool) -> Bool {
  guard isOpen(cpu, op, .sctlr(26)) else { return false }
  return cpu.run.pointee.core._withUnsafeGuaranteedRef { core in
    let address = cpu[x: op.rn]
    switch core.lookUp(address, asWrite ? .write : .read, core.regime(unprivileged: false)) {
    case .found: return true
    case .fault(let status):
      return cpu.raise(Syndrome.dataAbort(status, isWrite: true, isCacheMaintenance: true), at: address)
    }
  }
}

/// Clears a block of memory.
@inline(__always)
private func zeroBlock(_ cpu: CPU, _ op: Operands) -> Bool {
  guard cpu.state.pointee.mode & 0b1100 != 0 || isOpen(cpu, op, .sctlr(14)) else { return false }
  let address = cpu[x: op.rn]
  let count = Identification.zeroedByteCount
  let start = address & ~UInt64(count - 1)
  guard cpu.writable(start, count) != nil || mayZero(cpu, address) else { return false }
  for offset in stride(from: 0, to: UInt64(count), by: 16) {
    guard cpu.store(SIMD2<UInt64>(), at: start &+ offset) else { return false }
  }
  return true
}

@inline(never)
private func mayZero(_ cpu: CPU, _ address: UInt64) -> Bool {
  cpu.run.pointee.core._withUnsafeGuaranteedRef { $0.mayZero(address) }
}

// MARK: - Translations

@inline(never)
private func invalidateTranslations(_ cpu: CPU, _ op: Operands) -> Bool {
  guard isPrivileged(cpu) else { return false }
  let name = op.instruction.register
  let operand = cpu[x: op.rn]
  cpu.run.pointee.core._withUnsafeGuaranteedRef { core in
    let scope: SoftCore.Invalidation =
      switch name.op2 {
      case 0: .all
      case 2: .addressSpace(core.asid(operand: operand))
      case 1, 5: core.invalidation(byPage: operand, inAllSpaces: false)
      default: core.invalidation(byPage: operand, inAllSpaces: true)
      }
    let isShared = name.crm == 3
    for other in isShared ? core.machine.cores : [core] { other.invalidate(scope) }
  }
  return true
}

/// AT: translates an address for EL1 or EL0, and puts the result into PAR_EL1.
@inline(never)
private func translateAddress(_ cpu: CPU, _ op: Operands) -> Bool {
  guard isPrivileged(cpu) else { return false }
  let name = op.instruction.register
  let access: SoftCore.Access = name.op2 & 1 == 0 ? .read : .write
  cpu.run.pointee.core._withUnsafeGuaranteedRef { core in
    let isEL0 = name.op2 & 2 != 0
    let heedsPAN = name.crm == 9 && cpu.state.pointee.mode[bit: 22]
    let regime: TranslationTables.Regime = isEL0 ? .el0 : heedsPAN ? .el1PAN : .el1
    switch core.resolve(cpu[x: op.rn], access, regime) {
    case .mapping(let mapping): cpu.state.pointee.system.par = PAR(of: mapping).rawValue
    case .fault(let status): cpu.state.pointee.system.par = PAR(of: status).rawValue
    }
  }
  return true
}

extension PAR {
  /// Bit 11, which is one in both forms.
  private static let fixed: UInt64 = 1 << 11

  fileprivate init(of mapping: StageOneMapping) {
    self.init(rawValue: Self.fixed)
    rawValue[bits: 12...51] = mapping.physical.rawValue >> 12
    rawValue[bits: 56...63] = UInt64(mapping.attributes.rawValue)
    // What is Device or not cached is outer shareable, whatever the descriptor says.
    let isShared = mapping.attributes.isDevice || mapping.attributes.rawValue == 0x44
    rawValue[bits: 7...8] = UInt64((isShared ? .outer : mapping.shareability).rawValue)
  }

  fileprivate init(of fault: FaultStatus) {
    self.init(rawValue: Self.fixed | 1)
    rawValue[bits: 1...6] = UInt64(fault.rawValue)
  }
}
