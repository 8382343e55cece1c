import ARM64
import Bits
import Testing

@testable import SoftEngine

/// A load or store of one or two registers: X0 or V0, and X6 or V6.
struct RegisterAccess: CustomTestStringConvertible {
  var assembly: String
  var word: UInt32
  /// Where it goes, from the base on or from the instruction on.
  var offset: Int
  /// How many bytes a register has in memory.
  var size: Int
  /// To how many bits what is loaded is sign-extended; 0 where it is not.
  var signed: Int
  /// How far the base moves.
  var moves: Int

  init(_ assembly: String, _ word: UInt32, at offset: Int, size: Int, signed: Int = 0, moves: Int = 0) {
    self.assembly = assembly
    self.word = word
    self.offset = offset
    self.size = size
    self.signed = signed
    self.moves = moves
  }

  var testDescription: String { assembly }
  var isStore: Bool { assembly.hasPrefix("st") }
  var base: Int { assembly.contains("[sp") ? 31 : 1 }

  private var target: Character { assembly.drop { $0 != " " }.dropFirst().first ?? " " }
  var isVector: Bool { "bhsdq".contains(target) }

  /// What a register holds after it was loaded with bytes.
  func extended(_ bytes: [UInt8]) -> SIMD2<UInt64> {
    var value = SIMD2<UInt64>(0, 0)
    for (index, byte) in bytes.enumerated() { value[index / 8] |= UInt64(byte) << UInt64(index % 8 * 8) }
    if signed != 0, let last = bytes.last, last & 0x80 != 0 {
      value.x |= ~UInt64.lowMask(8 * bytes.count) & UInt64.lowMask(signed)
    }
    return value
  }
}

/// Loads and stores of general and vector registers in every addressing mode.
@Suite struct LoadStoreTests {
  @Test(arguments: singleAccesses) func movesOneRegister(_ access: RegisterAccess) throws {
    try check(access, registers: [0], from: Self.base)
  }

  @Test(arguments: pairAccesses) func movesTwoRegisters(_ access: RegisterAccess) throws {
    try check(access, registers: [0, 6], from: Self.base)
  }

  @Test(arguments: literalAccesses) func loadsLiterals(_ access: RegisterAccess) throws {
    try check(access, registers: [0], from: TestMachine.code)
  }

  private static let base = TestMachine.data + 0x808

  /// Executes an access twice, the slow way and the fast one, and looks at all registers and at memory.
  private func check(_ access: RegisterAccess, registers: [Int], from base: UInt64) throws {
    let machine = try TestMachine.withPattern()
    let address = base &+ UInt64(bitPattern: Int64(access.offset))
    let byteCount = registers.count * access.size
    let bytes = try machine.bytes(at: address - 16, byteCount + 32)
    for way in ["slow", "fast"] {
      Self.prepare(machine)
      machine.pc = TestMachine.code
      let before = machine.core.context.pointee.state
      machine.execute(access.word)

      var expected = before
      expected.x[access.base] &+= UInt64(bitPattern: Int64(access.moves))
      var expectedBytes = bytes
      for (position, register) in registers.enumerated() {
        let places = 16 + position * access.size..<16 + (position + 1) * access.size
        if access.isStore {
          let value = access.isVector ? before.v[register] : SIMD2(before.x[register], 0)
          for (index, place) in places.enumerated() {
            expectedBytes[place] = UInt8(truncatingIfNeeded: value[index / 8] >> UInt64(index % 8 * 8))
          }
        } else {
          let value = access.extended(Array(bytes[places]))
          if access.isVector { expected.v[register] = value } else { expected.x[register] = value.x }
        }
      }
      let after = machine.core.context.pointee.state
      #expect(after.pc == TestMachine.code + 4, "\(way)")
      for number in 0..<32 {
        #expect(after.x[number] == expected.x[number], "X\(number), \(way)")
        #expect(after.v[number] == expected.v[number], "V\(number), \(way)")
      }
      #expect(try machine.bytes(at: address - 16, byteCount + 32) == expectedBytes, "\(way)")
    }
  }

  private static func prepare(_ machine: TestMachine) {
    for number in 0..<31 { machine[x: number] = 0x8182_8384_f5f6_f7f8 &* UInt64(number + 1) }
    for number in 0..<32 {
      machine[v: number] = SIMD2(0x9192_9394_9596_9798, 0xa1a2_a3a4_a5a6_a7a8) &* UInt64(number + 1)
    }
    machine[x: 1] = base
    machine[x: 31] = base
    machine[x: 2] = 0x18
    machine[x: 3] = 0xffff_fffe_0000_0010
    machine[x: 4] = 0x1234_5678_ffff_fffe
    machine[x: 5] = 0xffff_ffff_ffff_fffd
  }

  // MARK: Registers that stand for something else

  @Test func register31IsZeroOrNothing() throws {
    let machine = try TestMachine.withPattern()
    machine[x: 1] = TestMachine.data
    machine[x: 31] = TestMachine.data + 0x100
    // STR XZR, [X1]; LDR XZR, [X1]; STP XZR, XZR, [X1, #8]; LDP XZR, X2, [X1]; LDR X3, [X1, XZR]
    machine.execute(0xf900_003f, 0xf940_003f, 0xa900_fc3f, 0xa940_083f, 0xf87f_6823)
    #expect(try machine.bytes(at: TestMachine.data, 24) == [UInt8](repeating: 0, count: 24))
    #expect(machine[x: 31] == TestMachine.data + 0x100)
    #expect(machine[x: 2] == 0)
    #expect(machine[x: 3] == 0)
  }

  @Test func writeBackIsLastWhereTheBaseIsLoaded() throws {
    let machine = try TestMachine.withPattern()
    let address = TestMachine.data
    // LDR X1, [X1], #8
    machine[x: 1] = address
    machine.execute(0xf840_8421)
    #expect(machine[x: 1] == address + 8)
    // STR X1, [X1, #8]! stores what the base was.
    machine[x: 1] = address
    machine.execute(0xf800_8c21)
    #expect(machine[x: 1] == address + 8)
    #expect(try machine.load(at: address + 8) == address)
    // LDP X1, X2, [X1], #16
    machine[x: 1] = address
    machine.execute(0xa8c1_0821)
    #expect(machine[x: 1] == address + 16)
  }

  @Test func pairsIntoOneRegisterKeepTheFirstValueOrTheSecondOfVectors() throws {
    let machine = try TestMachine()
    machine.store(1, 2 as UInt64)
    machine.allowVectors()
    machine[x: 1] = TestMachine.data
    // LDP X0, X0, [X1]; LDP D0, D0, [X1]
    machine.execute(0xa940_0020, 0x6d40_0020)
    #expect(machine[x: 0] == 1)
    #expect(machine[v: 0] == SIMD2(2, 0))
  }

  @Test func prefetchesTouchNothing() throws {
    let machine = try TestMachine()
    machine[x: 1] = 3
    machine[x: 31] = 3
    machine.core.context.pointee.state.system.sctlr = 0b1010
    machine.core.noteTranslationChange()
    // PRFM PLDL1KEEP, [X1]; PRFUM PLDL1KEEP, [SP, #1]; PRFM PLDL1KEEP, [X1, X2]; PRFM PLDL1KEEP, .
    #expect(machine.execute(0xf980_0020, 0xf880_13e0, 0xf8a2_6820, 0xd800_0000) == .limit)
    #expect(machine.pc == TestMachine.code + 16)
  }

  @Test(
    arguments: [
      // The sizes and operations that LDR has not: each of size 2 and 3 with opc 3, prefetches that change the base.
      0xb8c0_0020, 0xf8c0_0020, 0xb9c0_0020, 0xf8e2_6820, 0xf880_0420, 0xf880_0c20, 0xf880_0820,
      // Register offsets with option x0x.
      0xf862_0820, 0xf862_8820,
      // Pairs of size 3, LDPSW without allocation, a store of it.
      0xe940_0020, 0x6840_0020, 0x6900_0020, 0xed40_0020,
      // Vectors: LDR (literal) of size 3, an unprivileged one, scale 5.
      0xdc00_0000, 0x3c40_0820, 0x7cc0_0020,
      // CASP of odd registers; LDXP of bytes.
      0x4821_7c82, 0x4820_7c83, 0x087f_0820,
      // LD2 of 1D; LD1 of opcode 1; ST1R; LD1 of a lane: H with size 1, D with S; LD1R with S.
      0x0c40_8c20, 0x0c40_1020, 0x0d00_c020, 0x0d40_4420, 0x0d40_9420, 0x0d40_d020,
    ] as [UInt32]) func whatIsNotAllocatedIsUndefined(_ word: UInt32)
  {
    #expect(DecodeTable.shared.pattern(of: word)?.translate(InstructionWord(rawValue: word)) == nil)
  }

  @Test func storesIntoTheNextInstructionAreExecuted() throws {
    let machine = try TestMachine()
    machine[x: 1] = TestMachine.code + 4
    // ADD X0, X0, #16
    machine[x: 2] = 0x9100_4000
    // STR W2, [X1]; ADD X0, X0, #1, all of it three times, so that the first instruction is not just decoded.
    for round in 1...3 {
      machine.put([0xb900_0022, 0x9100_0400])
      machine.pc = TestMachine.code
      _ = machine.core.run(2)
      #expect(machine[x: 0] == UInt64(round * 16))
    }
  }
}
