/// What of the measures depends on the guest's architecture, which is the host's.
struct Architecture {
  /// QEMU's program for it.
  let qemu: String
  /// Debian's name, by which the folder of its kernels goes.
  let debianName: String
  /// The kernel's command line, with the board's first serial port as its console.
  let commandLine: String
  /// Where hvgdb loads a distribution's kernel.
  let kernelAddress: UInt64
  let stepLoop: StepLoop
  /// The program counter's name in target descriptions.
  let programCounter: String
  /// The segment register to be cleared in QEMU's guest before it can execute low memory: at the reset vector it leads
  /// elsewhere.
  let codeSegment: String?

  static let x86 = Architecture(
    qemu: "qemu-system-x86_64", debianName: "amd64", commandLine: "console=ttyS0",
    // CONFIG_PHYSICAL_START's default.
    kernelAddress: 0x100_0000,
    stepLoop: .x86, programCounter: "rip", codeSegment: "cs")

  static let arm64 = Architecture(
    qemu: "qemu-system-aarch64", debianName: "arm64", commandLine: "console=ttyAMA0",
    // The start of RAM, with a text_offset of 0, as kernels have had it since Linux 5.10.
    kernelAddress: 0x4000_0000,
    stepLoop: .arm64, programCounter: "pc", codeSegment: nil)
}
