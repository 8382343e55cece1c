import Glibc

/// Reads the console of a guest from the standard output of its process, a line at a time.
struct ConsoleReader {
  private static let pollingInterval: useconds_t = 1000

  /// How much of the output has been read, in bytes.
  private var offset = 0
  private var unread: [UInt8] = []

  /// Waits for a line that has `text`.
  ///
  /// - Parameters:
  ///   - text: What the line has, somewhere: the kernel's own lines may come in between.
  ///   - process: The guest's process; it may write to its standard output only what the console has.
  ///   - limit: How long to wait.
  /// - Returns: The line from `text` on, and when it was seen, to a millisecond.
  /// - Throws: Where the process ends before, or the limit is reached.
  mutating func line(
    with text: String, of process: borrowing ChildProcess, within limit: Duration = .seconds(300)
  ) throws(BenchmarkError) -> (text: String, instant: ContinuousClock.Instant) {
    let deadline = ContinuousClock.now + limit
    while true {
      // Asked first, so that what a process writes before its end is read.
      let isRunning = process.isRunning
      read(process)
      let now = ContinuousClock.now
      while let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: unread[..<end], as: UTF8.self)
        unread.removeSubrange(...end)
        if let range = line.firstRange(of: text) {
          return (line[range.lowerBound...].filter { !$0.isNewline }, now)
        }
      }
      guard isRunning else { throw BenchmarkError("it ended before it printed '\(text)'\n\(tail(of: process))") }
      guard now < deadline else { throw BenchmarkError("it did not print '\(text)'\n\(tail(of: process))") }
      usleep(Self.pollingInterval)
    }
  }

  private mutating func read(_ process: borrowing ChildProcess) {
    while true {
      let bytes = process.output(from: offset, atMost: 1 << 16)
      guard !bytes.isEmpty else { return }
      offset += bytes.count
      unread += bytes
    }
  }

  /// The last that the process wrote, for a person.
  private func tail(of process: borrowing ChildProcess) -> String {
    let length = 1024
    return String(decoding: process.output(from: max(offset - length, 0), atMost: length), as: UTF8.self)
  }
}
