/// What a board's device is, for those who look at the board.
public struct DeviceFacts: Sendable, Equatable {
  /// What it is, such as `PL011`.
  public let name: String
  /// Its addresses on its bus.
  public let addresses: ClosedRange<UInt64>
  /// Whether these are I/O ports.
  public let isOnPorts: Bool
  /// The interrupt line that it drives: x86: the GSI; arm64: the SPI's number; nil for none.
  public let interrupt: UInt32?
  /// Whether it asks for that interrupt now.
  public let isAsserted: Bool
}
