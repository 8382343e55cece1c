import Testing

@testable import SoftEngine

/// Atomic accesses, with X1 for the base.
@Suite struct AtomicTests {
  /// Operations on doublewords and on bytes: what was in memory, the operand, and what is there afterwards.
  @Test(
    arguments: [
      (0xf822_0020, 0xffff_ffff_ffff_ffff, 2, 1),  // LDADD X2, X0, [X1]
      (0xf822_1020, 0xff00_ff00_ff00_ff00, 0xf0f0_f0f0_f0f0_f0f0, 0x0f00_0f00_0f00_0f00),  // LDCLR
      (0xf822_2020, 0xff00_ff00_ff00_ff00, 0xf0f0_f0f0_f0f0_f0f0, 0x0ff0_0ff0_0ff0_0ff0),  // LDEOR
      (0xf822_3020, 0xff00_ff00_ff00_ff00, 0xf0f0_f0f0_f0f0_f0f0, 0xfff0_fff0_fff0_fff0),  // LDSET
      (0xf822_4020, 0x8000_0000_0000_0000, 1, 1),  // LDSMAX
      (0xf822_5020, 0x8000_0000_0000_0000, 1, 0x8000_0000_0000_0000),  // LDSMIN
      (0xf822_6020, 0x8000_0000_0000_0000, 1, 0x8000_0000_0000_0000),  // LDUMAX
      (0xf822_7020, 0x8000_0000_0000_0000, 1, 1),  // LDUMIN
      (0xf822_8020, 0x1112_1314_1516_1718, 0x2122_2324_2526_2728, 0x2122_2324_2526_2728),  // SWP
      (0x3822_0020, 0x1122_33ff, 0x102, 0x1122_3301),  // LDADDB W2, W0, [X1]
      (0x3822_1020, 0x1122_33f0, 0xff30, 0x1122_33c0),  // LDCLRB
      (0x3822_2020, 0x1122_33f0, 0xff30, 0x1122_33c0),  // LDEORB
      (0x3822_3020, 0x1122_33f0, 0xff0f, 0x1122_33ff),  // LDSETB
      (0x3822_4020, 0x1122_3380, 0x17f, 0x1122_337f),  // LDSMAXB
      (0x3822_5020, 0x1122_3380, 0x17f, 0x1122_3380),  // LDSMINB
      (0x3822_6020, 0x1122_3380, 0x17f, 0x1122_3380),  // LDUMAXB
      (0x3822_7020, 0x1122_3380, 0x17f, 0x1122_337f),  // LDUMINB
      (0x3822_8020, 0x1122_3344, 0x55aa, 0x1122_33aa),  // SWPB
      (0x78e2_0020, 0xffff_ffff, 1, 0xffff_0000),  // LDADDALH W2, W0, [X1]
      (0xb8e2_4020, 0x1_8000_0000, 0xffff_fffe, 0x1_ffff_fffe),  // LDSMAXAL W2, W0, [X1]
    ] as [(UInt32, UInt64, UInt64, UInt64)]) func readModifyWrite(
      _ word: UInt32, _ old: UInt64, _ operand: UInt64, _ new: UInt64
    ) throws
  {
    let machine = try TestMachine()
    machine[x: 1] = TestMachine.data
    machine[x: 2] = operand
    let size = 1 << (word >> 30)
    for _ in ["slow", "fast"] {
      machine.store(old)
      machine.execute(word)
      #expect(try machine.load() == new)
      #expect(machine[x: 0] == (size == 8 ? old : old & (1 << UInt64(8 * size) - 1)))
    }
  }

  @Test func register31IsZeroOrNothing() throws {
    let machine = try TestMachine()
    machine[x: 1] = TestMachine.data
    machine[x: 2] = 5
    machine.store(7 as UInt64)
    let sp = machine[x: 31]
    // STADD X2, [X1]; SWPA WZR, W0, [X1]
    machine.execute(0xf822_003f, 0xb8bf_8020)
    #expect(machine[x: 31] == sp)
    #expect(machine[x: 0] == 12)
    #expect(try machine.load() == 0 as UInt64)
  }

  @Test(
    arguments: [
      (0xc8a2_7c23, UInt64.max),  // CAS X2, X3, [X1]
      (0x88a2_7c23, 0xffff_ffff), (0x48e2_fc23, 0xffff), (0x08e2_7c23, 0xff),  // CAS of words, CASALH, CASAB
    ] as [(UInt32, UInt64)]) func compareAndSwap(_ word: UInt32, _ mask: UInt64) throws
  {
    let machine = try TestMachine()
    let old: UInt64 = 0x8182_8384_8586_8788
    machine[x: 1] = TestMachine.data
    machine[x: 3] = 0x3132_3334_3536_3738
    // What is beyond the size does not count.
    for (expected, isEqual) in [(old | ~mask, true), (old ^ 1, false)] {
      machine.store(old)
      machine[x: 2] = expected
      machine.execute(word)
      #expect(machine[x: 2] == old & mask)
      #expect(try machine.load() == (isEqual ? old & ~mask | machine[x: 3] & mask : old))
    }
  }

  @Test func compareAndSwapPairs() throws {
    let machine = try TestMachine()
    machine[x: 1] = TestMachine.data
    for (second, isEqual) in [(2, true), (3, false)] as [(UInt64, Bool)] {
      machine.store(1, 2 as UInt64)
      (machine[x: 2], machine[x: 3], machine[x: 4], machine[x: 5]) = (1, second, 11, 12)
      // CASP X2, X3, X4, X5, [X1]
      machine.execute(0x4822_7c24)
      #expect(machine[x: 2] == 1 && machine[x: 3] == 2)
      #expect(try machine.load() == (isEqual ? 11 : 1 as UInt64))
      #expect(try machine.load(at: TestMachine.data + 8) == (isEqual ? 12 : 2 as UInt64))
    }
    // CASPAL W2, W3, W4, W5, [X1]
    machine.store(1, 2, 7, 7 as UInt32)
    (machine[x: 2], machine[x: 3]) = (1 << 32 | 1, 1 << 32 | 2)
    machine.execute(0x0862_fc24)
    #expect(machine[x: 2] == 1 && machine[x: 3] == 2)
    #expect(try machine.load() == 12 << 32 | 11 as UInt64)
    #expect(try machine.load(at: TestMachine.data + 8) == 7 << 32 | 7 as UInt64)
  }

  @Test func pairsWithXZR() throws {
    let machine = try TestMachine()
    machine[x: 1] = TestMachine.data
    let sp = machine[x: 31]
    machine.store(5, 0 as UInt64)
    (machine[x: 30], machine[x: 4], machine[x: 5]) = (5, 6, 7)
    // CASP X30, XZR, X4, X5, [X1]; CASP X4, X5, X30, XZR, [X1]
    machine.execute(0x483e_7c24)
    #expect(try machine.load(at: TestMachine.data + 8) == 7 as UInt64)
    machine.execute(0x4824_7c3e)
    #expect(try machine.load() == 5 as UInt64)
    #expect(try machine.load(at: TestMachine.data + 8) == 0 as UInt64)
    #expect(machine[x: 31] == sp)
  }
}
