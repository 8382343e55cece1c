import Bits

/// Why a memory access faulted: DFSC, IFSC and FST (Arm ARM, D19.2, `ESR_EL1`, "Data Abort").
public struct FaultStatus: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  /// The six bits.
  public let rawValue: UInt8
  /// Takes the code; it is cut to six bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue & 0x3f }

  /// What went wrong.
  public enum Kind: String, Sendable, CaseIterable {
    case addressSize = "address size fault"
    case translation = "translation fault"
    case accessFlag = "access flag fault"
    case permission = "permission fault"
    case externalAbort = "synchronous external abort"
    case externalAbortOnWalk = "synchronous external abort on the table walk"
    case tagCheck = "synchronous tag check fault"
    case parity = "synchronous parity or ECC error"
    case parityOnWalk = "synchronous parity or ECC error on the table walk"
    case alignment = "alignment fault"
    case debug = "debug exception"
    case granuleProtection = "granule protection fault"
    case granuleProtectionOnWalk = "granule protection fault on the table walk"
    case tlbConflict = "TLB conflict abort"
    case unsupportedAtomicUpdate = "unsupported atomic hardware update fault"
    case lockdown = "implementation defined fault (lockdown)"
    case unsupportedExclusive = "implementation defined fault (unsupported exclusive or atomic access)"
  }

  /// The code of a fault at a level of the walk, or of one that has no level; nil for what has no code.
  public init?(_ kind: Kind, level: Int? = nil) {
    guard let code = kind.code(level: level) else { return nil }
    self.init(rawValue: code)
  }

  /// What went wrong; nil for a reserved code.
  public var kind: Kind? { Self.meanings[rawValue]?.kind }

  /// The level of the walk that it went wrong at, -1 to 3, where the code tells one.
  public var level: Int? { Self.meanings[rawValue]?.level }

  /// The fault in words, such as `translation fault, level 2`.
  public var description: String {
    guard let kind else { return "reserved fault status \(hexadecimal(rawValue))" }
    return level.map { Self.text(kind, level: $0) } ?? kind.rawValue
  }

  /// A fault at a level in words.
  static func text(_ kind: Kind, level: Int) -> String { "\(kind.rawValue), level \(level)" }

  private static let meanings: [UInt8: (kind: Kind, level: Int?)] = {
    var meanings: [UInt8: (kind: Kind, level: Int?)] = [:]
    for kind in Kind.allCases {
      for level in [nil, -1, 0, 1, 2, 3] {
        if let code = kind.code(level: level) { meanings[code] = (kind, level) }
      }
    }
    return meanings
  }()
}

extension FaultStatus.Kind {
  /// The code at a level, or without one; nil for what has no code.
  fileprivate func code(level: Int?) -> UInt8? {
    switch level {
    case nil: code
    case -1: rootCode
    case let level?: (0...3).contains(level) ? levelCodes.map { $0 + UInt8(level) } : nil
    }
  }

  private var code: UInt8? {
    switch self {
    case .externalAbort: 0b010000
    case .tagCheck: 0b010001
    case .parity: 0b011000
    case .alignment: 0b100001
    case .debug: 0b100010
    case .granuleProtection: 0b101000
    case .tlbConflict: 0b110000
    case .unsupportedAtomicUpdate: 0b110001
    case .lockdown: 0b110100
    case .unsupportedExclusive: 0b110101
    default: nil
    }
  }

  /// The code at level -1.
  private var rootCode: UInt8? {
    switch self {
    case .externalAbortOnWalk: 0b010011
    case .parityOnWalk: 0b011011
    case .granuleProtectionOnWalk: 0b100011
    case .addressSize: 0b101001
    case .translation: 0b101011
    default: nil
    }
  }

  /// The code at level 0, which those of levels 1 to 3 follow.
  private var levelCodes: UInt8? {
    switch self {
    case .addressSize: 0b000000
    case .translation: 0b000100
    case .accessFlag: 0b001000
    case .permission: 0b001100
    case .externalAbortOnWalk: 0b010100
    case .parityOnWalk: 0b011100
    case .granuleProtectionOnWalk: 0b100100
    default: nil
    }
  }
}
