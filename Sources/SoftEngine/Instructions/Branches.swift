import Bits

// Branches (Arm ARM, section C4.1.94; exception generation and system instructions are in System).
extension DecodeTable {
  static let branches: [InstructionPattern] = [
    InstructionPattern("B", "000101 iiiiiiiiiiiiiiiiiiiiiiiiii") { translateBranch($0, links: false) },
    InstructionPattern("BL", "100101 iiiiiiiiiiiiiiiiiiiiiiiiii") { translateBranch($0, links: true) },
    InstructionPattern("B.cond", "01010100 iiiiiiiiiiiiiiiiiii 0 cccc") { translateConditionalBranch($0) },
    InstructionPattern("CBZ/CBNZ", "s011010 o iiiiiiiiiiiiiiiiiii ttttt") { translateCompareAndBranch($0) },
    InstructionPattern("TBZ/TBNZ", "b011011 o bbbbb iiiiiiiiiiiiii ttttt") { translateTestAndBranch($0) },
    InstructionPattern("BR", "1101011 0000 11111 000000 nnnnn 00000") { word in
      Slot({ jump($0, $1, $2, to: CPU($0)[x: operands($1).rn]) }, Operands(rn: word.rn.orZero))
    },
    InstructionPattern("BLR", "1101011 0001 11111 000000 nnnnn 00000") { word in
      Slot(
        { cpu, slot, limit in
          // The register may be X30 itself.
          let target = CPU(cpu)[x: operands(slot).rn]
          CPU(cpu)[x: 30] = CPU(cpu).address(of: slot) &+ 4
          jump(cpu, slot, limit, to: target)
        }, Operands(rn: word.rn.orZero))
    },
    InstructionPattern("RET", "1101011 0010 11111 000000 nnnnn 00000") { word in
      Slot({ jump($0, $1, $2, to: CPU($0)[x: operands($1).rn]) }, Operands(rn: word.rn.orZero))
    },
  ]
}

/// Goes on `op.immediate` instructions from here, wherever that is.
@inline(__always)
private func branchAnywhere(_ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int) {
  let run = CPU(cpu).run
  let distance = Int(operands(slot).immediate)
  let index = (slot - run.pointee.pageSlots) / Slot.stride &+ distance
  if UInt(bitPattern: index) < UInt(CodePage.instructionCount) {
    branch(cpu, slot, limit, by: distance &* Slot.stride)
  } else {
    jump(cpu, slot, limit, to: run.pointee.pageAddress &+ UInt64(bitPattern: Int64(index &* 4)))
  }
}

/// Goes on `op.immediate` instructions from here if a condition holds, else at the next instruction.
@inline(__always)
private func branch(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, if condition: (CPU, Operands) -> Bool
) {
  if condition(CPU(cpu), operands(slot)) { branchAnywhere(cpu, slot, limit) } else { next(cpu, slot, limit) }
}

private func translateBranch(_ word: InstructionWord, links: Bool) -> Slot? {
  let operands = Operands(immediate: word.signed(0...25))
  guard links else { return Slot({ branchAnywhere($0, $1, $2) }, operands) }
  return Slot(
    { cpu, slot, limit in
      CPU(cpu)[x: 30] = CPU(cpu).address(of: slot) &+ 4
      branchAnywhere(cpu, slot, limit)
    }, operands)
}

private func translateConditionalBranch(_ word: InstructionWord) -> Slot? {
  let handler: Handler =
    switch word[bits: 0...3] {
    case 0: { branch($0, $1, $2) { cpu, _ in cpu.holds(0) } }
    case 1: { branch($0, $1, $2) { cpu, _ in cpu.holds(1) } }
    case 2: { branch($0, $1, $2) { cpu, _ in cpu.holds(2) } }
    case 3: { branch($0, $1, $2) { cpu, _ in cpu.holds(3) } }
    case 4: { branch($0, $1, $2) { cpu, _ in cpu.holds(4) } }
    case 5: { branch($0, $1, $2) { cpu, _ in cpu.holds(5) } }
    case 6: { branch($0, $1, $2) { cpu, _ in cpu.holds(6) } }
    case 7: { branch($0, $1, $2) { cpu, _ in cpu.holds(7) } }
    case 8: { branch($0, $1, $2) { cpu, _ in cpu.holds(8) } }
    case 9: { branch($0, $1, $2) { cpu, _ in cpu.holds(9) } }
    case 10: { branch($0, $1, $2) { cpu, _ in cpu.holds(10) } }
    case 11: { branch($0, $1, $2) { cpu, _ in cpu.holds(11) } }
    case 12: { branch($0, $1, $2) { cpu, _ in cpu.holds(12) } }
    case 13: { branch($0, $1, $2) { cpu, _ in cpu.holds(13) } }
    default: { branchAnywhere($0, $1, $2) }
    }
  return Slot(handler, Operands(immediate: word.signed(5...23)))
}

private func translateCompareAndBranch(_ word: InstructionWord) -> Slot? {
  let handler: Handler =
    switch (word.is64Bit, word[bit: 24]) {
    case (true, false): { branch($0, $1, $2) { $0[x: $1.rn] == 0 } }
    case (true, true): { branch($0, $1, $2) { $0[x: $1.rn] != 0 } }
    case (false, false): { branch($0, $1, $2) { $0[w: $1.rn] == 0 } }
    case (false, true): { branch($0, $1, $2) { $0[w: $1.rn] != 0 } }
    }
  return Slot(handler, Operands(rn: word.rd.orZero, immediate: word.signed(5...23)))
}

private func translateTestAndBranch(_ word: InstructionWord) -> Slot? {
  let position = word.number(19...23) | (word[bit: 31] ? 32 : 0)
  return Slot(
    word[bit: 24]
      ? { branch($0, $1, $2) { $0[x: $1.rn] >> UInt64($1.rm & 63) & 1 != 0 } }
      : { branch($0, $1, $2) { $0[x: $1.rn] >> UInt64($1.rm & 63) & 1 == 0 } },
    Operands(rn: word.rd.orZero, rm: position, immediate: word.signed(5...18)))
}
