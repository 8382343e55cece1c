import CLinux
public import Glibc

/// A thread of this process, and the signal that calls it.
///
/// The signal is `SIGIO`, which the kernel sends too: for descriptors with `O_ASYNC`. It is blocked in every thread
/// (`blockSignals`), so that no handler ever runs; one that nobody waits for stays pending, so that none is lost.
public struct HostThread: RawRepresentable, Sendable {
  /// The C library's name of the thread.
  public let rawValue: pthread_t

  /// The signal by which threads are called.
  public static let callSignal = SIGIO

  /// Takes the C library's name of a thread; nil for 0, which is nobody's.
  public init?(rawValue: pthread_t) {
    guard rawValue != 0 else { return nil }
    self.rawValue = rawValue
  }

  private init(handle: pthread_t) { rawValue = handle }

  /// The calling thread.
  public static var current: HostThread { HostThread(handle: pthread_self()) }

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

  // MARK: The signal

  /// Ends the thread's `waitForSignal`, now or the next time it is called.
  public func signal() { pthread_kill(rawValue, Self.callSignal) }

  /// Has the calling thread signalled whenever a descriptor has news; reading it does not wait from now on.
  public static func signalCurrent(onNewsOf descriptor: CInt) { _ = clinux_signal_this_thread(descriptor) }

  /// Waits until somebody signals this thread.
  public static func waitForSignal() {
    var signals = callSignals
    _ = sigwaitinfo(&signals, nil)
  }

  /// Waits until somebody signals this thread, or a time has come.
  ///
  /// - Parameter deadline: nanoseconds of the monotonic clock.
  /// - Returns: whether the signal came.
  public static func waitForSignal(until deadline: UInt64) -> Bool {
    let now = HostClock.monotonic.now
    var time = timespec(nanoseconds: deadline > now ? deadline - now : 0)
    var signals = callSignals
    return sigtimedwait(&signals, nil, &time) == callSignal
  }

  /// Takes the signal that came, if one did; it is of the sort that does not queue.
  public static func discardSignal() { _ = waitForSignal(until: 0) }

  /// Blocks, in this thread and those it makes, the signal that calls threads and those in `others`.
  public static func blockSignals(_ others: [Int32] = []) {
    var signals = callSignals
    for signal in others { sigaddset(&signals, signal) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  private static var callSignals: sigset_t {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, callSignal)
    return signals
  }
}
