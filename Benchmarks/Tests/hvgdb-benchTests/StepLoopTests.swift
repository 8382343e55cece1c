import Testing

@testable import hvgdb_bench

@Suite struct StepLoopTests {
  @Test func programCounterGoesRound() {
    #expect((0..<5).map(StepLoop.x86.offset(afterSteps:)) == [0, 1, 2, 0, 1])
    #expect((0..<5).map(StepLoop.arm64.offset(afterSteps:)) == [0, 4, 8, 0, 4])
  }

  @Test func codeIsThreeInstructions() {
    // x86's branch is of two bytes.
    #expect(StepLoop.x86.code.count == 2 * StepLoop.x86.instructionLength + 2)
    #expect(StepLoop.arm64.code.count == 3 * StepLoop.arm64.instructionLength)
  }
}
