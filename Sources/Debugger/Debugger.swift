public import Architecture
import Bits
import CPUEngine
public import GDBRemote
import GuestMemory
public import KernelImage
public import Machine

/// A machine as GDB's remote protocol debugs it.
///
/// Its vCPUs are the threads: CPU n is thread n + 1. It is used by one thread, the machine's control thread.
public final class Debugger: DebugTarget {
  /// The machine that is debugged.
  public let machine: Machine
  let support: any ArchitectureSupport
  /// The machine's, kept here because every register of every packet goes through them.
  let cpus: [any VirtualCPU]
  let memory: GuestRAM

  /// Says a line to the debugger's user and to the diagnostics, such as why the guest died.
  public var announce: (String) -> Void = { _ in }

  /// The registers of the machine's CPUs.
  public let registers: RegisterTable
  /// A thread for each CPU, in the CPUs' order.
  public let threads: [ThreadID]
  /// Why the machine is stopped now.
  public internal(set) var lastStop: StopEvent
  /// The thread of the CPU that stopped first.
  public var currentThread: ThreadID { lastStop.thread }

  /// Whether addresses of memory packets are physical (`Qqemu.PhyMemMode`).
  public var usesPhysicalAddresses = false

  /// The guest's end, once it came; only a reset leads out of it.
  var end: GuestEnd?
  var placements: Breakpoints
  /// The exceptions that the guest is stopped before.
  var caughtExceptions = ExceptionFilter()
  /// Where each CPU was reported to stand: going on from there does not report what is set there again.
  var reportedAddresses: [GuestVirtual?]
  /// Where each CPU was told to stand before the exception of the guest's own breakpoint instruction, which going on is
  /// to take.
  var caughtBreakpoints: [GuestVirtual?]
  var hasSaidThatItCompares = false
  /// Whether somebody is there to take advice.
  var hasClient = false

  /// Where the kernel is, as the CPUs address it; nil for code that is no kernel.
  var kernel: KernelLocator?
  /// The kernel's symbols.
  let symbols: KernelSymbolFile
  /// What the client knows of where the kernel is.
  var follower = KernelFollower()
  /// The modules that the kernel has loaded.
  var modules = KernelModules()
  var hasAnnouncedSlide = false
  var hasToldProblem = false
  /// Whether the decompressor's last jumps have had instructions of ours in them.
  var hasMarkedExits = false

  private var translators: [(any AddressTranslator)?]

  /// Makes a debugger of a machine that is stopped at its first instruction.
  public convenience init(_ machine: Machine) { self.init(machine, KernelSymbolFile(machine.kernel)) }

  /// Makes a debugger that takes its kernel to have these symbols.
  init(_ machine: Machine, _ symbols: KernelSymbolFile) {
    self.machine = machine
    self.symbols = symbols
    cpus = machine.virtualMachine.cpus
    memory = machine.virtualMachine.memory
    registers = machine.virtualMachine.registers
    support =
      switch machine.virtualMachine.architecture {
      case .arm64: ARM64Support(registers: registers)
      case .x86_64: X86Support(registers: registers, cpuid: machine.cpuid)
      }
    let cpuCount = cpus.count
    threads = (1...max(1, cpuCount)).map { ThreadID($0) }
    lastStop = StopEvent(thread: ThreadID(1), signal: .trap)
    placements = Breakpoints(instruction: support.breakpointInstruction)
    kernel = KernelLocator(of: machine.kernel)
    reportedAddresses = Array(repeating: nil, count: cpuCount)
    caughtBreakpoints = Array(repeating: nil, count: cpuCount)
    translators = Array(repeating: nil, count: cpuCount)
    noteStop(lastStop)
  }

  /// Gives clients the symbols of a file in place of the kernel's own.
  ///
  /// - Parameter vmlinux: an ELF file of this very kernel.
  /// - Returns: one sentence where nothing tells whether it is of this kernel; nil where it is.
  /// - Throws: one sentence that says why it is not served.
  public func useSymbols(of vmlinux: KernelFile) throws(MachineError) -> String? { try symbols.replace(by: vmlinux) }

  func cpu(of thread: ThreadID) -> (any VirtualCPU)? {
    cpus.indices.contains(thread.rawValue - 1) ? cpus[thread.rawValue - 1] : nil
  }

  /// Remembers why the machine is stopped, and from where going on must step over a breakpoint.
  func noteStop(_ event: StopEvent) {
    lastStop = event
    for index in reportedAddresses.indices { reportedAddresses[index] = nil }
    let index = event.thread.rawValue - 1
    if reportedAddresses.indices.contains(index) { reportedAddresses[index] = instructionAddress(of: cpus[index]) }
  }

  /// Whether a CPU stands before an access that a watchpoint was reported for, which going on is to make.
  func standsBeforeReportedAccess(_ cpu: any VirtualCPU) -> Bool {
    guard support.watchpointsStopBeforeAccess, machine.virtualMachine.capabilities.watchpointsFire,
      case .watchpoint(let kind, let address) = lastStop.reason,
      placements.watches.contains(where: { $0.kind == kind && $0.address.rawValue == address }),
      let reported = reportedAddresses[cpu.index]
    else { return false }
    return reported == instructionAddress(of: cpu)
  }

  func instructionAddress(of cpu: any VirtualCPU) -> GuestVirtual? { try? support.instructionAddress(of: cpu) }

  /// The answer to a client's Ctrl-C that came before the guest ran; the reason of a guest's end stays.
  public func interrupted() -> StopEvent {
    if end == nil { lastStop = StopEvent(thread: currentThread, signal: .interrupt) }
    return lastStop
  }

  /// Whether the guest has not come to its end.
  public var isGuestAlive: Bool { end == nil }

  /// Whether going on does something for a guest that has come to its end: it is reset, or its process ends.
  public var endIsOrderly: Bool { if case .request = end { true } else { false } }

  /// A client has come.
  public func beginSession() {
    hasClient = true
    follower = KernelFollower()
  }

  /// A client is gone: nothing of it stays behind.
  public func endSession() {
    hasClient = false
    follower = KernelFollower()
    removeAllBreakpoints()
    placements.removeLimits()
    caughtExceptions = ExceptionFilter()
    usesPhysicalAddresses = false
  }

  /// Forgets what was derived from the CPUs' state: they are about to run, or a register was set.
  func invalidateTranslations() {
    for index in translators.indices { translators[index] = nil }
  }

  func translator(of cpu: any VirtualCPU) throws(EngineError) -> any AddressTranslator {
    if let cached = translators[cpu.index] { return cached }
    let translator = try support.translator(of: cpu, memory, kernelTable: nil)
    translators[cpu.index] = translator
    return translator
  }

  // MARK: DebugTarget: threads and registers

  /// The CPU's number, mode and activity.
  public func describe(_ thread: ThreadID) -> String {
    guard let cpu = cpu(of: thread) else { return "no such CPU" }
    let activity =
      switch cpu.activity {
      case .running: ""
      case .halted: ", halted"
      case .waitingForStartup: ", waiting to be started"
      }
    return "CPU \(cpu.index) [\(support.describe(cpu))\(activity)]"
  }

  /// Reads a register of a CPU; false where the engine cannot tell it.
  public func readRegister(
    _ index: RegisterIndex, of thread: ThreadID, into buffer: UnsafeMutableRawBufferPointer
  ) -> Bool {
    guard let cpu = cpu(of: thread) else { return false }
    do {
      try cpu.readRegister(index, into: buffer)
      return true
    } catch { return false }
  }

  /// Sets a register of a CPU.
  public func writeRegister(
    _ index: RegisterIndex, of thread: ThreadID, from bytes: UnsafeRawBufferPointer
  ) throws(TargetError) {
    let cpu = try existingCPU(thread)
    do throws(EngineError) { try cpu.writeRegister(index, from: bytes) } catch {
      throw .failed(error.description)
    }
    invalidateTranslations()
    guard index == registers.programCounter else { return }
    // A debugger that moves the program counter onto a breakpoint wants it hit, and no stop where it was before.
    reportedAddresses[cpu.index] = nil
    caughtBreakpoints[cpu.index] = nil
    if follower.heldEvent?.thread == thread, end == nil { follower.heldEvent = nil }
  }

  func existingCPU(_ thread: ThreadID) throws(TargetError) -> any VirtualCPU {
    guard let cpu = cpu(of: thread) else { throw .invalid("there is no thread \(thread.rawValue)") }
    return cpu
  }

  // MARK: DebugTarget: optional capabilities

  /// The debugger itself: every engine has breakpoints.
  public var breakpoints: (any BreakpointTarget)? { self }
  /// The debugger itself: the guest's physical memory can be reached.
  public var physicalMemory: (any PhysicalMemoryTarget)? { self }
  /// The debugger itself, whose `monitor help` lists the commands.
  public var monitor: (any MonitorTarget)? { self }
  /// The debugger itself, which has the kernel's symbols.
  public var files: (any FileTarget)? { self }
  /// The debugger itself, which knows where the kernel is.
  public var libraries: (any LibraryTarget)? { self }
  /// The debugger itself: breakpoints can be set anywhere.
  public var memoryMap: (any MemoryMapTarget)? { self }
  /// The debugger itself, which knows the machine's parts.
  public var osData: (any OSDataTarget)? { self }
  /// The debugger itself: the machine can be reset.
  public var restarting: (any RestartTarget)? { self }
}

extension Debugger: PhysicalMemoryTarget {}
