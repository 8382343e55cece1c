import ArgumentParser
import CLinux
import Glibc
import Host
import Machine
import Synchronization
import SystemPackage

/// Where the guest's console goes: the argument of `--console`.
enum ConsoleChoice: Equatable, Sendable, ExpressibleByArgument {
  /// Standard output and input.
  case standardStreams
  /// The debugger's own console, by `O` packets.
  case gdb
  /// A pseudo-terminal of its own.
  case pseudoTerminal
  case none
  /// A file that is written anew.
  case file(path: String)

  init?(argument: String) {
    switch argument {
    case "stdio": self = .standardStreams
    case "gdb": self = .gdb
    case "pty": self = .pseudoTerminal
    case "none": self = .none
    default:
      guard argument.hasPrefix("file:"), argument.count > "file:".count else { return nil }
      self = .file(path: String(argument.dropFirst("file:".count)))
    }
  }
}

/// The guest's console on the host: passes on what the guest prints, and types what the user does.
final class GuestConsole: Sendable {
  /// What waits for the debugger's console; the session keeps as much and no more.
  private let pending = Mutex<[UInt8]>([])
  private let controlThread: HostThread
  private let choice: ConsoleChoice
  private let terminal: RawTerminal?
  private static let pendingLimit = 1 << 16

  /// Connects the machine's console.
  ///
  /// - Parameters:
  ///   - choice: where it goes.
  ///   - machine: whose console it is.
  ///   - controlThread: the thread that serves the debugger.
  ///   - quit: called when the user leaves by the terminal's way out.
  /// - Throws: one sentence where the file or the pseudo-terminal cannot be had.
  init(
    _ choice: ConsoleChoice, of machine: Machine, controlThread: HostThread, quit: @escaping @Sendable () -> Void
  ) throws {
    self.choice = choice
    self.controlThread = controlThread
    switch choice {
    case .none: terminal = nil
    case .gdb:
      terminal = nil
      machine.console.connect { [weak self] in self?.queue($0) }
    case .standardStreams:
      terminal = RawTerminal(STDIN_FILENO)
      machine.console.connect { Self.write($0, to: STDOUT_FILENO) }
      Self.startTyping(from: STDIN_FILENO, to: machine, quit: terminal == nil ? nil : quit)
    case .pseudoTerminal:
      terminal = nil
      let (descriptor, name) = try Self.openPseudoTerminal()
      machine.console.connect { Self.write($0, to: descriptor) }
      Self.startTyping(from: descriptor, to: machine, quit: nil)
      Self.write(Array("hvgdb: the guest's console is \(name)\n".utf8), to: STDERR_FILENO)
    case .file(let path):
      terminal = nil
      let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else {
        throw ListenError(description: "cannot write the console to `\(path)`: \(Errno(rawValue: errno))")
      }
      machine.console.connect { Self.write($0, to: descriptor) }
    }
  }

  /// Gives the terminal back as it was.
  func restore() { terminal?.restore() }

  /// Calls `body` with what the guest printed for the debugger's console since the last time.
  func takePending(_ body: (UnsafeRawBufferPointer) -> Void) {
    guard choice == .gdb else { return }
    let text = pending.withLock { pending in
      defer { pending.removeAll(keepingCapacity: true) }
      return pending
    }
    if !text.isEmpty { text.withUnsafeBytes(body) }
  }

  private func queue(_ bytes: UnsafeRawBufferPointer) {
    let isLine = pending.withLock { pending in
      if pending.count > Self.pendingLimit { pending.removeFirst(pending.count - Self.pendingLimit / 2) }
      pending.append(contentsOf: bytes)
      return bytes.contains(UInt8(ascii: "\n"))
    }
    if isLine { controlThread.signal() }
  }

  private static func write(_ bytes: [UInt8], to descriptor: CInt) {
    bytes.withUnsafeBytes { write($0, to: descriptor) }
  }

  /// Writes all of it; what a full or closed descriptor does not take is lost, as on a wire nobody listens to.
  private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = UnsafeRawBufferPointer(rebasing: rest)
      let written = Glibc.write(descriptor, piece.baseAddress, piece.count)
      if written > 0 {
        rest = rest.dropFirst(written)
      } else if errno != EINTR {
        return
      }
    }
  }

  /// Types what comes from a descriptor, on a thread of its own.
  ///
  /// - Parameters:
  ///   - descriptor: what is read, to its end.
  ///   - machine: the machine whose console it is typed on.
  ///   - quit: called at Ctrl-A x; nil where the input is no terminal and every byte is the guest's.
  private static func startTyping(from descriptor: CInt, to machine: Machine, quit: (@Sendable () -> Void)?) {
    HostThread.start("console input") {
      var escape = EscapeSequence()
      var buffer = [UInt8](repeating: 0, count: 4096)
      while true {
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR || errno == EIO {
          // A pseudo-terminal without anybody at its other end: wait for the next one.
          if errno == EIO { usleep(100_000) }
          continue
        }
        guard count > 0 else { return }
        guard let quit else {
          machine.board.type(Array(buffer[..<count]))
          continue
        }
        switch escape.filter(buffer[..<count]) {
        case .text(let text): machine.board.type(text)
        case .quit: quit()
        }
      }
    }
  }

  private static func openPseudoTerminal() throws -> (CInt, String) {
    var name = [CChar](repeating: 0, count: 64)
    let descriptor = clinux_open_pseudo_terminal(&name, Int32(name.count))
    guard descriptor >= 0 else {
      throw ListenError(description: "the host has no pseudo-terminal to spare: \(Errno(rawValue: errno))")
    }
    return (descriptor, String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }
}

/// The way out of a terminal whose every key is the guest's: Ctrl-A x ends, Ctrl-A Ctrl-A types one Ctrl-A.
struct EscapeSequence {
  enum Result: Equatable {
    case text([UInt8])
    case quit
  }

  private static let prefix: UInt8 = 1
  private var hasPrefix = false

  mutating func filter(_ bytes: ArraySlice<UInt8>) -> Result {
    var text: [UInt8] = []
    for byte in bytes {
      if hasPrefix {
        hasPrefix = false
        if byte == UInt8(ascii: "x") { return .quit }
        text.append(byte)
      } else if byte == Self.prefix {
        hasPrefix = true
      } else {
        text.append(byte)
      }
    }
    return .text(text)
  }
}

/// A terminal whose keys are passed on one by one, until it is restored.
final class RawTerminal: Sendable {
  private let descriptor: CInt
  private let saved: termios

  /// Nil where the descriptor is no terminal.
  init?(_ descriptor: CInt) {
    var settings = termios()
    guard tcgetattr(descriptor, &settings) == 0 else { return nil }
    self.descriptor = descriptor
    saved = settings
    cfmakeraw(&settings)
    // Lines that this program prints still start at the left.
    settings.c_oflag |= tcflag_t(OPOST | ONLCR)
    tcsetattr(descriptor, TCSANOW, &settings)
  }

  func restore() {
    var settings = saved
    tcsetattr(descriptor, TCSANOW, &settings)
  }
}
