import ARM64
import Bits

// MRS, MSR (register) and MSR (immediate) (Arm ARM, sections C6.2.228 to C6.2.230). What kernels do all the time has
// handlers of its own; everything else asks the register's definition.
extension DecodeTable {
  static let systemRegisterMoves: [InstructionPattern] = [
    InstructionPattern("MRS", "1101010100 1 1o ppp nnnn mmmm ooo ttttt") { translateRead($0) },
    InstructionPattern("MSR (register)", "1101010100 0 1o ppp nnnn mmmm ooo ttttt") { translateWrite($0) },
    InstructionPattern("MSR (immediate)", "1101010100 0 00 ppp 0100 iiii ooo 11111") { translateImmediate($0) },
  ]
}

extension SystemRegister {
  fileprivate static let daif = SystemRegister(op0: 3, op1: 3, crn: 4, crm: 2, op2: 1)
}

extension CPU {
  @inline(__always) fileprivate var isEL1: Bool { state.pointee.mode & 0b1100 != 0 }
  /// EL1 by its own stack pointer.
  @inline(__always) fileprivate var isEL1h: Bool { state.pointee.mode & 0b1101 == 0b0101 }

  /// The value at a place in the state, which a register's definition gives.
  @inline(__always) fileprivate subscript(place op: Operands) -> UInt64 {
    // SAFETY: the offset is that of a stored property of the state, which is first in the context.
    get { base.load(fromByteOffset: Int(op.immediate), as: UInt64.self) }
    nonmutating set { base.storeBytes(of: newValue, toByteOffset: Int(op.immediate), as: UInt64.self) }
  }

  /// PSTATE's D, A, I and F at their places in DAIF.
  @inline(__always) fileprivate var masks: UInt64 {
    get { state.pointee.mode & 0x3c0 }
    nonmutating set { state.pointee.mode = state.pointee.mode & ~0x3c0 | newValue & 0x3c0 }
  }
}

/// Goes on behind an instruction that cleared masks: the core is to look if there is something that they held back.
@inline(__always)
private func nextUnmasked(_ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int) {
  if CPU(cpu).run.pointee.awaitsUnmasking {
    leave(cpu, after: slot, limit, .attention)
  } else {
    next(cpu, slot, limit)
  }
}

// MARK: - Any register

/// The operands of any move: the general register in `rn` as a source and `rd` as a destination, the position of the
/// definition in `rm` and `ra`, the instruction itself in `immediate`.
private func operands(_ word: InstructionWord, _ position: Int) -> Operands {
  Operands(
    rd: word.rd.orDiscard, rn: word.rd.orZero, rm: UInt8(truncatingIfNeeded: position),
    ra: UInt8(truncatingIfNeeded: position >> 8), word: word.rawValue)
}

extension Operands {
  fileprivate var definition: SystemRegisterDefinition { SystemRegisterFile.definitions[Int(rm) | Int(ra) << 8] }
  fileprivate var instruction: SystemInstruction { SystemInstruction(InstructionWord(rawValue: word)) }
}

@inline(never)
private func readRegister(_ cpu: CPU, _ op: Operands, _ time: UInt64) -> Bool {
  cpu.run.pointee.core._withUnsafeGuaranteedRef { core in
    let definition = op.definition
    guard core.permits(definition, op.instruction) else { return false }
    guard let value = definition.read(from: core, at: time) else { return cpu.raise(Syndrome.unknown) }
    cpu[x: op.rd] = value
    return true
  }
}

/// How an instruction of the system level went.
enum SystemOutcome {
  /// It raised an exception.
  case failed
  case done
  /// It is done, and the core is to look at what it changed.
  case attention
}

@inline(never)
private func writeRegister(_ cpu: CPU, _ op: Operands, _ time: UInt64) -> SystemOutcome {
  cpu.run.pointee.core._withUnsafeGuaranteedRef { core in
    let definition = op.definition
    guard core.permits(definition, op.instruction) else { return .failed }
    guard definition.write(cpu[x: op.rn], to: core, at: time) else {
      cpu.raise(Syndrome.unknown)
      return .failed
    }
    return core.needsAttention ? .attention : .done
  }
}

/// Goes on as an instruction of the system level went.
@inline(__always)
func proceed(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ outcome: SystemOutcome
) {
  switch outcome {
  case .failed: leave(cpu, slot, limit)
  case .done: next(cpu, slot, limit)
  case .attention: leave(cpu, after: slot, limit, .attention)
  }
}

// MARK: - MRS

private func translateRead(_ word: InstructionWord) -> Slot? {
  let register = SystemInstruction(word).register
  guard let position = SystemRegisterFile.position(of: register) else { return nil }
  let definition = SystemRegisterFile.definitions[position]
  if let slot = translatePlaceRead(word, definition) { return slot }
  if register == .daif {
    return Slot(
      { cpu, slot, limit in
        let op = SoftEngine.operands(slot)
        if CPU(cpu).isEL1 {
          CPU(cpu)[x: op.rd] = CPU(cpu).masks
          next(cpu, slot, limit)
        } else {
          attempt(cpu, slot, limit) { readRegister($0, $1, $0.time(at: slot, limit)) }
        }
      }, operands(word, position))
  }
  return Slot(
    { cpu, slot, limit in attempt(cpu, slot, limit) { readRegister($0, $1, $0.time(at: slot, limit)) } },
    operands(word, position))
}

/// Reads what is only a place in the state.
private func translatePlaceRead(_ word: InstructionWord, _ definition: SystemRegisterDefinition) -> Slot? {
  if definition.register == .spEL0, let offset = MemoryLayout<CPUState>.offset(of: \.spEL0) {
    return Slot(
      {
        attempt($0, $1, $2) { cpu, op in
          // With SPSel clear the register is SP itself and has no other name.
          guard cpu.isEL1h else { return cpu.raise(Syndrome.unknown) }
          cpu[x: op.rd] = cpu[place: op]
          return true
        }
      }, Operands(rd: word.rd.orDiscard, immediate: Int32(offset)))
  }
  guard case .place(let offset, _, _) = definition.value else { return nil }
  let operands = Operands(rd: word.rd.orDiscard, immediate: Int32(offset))
  switch definition.user {
  case .none:
    return Slot(
      {
        attempt($0, $1, $2) { cpu, op in
          guard cpu.isEL1 else { return cpu.raise(Syndrome.unknown) }
          cpu[x: op.rd] = cpu[place: op]
          return true
        }
      }, operands)
  case .read(.open), .readWrite(.open): return Slot({ execute($0, $1, $2) { $0[x: $1.rd] = $0[place: $1] } }, operands)
  default: return nil
  }
}

// MARK: - MSR (register)

private func translateWrite(_ word: InstructionWord) -> Slot? {
  let register = SystemInstruction(word).register
  guard let position = SystemRegisterFile.position(of: register) else { return nil }
  let definition = SystemRegisterFile.definitions[position]
  if let slot = translatePlaceWrite(word, definition) { return slot }
  if register == .daif {
    return Slot(
      { cpu, slot, limit in
        let op = SoftEngine.operands(slot)
        if CPU(cpu).isEL1 {
          CPU(cpu).masks = CPU(cpu)[x: op.rn]
          nextUnmasked(cpu, slot, limit)
        } else {
          let time = CPU(cpu).time(at: slot, limit)
          proceed(cpu, slot, limit, writeRegister(CPU(cpu), op, time))
        }
      }, operands(word, position))
  }
  return Slot(
    { cpu, slot, limit in
      let time = CPU(cpu).time(at: slot, limit)
      proceed(cpu, slot, limit, writeRegister(CPU(cpu), SoftEngine.operands(slot), time))
    }, operands(word, position))
}

/// Writes what is only a place in the state, of which every bit can be written.
private func translatePlaceWrite(_ word: InstructionWord, _ definition: SystemRegisterDefinition) -> Slot? {
  guard case .place(let offset, ~0, 0) = definition.value, case .none = definition.effect else { return nil }
  let operands = Operands(rn: word.rd.orZero, immediate: Int32(offset))
  switch definition.user {
  case .readWrite(.open): return Slot({ execute($0, $1, $2) { $0[place: $1] = $0[x: $1.rn] } }, operands)
  case .none, .read(.open):
    return Slot(
      {
        attempt($0, $1, $2) { cpu, op in
          guard cpu.isEL1 else { return cpu.raise(Syndrome.unknown) }
          cpu[place: op] = cpu[x: op.rn]
          return true
        }
      }, operands)
  default: return nil
  }
}

// MARK: - MSR (immediate)

private func translateImmediate(_ word: InstructionWord) -> Slot? {
  let operands = Operands(rm: word.number(8...11), word: word.rawValue)
  switch (word[bits: 16...18], word[bits: 5...7]) {
  case (0b011, 0b110):
    return Slot(
      {
        attempt($0, $1, $2) { cpu, op in
          guard cpu.isEL1 || permitsMasks(cpu, op) else { return false }
          cpu.masks |= UInt64(op.rm) << 6
          return true
        }
      }, operands)
  case (0b011, 0b111):
    return Slot(
      { cpu, slot, limit in
        let op = SoftEngine.operands(slot)
        guard CPU(cpu).isEL1 || permitsMasks(CPU(cpu), op) else { return leave(cpu, slot, limit) }
        CPU(cpu).masks &= ~(UInt64(op.rm) << 6)
        nextUnmasked(cpu, slot, limit)
      }, operands)
  case (0b000, 0b101):
    return Slot(
      { attempt($0, $1, $2) { cpu, op in setField(cpu) { $0.pstate = $0.pstate & ~1 | UInt64(op.rm & 1) } } }, operands)
  case (0b000, 0b100) where Feature.announced.contains(.pan):
    return Slot(
      {
        attempt($0, $1, $2) { cpu, op in
          setField(cpu) { core in
            core.context.pointee.state.mode[bit: 22] = op.rm & 1 != 0
            core.selectTables()
          }
        }
      }, operands)
  default: return nil
  }
}

/// Whether EL0 may change the masks; where not, the exception is raised.
@inline(never)
private func permitsMasks(_ cpu: CPU, _ op: Operands) -> Bool {
  cpu.run.pointee.core._withUnsafeGuaranteedRef { core in
    core.isOpen(.sctlr(9)) || cpu.raise(Syndrome.systemRegister(op.instruction))
  }
}

/// Changes a field of PSTATE that only EL1 has.
@inline(never)
private func setField(_ cpu: CPU, _ change: (SoftCore) -> Void) -> Bool {
  guard cpu.isEL1 else { return cpu.raise(Syndrome.unknown) }
  cpu.run.pointee.core._withUnsafeGuaranteedRef { change($0) }
  return true
}
