import Glibc

/// Where a server listens.
enum Endpoint {
  case loopback(port: UInt16)
  case unix(path: String)
}

/// Owns one connected stream socket; no call on it blocks for longer than `timeoutSeconds`.
struct Connection: ~Copyable {
  static let timeoutSeconds = 20

  private let descriptor: CInt

  /// Connects, or gives nil where nobody listens yet.
  static func attempt(_ endpoint: Endpoint) throws(BenchmarkError) -> Connection? {
    let family = if case .loopback = endpoint { AF_INET } else { AF_UNIX }
    let descriptor = socket(family, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw .system("socket") }
    let connection = Connection(descriptor: descriptor)
    let result =
      switch endpoint {
      case .loopback(let port):
        withLoopbackAddress(port: port) { connect(descriptor, $0, $1) }
      case .unix(let path):
        try withUnixAddress(path: path) { connect(descriptor, $0, $1) }
      }
    guard result == 0 else {
      guard errno == ECONNREFUSED || errno == ENOENT || errno == EAGAIN else { throw .system("connect") }
      return nil
    }
    try connection.configure(isTCP: family == AF_INET)
    return connection
  }

  /// A loopback port that nobody listens on.
  ///
  /// It lies below Linux's ephemeral ports (ip(7), `ip_local_port_range`): a client that retries to connect to an
  /// ephemeral port can be given that very port as its own, and is then connected to itself.
  static func freePort() throws(BenchmarkError) -> UInt16 {
    for port in (UInt16(20_000)..<32_768).shuffled() {
      let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
      guard descriptor >= 0 else { throw .system("socket") }
      defer { close(descriptor) }
      if withLoopbackAddress(port: port, { bind(descriptor, $0, $1) }) == 0 { return port }
    }
    throw BenchmarkError("no loopback port is free")
  }

  /// Takes over a connected socket.
  init(descriptor: CInt) { self.descriptor = descriptor }

  private func configure(isTCP: Bool) throws(BenchmarkError) {
    var limit = timeval(tv_sec: Self.timeoutSeconds, tv_usec: 0)
    let length = socklen_t(MemoryLayout<timeval>.size)
    guard setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, length) == 0,
      setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, length) == 0
    else { throw .system("setsockopt") }
    guard isTCP else { return }
    var isOn: CInt = 1
    guard setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<CInt>.size)) == 0
    else { throw .system("setsockopt(TCP_NODELAY)") }
  }

  /// Sends all of `bytes`.
  func send(_ bytes: UnsafeRawBufferPointer) throws(BenchmarkError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      let count = Glibc.send(descriptor, part.baseAddress, part.count, CInt(MSG_NOSIGNAL))
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        throw BenchmarkError("the server took no bytes for \(Self.timeoutSeconds) s")
      } else if errno != EINTR {
        throw .system("send")
      }
    }
  }

  /// Receives what there is, at least one byte, to the start of `buffer`.
  func receive(into buffer: UnsafeMutableRawBufferPointer) throws(BenchmarkError) -> Int {
    while true {
      let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
      if count > 0 { return count }
      if count == 0 { throw BenchmarkError("the server closed the connection") }
      if errno == EAGAIN { throw BenchmarkError("the server sent nothing for \(Self.timeoutSeconds) s") }
      if errno != EINTR { throw .system("recv") }
    }
  }

  deinit { close(descriptor) }
}

private func withLoopbackAddress<Result>(
  port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  return withUnsafePointer(to: address) {
    // SAFETY: the socket calls take every kind of address by a pointer to its common head, with its true length.
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
  }
}

private func withUnixAddress<Result>(
  path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) throws(BenchmarkError) -> Result {
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  // One byte stays for the terminating zero.
  let isStored = withUnsafeMutableBytes(of: &address.sun_path) { room in
    guard path.utf8.count < room.count else { return false }
    room.copyBytes(from: path.utf8)
    return true
  }
  guard isStored else { throw BenchmarkError("\(path) is too long for a socket") }
  return withUnsafePointer(to: address) {
    // SAFETY: as above.
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
  }
}
