import Glibc
import Host

/// Lets clients in, one at a time, on a thread of its own, so that the control thread waits for its one client only.
final class Doorkeeper: @unchecked Sendable {
  // SAFETY: (@unchecked Sendable) `shared` is touched only inside `changes`; the rest is constant.

  private struct Shared {
    /// A client that has connected and is not served yet.
    var waiting: CInt?
    var isServing = false
  }

  private let listener: Listener
  private let controlThread: HostThread
  private let changes = WaitQueue()
  private var shared = Shared()

  /// What a client is told that comes while another one is served; gdb shows it as the connection's failure.
  private static let refusal = packet("E.another debugger is attached to this guest already")
  /// How long a client waits for the one before it, in nanoseconds: who reconnects at once is there before the end of
  /// the first connection was noticed.
  private static let patienceAtDoor: UInt64 = 200_000_000
  /// How long a refused client has to read that, in nanoseconds.
  private static let patienceAfterRefusal: UInt64 = 500_000_000
  /// How long to wait where no client can be accepted, in microseconds: mostly the process has no descriptor left.
  private static let pauseAfterFailure: UInt32 = 100_000

  /// Where clients connect.
  var address: ListenAddress { listener.address }

  /// Starts letting clients in; `controlThread` is signalled when one comes.
  init(_ listener: consuming Listener, controlThread: HostThread) {
    self.listener = listener
    self.controlThread = controlThread
    HostThread.start("doorkeeper") { [self] in
      while true { letIn() }
    }
  }

  /// Takes over a client that has connected, if one has.
  func takeClient() -> Connection? {
    changes.update { shared.waiting.take() }.map { Connection(socket: $0) }
  }

  /// Whether a client waits to be served.
  var hasVisitor: Bool { changes.update { shared.waiting != nil } }

  /// The client is gone: the next one is let in.
  func clientLeft() { changes.update { shared.isServing = false } }

  /// Removes what the listener left in the file system.
  func close() { listener.removePath() }

  private func letIn() {
    guard let client = listener.accept() else {
      usleep(Self.pauseAfterFailure)
      return
    }
    if admit(client) { controlThread.signal() } else { refuse(client) }
  }

  /// Makes a client the one to be served, if the one before it leaves in time.
  private func admit(_ client: CInt) -> Bool {
    let deadline = HostClock.monotonic.now &+ Self.patienceAtDoor
    return changes.wait { () -> Bool? in
      guard shared.isServing else {
        shared = Shared(waiting: client, isServing: true)
        return true
      }
      return HostClock.monotonic.now >= deadline ? false : nil
    } askingAgainAt: {
      deadline
    }
  }

  private func refuse(_ client: CInt) {
    let deadline = HostClock.monotonic.now &+ Self.patienceAfterRefusal
    _ = Self.refusal.withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    shutdown(client, Int32(SHUT_WR))
    // Closed with unread input, a socket throws away what was sent.
    var byte: UInt8 = 0
    var descriptor = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
    repeat {
      let now = HostClock.monotonic.now
      let milliseconds = deadline > now ? (deadline - now) / 1_000_000 : 0
      guard milliseconds > 0, poll(&descriptor, 1, CInt(clamping: milliseconds)) > 0 else { break }
    } while read(client, &byte, 1) > 0
    Glibc.close(client)
  }

  private static func packet(_ text: String) -> [UInt8] {
    let checksum = text.utf8.reduce(UInt8(0)) { $0 &+ $1 }
    let digits = String(checksum, radix: 16)
    return Array("+$\(text)#\(digits.count < 2 ? "0" : "")\(digits)".utf8)
  }
}
