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

// MARK: - Where a branch goes

/// How a branch gets to its target, whose distance in bytes of slots is the immediate.
private protocol BranchRange {
  static func go(_ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int)
}

/// The target is in the same page.
private enum Near: BranchRange {
  @inline(__always)
  static func go(_ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int) {
    branch(cpu, slot, limit, by: Int(operands(slot).immediate))
  }
}

/// The target is in another page.
private enum Far: BranchRange {
  @inline(__always)
  static func go(_ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int) {
    jump(cpu, slot, limit, to: CPU(cpu).address(of: slot) &+ UInt64(bitPattern: Int64(operands(slot).immediate) / 4))
  }
}

extension InstructionWord {
  /// Whether a branch by so many instructions stays in the page.
  fileprivate func isNear(_ distance: Int32) -> Bool {
    (0..<CodePage.instructionCount).contains(index + Int(distance))
  }
}

/// The operands of a branch by a number of instructions: 26 bits of it at most.
private func branchOperands(_ distance: Int32, rn: UInt8 = 0, rm: UInt8 = 0) -> Operands {
  Operands(rn: rn, rm: rm, immediate: distance &* Int32(Slot.stride))
}

/// Branches if a condition holds, else goes on at the next instruction.
@inline(__always)
private func branch<Range: BranchRange>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _: Range.Type,
  if condition: (CPU, Operands) -> Bool
) {
  if condition(CPU(cpu), operands(slot)) { Range.go(cpu, slot, limit) } else { next(cpu, slot, limit) }
}

// MARK: - Translations

private func translateBranch(_ word: InstructionWord, links: Bool) -> Slot? {
  let distance = word.signed(0...25)
  let handler: Handler =
    switch (word.isNear(distance), links) {
    case (true, false): { Near.go($0, $1, $2) }
    case (false, false): { Far.go($0, $1, $2) }
    case (true, true):
      {
        CPU($0)[x: 30] = CPU($0).address(of: $1) &+ 4
        Near.go($0, $1, $2)
      }
    case (false, true):
      {
        CPU($0)[x: 30] = CPU($0).address(of: $1) &+ 4
        Far.go($0, $1, $2)
      }
    }
  return Slot(handler, branchOperands(distance))
}

private func translateConditionalBranch(_ word: InstructionWord) -> Slot? {
  let distance = word.signed(5...23)
  let condition = word[bits: 0...3]
  return Slot(
    word.isNear(distance) ? nearBranch(if: condition) : farBranch(if: condition), branchOperands(distance))
}

private func nearBranch(if condition: UInt32) -> Handler {
  switch condition {
  case 0: { branch($0, $1, $2, Near.self) { cpu, _ in cpu.holds(0) } }
  case 1: { branch($0, $1, $2, Near.self) { cpu, _ in cpu.holds(1) } }
  case 2: { branch($0, $1, $2, Near.self) { cpu, _ in cpu.holds(2) } }
  case 3: { branch($0, $1, $2, Near.self) { cpu, _ in cpu.holds(3) } }
  case 4: { branch($0, $1, $2, Near.self) { cpu, _ in cpu.holds(4) } }
  case 5: { branch($0, $1, $2, Near.self) { cpu, _ in cpu.holds(5) } }
  case 6: { branch($0, $1, $2, Near.self) { cpu, _ in cpu.holds(6) } }
  case 7: { branch($0, $1, $2, Near.self) { cpu, _ in cpu.holds(7) } }
  case 8: { branch($0, $1, $2, Near.self) { cpu, _ in cpu.holds(8) } }
  case 9: { branch($0, $1, $2, Near.self) { cpu, _ in cpu.holds(9) } }
  case 10: { branch($0, $1, $2, Near.self) { cpu, _ in cpu.holds(10) } }
  case 11: { branch($0, $1, $2, Near.self) { cpu, _ in cpu.holds(11) } }
  case 12: { branch($0, $1, $2, Near.self) { cpu, _ in cpu.holds(12) } }
  case 13: { branch($0, $1, $2, Near.self) { cpu, _ in cpu.holds(13) } }
  default: { Near.go($0, $1, $2) }
  }
}

private func farBranch(if condition: UInt32) -> Handler {
  switch condition {
  case 0: { branch($0, $1, $2, Far.self) { cpu, _ in cpu.holds(0) } }
  case 1: { branch($0, $1, $2, Far.self) { cpu, _ in cpu.holds(1) } }
  case 2: { branch($0, $1, $2, Far.self) { cpu, _ in cpu.holds(2) } }
  case 3: { branch($0, $1, $2, Far.self) { cpu, _ in cpu.holds(3) } }
  case 4: { branch($0, $1, $2, Far.self) { cpu, _ in cpu.holds(4) } }
  case 5: { branch($0, $1, $2, Far.self) { cpu, _ in cpu.holds(5) } }
  case 6: { branch($0, $1, $2, Far.self) { cpu, _ in cpu.holds(6) } }
  case 7: { branch($0, $1, $2, Far.self) { cpu, _ in cpu.holds(7) } }
  case 8: { branch($0, $1, $2, Far.self) { cpu, _ in cpu.holds(8) } }
  case 9: { branch($0, $1, $2, Far.self) { cpu, _ in cpu.holds(9) } }
  case 10: { branch($0, $1, $2, Far.self) { cpu, _ in cpu.holds(10) } }
  case 11: { branch($0, $1, $2, Far.self) { cpu, _ in cpu.holds(11) } }
  case 12: { branch($0, $1, $2, Far.self) { cpu, _ in cpu.holds(12) } }
  case 13: { branch($0, $1, $2, Far.self) { cpu, _ in cpu.holds(13) } }
  default: { Far.go($0, $1, $2) }
  }
}

private func translateCompareAndBranch(_ word: InstructionWord) -> Slot? {
  let distance = word.signed(5...23)
  let handler: Handler =
    switch (word.isNear(distance), word.is64Bit, word[bit: 24]) {
    case (true, true, false): { branch($0, $1, $2, Near.self) { $0[x: $1.rn] == 0 } }
    case (true, true, true): { branch($0, $1, $2, Near.self) { $0[x: $1.rn] != 0 } }
    case (true, false, false): { branch($0, $1, $2, Near.self) { $0[w: $1.rn] == 0 } }
    case (true, false, true): { branch($0, $1, $2, Near.self) { $0[w: $1.rn] != 0 } }
    case (false, true, false): { branch($0, $1, $2, Far.self) { $0[x: $1.rn] == 0 } }
    case (false, true, true): { branch($0, $1, $2, Far.self) { $0[x: $1.rn] != 0 } }
    case (false, false, false): { branch($0, $1, $2, Far.self) { $0[w: $1.rn] == 0 } }
    case (false, false, true): { branch($0, $1, $2, Far.self) { $0[w: $1.rn] != 0 } }
    }
  return Slot(handler, branchOperands(distance, rn: word.rd.orZero))
}

private func translateTestAndBranch(_ word: InstructionWord) -> Slot? {
  let distance = word.signed(5...18)
  let position = word.number(19...23) | (word[bit: 31] ? 32 : 0)
  let handler: Handler =
    switch (word.isNear(distance), word[bit: 24]) {
    case (true, false): { branch($0, $1, $2, Near.self) { $0[x: $1.rn] >> UInt64($1.rm & 63) & 1 == 0 } }
    case (true, true): { branch($0, $1, $2, Near.self) { $0[x: $1.rn] >> UInt64($1.rm & 63) & 1 != 0 } }
    case (false, false): { branch($0, $1, $2, Far.self) { $0[x: $1.rn] >> UInt64($1.rm & 63) & 1 == 0 } }
    case (false, true): { branch($0, $1, $2, Far.self) { $0[x: $1.rn] >> UInt64($1.rm & 63) & 1 != 0 } }
    }
  return Slot(handler, branchOperands(distance, rn: word.rd.orZero, rm: position))
}
