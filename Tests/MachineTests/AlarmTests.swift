import Glibc
import Host
import Synchronization
import Testing

@testable import Machine

@Suite("The alarm") struct AlarmTests {
  private let rings = Rings()

  /// Counts, for any thread.
  private final class Rings: Sendable {
    private let state = Atomic<Int>(0)
    var count: Int { state.load(ordering: .sequentiallyConsistent) }
    func add() { state.add(1, ordering: .sequentiallyConsistent) }
  }

  private func eventually(_ count: Int) -> Bool {
    for _ in 0..<10_000 {
      if rings.count >= count { return true }
      usleep(1_000)
    }
    return false
  }

  private static func time(inMilliseconds milliseconds: UInt64) -> UInt64 {
    HostClock.realTime.now + milliseconds * 1_000_000
  }

  @Test("rings once, and not before its time")
  func once() {
    let alarm = Alarm("test", clock: .realTime)
    let due = Self.time(inMilliseconds: 30)
    let rings = rings
    let first = FirstTime()
    alarm.set(due) {
      first.note()
      rings.add()
    }
    #expect(eventually(1))
    #expect(first.nanoseconds >= due)
    usleep(20_000)
    #expect(rings.count == 1)
    alarm.cancel()
  }

  /// When an alarm was heard first.
  private final class FirstTime: Sendable {
    private let state = Atomic<UInt64>(0)
    var nanoseconds: UInt64 { state.load(ordering: .sequentiallyConsistent) }
    func note() { state.store(HostClock.realTime.now, ordering: .sequentiallyConsistent) }
  }

  @Test("a time that has passed rings at once")
  func past() {
    let alarm = Alarm("test", clock: .realTime)
    alarm.set(1) { [rings] in rings.add() }
    #expect(eventually(1))
    alarm.cancel()
  }

  @Test("the latest setting counts")
  func replaced() {
    let alarm = Alarm("test", clock: .realTime)
    alarm.set(Self.time(inMilliseconds: 3_600_000)) {}
    alarm.set(Self.time(inMilliseconds: 5)) { [rings] in rings.add() }
    #expect(eventually(1))
    alarm.set(Self.time(inMilliseconds: 300)) { [rings] in rings.add() }
    alarm.set(nil) {}
    usleep(400_000)
    #expect(rings.count == 1)
    alarm.cancel()
  }

  @Test("who is called may set it again")
  func again() {
    let alarm = Alarm("test", clock: .realTime)
    @Sendable func ring() {
      rings.add()
      if rings.count < 3 { alarm.set(Self.time(inMilliseconds: 2), ring) }
    }
    alarm.set(Self.time(inMilliseconds: 2), ring)
    #expect(eventually(3))
    usleep(20_000)
    #expect(rings.count == 3)
    alarm.cancel()
  }

  @Test("one that is cancelled is silent")
  func cancelled() {
    let alarm = Alarm("test", clock: .realTime)
    alarm.set(Self.time(inMilliseconds: 300)) { [rings] in rings.add() }
    alarm.cancel()
    usleep(400_000)
    #expect(rings.count == 0)
  }
}
