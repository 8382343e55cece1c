import Synchronization

/// How often a CPU came back from the guest, by why; its own thread counts, any may read.
public final class ExitCounts: Sendable {
  /// Why a CPU came back.
  public enum Cause: Int, CaseIterable, Sendable {
    /// An access to an I/O port.
    case port
    /// An access to a physical address without memory.
    case mmio
    /// The debug hardware or a breakpoint instruction.
    case debug
    /// A wait for an interrupt.
    case halted
    /// A firmware call about the whole machine.
    case system
    /// The guest's end by a fault.
    case failure
    /// A kick, or a signal.
    case interrupted
  }

  // The causes in their order.
  private let port = Atomic<Int>(0)
  private let mmio = Atomic<Int>(0)
  private let debug = Atomic<Int>(0)
  private let halted = Atomic<Int>(0)
  private let system = Atomic<Int>(0)
  private let failure = Atomic<Int>(0)
  private let interrupted = Atomic<Int>(0)

  /// How often it was this cause since the machine was made.
  public subscript(cause: Cause) -> Int {
    switch cause {
    case .port: port.load(ordering: .relaxed)
    case .mmio: mmio.load(ordering: .relaxed)
    case .debug: debug.load(ordering: .relaxed)
    case .halted: halted.load(ordering: .relaxed)
    case .system: system.load(ordering: .relaxed)
    case .failure: failure.load(ordering: .relaxed)
    case .interrupted: interrupted.load(ordering: .relaxed)
    }
  }

  /// Counts one more; called by the CPU's own thread alone.
  func count(_ cause: Cause) {
    switch cause {
    case .port: Self.increment(port)
    case .mmio: Self.increment(mmio)
    case .debug: Self.increment(debug)
    case .halted: Self.increment(halted)
    case .system: Self.increment(system)
    case .failure: Self.increment(failure)
    case .interrupted: Self.increment(interrupted)
    }
  }

  /// There is one writer, so that no locked instruction is needed.
  private static func increment(_ counter: borrowing Atomic<Int>) {
    counter.store(counter.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
  }
}
