/// Why a file cannot be loaded as a kernel.
public struct KernelImageError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence: what is wrong, where in the file, and what would be right.
  public let description: String

  /// Makes the error from its sentence.
  public init(_ description: String) { self.description = description }

  /// The same error, said of an image that stands inside of a file.
  func inside(_ container: String) -> KernelImageError {
    KernelImageError("in the \(container): \(description)")
  }
}

/// A number as this module's sentences and reports write offsets, addresses and flags.
func hex(_ value: some BinaryInteger) -> String { "0x" + String(value, radix: 16) }
