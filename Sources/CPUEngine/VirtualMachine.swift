public import Architecture
public import Bits
public import GuestMemory

/// What an engine cannot do: the machine cannot be made or went wrong.
public struct EngineError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence that says what was tried, what came of it and what would be right.
  public let description: String
  /// Makes an error of a sentence.
  public init(_ description: String) { self.description = description }
}

/// How many breakpoints and watchpoints a CPU's debug hardware holds.
public enum DebugRegisters: Sendable, Equatable {
  /// Either sort takes one of `count` (x86: DR0 to DR3).
  case shared(count: Int)
  /// Each sort has its own (arm64: DBGBVR and DBGWVR).
  case separate(breakpoints: Int, watchpoints: Int)
  /// As many as anybody wants, and watchpoints of any length at any address: a CPU that is software.
  case unlimited
}

/// What an engine can do for a debugger.
public struct EngineCapabilities: Sendable, Equatable {
  /// How many breakpoints and watchpoints each CPU's debug hardware holds.
  public var debugRegisters: DebugRegisters
  /// A step can be kept from falling into an interrupt handler.
  public var blocksInterruptsWhileStepping: Bool
  /// Watchpoints in debug registers are seen; where not, the debugger steps and compares.
  public var watchpointsFire: Bool
  /// Software breakpoint instructions come back as `DebugEvent`; else as an emulation failure at their address.
  public var reportsSoftwareBreakpoints: Bool
  /// Exceptions are seen before they are taken (`DebugControl.exceptions`).
  public var catchesExceptions: Bool

  /// Says all that an engine can do for a debugger.
  public init(
    debugRegisters: DebugRegisters, blocksInterruptsWhileStepping: Bool, watchpointsFire: Bool,
    reportsSoftwareBreakpoints: Bool, catchesExceptions: Bool = false
  ) {
    self.debugRegisters = debugRegisters
    self.blocksInterruptsWhileStepping = blocksInterruptsWhileStepping
    self.watchpointsFire = watchpointsFire
    self.reportsSoftwareBreakpoints = reportsSoftwareBreakpoints
    self.catchesExceptions = catchesExceptions
  }
}

/// A virtual machine: memory, CPUs and an interrupt controller.
public protocol VirtualMachine: AnyObject, Sendable {
  var architecture: GuestArchitecture { get }
  /// The registers of its CPUs.
  var registers: RegisterTable { get }
  var capabilities: EngineCapabilities { get }
  var memory: GuestRAM { get }
  /// Its CPUs; number 0 is the one that boots.
  var cpus: [any VirtualCPU] { get }

  /// Drives an input line of the interrupt controller; from any thread.
  ///
  /// - Parameters:
  ///   - line: x86: the GSI; arm64: the SPI's number.
  ///   - asserted: whether the line is driven high.
  /// - Throws: what the engine or the host refused.
  func setInterruptLine(_ line: UInt32, asserted: Bool) throws(EngineError)

  /// Puts every CPU, the interrupt controller and the timers back to the state after power-on; memory is not touched.
  func reset() throws(EngineError)

  /// Makes what was written to `memory` since the CPUs first saw it take effect on them, as instructions too.
  ///
  /// - Parameters:
  ///   - address: the first byte written.
  ///   - count: how many bytes, all of them in RAM.
  func synchronizeMemory(at address: GuestPhysical, count: Int)
}

extension VirtualMachine {
  /// Nothing: the CPUs see every store.
  public func synchronizeMemory(at address: GuestPhysical, count: Int) {}

  /// Writes memory that the CPUs may have cached, code perhaps; none of them runs.
  ///
  /// - Parameters:
  ///   - address: where the bytes go.
  ///   - bytes: what is written, up to the end of the RAM that is there without a gap.
  public func patchMemory(at address: GuestPhysical, from bytes: UnsafeRawBufferPointer) {
    let count = memory.write(at: address, from: bytes)
    synchronizeMemory(at: address, count: count)
  }
}

/// What a CPU does when the machine lets it.
public enum CPUActivity: Sendable, Equatable {
  case running
  /// It executed a wait-for-interrupt instruction.
  case halted
  /// It waits for another CPU to start it.
  case waitingForStartup
}

/// A CPU of a virtual machine.
///
/// It is run by one thread; registers and debug control are used by one thread at a time and never while it runs.
/// Only `kick()` may be called at any time.
public protocol VirtualCPU: AnyObject, Sendable {
  /// Its position in `VirtualMachine.cpus`.
  var index: Int { get }
  var activity: CPUActivity { get }

  /// Runs the guest until something is to be done.
  func run() throws(EngineError) -> Exit

  /// Completes an instruction that waits for the answer to a `BusAccess`, without executing another one.
  ///
  /// Registers are whole only after it; the machine calls it before a debugger looks. The exit is `.interrupted` when
  /// the instruction is complete, and another access where it makes more than one.
  func settle() throws(EngineError) -> Exit

  /// Makes `run()` come back soon with `Exit.interrupted`, or at once the next time it is called.
  func kick()

  /// Sets what the debug hardware does from the next `run()` on.
  func setDebug(_ control: DebugControl) throws(EngineError)

  /// Writes a register's value to the start of `buffer`, little-endian, in the length that the register table gives.
  func readRegister(_ index: RegisterIndex, into buffer: UnsafeMutableRawBufferPointer) throws(EngineError)

  /// Sets a register to the little-endian value in `bytes`, in the length that the register table gives.
  func writeRegister(_ index: RegisterIndex, from bytes: UnsafeRawBufferPointer) throws(EngineError)

  /// Sets registers of at most 64 bits, those that only make sense together as one.
  func setValues(_ values: [(RegisterIndex, UInt64)]) throws(EngineError)

  /// Delivers a debug event that is not the debugger's to the guest, as the CPU itself would have.
  ///
  /// - Parameter event: what the debug hardware saw.
  /// - Returns: the address of the handler where the CPU has entered it already; nil where it will when it runs next.
  /// - Throws: what the engine or the host refused.
  @discardableResult
  func reflect(_ event: DebugEvent) throws(EngineError) -> GuestVirtual?

  /// The engine's own translation of an address, where it has one: the check on our own page walk.
  func translate(_ address: GuestVirtual) throws(EngineError) -> GuestPhysical?
}

extension VirtualCPU {
  /// The value of a register of at most 64 bits.
  public func value(of index: RegisterIndex) throws(EngineError) -> UInt64 {
    var value: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
    var failure: EngineError?
    withUnsafeMutableBytes(of: &value) { buffer in
      do throws(EngineError) { try readRegister(index, into: buffer) } catch { failure = error }
    }
    if let failure { throw failure }
    return UInt64(littleEndian: value.0)
  }

  /// Sets a register of at most 64 bits, in the length that the register table gives.
  public func setValue(_ value: UInt64, of index: RegisterIndex) throws(EngineError) {
    var failure: EngineError?
    withUnsafeBytes(of: value.littleEndian) { buffer in
      do throws(EngineError) { try writeRegister(index, from: buffer) } catch { failure = error }
    }
    if let failure { throw failure }
  }
}
