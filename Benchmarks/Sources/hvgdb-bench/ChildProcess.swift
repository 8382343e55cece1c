import Foundation
import Synchronization

/// The children that live now, so that none survives the benchmark, whichever way it ends.
private let children = Mutex<Set<pid_t>>([])

/// Owns one child process and what it writes to standard output and error.
struct ChildProcess: ~Copyable {
  let identifier: pid_t
  private let output: UnsafeMutablePointer<FILE>

  /// Starts a program with default signals, no input, and its output in a file without a name.
  init(_ executable: String, _ arguments: [String]) throws(BenchmarkError) {
    guard let output = tmpfile() else { throw .system("tmpfile") }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, fileno(output), STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, fileno(output), STDERR_FILENO)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, CShort(POSIX_SPAWN_SETSIGMASK))

    var strings = ([executable] + arguments).map { strdup($0) } + [nil]
    defer { for string in strings { free(string) } }
    var identifier: pid_t = 0
    let result = children.withLock { living in
      let result = posix_spawn(&identifier, executable, &actions, &attributes, &strings, environ)
      if result == 0 { living.insert(identifier) }
      return result
    }
    guard result == 0 else {
      fclose(output)
      throw .system("cannot start \(executable)", result)
    }
    self.identifier = identifier
    self.output = output
  }

  /// Whether it still runs; one that has ended is reaped.
  var isRunning: Bool {
    children.withLock { living in
      guard living.contains(identifier) else { return false }
      guard waitpid(identifier, nil, WNOHANG) == 0 else {
        living.remove(identifier)
        return false
      }
      return true
    }
  }

  /// How long it has had a CPU, in seconds.
  var cpuTime: Double {
    var clock = clockid_t()
    var time = timespec()
    guard clock_getcpuclockid(identifier, &clock) == 0, clock_gettime(clock, &time) == 0 else { return .nan }
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// What it has written so far, at most 4 KiB of it.
  var outputText: String { String(decoding: output(from: 0, atMost: 4096), as: UTF8.self) }

  /// What it has written, from an offset in bytes, as far as it has.
  func output(from offset: Int, atMost count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = max(pread(fileno(output), buffer.baseAddress, count, offset), 0)
    }
  }

  /// Kills every child and waits for it.
  static func endAll() {
    children.withLock { living in
      for identifier in living { end(identifier) }
      living = []
    }
  }

  // Under the lock a number in the set is never one that the system has given to another process.
  private static func end(_ identifier: pid_t) {
    kill(identifier, SIGKILL)
    while waitpid(identifier, nil, 0) < 0 && errno == EINTR {}
  }

  deinit {
    children.withLock { living in
      if living.remove(identifier) != nil { Self.end(identifier) }
    }
    fclose(output)
  }
}

/// Makes SIGINT, SIGTERM and SIGHUP end the children, run `cleanUp` and end the process.
///
/// The signals are blocked here, so before any other thread is started, and waited for by a thread of their own:
/// nothing runs in a signal handler.
func endChildrenOnSignals(cleanUp: @escaping @Sendable () -> Void) {
  var signals = sigset_t()
  sigemptyset(&signals)
  for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, signal) }
  pthread_sigmask(SIG_BLOCK, &signals, nil)
  let waited = signals
  Thread.detachNewThread {
    var waited = waited
    var signal: CInt = 0
    sigwait(&waited, &signal)
    ChildProcess.endAll()
    cleanUp()
    exit(128 + signal)
  }
}
