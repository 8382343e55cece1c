import Glibc
import Testing

@testable import HVGDBCommand

/// A client's end of a connection, closed when the test lets go of it.
private final class Caller {
  private let descriptor: CInt

  /// Connects to a TCP port of this machine, or nil where nobody listens.
  init?(port: UInt16) {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if result != 0 { return nil }
  }

  deinit { close(descriptor) }

  /// What comes within 10 seconds, up to the end of the connection.
  func readToEnd() -> String {
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 256)
    var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while poll(&event, 1, 10_000) > 0 {
      let count = read(descriptor, &buffer, buffer.count)
      if count <= 0 { break }
      text += buffer[..<count]
    }
    return String(decoding: text, as: UTF8.self)
  }
}

@Suite("Listening for a debugger") struct ListenerTests {
  private func temporaryPath() -> String {
    var template = Array("/tmp/hvgdb-listener-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { return "" }
    return String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) + "/socket"
  }

  private func mode(of path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode : nil
  }

  @Test("port 0 takes a free one and tells it")
  func freePort() throws {
    let listener = try Listener(.tcp(host: "127.0.0.1", port: 0))
    guard case .tcp("127.0.0.1", let port) = listener.address else {
      Issue.record("\(listener.address)")
      return
    }
    #expect(port != 0)
    let caller = Caller(port: port)
    #expect(caller != nil)
    let accepted = listener.accept()
    let client = try #require(accepted)
    close(client)
    #expect(caller?.readToEnd() == "")
  }

  @Test("a port that is taken and a host that is none are refused in one sentence")
  func refused() throws {
    let listener = try Listener(.tcp(host: "127.0.0.1", port: 0))
    let taken = listener.address
    for address in [taken, .tcp(host: "no such host", port: 1), .tcp(host: "192.0.2.1", port: 0), .standardStreams] {
      let error = #expect(throws: ListenError.self) { _ = try Listener(address) }
      #expect(error?.description.contains("\n") == false)
    }
    #expect(listener.address == taken)
  }

  @Test("a Unix socket is this user's alone, replaces what was left behind, and goes with its listener")
  func unixSocket() throws {
    let path = temporaryPath()
    defer { rmdir(String(path.dropLast("/socket".count))) }
    do {
      let listener = try Listener(.unix(path: path))
      #expect(mode(of: path).map { $0 & 0o777 } == 0o600)
      // One that somebody listens on is not taken away.
      #expect(throws: ListenError.self) { _ = try Listener(.unix(path: path)) }
      #expect(mode(of: path) != nil)
      #expect(listener.address == .unix(path: path))
    }
    #expect(mode(of: path) == nil)

    try leaveSocketBehind(path)
    #expect(mode(of: path) != nil)
    do {
      let listener = try Listener(.unix(path: path))
      #expect(listener.address == .unix(path: path))
    }
    #expect(mode(of: path) == nil)
  }

  @Test("a file that is no socket stays")
  func fileInTheWay() throws {
    let path = temporaryPath()
    let file = open(path, O_CREAT | O_WRONLY, 0o600)
    try #require(file >= 0)
    close(file)
    #expect(throws: ListenError.self) { _ = try Listener(.unix(path: path)) }
    #expect(mode(of: path) != nil)
    unlink(path)
    rmdir(String(path.dropLast("/socket".count)))
  }

  @Test("a path that is too long for a socket is refused")
  func longPath() {
    let error = #expect(throws: ListenError.self) {
      _ = try Listener(.unix(path: "/" + String(repeating: "a", count: 200)))
    }
    #expect(error?.description.contains("107 bytes") == true)
  }

  /// Binds a Unix socket and goes away without removing it, as a process that was killed.
  private func leaveSocketBehind(_ path: String) throws {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    close(descriptor)
    try #require(result == 0)
  }
}
