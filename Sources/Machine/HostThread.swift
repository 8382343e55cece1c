import CLinux
import Glibc

/// A thread of this process, by the C library's own name for it.
public struct HostThread: Sendable {
  private let handle: pthread_t

  /// The calling thread.
  public static var current: HostThread { HostThread(handle: pthread_self()) }

  private init(handle: pthread_t) { self.handle = handle }

  /// Starts a thread that lives until the process ends.
  ///
  /// - Parameters:
  ///   - name: what tools like `top -H` show; at most 15 bytes count.
  ///   - body: what it does.
  /// - Returns: nil where the host has no thread to spare.
  @discardableResult
  public static func start(_ name: String, _ body: @escaping @Sendable () -> Void) -> HostThread? {
    final class Box {
      let body: @Sendable () -> Void
      init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var handle = pthread_t()
    // SAFETY: the box is retained for the new thread, which takes it over; where none is made it is released here.
    let box = Unmanaged.passRetained(
      Box {
        clinux_set_thread_name(name)
        body()
      })
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
    return HostThread(handle: handle)
  }

  /// The calling thread's number as the kernel counts threads, for those of its interfaces that want it.
  public static var currentKernelID: Int32 { clinux_gettid() }

  /// Ends the thread's `waitForSignal`, now or the next time it is called.
  public func signal() { pthread_kill(handle, SIGIO) }

  /// Waits until somebody calls `signal` on this thread, or a descriptor with `O_ASYNC` that it owns has news.
  ///
  /// The signal must be blocked, which `blockSignals` sees to before the first thread is made.
  public static func waitForSignal() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGIO)
    _ = sigwaitinfo(&signals, nil)
  }

  /// Takes the signal that came, if one did; it is of the sort that does not queue.
  public static func discardSignal() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGIO)
    var none = timespec()
    _ = sigtimedwait(&signals, nil, &none)
  }

  /// Blocks, in this thread and those it makes, the signal that calls threads back and those in `others`.
  public static func blockSignals(_ others: [Int32] = []) {
    var signals = sigset_t()
    sigemptyset(&signals)
    for signal in [SIGIO] + others { sigaddset(&signals, signal) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
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

  /// Waits until `ready` gives a value; it is asked again after every `update`, and at the time that `deadline` gives.
  ///
  /// - Parameters:
  ///   - ready: asked with the monitor held.
  ///   - deadline: nanoseconds since 1970 (CLOCK_REALTIME), or nil to sleep until the next `update`.
  /// - Returns: what `ready` gave.
  func wait<Result>(until ready: () -> Result?, askingAgainAt deadline: () -> UInt64? = { nil }) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = ready() { return result }
      if let deadline = deadline() {
        var time = timespec(
          tv_sec: Int(clamping: deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
        pthread_cond_timedwait(condition, mutex, &time)
      } else {
        pthread_cond_wait(condition, mutex)
      }
    }
  }
}
