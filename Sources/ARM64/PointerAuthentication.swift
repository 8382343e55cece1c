public import Bits

/// Which bits of a pointer are address, and which are authentication code or tag (Arm ARM, section D8.9).
public struct PointerAuthentication: Sendable, Equatable {
  /// TCR_EL1: the width of addresses, and whether the top byte counts.
  public let tcr: TCR

  /// Takes TCR_EL1 as it is now.
  public init(tcr: TCR) { self.tcr = tcr }

  /// The bits that hold a pointer's authentication code.
  ///
  /// Bit 55, which tells the halves apart, is never among them, nor is the top byte where it is a tag.
  ///
  /// - Parameters:
  ///   - range: the half that the pointer points into.
  ///   - use: what the pointer is used for.
  /// - Returns: a mask of the bits, 0 where none is left.
  public func mask(_ range: VARange, for use: AddressUse) -> UInt64 {
    let top: UInt64 = tcr.ignoresTopByte(range, for: use) ? 0 : 0xff << 56
    return top | UInt64.lowMask(55) & ~UInt64.lowMask(min(64 - tcr.sizeOffset(range), 55))
  }

  /// The value of one of GDB's mask registers.
  public func value(_ register: ARM64Register.PointerMask) -> UInt64 {
    switch register {
    case .data: mask(.lower, for: .data)
    case .code: mask(.lower, for: .instruction)
    case .dataHigh: mask(.upper, for: .data)
    case .codeHigh: mask(.upper, for: .instruction)
    }
  }

  /// The address that a signed or tagged pointer means: authentication code and tag replaced by copies of bit 55.
  public func strip(_ pointer: UInt64) -> GuestVirtual {
    let range = VARange(of: GuestVirtual(pointer))
    let mask = mask(range, for: .data) | 0xff << 56
    return GuestVirtual(range == .lower ? pointer & ~mask : pointer | mask)
  }
}
