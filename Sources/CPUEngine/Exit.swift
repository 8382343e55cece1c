public import Bits

/// A guest's access to an I/O port or to a physical address where no memory is.
///
/// `data` is the engine's own buffer and is valid until the CPU runs again: a read is answered by filling it, and a write
/// is found in it.
public struct BusAccess {
  /// The port number, or the physical address.
  public let address: UInt64
  /// The size of one unit: 1, 2, 4 or 8 bytes.
  public let size: Int
  /// How many units go to the same port one after another (`rep outsb`); 1 for memory.
  public let count: Int
  /// Whether the guest writes.
  public let isWrite: Bool
  /// `size * count` bytes.
  public let data: UnsafeMutableRawBufferPointer

  /// Makes an access whose `data` holds `size * count` bytes.
  public init(address: UInt64, size: Int, count: Int, isWrite: Bool, data: UnsafeMutableRawBufferPointer) {
    self.address = address
    self.size = size
    self.count = count
    self.isWrite = isWrite
    self.data = data
  }
}

/// What the debug hardware saw.
public struct DebugEvent: Sendable, Equatable {
  /// The address of the next instruction.
  public let programCounter: GuestVirtual
  /// One instruction was executed on request.
  public let isSingleStep: Bool
  /// The position in `DebugControl.breakpoints` of the breakpoint at the program counter.
  public let breakpoint: Int?
  /// The position in `DebugControl.watchpoints` of the one that was hit.
  public let watchpoint: Int?
  /// The address that was accessed, where the hardware tells it.
  public let accessedAddress: GuestVirtual?
  /// A software breakpoint instruction is at the program counter; it is not executed yet.
  public let isSoftwareBreakpoint: Bool
  /// The exception that is about to be taken, one of `DebugControl.exceptions`.
  public let exception: CaughtException?

  /// Makes an event; what is left out was not seen.
  public init(
    programCounter: GuestVirtual, isSingleStep: Bool = false, breakpoint: Int? = nil, watchpoint: Int? = nil,
    accessedAddress: GuestVirtual? = nil, isSoftwareBreakpoint: Bool = false, exception: CaughtException? = nil
  ) {
    self.programCounter = programCounter
    self.isSingleStep = isSingleStep
    self.breakpoint = breakpoint
    self.watchpoint = watchpoint
    self.accessedAddress = accessedAddress
    self.isSoftwareBreakpoint = isSoftwareBreakpoint
    self.exception = exception
  }
}

/// How the guest's end came about.
public enum GuestFailure: Sendable, Equatable {
  /// x86: an exception while a double fault was delivered.
  case tripleFault
  /// The engine met an instruction that it cannot execute, with the bytes it fetched.
  case emulationFailure(instruction: [UInt8])
  /// The engine's own failure: KVM's suberror and its data.
  case internalError(suberror: UInt32, data: [UInt64])
  /// The CPU refused the state that it was to run in: the hardware's reason.
  case entryFailure(reason: UInt64)
  /// arm64: a data abort whose syndrome does not say which access it was.
  case undecodedAccess(address: GuestPhysical, syndrome: UInt64)
  /// The guest reported its own crash through a firmware call.
  case reportedCrash
  /// The host refused to run the CPU: its errno.
  case hostRefusal(errno: Int32)
  /// An exit that this engine does not know.
  case unknownExit(reason: UInt32)
}

/// What the guest asks of the machine it runs on.
public enum SystemEvent: Sendable, Equatable {
  case powerOff
  case reset
  case crash
}

/// Why a CPU came back from the guest.
public enum Exit {
  /// An I/O port was accessed.
  case port(BusAccess)
  /// A physical address without memory was accessed.
  case mmio(BusAccess)
  case debug(DebugEvent)
  /// The CPU waits for an interrupt and the engine has no interrupt controller to wait with.
  case halted
  case system(SystemEvent)
  case failure(GuestFailure)
  /// A kick, or nothing at all: run again unless somebody wants the CPU stopped.
  case interrupted
}
