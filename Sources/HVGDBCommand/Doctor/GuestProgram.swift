import Architecture
import Bits
import CPUEngine

/// A guest of a few instructions.
///
/// It is written once for each architecture and means the same on all of them, so that whoever tries an engine with it
/// asks by role and by the names that `GuestKit` gives the registers.
struct GuestProgram: Sendable {
  /// What a program does.
  enum Role: CaseIterable, Sendable {
    /// Counts for ever: the loop increments the counter, does nothing for some instructions and branches to its start.
    case counting
    /// Accesses memory for ever: the loop stores the counter at the pointer, increments the counter, and loads the value
    /// from 8 bytes past the pointer.
    case accessingMemory
    /// Counts 1, executes a software breakpoint instruction, counts 1 and rings the doorbell.
    case softwareBreakpoint
    /// Executes an instruction that the architecture defines as undefined.
    case undefinedInstruction
    /// Sets up the interrupt controller for `GuestKit.interruptLine` and counts for ever with interrupts on.
    case interruptible
    /// Stores the counter to the device at the pointer in each size, 8 bytes apart, then loads the value in each size.
    case accessingDevice
  }

  /// The machine code.
  let code: [UInt8]
  /// The offsets of instructions in the order in which they are executed: all of the loop's, or of a program without a
  /// loop all.
  let instructions: [UInt64]
}

/// The privilege that a program runs with.
enum GuestPrivilege: String, CaseIterable, Sendable {
  /// x86: ring 0; arm64: EL1.
  case kernel
  /// x86: ring 3; arm64: EL0.
  case user
}

/// One architecture's programs, and what they call the registers.
///
/// Exceptions and interrupts lead to one handler. It adds `handlerMark` to the counter, rings the doorbell and returns;
/// only programs with kernel privilege have it.
protocol GuestKit: Sendable {
  /// The memory that the programs are made for.
  static var ram: [(start: GuestPhysical, count: UInt64)] { get }

  /// What the handler adds to the counter.
  var handlerMark: UInt64 { get }
  /// The interrupt line that `.interruptible` takes.
  var interruptLine: UInt32 { get }

  /// The register that programs count in.
  var counter: RegisterIndex { get }
  /// The register that programs load into.
  var value: RegisterIndex { get }
  /// The register that holds the address of what programs access.
  var pointer: RegisterIndex { get }
  /// Where a program's first instruction stands; virtual and physical addresses are equal.
  var entry: GuestVirtual { get }
  /// Memory for the programs to access, a page.
  var data: GuestVirtual { get }
  /// A physical address without memory: storing the counter there is how a program rings.
  var doorbell: GuestPhysical { get }

  /// The program that plays a role.
  func program(_ role: GuestProgram.Role) -> GuestProgram

  /// Puts a program into a machine's memory and a CPU at its first instruction.
  ///
  /// - Parameters:
  ///   - role: what the program does.
  ///   - machine: the machine; its memory is `ram`.
  ///   - cpu: the CPU that is to run it.
  ///   - privilege: what it runs with; only `.counting` and `.accessingMemory` run with user privilege.
  /// - Returns: the program.
  /// - Throws: what the engine refused.
  func load(
    _ role: GuestProgram.Role, into machine: any VirtualMachine, on cpu: any VirtualCPU, privilege: GuestPrivilege
  ) throws(EngineError) -> GuestProgram
}

extension GuestKit {
  /// Where an instruction of a program stands.
  func address(_ offset: UInt64) -> GuestVirtual { entry.wrapping(by: offset) }
}
