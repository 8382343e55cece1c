import Architecture
import Bits
import CPUEngine
import GDBRemote
import GuestMemory

/// What the debugger needs to know of the guest's architecture; everything else in this target is the same for all.
protocol ArchitectureSupport: Sendable {
  /// The software breakpoint instruction.
  var breakpointInstruction: [UInt8] { get }

  /// What the address of every instruction is a multiple of.
  var instructionAlignment: UInt64 { get }

  /// Whether a watchpoint's hit stops a CPU before the access, which going on would do again; else it stops after it.
  var watchpointsStopBeforeAccess: Bool { get }

  /// The commands of `monitor` that only this architecture has.
  var monitorCommands: [MonitorCommand] { get }

  /// How a CPU translates addresses now; it stays right until the CPU runs or one of its registers is set.
  ///
  /// - Parameters:
  ///   - cpu: the CPU.
  ///   - memory: where its tables are.
  ///   - kernelTable: the first table of the kernel's half, to be taken for the CPU's own: a kernel may have most of it
  ///     unmapped while a program runs. Nil for what the CPU has.
  /// - Returns: the translation.
  /// - Throws: what the engine could not tell.
  func translator(
    of cpu: any VirtualCPU, _ memory: GuestRAM, kernelTable: GuestPhysical?
  ) throws(EngineError) -> any AddressTranslator

  /// The symbol of the first table of the kernel's own half.
  var kernelTableSymbol: String { get }

  /// The CPU's state in a few words, such as `ring 0, long mode`.
  func describe(_ cpu: any VirtualCPU) -> String

  /// An exception that a CPU is about to take, in words.
  func words(for exception: CaughtException) -> String

  /// What a client is told of an exception that a CPU is about to take: a signal that gdb stops for even while it steps,
  /// and never SIGTRAP, which it takes for the end of its own step.
  func signal(for exception: CaughtException) -> StopSignal

  /// The exception that the breakpoint instruction at a place raises; nil where none is there, or none can be caught.
  func breakpointException(at place: GuestPhysical, _ memory: GuestRAM) -> CaughtException?

  /// Whether an exception is one that the client wants to see.
  func catches(_ exception: CaughtException, _ filter: ExceptionFilter) -> Bool

  /// Where the CPU's next instruction is: the program counter with all that the architecture adds to it.
  func instructionAddress(of cpu: any VirtualCPU) throws(EngineError) -> GuestVirtual

  /// Addresses in the kernel's image that a CPU enters it by, as far as it has set them up.
  func kernelEntries(of cpu: any VirtualCPU) -> [GuestVirtual]

  /// The address space that a CPU is in, by the first table of its lower half: each program has its own.
  func addressSpace(of cpu: any VirtualCPU, _ memory: GuestRAM) throws(EngineError) -> GuestPhysical

  /// The virtual address of an offset into a segment, by a segment register's name or a real-mode selector; nil where the
  /// architecture has no such thing.
  func address(segment: String, offset: UInt64, of cpu: any VirtualCPU) throws(EngineError) -> GuestVirtual?

  /// The fewest watchpoints that the debug hardware needs for a range; nil where it cannot watch it at all.
  func pieces(watching address: GuestVirtual, count: UInt64, for kind: WatchKind) -> [HardwareWatchpoint]?
}

/// A CPU's translation of virtual addresses at one moment, by the tables in guest memory.
protocol AddressTranslator {
  func translate(_ address: GuestVirtual) throws(TranslationFault) -> Translation

  /// Translates and tells every entry that was read, up to the one that ended the walk.
  ///
  /// The place is in words, such as `physical 0xb010, in a page of 4 KiB: read-only, executable, user`.
  func walk(_ address: GuestVirtual) -> (steps: [TranslationStep], place: Result<String, TranslationFault>)
}
