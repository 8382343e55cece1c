public import CPUEngine
public import Devices

/// A board: the memory map and the devices around the CPUs.
///
/// CPUs access it from their own threads; it keeps its devices' state consistent by itself.
public protocol Board: AnyObject, Sendable {
  /// The board's name, as the design knows it.
  var name: String { get }

  /// Performs an access to an I/O port: fills in what is read, takes what is written.
  func port(_ access: BusAccess) -> MachineRequest?

  /// Performs an access to a physical address without RAM.
  func mmio(_ access: BusAccess) -> MachineRequest?

  /// Puts every device back to the state after power-on.
  func reset()

  /// Types bytes on the guest's console; what its UART has no room for yet waits and is not lost.
  func type(_ bytes: [UInt8])

  /// Waits until at most `count` bytes of what was typed still wait for the guest.
  func waitForTyping(leaving count: Int)
}

extension Board {
  /// Does not wait: a board that takes no input, or keeps none waiting.
  public func waitForTyping(leaving count: Int) {}
}
