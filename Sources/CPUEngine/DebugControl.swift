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

/// Which of the guest's exceptions a debugger wants to see before they are taken.
public struct ExceptionFilter: Sendable, Equatable {
  /// Synchronous ones, by the architecture's number of their class; arm64: EC of ESR_ELx, as from a lower level.
  public var classes: Set<UInt8> = []
  /// Interrupts.
  public var interrupts = false

  /// None.
  public init() {}
}

/// An exception that a CPU is about to take.
public struct CaughtException: Sendable, Equatable {
  /// What it is.
  public enum Kind: Sendable, Equatable {
    /// Raised by the instruction at hand: what the syndrome register will hold, and the address register if it has one.
    case synchronous(syndrome: UInt64, address: UInt64)
    case irq
    case fiq
  }

  /// What it is.
  public let kind: Kind
  /// Makes the facts of an exception.
  public init(kind: Kind) { self.kind = kind }
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
  /// Exceptions to come back at before they are taken, where the engine can.
  public var exceptions = ExceptionFilter()

  /// The guest has the debug hardware for itself, as `none` says.
  public init() {}

  /// The guest has the debug hardware for itself.
  public static let none = DebugControl()
}
