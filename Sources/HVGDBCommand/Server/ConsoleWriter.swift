import Glibc
import Host

/// Writes what the guest prints to a descriptor, on a thread of its own: the CPU that prints may be the thread that
/// serves the debugger, which nobody's terminal may hold up.
///
/// A reader that is merely slow loses nothing: whoever prints waits for it. One that takes nothing for some time is
/// waited for no longer until it takes something again; what finds no room meanwhile is lost, and a line in its place
/// says so.
final class ConsoleWriter: @unchecked Sendable {
  // SAFETY: (@unchecked Sendable) `shared` is touched only inside `changes`; the rest is constant.

  private struct Shared {
    /// What the thread has not taken yet.
    var waiting: [UInt8] = []
    /// How much the thread has taken and not written yet, in bytes.
    var underWay = 0
    /// How much found no room since the last that did, in bytes.
    var lost = 0
    /// Whether the reader took nothing for as long as it is waited for.
    var isStalled = false
    /// Whether nobody can read any more.
    var isBroken = false

    var isEmpty: Bool { waiting.isEmpty && underWay == 0 && lost == 0 }

    /// Takes bytes where there is room for them, or where they go nowhere.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
      if isBroken { return true }
      guard bytes.count <= ConsoleWriter.capacity - waiting.count - underWay else { return false }
      tellLoss()
      waiting.append(contentsOf: bytes)
      return true
    }

    mutating func tellLoss() {
      guard lost > 0 else { return }
      waiting.append(contentsOf: "\nhvgdb: \(lost) bytes of the console are lost here: nobody read them\n".utf8)
      lost = 0
    }
  }

  /// How much waits at most, in bytes.
  static let capacity = 1 << 20
  /// How much is written at once, in bytes: what a pipe takes as one, so that a slow reader is seen to read.
  private static let pieceCount = 4096
  /// How long a reader that takes nothing is waited for, in nanoseconds.
  private static let patience: UInt64 = 200_000_000

  private let descriptor: CInt
  private let changes = WaitQueue()
  private var shared = Shared()

  /// Starts writing to a descriptor, which stays open.
  init(to descriptor: CInt) throws(Failure) {
    self.descriptor = descriptor
    guard HostThread.start("console output", { [self] in run() }) != nil else {
      throw Failure(description: "the host has no thread for the guest's console")
    }
  }

  /// Has bytes written, after those that wait.
  func write(_ bytes: UnsafeRawBufferPointer) {
    if changes.update({ shared.take(bytes) }) { return }
    let deadline = HostClock.monotonic.now &+ Self.patience
    changes.wait {
      if !shared.isStalled, HostClock.monotonic.now >= deadline { shared.isStalled = true }
      if shared.take(bytes) { return () }
      guard shared.isStalled else { return nil }
      shared.lost += bytes.count
      return ()
    } askingAgainAt: {
      deadline
    }
  }

  /// Waits until all is written, or nobody can read any more.
  ///
  /// - Parameter patience: how long it may take, in nanoseconds; nil for as long as the reader takes.
  func flush(within patience: UInt64? = nil) {
    let deadline = patience.map { HostClock.monotonic.now &+ $0 }
    changes.update { shared.tellLoss() }
    changes.wait {
      if shared.isEmpty || shared.isBroken { return () }
      return deadline.flatMap { HostClock.monotonic.now >= $0 ? () : nil }
    } askingAgainAt: {
      deadline
    }
  }

  private func run() {
    while true {
      let bytes = changes.wait { () -> [UInt8]? in
        guard !shared.waiting.isEmpty else { return nil }
        defer { shared.waiting = [] }
        shared.underWay = shared.waiting.count
        return shared.waiting
      }
      bytes.withUnsafeBytes { bytes in
        for start in stride(from: 0, to: bytes.count, by: Self.pieceCount) {
          let piece = UnsafeRawBufferPointer(rebasing: bytes[start...].prefix(Self.pieceCount))
          let isWritten = writeAll(piece, to: descriptor)
          changes.update {
            shared.underWay -= piece.count
            shared.isStalled = false
            if !isWritten { shared.isBroken = true }
          }
          if !isWritten { return }
        }
      }
    }
  }
}

/// Writes all of it, waiting for room; false where nobody can read it any more.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) -> Bool {
  var rest = bytes[...]
  while !rest.isEmpty {
    let piece = UnsafeRawBufferPointer(rebasing: rest)
    let written = write(descriptor, piece.baseAddress, piece.count)
    if written > 0 {
      rest = rest.dropFirst(written)
    } else if errno == EAGAIN {
      // Another program that shares the descriptor may have made it so.
      var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      _ = poll(&room, 1, -1)
    } else if errno != EINTR {
      return false
    }
  }
  return true
}
