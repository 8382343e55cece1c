import Host
import Synchronization

/// How much of what was typed still waits for the guest, for those who want to type more.
final class TypingBacklog: Sendable {
  private let changes = WaitQueue()
  private let count = Atomic<Int>(0)

  /// Takes note of how many bytes wait now.
  func update(_ newCount: Int) {
    let oldCount = count.exchange(newCount, ordering: .sequentiallyConsistent)
    if newCount < oldCount { changes.update {} }
  }

  /// Waits until at most so many bytes wait.
  func wait(leaving limit: Int) {
    changes.wait { count.load(ordering: .sequentiallyConsistent) <= limit ? () : nil }
  }
}
