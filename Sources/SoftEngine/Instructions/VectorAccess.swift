// How instructions of the floating-point and vector unit are executed: as all others, unless the unit is trapped.

/// Executes an instruction of the floating-point and vector unit that cannot fail but for the trap.
@inline(__always)
func vector(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ body: (CPU, Operands) -> Void
) {
  if CPU(cpu).run.pointee.isVectorTrapped {
    trapVectorAccess(cpu, slot, limit)
  } else {
    execute(cpu, slot, limit, body)
  }
}

/// Executes an instruction of the floating-point and vector unit that may fail: `body` is as for `attempt`.
@inline(__always)
func vectorAttempt(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ body: (CPU, Operands) -> Bool
) {
  if CPU(cpu).run.pointee.isVectorTrapped {
    trapVectorAccess(cpu, slot, limit)
  } else {
    attempt(cpu, slot, limit, body)
  }
}

/// Raises the exception of a trapped instruction.
@inline(never)
func trapVectorAccess(_ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int) {
  CPU(cpu).raise(Syndrome.vectorAccess)
  leave(cpu, slot, limit)
}
