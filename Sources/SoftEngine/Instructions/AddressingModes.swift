import ARM64
import Bits

// What loads and stores have in common: each is put together of an addressing mode and a transfer.

/// Where a load or store goes, and what becomes of its base register (Arm ARM, section C1.3.3).
///
/// The base register is `rn`. Where it is SP, another operand has the bits that its alignment demands to be zero.
protocol AddressingMode {
  /// The address of the access; nil where the base is a misaligned SP, which is raised.
  static func address(_ cpu: CPU, _ op: Operands) -> UInt64?
  /// Changes the base register, after the access.
  static func writeBack(_ cpu: CPU, _ op: Operands, _ address: UInt64)
}

extension AddressingMode {
  @inline(__always) static func writeBack(_ cpu: CPU, _ op: Operands, _ address: UInt64) {}
}

/// What moves between registers and memory.
protocol Transfer {
  /// The register belongs to the floating-point and vector unit, which may be trapped.
  static var isVector: Bool { get }
  /// Makes the access; false where it fails, and then no register is changed.
  static func perform(_ cpu: CPU, _ op: Operands, _ address: UInt64) -> Bool
}

extension Transfer {
  @inline(__always) static var isVector: Bool { false }
}

// A handler tries hastily, so that its fast way calls nothing, and leaves the rest to a function of its own.

/// Executes a load or store.
@inline(__always)
func access<Moved: Transfer, Mode: AddressingMode>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _: Moved.Type, _: Mode.Type
) {
  guard !Moved.isVector || !CPU(cpu).run.pointee.isVectorTrapped,
    perform(CPU(cpu, isHasty: true), operands(slot), Moved.self, Mode.self)
  else { return slowAccess(cpu, slot, limit, Moved.self, Mode.self) }
  next(cpu, slot, limit)
}

@inline(never)
private func slowAccess<Moved: Transfer, Mode: AddressingMode>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _: Moved.Type, _: Mode.Type
) {
  if Moved.isVector && CPU(cpu).run.pointee.isVectorTrapped { return trapVectorAccess(cpu, slot, limit) }
  guard perform(CPU(cpu), operands(slot), Moved.self, Mode.self) else { return leave(cpu, slot, limit) }
  next(cpu, slot, limit)
}

@inline(__always)
private func perform<Moved: Transfer, Mode: AddressingMode>(
  _ cpu: CPU, _ op: Operands, _: Moved.Type, _: Mode.Type
) -> Bool {
  guard let address = Mode.address(cpu, op), Moved.perform(cpu, op, address) else { return false }
  Mode.writeBack(cpu, op, address)
  return true
}

/// Executes a load from a place relative to the instruction, `immediate` bytes away.
@inline(__always)
func accessLiteral<Moved: Transfer>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _: Moved.Type
) {
  guard !Moved.isVector || !CPU(cpu).run.pointee.isVectorTrapped,
    performLiteral(CPU(cpu, isHasty: true), slot, Moved.self)
  else { return slowAccessLiteral(cpu, slot, limit, Moved.self) }
  next(cpu, slot, limit)
}

@inline(never)
private func slowAccessLiteral<Moved: Transfer>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _: Moved.Type
) {
  if Moved.isVector && CPU(cpu).run.pointee.isVectorTrapped { return trapVectorAccess(cpu, slot, limit) }
  guard performLiteral(CPU(cpu), slot, Moved.self) else { return leave(cpu, slot, limit) }
  next(cpu, slot, limit)
}

@inline(__always)
private func performLiteral<Moved: Transfer>(_ cpu: CPU, _ slot: UnsafeMutableRawPointer, _: Moved.Type) -> Bool {
  let op = operands(slot)
  return Moved.perform(cpu, op, cpu.address(of: slot) &+ op.offset)
}

// MARK: - Base and immediate: the offset is `immediate`, in bytes; SP's alignment is in `rm`

enum BaseOffset: AddressingMode {
  @inline(__always) static func address(_ cpu: CPU, _ op: Operands) -> UInt64? {
    guard let base = cpu.base(op.rn, alignment: op.rm) else { return nil }
    return base &+ op.offset
  }
}

enum PreIndexed: AddressingMode {
  @inline(__always) static func address(_ cpu: CPU, _ op: Operands) -> UInt64? { BaseOffset.address(cpu, op) }
  @inline(__always) static func writeBack(_ cpu: CPU, _ op: Operands, _ address: UInt64) { cpu[x: op.rn] = address }
}

enum PostIndexed: AddressingMode {
  @inline(__always) static func address(_ cpu: CPU, _ op: Operands) -> UInt64? { cpu.base(op.rn, alignment: op.rm) }
  @inline(__always) static func writeBack(_ cpu: CPU, _ op: Operands, _ address: UInt64) {
    cpu[x: op.rn] = address &+ op.offset
  }
}

// MARK: - Base and register `rm`, shifted by `immediate`; SP's alignment is in `ra`

/// LSL and SXTX: all 64 bits.
enum BaseRegister: AddressingMode {
  @inline(__always) static func address(_ cpu: CPU, _ op: Operands) -> UInt64? {
    guard let base = cpu.base(op.rn, alignment: op.ra) else { return nil }
    return base &+ cpu[x: op.rm] &<< op.offset
  }
}

/// UXTW: the low half.
enum BaseUnsignedWord: AddressingMode {
  @inline(__always) static func address(_ cpu: CPU, _ op: Operands) -> UInt64? {
    guard let base = cpu.base(op.rn, alignment: op.ra) else { return nil }
    return base &+ UInt64(cpu[w: op.rm]) &<< op.offset
  }
}

/// SXTW: the low half as a signed number.
enum BaseSignedWord: AddressingMode {
  @inline(__always) static func address(_ cpu: CPU, _ op: Operands) -> UInt64? {
    guard let base = cpu.base(op.rn, alignment: op.ra) else { return nil }
    return base &+ UInt64(bitPattern: Int64(Int32(bitPattern: cpu[w: op.rm]))) &<< op.offset
  }
}

// MARK: - The base

/// The base alone.
enum BaseOnly: AddressingMode {
  @inline(__always) static func address(_ cpu: CPU, _ op: Operands) -> UInt64? {
    cpu.base(op.rn, alignment: baseAlignment(op.rn))
  }
}

/// The bits of a base register that are to be zero: the low four where it is SP.
@inline(__always) func baseAlignment(_ number: UInt8) -> UInt8 { number == RegisterNumber.sp ? 15 : 0 }

extension CPU {
  /// The base register of an access; nil where it is a misaligned SP, which is raised.
  ///
  /// The register's `baseAlignment` is an operand where it must cost nothing.
  @inline(__always) func base(_ number: UInt8, alignment: UInt8) -> UInt64? {
    let base = self[x: number]
    if base & UInt64(alignment) == 0 || !isHasty && allowsMisalignedStack(self) { return base }
    return nil
  }
}

/// Whether a misaligned SP may be a base at the current exception level; where not, the exception is raised (Arm ARM,
/// section D1.3.9.2, "SP alignment checking").
@inline(never)
private func allowsMisalignedStack(_ cpu: CPU) -> Bool {
  let sctlr = cpu.state.pointee.system.sctlr
  // SA0 and SA.
  guard sctlr[bit: cpu.state.pointee.exceptionLevel == .el0 ? 4 : 3] else { return true }
  return cpu.raise(Syndrome.make(.spAlignment))
}
