import ArgumentParser

/// Where a debugger may connect: the argument of `--listen`.
enum ListenAddress: Equatable, Sendable, ExpressibleByArgument, CustomStringConvertible {
  /// A TCP port; the host is the loopback address unless one is given.
  case tcp(host: String, port: UInt16)
  /// A Unix socket.
  case unix(path: String)
  /// This process's standard input and output, as gdb's `target remote | hvgdb …` has it.
  case standardStreams

  static let loopback = "127.0.0.1"

  /// Takes `:PORT`, `HOST:PORT`, `[IPv6]:PORT`, `unix:PATH` or `stdio`.
  init?(argument: String) {
    if argument == "stdio" {
      self = .standardStreams
    } else if argument.hasPrefix("unix:") {
      let path = String(argument.dropFirst("unix:".count))
      guard !path.isEmpty else { return nil }
      self = .unix(path: path)
    } else {
      guard let colon = argument.lastIndex(of: ":"), let port = UInt16(argument[argument.index(after: colon)...]) else {
        return nil
      }
      var host = String(argument[..<colon])
      if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
      self = .tcp(host: host.isEmpty ? Self.loopback : host, port: port)
    }
  }

  /// Whether somebody on another machine can reach it.
  var isOpenToOthers: Bool {
    guard case .tcp(let host, _) = self else { return false }
    // All of 127.0.0.0/8 is loopback; a name may start like it.
    let isLoopbackNumber =
      host.hasPrefix("127.") && host.utf8.allSatisfy { UInt8(ascii: ".")...UInt8(ascii: "9") ~= $0 }
    return host != "localhost" && host != "::1" && !isLoopbackNumber
  }

  var description: String {
    switch self {
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path): "unix:\(path)"
    case .standardStreams: "stdio"
    }
  }

  static var defaultCompletionKind: CompletionKind { .default }
}
