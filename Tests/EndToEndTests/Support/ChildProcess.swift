import Glibc

/// A program that a test runs.
///
/// It is ended with the scope that started it, whatever happens there.
final class ChildProcess {
  /// How a process ended.
  enum Ending: Equatable {
    case exited(Int32)
    case killed(signal: Int32)
  }

  let identifier: pid_t
  private var ending: Ending?
  private var input: CInt?

  /// Starts a program with the signal handling of a fresh shell.
  ///
  /// - Parameters:
  ///   - command: the program's path and its arguments.
  ///   - output: the file that takes standard output.
  ///   - errors: the file that takes standard error; it may be the same.
  ///   - takesInput: whether `type` gives it input; otherwise it has none.
  /// - Throws: where it cannot be started.
  init(_ command: [String], output: String, errors: String, takesInput: Bool = false) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var pipe: [CInt] = [-1, -1]
    if takesInput {
      guard Glibc.pipe(&pipe) == 0 else { throw EndToEndError("no pipe: errno \(errno)") }
      for end in pipe { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      posix_spawn_file_actions_adddup2(&actions, pipe[0], STDIN_FILENO)
    } else {
      posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    }
    let creation = O_WRONLY | O_CREAT | O_APPEND
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, creation, 0o600)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors, creation, 0o600)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    // In a process group of its own, a Ctrl-C at the terminal of the tests is not its business.
    posix_spawnattr_setflags(
      &attributes, CShort(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))

    var arguments = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var identifier: pid_t = 0
    let result = posix_spawn(&identifier, command[0], &actions, &attributes, &arguments, environ)
    if takesInput { close(pipe[0]) }
    guard result == 0 else {
      if takesInput { close(pipe[1]) }
      throw EndToEndError("cannot start \(command[0]): errno \(result)")
    }
    self.identifier = identifier
    input = takesInput ? pipe[1] : nil
  }

  deinit { end() }

  /// How it ended, or nil while it runs.
  var ended: Ending? {
    if let ending { return ending }
    var status: CInt = 0
    guard waitpid(identifier, &status, WNOHANG) == identifier else { return nil }
    let signal = status & 0x7F
    ending = signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(signal: signal)
    return ending
  }

  /// Waits for its end.
  func finish(within seconds: Double = Deadline.usual) throws -> Ending {
    try waiting(for: "the end of process \(identifier)", within: seconds) { ended }
  }

  func send(signal: CInt) { if ended == nil { kill(identifier, signal) } }

  /// Gives it input as long as it takes some.
  ///
  /// The pipe holds one page from then on, and a process that takes nothing for some time is taken to want no more.
  ///
  /// - Parameter bytes: the input.
  /// - Returns: how much of it was given.
  /// - Throws: where it takes no input at all.
  func typeWhileTaken(_ bytes: [UInt8]) throws -> Int {
    guard let input else { throw EndToEndError("the process takes no input") }
    _ = fcntl(input, Self.setPipeSize, 4096)
    _ = fcntl(input, F_SETFL, O_NONBLOCK)
    defer { _ = fcntl(input, F_SETFL, 0) }
    var rest = bytes[...]
    var room = pollfd(fd: input, events: Int16(POLLOUT), revents: 0)
    while !rest.isEmpty, poll(&room, 1, 500) > 0 {
      let written = rest.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
      guard written > 0 || errno == EAGAIN else { throw EndToEndError("the process does not read: errno \(errno)") }
      rest = rest.dropFirst(max(0, written))
    }
    return bytes.count - rest.count
  }

  /// `F_SETPIPE_SZ` of <fcntl.h>, which Swift's Glibc leaves out.
  private static let setPipeSize: CInt = 1031

  /// Gives it input; waits as long as it takes none.
  func type(_ bytes: [UInt8]) throws {
    guard let input else { throw EndToEndError("the process takes no input") }
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
      guard written > 0 || errno == EINTR else { throw EndToEndError("the process does not read: errno \(errno)") }
      rest = rest.dropFirst(max(0, written))
    }
  }

  /// Ends its input.
  func closeInput() {
    if let input { close(input) }
    input = nil
  }

  /// Ends it and waits until it is gone.
  func end() {
    closeInput()
    send(signal: SIGKILL)
    while ended == nil { usleep(1000) }
  }
}
