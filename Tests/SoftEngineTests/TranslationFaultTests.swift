import ARM64
import Bits
import Testing

@testable import SoftEngine

/// Loads and stores that fault in translation, the first part of them or a later one: nothing is changed then.
@Suite struct TranslationFaultTests {
  private static let vectors = TestMachine.ram
  private static let page = TestMachine.data + 0x1000

  private enum Fault: UInt64 {
    case translationLevel3 = 0b000111
    case permissionLevel3 = 0b001111
  }

  /// A page that is there, and the next, which is not or is read-only.
  private static func machine(isReadOnly: Bool = false) throws -> TestMachine {
    let machine = try TestMachine.withPattern()
    machine.core.context.pointee.state.system.vbar = vectors
    machine.translate(unmapped: isReadOnly ? [] : [page], readOnly: isReadOnly ? [page] : [])
    return machine
  }

  /// Executes a word with X1 for the base, which is to fault.
  private func check(
    _ word: UInt32, at address: UInt64, _ fault: Fault, isWrite: Bool, faultAddress: UInt64, _ machine: TestMachine
  ) throws {
    for number in 0..<31 { machine[x: number] = UInt64(number) << 32 | 0x55 }
    for number in 0..<32 { machine[v: number] = SIMD2(UInt64(number), 0x66) }
    machine[x: 1] = address
    machine.pc = TestMachine.code
    let before = machine.core.context.pointee.state
    let memory = try machine.bytes(at: Self.page - 64, 128)
    machine.execute(word)
    let after = machine.core.context.pointee.state
    #expect(machine.pc == Self.vectors + 0x200)
    #expect(after.system.elr == TestMachine.code)
    #expect(after.system.esr >> 26 == UInt64(ExceptionClass.dataAbortSame.rawValue))
    #expect(after.system.esr & 0x3f == fault.rawValue)
    #expect(after.system.esr[bit: 6] == isWrite)
    #expect(after.system.far == faultAddress)
    for number in 0..<31 { #expect(after.x[number] == before.x[number]) }
    for number in 0..<32 { #expect(after.v[number] == before.v[number]) }
    #expect(try machine.bytes(at: Self.page - 64, 128) == memory)
  }

  @Test(
    arguments: [
      (0xf940_0020, 4, false), (0xf840_8420, 4, false), (0xf800_8420, 4, true),  // LDR X0; post-indexed LDR and STR
      (0xa940_0820, 8, false), (0xa881_0820, 8, true),  // LDP X0, X2; STP X0, X2, post-indexed
      (0xa940_0820, 12, false), (0xa881_0820, 4, true),  // the same, where a register is across the pages
      (0x2940_0820, 4, false), (0x2900_0820, 4, true),  // LDP and STP of words
      (0xad40_0420, 16, false), (0xad00_0420, 16, true),  // LDP and STP of Q0 and Q1
      (0x0c40_7020, 3, false), (0x0c9f_8420, 8, true), (0x4c40_0020, 32, false),  // LD1 of 8B, ST2 of 4H, LD4 of 16B
    ] as [(UInt32, UInt64, Bool)])
  func theSecondPart(_ word: UInt32, _ inFirst: UInt64, _ isWrite: Bool) throws {
    let machine = try Self.machine()
    // The slow way, and with the first page in the table.
    for _ in 1...2 {
      try check(
        word, at: Self.page - inFirst, .translationLevel3, isWrite: isWrite, faultAddress: Self.page, machine)
      machine[x: 1] = Self.page - 8
      machine.pc = TestMachine.code
      // STR X0, [X1]
      machine.execute(0xf900_0020)
    }
  }

  @Test(
    arguments: [
      (0xf840_8c20, 8, false), (0xa9c1_0820, 16, false),  // LDR X0 and LDP X0, X2, pre-indexed
      (0xc85f_7c20, 0, false), (0xc87f_1020, 0, false), (0xc8df_fc20, 0, false), (0xc89f_fc23, 0, true),  // LDXR … STLR
      (0xf822_0020, 0, false), (0xc8a2_7c23, 0, false), (0x4822_7c24, 0, false),  // LDADD, CAS, CASP
    ] as [(UInt32, UInt64, Bool)])
  func theFirstPart(_ word: UInt32, _ displacement: UInt64, _ isWrite: Bool) throws {
    try check(
      word, at: Self.page + 16 - displacement, .translationLevel3, isWrite: isWrite, faultAddress: Self.page + 16,
      Self.machine())
  }

  @Test(
    arguments: [
      0xf822_0020, 0xf822_8020,  // LDADD, SWP
      0xc8a2_7c23, 0x4822_7c24,  // CAS and CASP, which would not be equal
    ] as [UInt32]) func atomicsNeedThePermissionToStore(_ word: UInt32) throws
  {
    try check(
      word, at: Self.page, .permissionLevel3, isWrite: true, faultAddress: Self.page, Self.machine(isReadOnly: true))
  }

  @Test func storeExclusiveFaultsWhereItWouldStore() throws {
    let machine = try Self.machine(isReadOnly: true)
    // LDXR X0, [X1]; then STXR W2, X3, [X1]
    machine[x: 1] = Self.page
    machine.execute(0xc85f_7c20)
    try check(0xc802_7c23, at: Self.page, .permissionLevel3, isWrite: true, faultAddress: Self.page, machine)
    #expect(machine.core.context.pointee.state.exclusiveSize == 8)
  }

  @Test(arguments: [(0xf840_0820, false), (0xf800_0820, true)] as [(UInt32, Bool)])
  func unprivilegedAccessesHaveThePermissionsOfEL0(_ word: UInt32, _ isWrite: Bool) throws {
    // LDTR and STTR of a page that is EL1's alone, which LDR reads.
    let machine = try Self.machine()
    machine[x: 1] = TestMachine.data
    machine.execute(0xf940_0020)
    #expect(machine.pc == TestMachine.code + 4)
    try check(
      word, at: TestMachine.data, .permissionLevel3, isWrite: isWrite, faultAddress: TestMachine.data, machine)
  }
}
