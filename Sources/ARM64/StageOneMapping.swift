public import Architecture
public import Bits

/// What an exception level may do with memory.
public struct AccessPermissions: OptionSet, Sendable, BitwiseCopyable, CustomStringConvertible {
  /// The permissions' bits.
  public let rawValue: UInt8
  /// Takes the permissions' bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Loads.
  public static let read = AccessPermissions(rawValue: 1)
  /// Stores.
  public static let write = AccessPermissions(rawValue: 2)
  /// Instruction fetches.
  public static let execute = AccessPermissions(rawValue: 4)

  /// The permissions as `ls` writes them, such as `rw-`.
  public var description: String {
    (contains(.read) ? "r" : "-") + (contains(.write) ? "w" : "-") + (contains(.execute) ? "x" : "-")
  }
}

/// The permissions that a descriptor's PIIndex means to an exception level (Arm ARM, D19.2, `PIR_EL1`).
public struct PermissionIndirection: RawRepresentable, Hashable, Sendable {
  /// The register's bits: 16 permissions of 4 bits each.
  public var rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The base permissions of an index, which is cut to 4 bits; what permission overlays take away is not seen.
  public subscript(index: Int) -> AccessPermissions {
    let position = (index & 15) * 4
    return switch rawValue[bits: position...position + 3] {
    case 0b0001, 0b1000, 0b1001: .read
    case 0b0010: .execute
    case 0b0011, 0b1010: [.read, .execute]
    // 0b0110 is writable and executable, but not both at once.
    case 0b0101, 0b0110, 0b1100: [.read, .write]
    case 0b0111, 0b1110: [.read, .write, .execute]
    default: []
    }
  }
}

/// What stage 1 says of an address.
public struct StageOneMapping: Sendable, Equatable, CustomStringConvertible {
  /// The physical address that the virtual one means.
  public let physical: GuestPhysical
  /// The size in bytes of the page or block that maps it; `UInt64.max` where nothing translates.
  public let blockSize: UInt64
  /// The level whose descriptor maps it; nil where nothing translates.
  public let level: Int?
  /// The type of memory.
  public let attributes: MemoryAttributes
  /// Who keeps it coherent, as the descriptor says; Device and non-cacheable memory is outer-shareable all the same.
  public let shareability: Shareability
  /// What EL1 may do; PAN, which depends on PSTATE, is not looked at.
  public let el1: AccessPermissions
  /// What EL0 may do.
  public let el0: AccessPermissions
  /// The mapping is the same in every address space (nG is clear).
  public let isGlobal: Bool
  /// The access flag; where it is clear, the CPU raises a fault or sets it.
  public let isAccessed: Bool
  /// It is writable only by the CPU's own management of dirty state: the first write clears AP[2] of the descriptor.
  public let isClean: Bool
  /// Where the last descriptor stands; nil where nothing translates.
  public let descriptorAddress: GuestPhysical?

  /// The mapping in words, such as `0x41201345, EL1 r-x EL0 ---, inner-shareable, Normal WB RA WA`.
  public var description: String { "\(physical), EL1 \(el1) EL0 \(el0), \(shareability), \(attributes)" }

  /// The mapping as one exception level sees it.
  ///
  /// - Parameter level: EL0, or any other for EL1.
  /// - Returns: the translation, whose `isUser` is whether EL0 has any access.
  public func translation(at level: ExceptionLevel) -> Translation {
    let permissions = level == .el0 ? el0 : el1
    return Translation(
      physical: physical, pageSize: blockSize, isWritable: permissions.contains(.write),
      isExecutable: permissions.contains(.execute), isUser: !el0.isEmpty)
  }
}
