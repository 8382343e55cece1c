internal import Bits

/// The reset control register of PC chipsets, I/O port 0xCF9 (Intel ICH9 datasheet, section 13.7.5).
public struct ResetControl: Equatable, Sendable {
  private var register: UInt8 = 0

  /// Makes the register as it is after power-on.
  public init() {}

  /// Reads the register.
  public func read() -> UInt8 { register }

  /// Writes the register; the machine is reset when RST_CPU (bit 2) goes from 0 to 1.
  public mutating func write(_ value: UInt8) -> MachineRequest? {
    let cpuReset = 2
    let rises = value[bit: cpuReset] && !register[bit: cpuReset]
    // SYS_RST, RST_CPU and FULL_RST; the other bits are reserved.
    register = value & 0b1110
    return rises ? .reset : nil
  }
}
