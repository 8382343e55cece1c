public import Bits
public import KernelImage

/// The kernel of a boot, for those who look for it in the guest's memory.
public struct LoadedKernel: Sendable {
  /// What it was loaded from; its bytes can be had anew.
  public let image: KernelImage
  /// The memory that it runs in, from its first byte on; nil where it unpacks itself to a place of its own choice.
  public let place: Range<GuestPhysical>?

  /// Makes the facts of a kernel that stands at `place` when it is entered.
  public init(image: KernelImage, place: Range<GuestPhysical>?) {
    self.image = image
    self.place = place
  }
}
