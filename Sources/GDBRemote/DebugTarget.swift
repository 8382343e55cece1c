public import Architecture

/// A thread as the client names it, counted from 1; a vCPU is a thread.
public struct ThreadID: RawRepresentable, Hashable, Comparable, Sendable {
  /// The number in a packet's thread-id.
  public let rawValue: Int
  /// The thread of this number.
  @inlinable public init(rawValue: Int) { self.rawValue = rawValue }
  /// The thread of this number.
  @inlinable public init(_ rawValue: Int) { self.rawValue = rawValue }
  /// Whether `left` stands before `right` in the list of threads.
  @inlinable public static func < (left: ThreadID, right: ThreadID) -> Bool { left.rawValue < right.rawValue }
}

/// What a target could not do; the client is told and the session lives on.
public struct TargetError: Error, Sendable, Equatable {
  /// The `E NN` number: the one of the errno that fits best.
  public let code: UInt8
  /// One sentence without a full stop, for clients that announced `error-message+`.
  public let message: String

  /// Makes an error of an errno and a sentence.
  public init(code: UInt8, _ message: String) {
    self.code = code
    self.message = message
  }

  /// No memory can be reached at an address (`EFAULT`).
  public static func unreachable(_ message: String) -> TargetError { TargetError(code: 14, message) }
  /// An argument is out of range or malformed (`EINVAL`).
  public static func invalid(_ message: String) -> TargetError { TargetError(code: 22, message) }
  /// A resource is used up (`ENOSPC`).
  public static func exhausted(_ message: String) -> TargetError { TargetError(code: 28, message) }
  /// The target refuses or failed (`EIO`).
  public static func failed(_ message: String) -> TargetError { TargetError(code: 5, message) }
}

/// What the client wants one thread to do next.
public enum ThreadAction: Sendable, Equatable {
  /// Run on.
  case resume
  /// Execute one instruction.
  case step
  /// Step while the program counter stays inside the range, whose end is exclusive.
  case rangeStep(Range<UInt64>)
}

/// What the client wants the threads to do next; a thread without an action stays stopped.
public struct ResumeRequest: Sendable, Equatable {
  /// One clause of a `vCont`: an action and whom it is for (nil: every thread that no earlier clause named).
  public struct Clause: Sendable, Equatable {
    /// What is to be done; nil keeps the thread stopped.
    public let action: ThreadAction?
    /// Whom it is for; nil stands for every thread.
    public let thread: ThreadID?

    /// Makes a clause; an action of nil (`t`) keeps the thread stopped.
    public init(_ action: ThreadAction?, _ thread: ThreadID? = nil) {
      self.action = action
      self.thread = thread
    }
  }

  /// The clauses; the leftmost that fits a thread counts.
  public let clauses: [Clause]
  /// Makes a request of clauses in the client's order.
  public init(_ clauses: [Clause]) { self.clauses = clauses }

  /// What `thread` shall do, or nil where it stays stopped.
  public func action(for thread: ThreadID) -> ThreadAction? {
    clauses.first { $0.thread == nil || $0.thread == thread }?.action
  }
}

/// The signals that a stop reply names, by GDB's own numbering (include/gdb/signals.def).
public enum StopSignal: UInt8, Sendable {
  case none = 0
  case interrupt = 2
  case quit = 3
  case illegal = 4
  case trap = 5
  case abort = 6
  case floatingPoint = 8
  case kill = 9
  case bus = 10
  case segmentation = 11
  case terminated = 15
  case user1 = 30
  /// An exception that the names of POSIX do not fit (`EXC_EMULATION`).
  case emulation = 148
  /// A call into a more privileged level (`EXC_SOFTWARE`).
  case software = 149
  /// A breakpoint or another debug exception that is the program's own (`EXC_BREAKPOINT`).
  case breakpoint = 150
}

/// Which access a watchpoint looks for.
public enum WatchKind: Sendable, Equatable {
  case write
  case read
  case access
}

/// The client's kinds of breakpoint: `Z0` to `Z4`.
public enum BreakpointKind: Sendable, Equatable, Hashable {
  case software
  case hardware
  case watch(WatchKind)
}

/// Why the target stopped.
public struct StopEvent: Sendable, Equatable {
  /// What a stop reply says beyond its signal.
  public enum Reason: Sendable, Equatable {
    /// Nothing: plain `T05`, which gdb always shows.
    case signal
    /// A software breakpoint that the client has set was hit; the program counter is at its address.
    case softwareBreakpoint
    /// A hardware breakpoint that the client has set was hit.
    case hardwareBreakpoint
    /// A watchpoint that the client has set was hit by an access to this address.
    case watchpoint(WatchKind, address: UInt64)
    /// What is loaded in the guest, or where, has changed; the client reads the list of libraries and goes on.
    case librariesChanged
    /// The guest is gone with this exit status (`W`).
    case exited(UInt8)
  }

  /// The thread that stopped first; every other one is stopped too.
  public let thread: ThreadID
  /// The signal that the client shows.
  public let signal: StopSignal
  /// What is to be said beyond the signal.
  public let reason: Reason

  /// Makes the description of a stop.
  public init(thread: ThreadID, signal: StopSignal, reason: Reason = .signal) {
    self.thread = thread
    self.signal = signal
    self.reason = reason
  }
}

/// What the session asks of the machine that is debugged.
///
/// Every function is called while the target is stopped. What a target may be able to do beyond this is an optional
/// sub-protocol; `qSupported` and the replies to unknown packets follow from which of them it has.
public protocol DebugTarget: AnyObject {
  /// The registers that the target description names.
  var registers: RegisterTable { get }
  /// The threads, in ascending order; never empty.
  var threads: [ThreadID] { get }
  /// The thread that the last stop was reported for.
  var currentThread: ThreadID { get }
  /// Why the target is stopped now: the answer to `?`.
  var lastStop: StopEvent { get }

  /// A few words on a thread's state, such as `CPU 0 [ring 0, long mode, halted]`.
  func describe(_ thread: ThreadID) -> String

  /// Writes a register's value to the start of `buffer`, little-endian, `byteCount` bytes of the table's description.
  ///
  /// - Returns: false where the value cannot be read; it is then shown as unavailable, never as zero.
  func readRegister(_ index: RegisterIndex, of thread: ThreadID, into buffer: UnsafeMutableRawBufferPointer) -> Bool

  /// Sets a register to the little-endian value in `bytes`, which has the table's length.
  func writeRegister(
    _ index: RegisterIndex, of thread: ThreadID, from bytes: UnsafeRawBufferPointer
  ) throws(TargetError)

  /// Reads memory as `thread` sees it, breakpoints of our own taken out.
  ///
  /// - Returns: how many bytes could be read before the first that could not; at least 1.
  /// - Throws: where not even the first byte can be read; never for an empty buffer.
  func readMemory(
    at address: UInt64, of thread: ThreadID, into buffer: UnsafeMutableRawBufferPointer
  ) throws(TargetError) -> Int

  /// Writes memory as `thread` sees it: all of `bytes`, or nothing where a part cannot be written.
  func writeMemory(at address: UInt64, of thread: ThreadID, from bytes: UnsafeRawBufferPointer) throws(TargetError)

  /// The optional capabilities; nil where the target does not have one.
  var breakpoints: (any BreakpointTarget)? { get }
  var physicalMemory: (any PhysicalMemoryTarget)? { get }
  var monitor: (any MonitorTarget)? { get }
  var files: (any FileTarget)? { get }
  var libraries: (any LibraryTarget)? { get }
  var memoryMap: (any MemoryMapTarget)? { get }
  var osData: (any OSDataTarget)? { get }
  var restarting: (any RestartTarget)? { get }
}

extension DebugTarget {
  /// No files.
  public var files: (any FileTarget)? { nil }
  /// No list of libraries.
  public var libraries: (any LibraryTarget)? { nil }
  /// No memory map: the client asks for any memory.
  public var memoryMap: (any MemoryMapTarget)? { nil }
  /// No tables.
  public var osData: (any OSDataTarget)? { nil }
  /// No way to start again.
  public var restarting: (any RestartTarget)? { nil }
}

/// A target that takes breakpoints and watchpoints.
public protocol BreakpointTarget: AnyObject {
  /// Sets a breakpoint or a watchpoint; setting one that is there already changes nothing.
  ///
  /// - Parameters:
  ///   - kind: which of `Z0` to `Z4`.
  ///   - address: a virtual address as `thread` sees it.
  ///   - length: for a watchpoint how many bytes, else the architecture's breakpoint kind.
  ///   - thread: the thread whose view of memory counts.
  /// - Throws: where it cannot be set, now or later.
  func insertBreakpoint(
    _ kind: BreakpointKind, at address: UInt64, length: UInt64, of thread: ThreadID
  ) throws(TargetError)

  /// Takes one out; taking out one that is not there changes nothing.
  func removeBreakpoint(
    _ kind: BreakpointKind, at address: UInt64, length: UInt64, of thread: ThreadID
  ) throws(TargetError)

  /// Takes all out: the client is gone, or its guest.
  func removeAllBreakpoints()
}

/// A target whose memory packets can be switched to physical addresses, as QEMU's `Qqemu.PhyMemMode` does.
public protocol PhysicalMemoryTarget: AnyObject {
  /// Whether addresses of memory packets are physical.
  var usesPhysicalAddresses: Bool { get set }
}

/// A target with commands of its own, typed as `monitor COMMAND`.
public protocol MonitorTarget: AnyObject {
  /// Runs a command.
  ///
  /// - Parameters:
  ///   - command: the line as typed, which need not be UTF-8 on the wire; malformed bytes are replaced.
  ///   - thread: the thread that the client has selected.
  /// - Returns: the text to show, with a line feed after each line.
  /// - Throws: where there is no such command or it fails.
  func monitor(_ command: String, of thread: ThreadID) throws(TargetError) -> MonitorReply
}

/// What a monitor command leads to.
public struct MonitorReply: Sendable, Equatable {
  /// What the debugger's user sees.
  public let text: String
  /// Whether the session ends and the guest with it, as by `k`.
  public let endsSession: Bool

  /// Makes a reply; as a rule the session goes on.
  public init(_ text: String, endsSession: Bool = false) {
    self.text = text
    self.endsSession = endsSession
  }
}
