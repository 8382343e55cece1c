public import Bits

/// Why no symbols could be had of a kernel.
public enum KernelSymbolsError: Error, Sendable, Equatable, CustomStringConvertible {
  /// There are no kallsyms: the kernel was built without, is no Linux, or the tables are damaged.
  case noTokenTable
  /// There are tokens, but no table of names that goes with them.
  case noNames
  /// There are names, but nothing that gives them addresses.
  case noAddresses
  /// The addresses count from the place that the kernel is linked to, and nothing in the image tells it.
  case noLinkAddress
  /// Several places agree with all that the image tells.
  case ambiguousLinkAddress([GuestVirtual])

  /// One sentence that says what is missing.
  public var description: String {
    switch self {
    case .noTokenTable:
      "the kernel has no symbols in it: it was built without CONFIG_KALLSYMS, is not Linux, or is damaged"
    case .noNames: "the kernel's kallsyms have tokens but no names that fit them: the image is damaged"
    case .noAddresses: "the kernel's kallsyms have names but no addresses that fit them: the image is damaged"
    case .noLinkAddress: "nothing in the kernel's image tells which address it is linked to: the image is damaged"
    case .ambiguousLinkAddress(let candidates):
      "the kernel may be linked to any of \(candidates.map(\.description).joined(separator: ", ")):"
        + " its image does not tell which"
    }
  }
}
