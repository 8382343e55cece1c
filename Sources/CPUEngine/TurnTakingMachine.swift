/// A virtual machine whose CPUs take turns on one thread, in an order that follows from the guest alone.
///
/// Who runs such a machine calls this `run`, and not that of each CPU on a thread of its own. What comes from outside
/// enters between two turns, so that a run with the same inputs at the same times is the same run.
public protocol TurnTakingMachine: VirtualMachine {
  /// Runs CPUs until one of them is to be attended to, or a kick of any of them.
  ///
  /// The calling thread is the one that `HostThread.signal` reaches; a signal ends the run as a kick does.
  ///
  /// - Parameter isRunning: which CPUs run; the others stay as they are.
  /// - Returns: the CPU that the exit is about, and the exit.
  /// - Throws: what the engine could not do.
  func run(_ isRunning: [Bool]) throws(EngineError) -> (cpu: Int, exit: Exit)

  /// The guest's own time, for a board's devices.
  func makeClock() -> any GuestClock

  /// Sets what takes what is typed on the guest's console; it is called between two turns.
  func connectConsole(_ receive: @escaping @Sendable ([UInt8]) -> Void)

  /// Has bytes be typed on the guest's console between two turns; from any thread.
  func type(_ bytes: [UInt8])
}
