import CPUEngine
import Dispatch
import Synchronization
import Testing

@testable import HVGDBCommand

@Suite("Kicks")
struct KickTests {
  @Test("a kick before the run ends it before the first instruction", arguments: Engines.all)
  func before(engine: any EngineFixture) throws {
    let session = try engine.session(.counting)
    for _ in 0..<100 {
      session.cpu.kick()
      guard case .interrupted = try session.cpu.run() else {
        Issue.record("a kick is no exit of its own")
        return
      }
    }
    #expect(try session.programCounter == session.address(0))
  }

  @Test("a kick is spent by the run that it ended", arguments: Engines.all)
  func spent(engine: any EngineFixture) throws {
    let session = try engine.session(.counting)
    session.cpu.kick()
    session.cpu.kick()
    _ = try session.cpu.run()
    #expect(try session.stepped().programCounter == session.address(1))
  }

  @Test("a kick does not get lost in an access that is settled", arguments: Engines.all)
  func acrossSettle(engine: any EngineFixture) throws {
    let session = try engine.session(.accessingDevice)
    _ = try session.access()
    session.cpu.kick()
    _ = try session.cpu.settle()
    guard case .interrupted = try session.cpu.run() else {
      Issue.record("the kick is gone")
      return
    }
    #expect(try session.programCounter == session.address(1))
  }

  /// Each round is a run that only its kick ends: one that is lost lets the session's time run out.
  @Test("none of 2,000 kicks from another thread is lost, whenever it comes", arguments: Engines.all)
  func whenever(engine: any EngineFixture) throws {
    let session = try engine.session(.counting)
    let rounds = 2000
    let cpu = session.cpu
    let start = DispatchSemaphore(value: 0)
    let kicked = Counter()
    inBackground {
      for _ in 0..<rounds {
        start.wait()
        spin(Int.random(in: 0..<3000))
        // Counted first: the run that it ends looks at the count.
        kicked.increment()
        cpu.kick()
      }
    }
    for round in 1...rounds {
      start.signal()
      spin(Int.random(in: 0..<3000))
      repeat {
        guard case .interrupted = try cpu.run() else {
          Issue.record("a guest that only counts came back by itself")
          return
        }
        try #require(!session.isOver, "kick \(round) was lost")
      } while kicked.value < round
    }
  }

  /// Lets a few hundred nanoseconds go by without a system call.
  private func spin(_ count: Int) {
    let counter = Atomic<Int>(0)
    for _ in 0..<count { counter.add(1, ordering: .relaxed) }
  }

  private final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .sequentiallyConsistent) }
    func increment() { count.add(1, ordering: .sequentiallyConsistent) }
  }
}
