import Testing

@testable import SoftEngine

/// Integer instructions of Advanced SIMD, each class of the manual by some examples; values in masses are the oracle's.
@Suite struct AdvancedSIMDTests {
  @Test(arguments: VectorExample.threeSame) func threeSame(_ example: VectorExample) throws { try check(example) }
  @Test(arguments: VectorExample.scalars) func scalars(_ example: VectorExample) throws { try check(example) }
  @Test(arguments: VectorExample.threeDifferent) func threeDifferent(_ example: VectorExample) throws {
    try check(example)
  }
  @Test(arguments: VectorExample.twoRegisterMiscellaneous) func oneVector(_ example: VectorExample) throws {
    try check(example)
  }
  @Test(arguments: VectorExample.acrossLanes) func acrossLanes(_ example: VectorExample) throws { try check(example) }
  @Test(arguments: VectorExample.permutations) func permutations(_ example: VectorExample) throws { try check(example) }
  @Test(arguments: VectorExample.modifiedImmediates) func immediates(_ example: VectorExample) throws {
    try check(example)
  }
  @Test(arguments: VectorExample.shifts) func shifts(_ example: VectorExample) throws { try check(example) }
  @Test(arguments: VectorExample.byElement) func byElement(_ example: VectorExample) throws { try check(example) }

  private func check(_ example: VectorExample) throws {
    let machine = try VectorMachine()
    (machine[0], machine[1], machine[2]) = (example.d, example.n, example.m)
    machine.execute(example.word)
    #expect(machine[0] == example.result, "\(String(machine[0], radix: 16)), not \(String(example.result, radix: 16))")
    #expect(machine.isSaturated == example.saturates)
  }

  /// The sources are read before the result is written.
  @Test func registersMayBeTheSame() throws {
    let machine = try VectorMachine()
    machine[0] = 0x0706_0504_0302_0100
    machine.execute(0x2e20_0000)  // UADDL V0.8H, V0.8B, V0.8B
    #expect(machine[0] == 0x000e_000c_000a_0008_0006_0004_0002_0000)
    machine.execute(0x0e00_3800)  // ZIP1 V0.8B, V0.8B, V0.8B
    #expect(machine[0] == 0x0000_0202_0000_0000)
  }

  /// FPSR.QC stays set until it is cleared.
  @Test func saturationIsCumulative() throws {
    let machine = try VectorMachine()
    machine[1] = 0xff
    machine[2] = 1
    machine.execute(0x7e22_0c20)  // UQADD B0, B1, B2
    #expect(machine.isSaturated)
    machine[1] = 0
    machine.execute(0x7e22_0c20)
    #expect(machine[0] == 1)
    #expect(machine.isSaturated)
  }

  // MARK: Copies

  @Test func elementsGoToGeneralRegisters() throws {
    let machine = try VectorMachine()
    machine[1] = 0x8899_aabb_ccdd_eeff_0011_2233_4455_86f7
    for (word, value) in [
      (0x0e1f_3c20, 0x88), (0x4e18_3c20, 0x8899_aabb_ccdd_eeff), (0x0e03_2c20, 0xffff_ff86),
      (0x4e1c_2c20, 0xffff_ffff_8899_aabb),
    ] as [(UInt32, UInt64)] {  // UMOV W0, V1.B[15]; UMOV X0, V1.D[1]; SMOV W0, V1.B[1]; SMOV X0, V1.S[3]
      machine.execute(word)
      #expect(machine.machine[x: 0] == value)
    }
    let stackPointer = machine.machine[x: 31]
    machine.execute(0x0e0e_3c3f)  // UMOV WZR, V1.H[3]
    #expect(machine.machine[x: 31] == stackPointer)
  }

  @Test func generalRegistersGoToElements() throws {
    let machine = try VectorMachine()
    machine.machine[x: 1] = 0x1234_5678_9abc_def0
    machine[0] = .max
    machine.execute(0x4e0a_1c20)  // INS V0.H[2], W1
    #expect(machine[0] == 0xffff_ffff_ffff_ffff_ffff_def0_ffff_ffff)
    machine.execute(0x4e18_1fe0)  // INS V0.D[1], XZR
    #expect(machine[0] == 0xffff_def0_ffff_ffff)
    machine.execute(0x4e04_0c20)  // DUP V0.4S, W1
    #expect(machine[0] == 0x9abc_def0_9abc_def0_9abc_def0_9abc_def0)
    machine.machine[x: 31] = 5
    machine.execute(0x4e01_0fe0)  // DUP V0.16B, WZR
    #expect(machine[0] == 0)
  }

  @Test func elementsGoToElements() throws {
    let machine = try VectorMachine()
    machine[0] = 7
    machine[1] = 0xab00_0000_0000_0000_0000_0000_1234_5678
    machine.execute(0x6e1c_0420)  // INS V0.S[3], V1.S[0]
    #expect(machine[0] == 0x1234_5678_0000_0000_0000_0000_0000_0007)
    machine.execute(0x0e1f_0420)  // DUP V0.8B, V1.B[15]
    #expect(machine[0] == 0xabab_abab_abab_abab)
  }

  /// V0 follows V31 in a table.
  @Test func tablesGoOnAtTheFirstRegister() throws {
    let machine = try VectorMachine()
    (machine[30], machine[31], machine[0], machine[1]) = (0xa, 0xb, 0xc, 0xd)
    machine[2] = 0xffff_ffff_ffff_ffff_ffff_ff40_3020_1000
    machine.execute(0x4e02_63c0)  // TBL V0.16B, {V30.16B, V31.16B, V0.16B, V1.16B}, V2.16B
    #expect(machine[0] == 0x0d0c_0b0a)
  }

  // MARK: Encodings

  /// Reserved sizes, indices and combinations.
  @Test(
    arguments: [
      0x0ee2_8420,  // ADD of one element of 64 bits
      0x0ee2_0020,  // SADDL of elements of 64 bits
      0x4e22_b420,  // SQDMULH of bytes
      0x2e02_4020,  // EXT of 64 bits from byte 8 on
      0x0eb1_b820,  // ADDV of two elements
      0x0e00_0420,  // DUP of no size
      0x0e08_0420,  // DUP to one element of 64 bits
      0x4e04_3c20,  // UMOV of 32 bits to X0
      0x0e04_2c20,  // SMOV of 32 bits to W0
      0x0ec2_2820,  // TRN1 of one element
      0x0f40_8420,  // SHRN of elements of 128 bits
      0x0f7f_0420,  // SSHR of one element of 64 bits
      0x5f3f_0420,  // SSHR of a scalar of 32 bits
      0x0f02_8020,  // MUL by an element of 8 bits
      0x2f03_f600,  // FMOV of a double into 64 bits
      0x6f03_fe00,  // FMOV of halves with op set
    ] as [UInt32]) func isUndefined(_ word: UInt32)
  {
    let pattern = DecodeTable.shared.pattern(of: word)
    #expect(pattern?.translate(InstructionWord(rawValue: word, index: 0)) == nil, "\(pattern?.name ?? "")")
  }

  /// Where CPACR_EL1 does not let it, an instruction raises the exception and changes nothing.
  @Test func isTrapped() throws {
    let machine = try TestMachine()
    machine[v: 0] = SIMD2(1, 2)
    machine.execute(0x4ee0_8400)  // ADD V0.2D, V0.2D, V0.2D
    #expect(machine[v: 0] == SIMD2(1, 2))
    #expect(machine.core.context.pointee.state.system.esr == 0x1fe0_0000)
    #expect(machine.core.context.pointee.state.system.elr == TestMachine.code)
  }
}
