import Synchronization
import Testing

@testable import Machine

@Suite("The console's history") struct ConsoleTests {
  @Test("it keeps the last bytes, and passes all of them on")
  func history() {
    let console = Console()
    let sink = Sink()
    console.connect { sink.take($0) }
    var printed: [UInt8] = []
    for round in 0..<300 {
      let piece = [UInt8](repeating: UInt8(truncatingIfNeeded: round), count: 1_000)
      printed += piece
      piece.withUnsafeBytes { console.write($0) }
      #expect(console.history.count == min(printed.count, Console.historyCapacity))
    }
    #expect(console.history == Array(printed.suffix(Console.historyCapacity)))
    #expect(sink.bytes == printed)
  }

  @Test("one piece longer than what is kept is cut to its end")
  func longPiece() {
    let console = Console()
    let piece = (0..<3 * Console.historyCapacity).map { UInt8(truncatingIfNeeded: $0 / 256) }
    for _ in 0..<2 { piece.withUnsafeBytes { console.write($0) } }
    #expect(console.history == Array(piece.suffix(Console.historyCapacity)))
  }

  private final class Sink: Sendable {
    private let state = Mutex<[UInt8]>([])
    var bytes: [UInt8] { state.withLock { $0 } }
    func take(_ bytes: UnsafeRawBufferPointer) { state.withLock { $0.append(contentsOf: bytes) } }
  }
}
