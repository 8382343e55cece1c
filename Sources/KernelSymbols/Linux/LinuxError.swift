public import Bits

/// Why one of Linux's own structures could not be read.
public enum LinuxError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kernel has no symbol of this name, which the structure is found by.
  case noSymbol(String)
  /// What tells the layout of the structure is missing.
  case noLayout(BTFError)
  /// The guest has no memory there, or does not map it yet.
  case noMemory(GuestVirtual, of: String)
  /// What is in memory is not what the kernel has there: it is not set up yet, or is overwritten.
  case inconsistent(String)

  /// One sentence that says what is missing.
  public var description: String {
    switch self {
    case .noSymbol(let name): "the kernel has no symbol \(name)"
    case .noLayout(let error): error.description
    case .noMemory(let address, let name): "\(name) cannot be read at \(address)"
    case .inconsistent(let name): "\(name) is not set up yet, or is damaged"
    }
  }
}
