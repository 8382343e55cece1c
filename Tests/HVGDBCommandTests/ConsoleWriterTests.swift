import Glibc
import Host
import Synchronization
import Testing

@testable import HVGDBCommand

@Suite("What the guest prints, and who reads it") struct ConsoleWriterTests {
  /// A pipe: what is written to one end comes out at the other.
  private struct Pipe {
    let output: CInt
    let input: CInt

    init() throws {
      var ends: [CInt] = [-1, -1]
      try #require(pipe(&ends) == 0)
      (output, input) = (ends[0], ends[1])
    }

    /// Reads up to `count` bytes; fewer only at the end.
    func read(_ count: Int) -> [UInt8] {
      var bytes: [UInt8] = []
      var piece = [UInt8](repeating: 0, count: 1 << 16)
      while bytes.count < count {
        let got = Glibc.read(output, &piece, min(piece.count, count - bytes.count))
        guard got > 0 else { break }
        bytes += piece[..<got]
      }
      return bytes
    }
  }

  private static func text(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8 ^ $0 >> 16) }
  }

  private static func print(_ text: [UInt8], to writer: ConsoleWriter) {
    for start in stride(from: 0, to: text.count, by: 1000) {
      text[start..<min(start + 1000, text.count)].withUnsafeBytes { writer.write($0) }
    }
  }

  @Test("a reader that is merely slow loses nothing, however much there is")
  func slowReader() throws {
    let pipe = try Pipe()
    let writer = try ConsoleWriter(to: pipe.input)
    let text = Self.text(2 * ConsoleWriter.capacity)
    HostThread.start("guest") {
      Self.print(text, to: writer)
      writer.flush()
      close(pipe.input)
    }
    var received: [UInt8] = []
    while true {
      let piece = pipe.read(100_000)
      if piece.isEmpty { break }
      received += piece
      usleep(5_000)
    }
    #expect(received == text)
    close(pipe.output)
  }

  @Test("a reader that takes nothing holds nobody up, and is told what it lost")
  func stalledReader() throws {
    let pipe = try Pipe()
    let writer = try ConsoleWriter(to: pipe.input)
    // In pieces of one length: a shorter one would find room where another one did not.
    let text = Self.text(2_000_000)
    Self.print(text, to: writer)
    writer.flush(within: 1_000_000)

    // What was kept is the beginning; then comes how much is missing.
    let reading = Mutex<[UInt8]>([])
    let done = WaitQueue()
    let isDone = Atomic(false)
    HostThread.start("reader") {
      let all = pipe.read(.max)
      reading.withLock { $0 = all }
      done.update { isDone.store(true, ordering: .releasing) }
    }
    writer.flush()
    Array("alive".utf8).withUnsafeBytes { writer.write($0) }
    writer.flush()
    close(pipe.input)
    done.wait { isDone.load(ordering: .acquiring) ? () : nil }

    let received = reading.withLock { $0 }
    let kept = zip(received, text).prefix { $0 == $1 }.count
    #expect(kept >= ConsoleWriter.capacity - 1000)
    let lost = text.count - kept
    let note = "\nhvgdb: \(lost) bytes of the console are lost here: nobody read them\n"
    #expect(String(decoding: received[kept...], as: UTF8.self) == note + "alive")
    close(pipe.output)
  }

  @Test("a reader that is gone is no error")
  func brokenReader() throws {
    signal(SIGPIPE, SIG_IGN)
    let pipe = try Pipe()
    close(pipe.output)
    let writer = try ConsoleWriter(to: pipe.input)
    Self.print(Self.text(2 * ConsoleWriter.capacity), to: writer)
    writer.flush()
    close(pipe.input)
  }
}
