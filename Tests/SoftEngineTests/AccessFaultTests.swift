import ARM64
import Bits
import Testing

@testable import SoftEngine

/// Loads and stores that fault or wait for the board: nothing is changed then.
@Suite struct AccessFaultTests {
  private static let vectors = TestMachine.ram

  /// A machine whose SCTLR_EL1 has bits of its own.
  private static func machine(sctlr: UInt64 = 0, translates: Bool = false) throws -> TestMachine {
    let machine = try TestMachine.withPattern(translates: translates)
    machine.core.context.pointee.state.system.vbar = vectors
    machine.core.context.pointee.state.system.sctlr |= sctlr
    machine.core.noteTranslationChange()
    machine[x: 1] = TestMachine.data
    machine[x: 31] = TestMachine.data
    return machine
  }

  /// The class of the exception that was taken last.
  private static func exceptionClass(_ machine: TestMachine) -> ExceptionClass? {
    ExceptionClass(rawValue: UInt8(truncatingIfNeeded: machine.core.context.pointee.state.system.esr >> 26))
  }

  // MARK: Alignment

  /// SCTLR_EL1.A.
  private static let checksAlignment: UInt64 = 1 << 1

  /// Executes an access at data + `offset` by the base X1, `displacement` before that, which is a fault or not.
  private func check(_ word: UInt32, at offset: UInt64, displacement: UInt64 = 0, sctlr: UInt64, isWrite: Bool?) throws
  {
    let machine = try Self.machine(sctlr: sctlr, translates: true)
    // The page is in the table, if it may be.
    machine.execute(0x3940_0020)
    machine[x: 1] = TestMachine.data + offset - displacement
    let pc = machine.pc
    let before = machine.core.context.pointee.state
    let memory = try machine.bytes(at: TestMachine.data, 64)
    machine.execute(word)
    guard let isWrite else {
      #expect(machine.pc == pc + 4)
      return
    }
    let after = machine.core.context.pointee.state
    #expect(machine.pc == Self.vectors + 0x200)
    #expect(Self.exceptionClass(machine) == .dataAbortSame)
    #expect(after.system.esr & 0x3f == 0x21)
    #expect(after.system.esr[bit: 6] == isWrite)
    #expect(after.system.far == TestMachine.data + offset)
    #expect(after.system.elr == pc)
    for number in 0..<31 { #expect(after.x[number] == before.x[number]) }
    for number in 0..<32 { #expect(after.v[number] == before.v[number]) }
    #expect(try machine.bytes(at: TestMachine.data, 64) == memory)
  }

  @Test("DC ZVA is for Normal memory, which there is none of without the MMU", arguments: [true, false])
  func zeroing(translates: Bool) throws {
    let machine = try Self.machine(translates: translates)
    machine[x: 1] = TestMachine.data + 5
    let memory = try machine.bytes(at: TestMachine.data, 128)
    machine.execute(0xd50b_7421)
    if translates {
      #expect(machine.pc == TestMachine.code + 4)
      #expect(try machine.bytes(at: TestMachine.data, 128) == [UInt8](repeating: 0, count: 64) + memory[64...])
    } else {
      #expect(Self.exceptionClass(machine) == .dataAbortSame)
      let system = machine.core.context.pointee.state.system
      #expect(system.esr & 0x3f == 0x21 && system.esr[bit: 6])
      #expect(system.far == TestMachine.data + 5)
      #expect(try machine.bytes(at: TestMachine.data, 128) == memory)
    }
  }

  @Test(
    arguments: [
      (0xf940_0020, 4, 0, false), (0xf840_8c20, 9, 8, false), (0xf800_8420, 4, 0, true),  // LDR, pre-indexed, STR
      (0x7940_0020, 1, 0, false),  // LDRH
      (0xa9c1_0820, 20, 16, false), (0xa881_0820, 4, 0, true), (0xa940_0820, 8, 0, nil),  // LDP, pre-indexed, STP, LDP
      (0x2940_0820, 2, 0, false), (0x2900_0820, 2, 0, true), (0x2940_0820, 4, 0, nil),  // LDP and STP of words
      (0x3dc0_0020, 8, 0, false), (0xad00_0420, 8, 0, true), (0xad00_0420, 16, 0, nil),  // LDR Q0, STP Q0, Q1
      (0x0c40_7420, 1, 0, false), (0x0c40_7420, 2, 0, nil), (0x0c40_7020, 1, 0, nil),  // LD1 of halfwords, of bytes
      (0x0c9f_8420, 1, 0, true),  // ST2 of halfwords, post-indexed
    ] as [(UInt32, UInt64, UInt64, Bool?)])
  func accessesAreAlignedWhereSCTLRWantsIt(
    _ word: UInt32, _ offset: UInt64, _ displacement: UInt64, _ isWrite: Bool?
  ) throws {
    try check(word, at: offset, displacement: displacement, sctlr: Self.checksAlignment, isWrite: isWrite)
    try check(word, at: offset, displacement: displacement, sctlr: 0, isWrite: nil)
  }

  @Test(
    arguments: [
      (0xc85f_7c20, 4, false), (0xc87f_1020, 8, false), (0x887f_9020, 4, false),  // LDXR X0, LDXP of both sizes
      (0xc802_7c23, 4, true), (0xc822_1423, 8, true),  // STXR, STXP, though the monitor is open
      (0xc8df_fc20, 1, false), (0x78bf_c020, 1, false), (0xc89f_fc23, 4, true),  // LDAR, LDAPRH, STLR
      (0xf822_0020, 4, false), (0xf822_8020, 1, false),  // LDADD, SWP
      (0xc8a2_7c23, 4, false), (0x4822_7c24, 8, false), (0x0862_fc24, 4, false),  // CAS, CASP of both sizes
    ] as [(UInt32, UInt64, Bool)]) func othersAreAlignedAlways(_ word: UInt32, _ offset: UInt64, _ isWrite: Bool) throws
  {
    try check(word, at: offset, sctlr: 0, isWrite: isWrite)
  }

  @Test(
    arguments: [
      0xf940_03e0, 0xa9bf_0be0, 0xfc40_87e0,  // LDR X0, [SP]; STP X0, X2, [SP, #-16]!; LDR D0, [SP], #8
      0xf862_6be0,  // LDR X0, [SP, X2]
      0xc85f_7fe0, 0xf822_03e0, 0x0c40_73e0,  // LDXR X0, [SP]; LDADD X2, X0, [SP]; LD1 {V0.8B}, [SP]
    ] as [UInt32]) func stackPointersAreAlignedWhereSCTLRWantsIt(_ word: UInt32) throws
  {
    for isEL0 in [false, true] {
      for checks in [false, true] {
        // SA0 and SA: only the one of the exception level counts.
        let machine = try Self.machine(sctlr: isEL0 == checks ? 1 << 4 : 1 << 3)
        if isEL0 { machine.core.pstate = 0 }
        machine[x: 31] = TestMachine.data + 8
        let pc = machine.pc
        machine.execute(word)
        if checks {
          #expect(Self.exceptionClass(machine) == .spAlignment)
          #expect(machine.pc == Self.vectors + (isEL0 ? 0x400 : 0x200))
          #expect(machine.core.context.pointee.state.system.elr == pc)
        } else {
          #expect(machine.pc == pc + 4)
        }
      }
    }
  }

  // MARK: The board

  /// An address without RAM.
  private static let device: UInt64 = 0x900_0000

  /// Executes a word, answering each access with its number; the accesses.
  private func accesses(of word: UInt32, _ machine: TestMachine) -> [BoardAccess.Request] {
    var requests: [BoardAccess.Request] = []
    let before = machine.core.context.pointee.state
    var exit = machine.execute(word)
    while exit == .access, let request = machine.core.access.pending {
      let state = machine.core.context.pointee.state
      for number in 0..<31 { #expect(state.x[number] == before.x[number]) }
      for number in 0..<32 { #expect(state.v[number] == before.v[number]) }
      requests.append(request)
      machine.core.access.answer(UInt64(requests.count))
      exit = machine.core.run(1)
    }
    #expect(exit == .limit)
    return requests
  }

  @Test func theBoardIsAccessedByRegister() throws {
    let machine = try Self.machine()
    let at = { (offset: UInt64, size: Int, isWrite: Bool, value: UInt64) in
      BoardAccess.Request(address: Self.device + offset, size: size, isWrite: isWrite, value: value)
    }
    machine[x: 1] = Self.device
    // LDP W0, W2, [X1]; STP W0, W2, [X1]
    #expect(accesses(of: 0x2940_0820, machine) == [at(0, 4, false, 0), at(4, 4, false, 0)])
    #expect(machine[x: 0] == 1 && machine[x: 2] == 2)
    #expect(accesses(of: 0x2900_0820, machine) == [at(0, 4, true, 1), at(4, 4, true, 2)])
    // STRB W0, [X1]; LDRH W0, [X1]
    #expect(accesses(of: 0x3900_0020, machine) == [at(0, 1, true, 1)])
    #expect(accesses(of: 0x7940_0020, machine) == [at(0, 2, false, 0)])
    // STP X0, X2, [X1], #16 and LDP X0, X2, [X1, #16]!
    #expect(accesses(of: 0xa881_0820, machine) == [at(0, 8, true, 1), at(8, 8, true, 2)])
    #expect(machine[x: 1] == Self.device + 16)
    #expect(accesses(of: 0xa9c1_0820, machine) == [at(32, 8, false, 0), at(40, 8, false, 0)])
    #expect(machine[x: 1] == Self.device + 32)
    // LDR Q0, [X1]; LD1 {V0.4H}, [X1]
    #expect(accesses(of: 0x3dc0_0020, machine) == [at(32, 8, false, 0), at(40, 8, false, 0)])
    #expect(machine[v: 0] == SIMD2(1, 2))
    #expect(accesses(of: 0x0c40_7420, machine) == (0..<4).map { at(32 + 2 * $0, 2, false, 0) })
    #expect(machine[v: 0] == SIMD2(0x4_0003_0002_0001, 0))
  }

  @Test func pairsAcrossTheEndOfRAMAreCompletedByTheBoard() throws {
    let machine = try Self.machine()
    let end = TestMachine.ram + TestMachine.byteCount
    machine.store(0x1112_1314_1516_1718 as UInt64, at: end - 8)
    // LDP X0, X2, [X1, #16]!
    machine[x: 1] = end - 24
    #expect(
      accesses(of: 0xa9c1_0820, machine) == [BoardAccess.Request(address: end, size: 8, isWrite: false, value: 0)])
    #expect(machine[x: 0] == 0x1112_1314_1516_1718)
    #expect(machine[x: 2] == 1)
    #expect(machine[x: 1] == end - 8)
  }

  @Test func exclusivesOfTheBoardKeepTheMonitorUntilTheyAreDone() throws {
    let machine = try Self.machine()
    machine[x: 1] = Self.device
    // LDXR X0, [X1]; STXR W2, X3, [X1]
    #expect(accesses(of: 0xc85f_7c20, machine).count == 1)
    #expect(accesses(of: 0xc802_7c23, machine).count == 1)
    #expect(machine[x: 2] == 0)
    #expect(accesses(of: 0xc802_7c23, machine).isEmpty)
    #expect(machine[x: 2] == 1)
  }
}
