public import Bits
public import KernelImage

/// The kernel of a boot, for those who look for it in the guest's memory.
public struct LoadedKernel: Sendable {
  /// Where a kernel runs.
  public enum Place: Sendable, Equatable {
    /// In this memory from its first instruction on.
    case fixed(Range<GuestPhysical>)
    /// Where it unpacks itself to.
    case chosen(by: KernelDecompressor)
  }

  /// What it was loaded from; its bytes can be had anew.
  public let image: KernelImage
  /// Where it runs.
  public let place: Place

  /// Makes the facts of a kernel.
  public init(image: KernelImage, place: Place) {
    self.image = image
    self.place = place
  }
}
