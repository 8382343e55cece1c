/// Something of a CPU's state that a case sets, or that an oracle's answer tells.
enum StatePart: Hashable {
  /// X0 to X30.
  case general(Int)
  case stackPointer
  /// The distance from the first instruction of the case.
  case programCounter
  /// N, Z, C and V in the bits of PSTATE, 31 to 28.
  case flags
  case fpcr
  case fpsr
  /// TPIDR_EL0.
  case threadPointer
  /// The address that an abort names; zero where the oracle does not know it.
  case faultAddress
  /// V0 to V31.
  case vector(Int)
  /// Eight bytes of the scratch page, at a multiple of 8.
  case memory(Int)
}

/// What a part of the state holds.
struct StateValue: Hashable {
  let part: StatePart
  let value: UInt128

  init(_ part: StatePart, _ value: UInt128) {
    self.part = part
    self.value = value
  }
}

extension StateValue: CustomStringConvertible {
  var description: String {
    let digits = String(value, radix: 16)
    return switch part {
    case .general(let number): "x\(number)=\(digits)"
    case .stackPointer: "sp=\(digits)"
    case .programCounter: "pc=code+\(digits)"
    case .flags: "nzcv=\(digits)"
    case .fpcr: "fpcr=\(digits)"
    case .fpsr: "fpsr=\(digits)"
    case .threadPointer: "tpidr=\(digits)"
    case .faultAddress: "fault=\(digits)"
    case .vector(let number): "v\(number)=\(digits)"
    case .memory(let offset): "memory[\(offset)]=\(digits)"
    }
  }
}

/// The exception that ended a case.
enum OracleOutcome: UInt8 {
  /// An undefined instruction: a case's own, or the UDF behind it.
  case undefined
  /// BRK.
  case breakpoint
  /// An instruction or data abort.
  case abort
  /// A misaligned PC or access.
  case alignment
}

/// What executing a case came to: what is not as it was at first, in the order of `CaseFile`'s ids.
struct OracleResult: Equatable {
  var outcome: OracleOutcome
  var values: [StateValue]
}

/// A few instructions, the state that they begin in, and what an independent implementation made of them.
struct OracleCase {
  let words: [UInt32]
  /// What is not as in the state that all cases begin in (`CaseState`).
  let inputs: [StateValue]
  let result: OracleResult
  /// Where it stands in its file.
  let bytes: Range<Int>
}

/// The state that cases begin in, but for their inputs, as Tests/Oracle/cases.py has it.
enum CaseState {
  static let code: UInt64 = 0x20_0000_0000
  static let scratch: UInt64 = 0x20_0001_0000
  static let pageSize = 4096

  static let general = (0..<31).map { noise($0) }
  static let stackPointer = scratch + UInt64(pageSize / 2)
  static let threadPointer = noise(31)
  static let vectors = (0..<32).map { UInt128(noise(65 + 2 * $0)) << 64 | UInt128(noise(64 + 2 * $0)) }
  /// The scratch page, in words of eight bytes.
  static let memory = (0..<pageSize / 8).map { noise(128 + $0) }

  /// The numbers of SplitMix64 from the seed 0 on.
  static func noise(_ index: Int) -> UInt64 {
    var z = (UInt64(index) + 1) &* 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
