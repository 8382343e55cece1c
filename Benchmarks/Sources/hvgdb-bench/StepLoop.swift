/// The code that every guest steps through: two instructions that do nothing, and a branch back to the first.
struct StepLoop {
  let code: [UInt8]
  /// The length of one that does nothing, in bytes; also the kind of a breakpoint on it (GDB manual, `Z0`).
  let instructionLength: Int

  /// `nop; nop; jmp` (Intel SDM, volume 2), the same bytes in every mode of the CPU.
  static let x86 = StepLoop(code: [0x90, 0x90, 0xeb, 0xfc], instructionLength: 1)

  /// `nop; nop; b` (Arm ARM, section C6.2).
  static let arm64 = StepLoop(
    code: [0x1f, 0x20, 0x03, 0xd5, 0x1f, 0x20, 0x03, 0xd5, 0xfe, 0xff, 0xff, 0x17], instructionLength: 4)

  /// Where the program counter is, from the loop's start, after so many steps from there.
  func offset(afterSteps count: Int) -> UInt64 { UInt64(count % 3 * instructionLength) }
}
