import Host
import Synchronization

/// How much of what was typed still waits for the guest, for those who want to type more.
final class TypingBacklog: Sendable {
  private let changes = WaitQueue()
  private let count = Atomic<Int>(0)
  /// What is waited for.
  private let limit = Atomic<Int>(0)

  /// Takes note of how many bytes wait now.
  ///
  /// The guest takes them one by one: who waits is woken once, when few enough are left.
  func update(_ newCount: Int) {
    let oldCount = count.exchange(newCount, ordering: .sequentiallyConsistent)
    let limit = limit.load(ordering: .sequentiallyConsistent)
    if newCount <= limit, limit < oldCount { changes.update {} }
  }

  /// Waits until at most so many bytes wait; for one thread at a time.
  func wait(leaving limit: Int) {
    // Set before the count is looked at: an update since then has seen it.
    self.limit.store(limit, ordering: .sequentiallyConsistent)
    changes.wait { count.load(ordering: .sequentiallyConsistent) <= limit ? () : nil }
  }
}
