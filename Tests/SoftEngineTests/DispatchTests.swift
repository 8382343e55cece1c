import Testing

@testable import SoftEngine

/// The way from one instruction to the next, and the count of them.
@Suite struct DispatchTests {
  /// ADD X0, X0, #1 and its like.
  private static let addOne: UInt32 = 0x9100_0400
  /// B to `distance` instructions on.
  private static func branch(_ distance: Int32) -> UInt32 {
    0x1400_0000 | UInt32(bitPattern: distance) & 0x3ff_ffff
  }

  @Test func runsExactlyAsManyInstructionsAsItIsTold() throws {
    for count in [1, 2, 3, 7, 1023, 1024, 1025, 2047, 5000, 100_000] {
      let machine = try TestMachine()
      // A loop of three instructions.
      machine.put([Self.addOne, Self.addOne, Self.branch(-2)])
      #expect(machine.core.run(count) == .limit)
      #expect(machine.core.context.pointee.state.time == UInt64(count))
      #expect(machine[x: 0] == UInt64(count - count / 3))
      #expect(machine.pc == TestMachine.code + UInt64(count % 3 * 4))
    }
  }

  @Test func straightLinesGoOnInTheNextPage() throws {
    let machine = try TestMachine()
    machine.put([UInt32](repeating: Self.addOne, count: 5000))
    #expect(machine.core.run(3000) == .limit)
    #expect(machine[x: 0] == 3000)
    #expect(machine.pc == TestMachine.code + 12000)
    #expect(machine.core.run(1) == .limit)
    #expect(machine[x: 0] == 3001)
  }

  @Test func branchesLeadToOtherPagesAndBack() throws {
    let machine = try TestMachine()
    machine.put([Self.addOne, Self.branch(4096)])
    machine.put([Self.addOne, Self.branch(-4098)], at: TestMachine.code + 4 * 4097)
    #expect(machine.core.run(100_001) == .limit)
    #expect(machine[x: 0] == 50_001)
  }

  @Test func storesIntoCodeAreSeenAtOnce() throws {
    let machine = try TestMachine()
    machine.put([Self.addOne, Self.branch(-1)])
    _ = machine.core.run(1000)
    #expect(machine[x: 0] == 500)
    // ADD X0, X0, #16
    machine.put([0x9100_4000])
    _ = machine.core.run(2)
    #expect(machine[x: 0] == 516)
  }

  @Test func noPatternsOverlapUnlessTheySay() {
    let patterns = DecodeTable.shared.patterns
    for (index, left) in patterns.enumerated() {
      for right in patterns[(index + 1)...] where (left.value ^ right.value) & left.mask & right.mask == 0 {
        let isDeclared = left.specializes.contains(right.name) || right.specializes.contains(left.name)
        #expect(isDeclared, "\(left.name) and \(right.name)")
      }
    }
  }
}
