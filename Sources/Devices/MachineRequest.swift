/// What a guest asks of its machine through a device.
public enum MachineRequest: Sendable, Equatable {
  /// Start again as after power-on.
  case reset
  /// Switch off.
  case powerOff
  /// End the machine's process with this exit status.
  case exit(status: UInt32)
}
