public import Bits

/// Where a board has its interrupt controller.
public struct GICPlacement: Sendable {
  /// The distributor.
  public var distributor: GuestPhysical
  /// The redistributors of a GICv3, 128 KiB for each CPU.
  public var redistributors: GuestPhysical
  /// The CPU interface of a GICv2.
  public var cpuInterface: GuestPhysical

  /// Puts the addresses together.
  public init(distributor: GuestPhysical, redistributors: GuestPhysical, cpuInterface: GuestPhysical) {
    self.distributor = distributor
    self.redistributors = redistributors
    self.cpuInterface = cpuInterface
  }
}
