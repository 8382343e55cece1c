import Synchronization

/// What one thread tells another one.
final class Flag: Sendable {
  private let value = Atomic<Bool>(false)

  var isSet: Bool { value.load(ordering: .sequentiallyConsistent) }

  func set(_ newValue: Bool = true) { value.store(newValue, ordering: .sequentiallyConsistent) }
}
