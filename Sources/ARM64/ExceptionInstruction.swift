import Bits

/// An instruction that raises an exception, with its immediate (Arm ARM, section C4.1.94, "Exception generation").
public enum ExceptionInstruction: Hashable, Sendable {
  case svc(UInt16)
  case hvc(UInt16)
  case smc(UInt16)
  /// The software breakpoint instruction.
  case brk(UInt16)
  case hlt(UInt16)

  /// The instruction of a word; nil where that is another one.
  public init?(encoding: UInt32) {
    let immediate = UInt16(truncatingIfNeeded: encoding[bits: 5...20])
    guard
      let instruction = [Self.svc, Self.hvc, Self.smc, Self.brk, Self.hlt].lazy.map({ $0(immediate) })
        .first(where: { $0.encoding == encoding })
    else { return nil }
    self = instruction
  }

  /// The instruction's word.
  public var encoding: UInt32 {
    let (opcode, immediate): (UInt32, UInt16) =
      switch self {
      case .svc(let immediate): (0xd400_0001, immediate)
      case .hvc(let immediate): (0xd400_0002, immediate)
      case .smc(let immediate): (0xd400_0003, immediate)
      case .brk(let immediate): (0xd420_0000, immediate)
      case .hlt(let immediate): (0xd440_0000, immediate)
      }
    return opcode | UInt32(immediate) << 5
  }

  /// The instruction's bytes in memory: instructions are little-endian always.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(encoding)
    return bytes
  }
}
