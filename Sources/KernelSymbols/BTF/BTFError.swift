public import Bits

/// Why something about a kernel's types could not be had.
public enum BTFError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kernel has no types in it.
  case noTypes
  /// The types are not as the format has them, from this byte of the section on.
  case damaged(offset: Int)
  /// The guest has no memory where the types are.
  case unreadable(GuestVirtual)
  /// There is no structure, union or enumeration of this name.
  case noType(String)
  /// The type has no such member or enumerator.
  case noMember(String, of: String)
  /// The member has no bytes of its own.
  case bitField(String, of: String)

  /// One sentence that says what is missing.
  public var description: String {
    switch self {
    case .noTypes: "the kernel has no types in it: it was built without CONFIG_DEBUG_INFO_BTF"
    case .damaged(let offset): "the kernel's types (BTF) are damaged at byte \(offset)"
    case .unreadable(let address): "the kernel's types (BTF) cannot be read at \(address)"
    case .noType(let name): "the kernel's types (BTF) have no \(name)"
    case .noMember(let member, let type): "the kernel's \(type) has no \(member)"
    case .bitField(let member, let type): "\(member) of the kernel's \(type) is a bit field"
    }
  }
}
