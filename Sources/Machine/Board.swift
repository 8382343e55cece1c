public import Bits
public import CPUEngine

/// A board: the memory map and the devices around the CPUs.
///
/// CPUs access it from their own threads; it keeps its devices' state consistent by itself.
public protocol Board: AnyObject, Sendable {
  /// The board's name, as the design knows it.
  var name: String { get }

  /// Performs an access to an I/O port: fills in what is read, takes what is written.
  ///
  /// - Parameter access: what the CPU does.
  /// - Returns: why the machine is to stop by it, or nil where the guest simply goes on.
  func port(_ access: BusAccess) -> StopReport.Cause?

  /// Performs an access to a physical address without RAM, as `port` does to a port.
  func mmio(_ access: BusAccess) -> StopReport.Cause?

  /// The devices as they are now.
  var deviceFacts: [DeviceFacts] { get }

  /// Puts every device back to the state after power-on.
  func reset()

  /// Types bytes on the guest's console; what its UART has no room for yet waits and is not lost.
  func type(_ bytes: [UInt8])

  /// Waits until at most `count` bytes of what was typed still wait for the guest.
  func waitForTyping(leaving count: Int)
}

extension Board {
  /// No devices.
  public var deviceFacts: [DeviceFacts] { [] }

  /// Does not wait: a board that takes no input, or keeps none waiting.
  public func waitForTyping(leaving count: Int) {}
}

/// A guest's access to a physical address at which its board has nothing.
public struct UnmappedAccess: Sendable, Equatable, CustomStringConvertible {
  /// Where it was.
  public let address: GuestPhysical
  /// How many bytes.
  public let size: Int
  /// Whether the guest wrote.
  public let isWrite: Bool

  /// Makes the facts of an access.
  public init(address: GuestPhysical, size: Int, isWrite: Bool) {
    self.address = address
    self.size = size
    self.isWrite = isWrite
  }

  /// What was done, such as `read 4 bytes at 0xa000000`.
  public var description: String {
    "\(isWrite ? "wrote" : "read") \(size) \(size == 1 ? "byte" : "bytes") at \(address)"
  }
}
