import Glibc

/// A thread of this process, by the C library's own name for it.
struct Thread: Sendable {
  private let handle: pthread_t

  /// The calling thread.
  static var current: Thread { Thread(handle: pthread_self()) }

  private init(handle: pthread_t) { self.handle = handle }

  /// Starts a thread that lives until the process ends.
  ///
  /// - Parameters:
  ///   - name: what tools like `top -H` show; at most 15 bytes count.
  ///   - body: what it does.
  /// - Returns: nil where the host has no thread to spare.
  static func start(_ name: String, _ body: @escaping @Sendable () -> Void) -> Thread? {
    final class Box {
      let body: @Sendable () -> Void
      init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var handle = pthread_t()
    // SAFETY: the box is retained for the new thread, which takes it over; where none is made it is released here.
    let box = Unmanaged.passRetained(Box(body))
    let result = pthread_create(
      &handle, nil,
      { argument in
        if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, box.toOpaque())
    guard result == 0 else {
      box.release()
      return nil
    }
    pthread_detach(handle)
    pthread_setname_np(handle, String(name.prefix(15)))
    return Thread(handle: handle)
  }

  /// Ends the thread's `waitForSignal`, now or the next time it is called.
  func signal() { pthread_kill(handle, SIGIO) }

  /// Waits until somebody calls `signal` on this thread, or a descriptor with `O_ASYNC` that it owns has news.
  ///
  /// The signal must be blocked, which `blockSignals` sees to.
  static func waitForSignal() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGIO)
    _ = sigwaitinfo(&signals, nil)
  }
}

/// A mutual exclusion with a condition, for threads that wait for each other where nothing is hot.
final class Monitor: @unchecked Sendable {
  // SAFETY: (@unchecked Sendable) the C library's primitives are made to be shared; they never move.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Runs `body` alone and wakes every waiter after it.
  func update<Result>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer {
      pthread_cond_broadcast(condition)
      pthread_mutex_unlock(mutex)
    }
    return body()
  }

  /// Waits until `condition` gives a value; it is asked again after every `update`.
  func wait<Result>(until ready: () -> Result?) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = ready() { return result }
      pthread_cond_wait(condition, mutex)
    }
  }
}
