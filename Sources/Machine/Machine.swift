public import Bits
public import CPUEngine
import GuestMemory
import Host
import Synchronization
public import X86

/// Why a machine could not be made, or cannot go on.
public struct MachineError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence that says what is wrong and what would be right.
  public let description: String

  /// Makes an error of a sentence.
  public init(_ description: String) { self.description = description }
}

/// What puts a kernel into a machine and the CPUs at its entry, after power-on and after every reset.
public protocol BootLoader: AnyObject, Sendable {
  /// Does what is quick and leaves CPU 0 at the kernel's first instruction.
  ///
  /// - Parameter machine: the machine, in its state after power-on.
  /// - Returns: the slow part, to be run on a thread of its own, or nil where all is done.
  /// - Throws: one sentence that says what does not fit.
  func prepare(_ machine: any VirtualMachine) throws(MachineError) -> (@Sendable () throws(MachineError) -> Void)?

  /// The kernel's command line from the next start on; nil leaves what the device tree has.
  var commandLine: [UInt8]? { get set }

  /// Where the kernel finds its device tree; nil where it gets none.
  var deviceTreeAddress: GuestPhysical? { get }

  /// The kernel that was prepared last; nil before the first, and for code that is no kernel.
  var kernel: LoadedKernel? { get }
}

extension BootLoader {
  /// No kernel.
  public var kernel: LoadedKernel? { nil }

  /// No device tree.
  public var deviceTreeAddress: GuestPhysical? { nil }
}

/// A machine with a kernel in it: CPUs, memory and a board.
///
/// The kernel is unpacked in the background, so that a debugger sees the first instruction at once; who needs its memory
/// waits for the rest by `finishLoading`. One thread, the control thread, uses a machine.
public final class Machine: Sendable {
  /// The engine's part: CPUs, memory, interrupt controller.
  public let virtualMachine: any VirtualMachine
  /// The devices.
  public let board: any Board
  /// What the guest prints.
  public let console: Console
  /// Lets the CPUs run.
  public let runControl: RunControl
  /// The CPUID leaves that an x86-64 guest sees, by CPU; empty for other guests.
  public let cpuid: [CPUIDTable]

  /// Where the kernel found its device tree when it was booted last; nil where it gets none.
  public var deviceTreeAddress: GuestPhysical? { loader.deviceTreeAddress }

  /// The kernel that was booted last.
  public var kernel: LoadedKernel? { loader.kernel }

  /// The kernel's command line from the next reset on; nil where the device tree's own is left.
  public var commandLine: [UInt8]? {
    get { loader.commandLine }
    set { loader.commandLine = newValue }
  }

  private let loader: any BootLoader
  private let changes = WaitQueue()
  private let loading = Mutex(Loading.done)
  private let controlThread = HostThread.current

  private enum Loading: Equatable {
    case underWay
    case done
    case failed(MachineError)
  }

  /// Puts a machine together and leaves it at its kernel's first instruction; the calling thread is its control thread.
  ///
  /// - Parameters:
  ///   - virtualMachine: the engine's part, in its state after power-on.
  ///   - board: the devices.
  ///   - console: what the board prints on.
  ///   - loader: puts the kernel in.
  ///   - cpuid: the CPUID leaves of each CPU of an x86-64 guest.
  /// - Throws: what the host refused or what does not fit.
  public init(
    _ virtualMachine: any VirtualMachine, board: any Board, console: Console, loader: any BootLoader,
    cpuid: [CPUIDTable] = []
  ) throws(MachineError) {
    self.virtualMachine = virtualMachine
    self.board = board
    self.console = console
    self.loader = loader
    self.cpuid = cpuid
    do throws(EngineError) {
      let turns = virtualMachine as? any TurnTakingMachine
      runControl = try RunControl(cpus: virtualMachine.cpus, turns: turns, board: board)
    } catch {
      throw MachineError(error.description)
    }
    try startLoading()
  }

  /// Starts the kernel again, as after power-on; all CPUs are stopped.
  ///
  /// - Throws: what the host refused, or why the kernel cannot be loaded any more.
  public func reset() throws(MachineError) {
    // What is still being unpacked would be written into the new memory.
    try finishLoading()
    runControl.discardReports()
    do {
      try virtualMachine.memory.clear()
      board.reset()
      try virtualMachine.reset()
    } catch {
      throw MachineError("the machine cannot be reset: \(error)")
    }
    try startLoading()
  }

  /// Waits until the whole kernel is in memory.
  ///
  /// - Throws: why it cannot be had.
  public func finishLoading() throws(MachineError) {
    if loading.withLock({ $0 == .done }) { return }
    changes.wait { loading.withLock { $0 != .underWay } ? () : nil }
    try checkLoading()
  }

  /// Throws where unpacking the kernel has failed by now; does not wait for it.
  ///
  /// - Throws: why the kernel cannot be had.
  public func checkLoading() throws(MachineError) {
    if case .failed(let error) = loading.withLock({ $0 }) { throw error }
  }

  private func startLoading() throws(MachineError) {
    guard let work = try loader.prepare(virtualMachine) else { return }
    loading.withLock { $0 = .underWay }
    let thread = HostThread.start("loader") { [self] in
      var outcome = Loading.done
      do throws(MachineError) { try work() } catch { outcome = .failed(error) }
      changes.update { loading.withLock { $0 = outcome } }
      // Who waits for a client only must learn that there is no kernel to show.
      if outcome != .done { controlThread.signal() }
    }
    guard thread != nil else {
      let error = MachineError("the host has no thread to unpack the kernel on")
      loading.withLock { $0 = .failed(error) }
      throw error
    }
  }
}
