import Bits
import Machine

/// The kernel's symbols, read when they are first asked for.
final class KernelSymbolFile {
  private let kernel: LoadedKernel?

  init(_ kernel: LoadedKernel?) { self.kernel = kernel }

  /// The address of the image's first byte as it was linked to run; nil where it cannot be told.
  var linkBase: GuestVirtual? { nil }

  /// How far into the image the first code is that runs at virtual addresses; nil where it is not known.
  var milestone: UInt64? { nil }
}
