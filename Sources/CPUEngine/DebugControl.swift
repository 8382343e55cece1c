public import Bits

/// A watchpoint as the hardware can hold it.
public struct HardwareWatchpoint: Sendable, Equatable {
  /// The accesses that hit it.
  public enum Access: Sendable, Equatable {
    case read
    case write
    case readWrite
  }

  /// The first byte watched.
  public let address: GuestVirtual
  /// How many bytes; address and length fit what `EngineCapabilities` says the hardware can watch.
  public let length: Int
  /// The accesses that hit it.
  public let access: Access

  /// Makes a watchpoint on `length` bytes from `address` on.
  public init(address: GuestVirtual, length: Int, access: Access) {
    self.address = address
    self.length = length
    self.access = access
  }
}

/// What a CPU's debug hardware shall do while the guest runs.
///
/// It replaces the guest's own use of the debug registers for as long as it is not `.none`.
public struct DebugControl: Sendable, Equatable {
  /// Come back after one instruction.
  public var singleStep = false
  /// Take no interrupt at the instruction that is stepped.
  public var blocksInterrupts = false
  /// Come back at software breakpoint instructions in place of delivering their exception to the guest.
  public var trapsSoftwareBreakpoints = false
  /// Instruction addresses at which to come back before they are executed.
  public var breakpoints: [GuestVirtual] = []
  /// Data to watch.
  public var watchpoints: [HardwareWatchpoint] = []

  /// The guest has the debug hardware for itself, as `none` says.
  public init() {}

  /// The guest has the debug hardware for itself.
  public static let none = DebugControl()
}
