public import Bits

/// How an arm64 kernel is entered (Linux, Documentation/arch/arm64/booting.rst, "Call the kernel image").
public enum ARM64BootProtocol {
  /// A register and its value.
  public struct Setting: Sendable, Equatable {
    /// The register.
    public let register: ARM64Register
    /// What it holds.
    public let value: UInt64

    /// Sets a register to a value.
    public init(_ register: ARM64Register, _ value: UInt64) {
      self.register = register
      self.value = value
    }
  }

  /// The registers that differ from their values after reset, for the CPU that boots; the MMU is off after reset.
  ///
  /// - Parameters:
  ///   - entry: the kernel's first instruction.
  ///   - deviceTree: where the flattened device tree starts, a multiple of 8.
  /// - Returns: X0 to X3, the program counter and the process state.
  public static func registers(entry: GuestPhysical, deviceTree: GuestPhysical) -> [Setting] {
    [Setting(.general(0), deviceTree.rawValue)] + (1...3).map { Setting(.general($0), 0) } + [
      Setting(.pc, entry.rawValue), Setting(.pstate, PSTATE.kernelEntry.rawValue),
    ]
  }
}
