public import Bits

// What a debugger asks of a machine beyond its parts.
extension Machine {
  /// Where the loader has put the device tree that the kernel was given; nil for a kernel that gets none.
  public var deviceTreeAddress: GuestPhysical? { nil }
}
