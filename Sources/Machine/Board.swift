public import CPUEngine

/// What a device asks of the machine, beyond the answer to an access.
public enum BoardEvent: Sendable, Equatable {
  /// The guest turned the power off.
  case powerOff
  /// The guest asked for a reset.
  case reset
  /// The guest ended itself with this exit status.
  case exit(status: UInt8)
  /// The guest reported its own crash through its firmware interface.
  case crash

  init(_ event: SystemEvent) {
    switch event {
    case .powerOff: self = .powerOff
    case .reset: self = .reset
    case .crash: self = .crash
    }
  }
}

/// A board: the memory map and the devices around the CPUs.
///
/// CPUs access it from their own threads; it keeps its devices' state consistent by itself.
public protocol Board: AnyObject, Sendable {
  /// The board's name, as the design knows it.
  var name: String { get }

  /// Performs an access to an I/O port: fills in what is read, takes what is written.
  func port(_ access: BusAccess) -> BoardEvent?

  /// Performs an access to a physical address without RAM.
  func mmio(_ access: BusAccess) -> BoardEvent?

  /// Puts every device back to the state after power-on.
  func reset()

  /// Types bytes on the guest's console; what its UART has no room for yet waits and is not lost.
  func type(_ bytes: [UInt8])
}
