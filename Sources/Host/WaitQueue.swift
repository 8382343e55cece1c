import Glibc

/// Mutual exclusion with a queue of threads that wait for a change, where nothing is hot.
public final class WaitQueue: @unchecked Sendable {
  // SAFETY: (@unchecked Sendable) the C library's primitives are made to be shared; they never move, and nobody waits on
  // them any more when the last reference is gone.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  /// Makes a queue whose deadlines are times of `clock`.
  public init(clock: HostClock = .monotonic) {
    // SAFETY: both are initialized here, before anybody sees them, and destroyed once.
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, clock.id)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Runs `body` alone and wakes every waiter after it.
  ///
  /// - Parameter body: what changes what is waited for.
  /// - Returns: what `body` returns.
  public func update<Result>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer {
      pthread_cond_broadcast(condition)
      pthread_mutex_unlock(mutex)
    }
    return body()
  }

  /// Waits until `ready` gives a value; it is asked again after every `update`, and at the time that `deadline` gives.
  ///
  /// - Parameters:
  ///   - ready: asked alone.
  ///   - deadline: a time of the queue's clock, or nil to sleep until the next `update`.
  /// - Returns: what `ready` gave.
  public func wait<Result>(until ready: () -> Result?, askingAgainAt deadline: () -> UInt64? = { nil }) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = ready() { return result }
      if let deadline = deadline() {
        var time = timespec(nanoseconds: deadline)
        pthread_cond_timedwait(condition, mutex, &time)
      } else {
        pthread_cond_wait(condition, mutex)
      }
    }
  }
}
