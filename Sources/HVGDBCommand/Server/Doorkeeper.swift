import Glibc
import Machine
import Synchronization

/// Lets clients in, one at a time, on a thread of its own, so that the control thread waits for its one client only.
final class Doorkeeper: Sendable {
  private struct State {
    /// A client that has connected and is not served yet.
    var waiting: CInt?
    /// A duplicate of the descriptor of the client that is served.
    var served: CInt?
  }

  private let listener: Listener
  private let state = Mutex(State())
  private let controlThread: HostThread

  /// What a client is told that comes while another one is served; gdb shows it as the connection's failure.
  private static let refusal = packet("E.another debugger is attached to this guest already")
  /// How long a refused client has to read that, in milliseconds.
  private static let patience: CInt = 500

  /// `POLLRDHUP` of poll(2), which its header keeps from all but GNU's own C.
  private static let pollPeerHungUp: Int16 = 0x2000

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
    let descriptor: CInt? = state.withLock { state in
      guard let client = state.waiting.take() else { return nil }
      state.served = fcntl(client, F_DUPFD_CLOEXEC, 0)
      return client
    }
    return descriptor.map { Connection(socket: $0) }
  }

  /// Whether a client waits to be served.
  var hasVisitor: Bool { state.withLock { $0.waiting != nil } }

  /// The client is gone: the next one is let in.
  func clientLeft() {
    state.withLock { state in
      if let served = state.served.take() { Glibc.close(served) }
    }
  }

  /// Removes what the listener left in the file system.
  func close() { listener.removePath() }

  private func letIn() {
    guard let client = listener.accept() else { return }
    let isAdmitted = state.withLock { state in
      guard [state.served, state.waiting].allSatisfy({ $0.map(Self.hasHungUp) ?? true }) else { return false }
      if let waiting = state.waiting { Glibc.close(waiting) }
      state.waiting = client
      return true
    }
    if isAdmitted { controlThread.signal() } else { refuse(client) }
  }

  /// Whether a client is gone, noticed by the control thread or not: whoever leaves may come back at once.
  private static func hasHungUp(_ client: CInt) -> Bool {
    var descriptor = pollfd(fd: client, events: pollPeerHungUp, revents: 0)
    return poll(&descriptor, 1, 0) > 0
  }

  private func refuse(_ client: CInt) {
    _ = Self.refusal.withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    shutdown(client, Int32(SHUT_WR))
    // Closed with unread input, a socket throws away what was sent.
    var byte: UInt8 = 0
    var descriptor = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
    while poll(&descriptor, 1, Self.patience) > 0, read(client, &byte, 1) > 0 {}
    Glibc.close(client)
  }

  private static func packet(_ text: String) -> [UInt8] {
    let checksum = text.utf8.reduce(UInt8(0)) { $0 &+ $1 }
    let digits = String(checksum, radix: 16)
    return Array("+$\(text)#\(digits.count < 2 ? "0" : "")\(digits)".utf8)
  }
}
