import Glibc
import Host

/// What the guest prints for the debugger's own console: it waits until the control thread passes it on.
///
/// That thread is called at every line's end, and soon after text that has none, such as a prompt.
final class DebuggerConsole: @unchecked Sendable {
  // SAFETY: (@unchecked Sendable) `waiting` is touched only inside `changes`.

  /// The most that waits, in bytes; the session keeps as much and no more.
  private static let capacity = 1 << 16
  /// How long text waits for the rest of its line, in microseconds.
  private static let linePatience: UInt32 = 20_000

  private let controlThread: HostThread
  private let changes = WaitQueue()
  private var waiting: [UInt8] = []

  init(controlThread: HostThread) {
    self.controlThread = controlThread
    HostThread.start("gdb console") { [self] in
      while true {
        changes.wait { waiting.isEmpty ? nil : () }
        usleep(Self.linePatience)
        if changes.update({ !waiting.isEmpty }) { controlThread.signal() }
        changes.wait { waiting.isEmpty ? () : nil }
      }
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer) {
    changes.update {
      if waiting.count > Self.capacity { waiting.removeFirst(waiting.count - Self.capacity / 2) }
      waiting.append(contentsOf: bytes)
    }
    if bytes.contains(UInt8(ascii: "\n")) { controlThread.signal() }
  }

  /// Takes what was printed since the last time.
  func take() -> [UInt8] {
    changes.update {
      defer { waiting.removeAll(keepingCapacity: true) }
      return waiting
    }
  }
}
