/// The device with which a test guest ends its machine: QEMU's `isa-debug-exit`, a port that is only written.
public struct DebugExit: Equatable, Sendable {
  /// Makes the device; it has no state.
  public init() {}

  /// What a write asks for.
  ///
  /// - Parameter value: The number written, of 1, 2 or 4 bytes.
  /// - Returns: The end of the machine with an exit status that is odd, so that no guest can claim success by it.
  public func write(_ value: UInt32) -> MachineRequest {
    .exit(status: (value &<< 1) | 1)
  }
}
