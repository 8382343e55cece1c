import GDBRemote
import Glibc
import Host

/// A client's bytes: a socket, or standard input and output.
struct Connection: ~Copyable {
  private let input: CInt
  private let output: CInt
  private let buffer: UnsafeMutableRawBufferPointer
  private let ownsDescriptors: Bool
  private let wakeLatency = WakeLatency()

  /// How long input is looked for before the thread sleeps, in nanoseconds.
  ///
  /// The next packet is mostly on its way already, and being woken takes longer than answering it. The CPU is offered to
  /// others all the while.
  private static let patience: UInt64 = 100_000
  private static let bufferCount = 1 << 16

  /// What reading came to.
  enum Reading {
    case bytes
    case nothing
    case ended
  }

  /// Takes over a socket.
  init(socket: CInt) { self.init(socket, socket, owns: true) }

  /// Speaks over standard input and output.
  static func standardStreams() -> Connection { Connection(STDIN_FILENO, STDOUT_FILENO, owns: false) }

  private init(_ input: CInt, _ output: CInt, owns: Bool) {
    self.input = input
    self.output = output
    ownsDescriptors = owns
    buffer = .allocate(byteCount: Self.bufferCount, alignment: 16)
    // Input calls this thread back from the guest, and reading does not wait.
    HostThread.signalCurrent(onNewsOf: input)
  }

  deinit {
    buffer.deallocate()
    if ownsDescriptors { close(input) }
  }

  /// Waits for bytes and gives them to the session.
  func receive(into session: inout Session) -> Reading {
    let deadline = HostClock.monotonic.now &+ Self.patience
    repeat {
      let reading = receiveAvailable(into: &session)
      if reading == .bytes { wakeLatency.noteClosePackets() }
      if reading != .nothing { return reading }
      sched_yield()
    } while HostClock.monotonic.now < deadline
    while true {
      var descriptor = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
      guard poll(&descriptor, 1, -1) >= 0 || errno == EINTR else { return .ended }
      let reading = receiveAvailable(into: &session)
      if reading != .nothing { return reading }
    }
  }

  /// Gives the session what has arrived, without waiting.
  func receiveAvailable(into session: inout Session) -> Reading {
    let count = read(input, buffer.baseAddress, buffer.count)
    if count > 0 {
      session.receive(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      return .bytes
    }
    return count < 0 && (errno == EAGAIN || errno == EINTR) ? .nothing : .ended
  }

  /// Sends all that the session has to say; false where the client is gone.
  func send(from session: inout Session) -> Bool {
    while session.outputCount > 0 {
      let written = session.withOutput { write(output, $0.baseAddress, $0.count) }
      if written > 0 {
        session.discardOutput(written)
      } else if errno == EAGAIN {
        var descriptor = pollfd(fd: output, events: Int16(POLLOUT), revents: 0)
        _ = poll(&descriptor, 1, -1)
      } else if errno != EINTR {
        return false
      }
    }
    return true
  }
}
