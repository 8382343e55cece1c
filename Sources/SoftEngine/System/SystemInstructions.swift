import ARM64
import Bits
import CPUEngine

// The instructions of the system level but for moves of registers (Arm ARM, sections C4.1.94 and C5.3 to C5.5).
extension DecodeTable {
  static let system: [InstructionPattern] =
    systemRegisterMoves + exceptionGeneration + systemOperations + [
      InstructionPattern("HINT", "1101010100 0 00 011 0010 cccc ooo 11111") { translateHint($0) },
      InstructionPattern("barriers", "1101010100 0 00 011 0011 cccc ooo 11111") { translateBarrier($0) },
      InstructionPattern("ERET", "1101011 0100 11111 000000 11111 00000") { _ in
        Slot({ cpu, slot, limit in
          guard performExceptionReturn(CPU(cpu), CPU(cpu).time(at: slot, limit)) else { return leave(cpu, slot, limit) }
          leave(cpu, after: slot, limit, .jump)
        })
      },
    ]

  /// SVC, HVC and BRK.
  ///
  /// SMC, HLT and DCPS1 to DCPS3 are UNDEFINED: there is neither EL3 nor a debugger of that sort.
  private static let exceptionGeneration: [InstructionPattern] = [
    InstructionPattern("SVC", "11010100 000 iiiiiiiiiiiiiiii 00001") { word in
      Slot(
        { cpu, slot, limit in
          CPU(cpu).raise(Syndrome.make(.svc64, UInt64(operands(slot).word)))
          leave(cpu, after: slot, limit, .exception)
        }, Operands(word: word[bits: 5...20]))
    },
    InstructionPattern("HVC", "11010100 000 iiiiiiiiiiiiiiii 00010") { _ in
      Slot({ cpu, slot, limit in
        guard CPU(cpu).state.pointee.exceptionLevel != .el0 else {
          CPU(cpu).raise(Syndrome.unknown)
          return leave(cpu, slot, limit)
        }
        leave(cpu, after: slot, limit, .firmware)
      })
    },
    InstructionPattern("BRK", "11010100 001 iiiiiiiiiiiiiiii 00000") { word in
      Slot({ attempt($0, $1, $2) { breakpointInstruction($0, $1) } }, Operands(word: word[bits: 5...20]))
    },
  ]
}

/// Stops for the debugger if it wants that, else raises the exception.
@inline(never)
private func breakpointInstruction(_ cpu: CPU, _ op: Operands) -> Bool {
  cpu.run.pointee.core._withUnsafeGuaranteedRef { core in
    guard core.debug.control.trapsSoftwareBreakpoints else { return cpu.raise(Syndrome.make(.brk64, UInt64(op.word))) }
    cpu.run.pointee.exit = .softwareBreakpoint
    return false
  }
}

/// Returns from an exception; false where the instruction is UNDEFINED.
@inline(never)
private func performExceptionReturn(_ cpu: CPU, _ time: UInt64) -> Bool {
  cpu.run.pointee.core._withUnsafeGuaranteedRef { $0.returnFromException(at: time) }
}

// MARK: - Hints

private func translateHint(_ word: InstructionWord) -> Slot? {
  switch word[bits: 5...11] {
  case 0b01:
    Slot({ cpu, slot, limit in
      if yieldTurn(CPU(cpu)) { leave(cpu, after: slot, limit, .wait) } else { next(cpu, slot, limit) }
    })
  case 0b10: Slot({ proceed($0, $1, $2, wait: .event) })
  case 0b11: Slot({ proceed($0, $1, $2, wait: .interrupt) })
  case 0b100: Slot({ execute($0, $1, $2) { cpu, _ in sendEvent(cpu) } })
  case 0b101: Slot({ execute($0, $1, $2) { cpu, _ in cpu.state.pointee.event = true } })
  // What is for features that are not there, and what is not allocated.
  default: Slot({ execute($0, $1, $2) { _, _ in } })
  }
}

/// Leaves the turn to the others, if there are any.
@inline(never)
private func yieldTurn(_ cpu: CPU) -> Bool {
  cpu.run.pointee.core._withUnsafeGuaranteedRef { core in
    guard core.machine.cores.contains(where: { $0 !== core && $0.context.pointee.state.isOn }) else { return false }
    core.context.pointee.state.wait = .turn
    return true
  }
}

@inline(never)
private func sendEvent(_ cpu: CPU) {
  cpu.run.pointee.core._withUnsafeGuaranteedRef { core in
    for core in core.machine.cores { core.context.pointee.state.event = true }
  }
}

@inline(__always)
private func proceed(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, wait: CPUState.Wait
) {
  switch beginWait(CPU(cpu), wait) {
  case .failed: leave(cpu, slot, limit)
  case .done: next(cpu, slot, limit)
  case .attention: leave(cpu, after: slot, limit, .wait)
  }
}

/// Has the CPU wait, unless there is nothing to wait for (`done`) or EL0 may not (`failed`).
@inline(never)
private func beginWait(_ cpu: CPU, _ wait: CPUState.Wait) -> SystemOutcome {
  let state = cpu.state
  if wait == .event, state.pointee.event {
    state.pointee.event = false
    return .done
  }
  if cpu.run.pointee.core._withUnsafeGuaranteedRef({ $0.irq || $0.fiq }) { return .done }
  // nTWI and nTWE.
  if state.pointee.exceptionLevel == .el0, !state.pointee.system.sctlr[bit: wait == .event ? 18 : 16] {
    cpu.raise(Syndrome.waitInstruction(isEvent: wait == .event))
    return .failed
  }
  state.pointee.wait = wait
  return .attention
}

// MARK: - Barriers

/// CLREX, DSB, DMB and ISB: all accesses are in order anyway.
private func translateBarrier(_ word: InstructionWord) -> Slot? {
  switch word[bits: 5...7] {
  case 0b010: Slot({ execute($0, $1, $2) { cpu, _ in cpu.state.pointee.exclusiveSize = 0 } })
  case 0b100, 0b101: Slot({ execute($0, $1, $2) { _, _ in } })
  // ISB: the next instruction is where its address is by now.
  case 0b110: Slot({ jump($0, $1, $2, to: CPU($0).address(of: $1) &+ 4) })
  default: nil
  }
}

extension Syndrome {
  /// A trapped WFI or WFE, which like all A64 instructions has the condition AL.
  static func waitInstruction(isEvent: Bool) -> UInt64 {
    make(.waitInstruction, 1 << 24 | 0b1110 << 20 | (isEvent ? 1 : 0))
  }
}
