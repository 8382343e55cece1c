/// The code that every guest steps through: `nop; nop; jmp` back to its start, the same bytes in every mode of the CPU.
enum StepLoop {
  static let code: [UInt8] = [0x90, 0x90, 0xeb, 0xfc]

  /// Where the program counter is, from the loop's start, after so many steps from there.
  static func offset(afterSteps count: Int) -> UInt64 { UInt64(count % 3) }
}
