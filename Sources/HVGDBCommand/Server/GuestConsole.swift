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
  private let writer: ConsoleWriter?
  private let debuggerConsole: DebuggerConsole?
  private let terminal: RawTerminal?
  /// Whether somebody is sure to read what is written, sooner or later.
  private let hasReader: Bool

  /// How long what is left to be written holds up the end of the process, in nanoseconds.
  private static let patienceAtEnd: UInt64 = 500_000_000
  /// How much typed input waits for the guest before no more is read, in bytes.
  private static let typingCapacity = 1 << 12
  /// The same at a terminal, whose user wants out by a key although the guest reads nothing.
  private static let terminalTypingCapacity = 1 << 20

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
    terminal = choice == .standardStreams ? RawTerminal(STDIN_FILENO) : nil
    debuggerConsole = choice == .gdb ? DebuggerConsole(controlThread: controlThread) : nil
    hasReader = choice != .pseudoTerminal
    switch choice {
    case .none, .gdb: writer = nil
    case .standardStreams:
      writer = try ConsoleWriter(to: STDOUT_FILENO)
      Self.startTyping(from: STDIN_FILENO, to: machine, quit: terminal == nil ? nil : quit)
    case .pseudoTerminal:
      let (descriptor, name) = try Self.openPseudoTerminal()
      writer = try ConsoleWriter(to: descriptor)
      Self.startTyping(from: descriptor, to: machine, quit: nil)
      complain("the guest's console is \(name)")
    case .file(let path):
      let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else {
        throw Failure(description: "cannot write the console to `\(path)`: \(Errno(rawValue: errno))")
      }
      writer = try ConsoleWriter(to: descriptor)
    }
    if let writer {
      machine.console.connect { writer.write($0) }
    } else if let debuggerConsole {
      machine.console.connect { debuggerConsole.write($0) }
    }
  }

  /// Waits until all that the guest printed is written, as any program's output is.
  func flush() { writer?.flush(within: hasReader ? nil : Self.patienceAtEnd) }

  /// Writes what can be written soon and gives the terminal back as it was.
  func close() {
    writer?.flush(within: Self.patienceAtEnd)
    terminal?.restore()
  }

  /// Calls `body` with what the guest printed for the debugger's console since the last time.
  func takePending(_ body: (UnsafeRawBufferPointer) -> Void) {
    guard let text = debuggerConsole?.take(), !text.isEmpty else { return }
    text.withUnsafeBytes(body)
  }

  /// Types what comes from a descriptor, on a thread of its own.
  ///
  /// - Parameters:
  ///   - descriptor: what is read, to its end.
  ///   - machine: the machine whose console it is typed on.
  ///   - quit: called at Ctrl-A x; nil where the input is no terminal and every byte is the guest's.
  private static func startTyping(from descriptor: CInt, to machine: Machine, quit: (@Sendable () -> Void)?) {
    let capacity = quit == nil ? typingCapacity : terminalTypingCapacity
    HostThread.start("console input") {
      var escape = EscapeSequence()
      var buffer = [UInt8](repeating: 0, count: 4096)
      while true {
        machine.board.waitForTyping(leaving: capacity)
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
      throw Failure(description: "the host has no pseudo-terminal to spare: \(Errno(rawValue: errno))")
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
