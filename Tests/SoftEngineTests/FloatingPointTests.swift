import Testing

@testable import SoftEngine

/// Floating-point instructions, a few of each class; the words are in the comments.
@Suite struct FloatingPointTests {
  private let machine: TestMachine

  init() throws {
    machine = try TestMachine()
    setFPEN(3)
  }

  /// CPACR_EL1.FPEN: 3 traps nothing, 0 all.
  private func setFPEN(_ value: UInt64) {
    machine.core.context.pointee.state.system.cpacr = value << 20
    machine.core.noteTranslationChange()
  }

  /// FPSR's cumulative bits.
  private static let (invalid, divideByZero, inexact): (UInt64, UInt64, UInt64) = (1, 2, 1 << 4)

  private var fpsr: UInt64 { machine.core.context.pointee.state.fpsr }
  private func setFPCR(_ value: UInt64) { machine.core.context.pointee.state.fpcr = value }
  private func setDouble(_ number: Int, _ value: Double) { machine[v: number] = SIMD2(value.bitPattern, .max) }
  private func setSingles(_ number: Int, _ a: Float, _ b: Float, _ c: Float, _ d: Float) {
    machine[v: number] = SIMD2(
      UInt64(a.bitPattern) | UInt64(b.bitPattern) << 32, UInt64(c.bitPattern) | UInt64(d.bitPattern) << 32)
  }
  private func singles(_ number: Int) -> [Float] {
    let vector = machine[v: number]
    return [vector[0], vector[0] >> 32, vector[1], vector[1] >> 32].map {
      Float(bitPattern: UInt32(truncatingIfNeeded: $0))
    }
  }

  @Test(
    arguments: [
      (0x1e62_2820, 1.75), (0x1e62_3820, 1.25), (0x1e62_0820, 0.375), (0x1e62_1820, 6), (0x1e62_8820, -0.375),
      (0x1e62_4820, 1.5), (0x1e62_5820, 0.25), (0x1f42_0c20, 1.375), (0x1f42_8c20, 0.625), (0x1f62_0c20, -1.375),
      (0x1f62_8c20, -0.625),
    ] as [(UInt32, Double)])
  func computes(word: UInt32, result: Double) {
    // FADD, FSUB, FMUL, FDIV, FNMUL, FMAX, FMIN D0, D1, D2; FMADD, FMSUB, FNMADD, FNMSUB D0, D1, D2, D3
    for status in [0, Self.inexact] {
      machine.core.context.pointee.state.fpsr = status
      setDouble(1, 1.5)
      setDouble(2, 0.25)
      setDouble(3, 1)
      machine.execute(word)
      #expect(machine[v: 0] == SIMD2(result.bitPattern, 0))
      #expect(fpsr == status)
    }
  }

  @Test func resultsAreRoundedAsFPCRSays() {
    // FDIV D0, D1, D2
    setDouble(1, 1)
    setDouble(2, 3)
    machine.execute(0x1e62_1820)
    #expect(machine[v: 0][0] == (1.0 / 3).bitPattern)
    #expect(fpsr == Self.inexact)
    setFPCR(1 << 22)
    machine.execute(0x1e62_1820)
    #expect(machine[v: 0][0] == (1.0 / 3).nextUp.bitPattern)
    setDouble(2, 0)
    machine.execute(0x1e62_1820)
    #expect(machine[v: 0][0] == Double.infinity.bitPattern)
    #expect(fpsr == Self.inexact | Self.divideByZero)
  }

  @Test(
    arguments: [(1.0, 2.0, 0b1000), (2, 2, 0b0110), (3, 2, 0b0010), (.nan, 2, 0b0011)] as [(Double, Double, UInt8)])
  func compares(left: Double, right: Double, flags: UInt8) {
    setDouble(1, left)
    setDouble(2, right)
    // FCMP D1, D2
    machine.execute(0x1e62_2020)
    #expect(machine.nzcv == flags)
    #expect(fpsr == 0)
    // FCMPE D1, #0.0
    machine.execute(0x1e60_2038)
    #expect(machine.nzcv == (left.isNaN ? 0b0011 : 0b0010))
    #expect(fpsr == (left.isNaN ? Self.invalid : 0))
  }

  @Test func comparesAndSelectsByCondition() {
    setDouble(1, 1)
    setDouble(2, 2)
    // FCMP D1, D2; FCSEL D0, D1, D2, MI; FCCMP D1, D1, #8, MI; FCCMP D1, D1, #9, NE
    machine.execute(0x1e62_2020, 0x1e62_4c20, 0x1e61_4428)
    #expect(machine[v: 0] == SIMD2(1.0.bitPattern, 0))
    #expect(machine.nzcv == 0b0110)
    machine.execute(0x1e61_1429)
    #expect(machine.nzcv == 0b1001)
  }

  @Test func convertsIntegers() {
    machine[x: 1] = UInt64(bitPattern: -3)
    // SCVTF D0, X1; UCVTF S2, W1; FCVTZS W3, D0; FCVTZU X4, D0
    machine.execute(0x9e62_0020, 0x1e23_0022, 0x1e78_0003, 0x9e79_0004)
    #expect(machine[v: 0] == SIMD2((-3.0).bitPattern, 0))
    #expect(machine[v: 2] == SIMD2(UInt64(Float(UInt32.max - 2).bitPattern), 0))
    #expect(machine[x: 3] == 0xffff_fffd)
    #expect(machine[x: 4] == 0)
    #expect(fpsr == Self.invalid | Self.inexact)
  }

  @Test(
    arguments: [
      (0x9e60_0020, -2), (0x9e68_0020, -2), (0x9e70_0020, -3), (0x9e78_0020, -2), (0x9e64_0020, -3),
      (0x9e58_f820, -10),
    ] as [(UInt32, Int64)])
  func roundsToIntegers(word: UInt32, result: Int64) {
    // FCVTNS, FCVTPS, FCVTMS, FCVTZS, FCVTAS X0, D1; FCVTZS X0, D1, #2
    setDouble(1, -2.5)
    machine.execute(word)
    #expect(machine[x: 0] == UInt64(bitPattern: result))
  }

  @Test func movesBits() {
    machine[x: 1] = 0x1234_5678_9abc_def0
    // FMOV D0, X1; FMOV V0.D[1], X1; FMOV X2, V0.D[1]; FMOV W3, S0; FMOV D4, #-1.5; FMOV S5, #2.0; FMOV H6, #1.0
    machine.execute(0x9e67_0020, 0x9eaf_0020, 0x9eae_0002, 0x1e26_0003, 0x1e7f_1004, 0x1e20_1005, 0x1eee_1006)
    #expect(machine[v: 0] == SIMD2(machine[x: 1], machine[x: 1]))
    #expect(machine[x: 2] == machine[x: 1])
    #expect(machine[x: 3] == 0x9abc_def0)
    #expect(machine[v: 4] == SIMD2((-1.5).bitPattern, 0))
    #expect(machine[v: 5] == SIMD2(0x4000_0000, 0))
    #expect(machine[v: 6] == SIMD2(0x3c00, 0))
  }

  @Test func changesFormats() {
    setDouble(1, 1.0e-7)
    // FCVT S0, D1; FCVT D2, S0; FCVT H3, D1; FCVT D4, H3
    machine.execute(0x1e62_4020, 0x1e22_c002, 0x1e63_c023, 0x1ee2_c064)
    #expect(machine[v: 0] == SIMD2(UInt64(Float(1.0e-7).bitPattern), 0))
    #expect(machine[v: 2] == SIMD2(Double(Float(1.0e-7)).bitPattern, 0))
    #expect(machine[v: 3] == SIMD2(2, 0))
    #expect(machine[v: 4] == SIMD2(0x1p-23.bitPattern, 0))
  }

  @Test func computesLaneByLane() {
    setSingles(1, 1, 2, 3, 4)
    setSingles(2, 10, 20, 30, 40)
    // FADD V0.4S, V1.4S, V2.4S; FADDP V3.4S, V1.4S, V2.4S; FMUL V4.2S, V1.2S, V2.S[3]; FMLA V0.4S, V1.4S, V2.S[0]
    machine.execute(0x4e22_d420, 0x6e22_d423, 0x0fa2_9824, 0x4f82_1020)
    #expect(singles(0) == [21, 42, 63, 84])
    #expect(singles(3) == [3, 7, 30, 70])
    #expect(singles(4) == [40, 80, 0, 0])
    // FMAXV S5, V2.4S; FADDP S6, V1.2S; FCMGT V7.4S, V1.4S, #0.0; FCVTZS V8.4S, V1.4S, #4; FSQRT V9.4S, V1.4S
    machine.execute(0x6e30_f845, 0x7e30_d826, 0x4ea0_c827, 0x4f3c_fc28, 0x6ea1_f829)
    #expect(singles(5) == [40, 0, 0, 0])
    #expect(singles(6) == [3, 0, 0, 0])
    #expect(machine[v: 7] == SIMD2(.max, .max))
    #expect(machine[v: 8] == SIMD2(0x20_0000_0010, 0x40_0000_0030))
    #expect(singles(9) == [1, Float(2).squareRoot(), Float(3).squareRoot(), 2])
  }

  @Test func narrowsAndLengthens() {
    setSingles(1, 1, 2, -1, 0.5)
    // FCVTN V0.4H, V1.4S; FCVTN2 V0.8H, V1.4S; FCVTL2 V2.4S, V0.8H
    machine.execute(0x0e21_6820, 0x4e21_6820, 0x4e21_7802)
    #expect(machine[v: 0] == SIMD2(repeating: 0x3800_bc00_4000_3c00))
    #expect(singles(2) == [1, 2, -1, 0.5])
  }

  @Test(arguments: [
    // FADD of the reserved ftype 2, FADD V0.1D, FJCVTZS, FCADD, FRINT32Z, FMLAL, FMAXNMV V0.2S, FCVTZS W0, S1, #33
    0x1ea2_2820 as UInt32, 0x0e62_d420, 0x1e7e_0020, 0x6e82_e420, 0x1e28_4020, 0x4e22_ec20, 0x2e30_c820, 0x1e18_7c20,
  ])
  func whatIsNotThereIsUndefined(word: UInt32) {
    #expect(DecodeTable.shared.pattern(of: word)?.translate(InstructionWord(rawValue: word)) == nil)
  }

  @Test(arguments: [0x1e61_2820 as UInt32, 0x1e61_2020, 0x4e61_d420, 0x9e67_0020])
  func instructionsAreTrappedWithTheUnit(word: UInt32) {
    // FADD D0, D1, D1; FCMP D1, D1; FADD V0.2D, V1.2D, V1.2D; FMOV D0, X1
    setFPEN(0)
    machine[v: 0] = SIMD2(7, 7)
    machine.execute(word)
    #expect(machine[v: 0] == SIMD2(7, 7))
    #expect(machine.core.context.pointee.state.system.esr >> 26 == 0x07)
    #expect(machine.core.context.pointee.state.system.elr == TestMachine.code)
  }
}
