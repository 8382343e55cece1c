import Synchronization

/// What the guest prints: passed on as it comes, and the last of it kept.
public final class Console: Sendable {
  /// How many bytes are kept for a debugger that comes late.
  public static let historyCapacity = 1 << 16

  private struct State {
    var history: [UInt8] = []
    var sink: @Sendable (UnsafeRawBufferPointer) -> Void = { _ in }
  }

  private let state = Mutex(State())

  /// Makes a console that only keeps what is printed.
  public init() {}

  /// Sets where the bytes go; it is called on the thread of the CPU that prints, which it holds up.
  public func connect(_ sink: @escaping @Sendable (UnsafeRawBufferPointer) -> Void) {
    state.withLock { $0.sink = sink }
  }

  /// The last bytes that were printed, at most `historyCapacity`.
  public var history: [UInt8] {
    state.withLock { Array($0.history.suffix(Self.historyCapacity)) }
  }

  func write(_ bytes: UnsafeRawBufferPointer) {
    state.withLock {
      // Cut back rarely, so that a byte costs no move of all the others.
      if $0.history.count >= 2 * Self.historyCapacity {
        $0.history.removeFirst($0.history.count - Self.historyCapacity)
      }
      $0.history.append(contentsOf: bytes)
      $0.sink(bytes)
    }
  }
}
