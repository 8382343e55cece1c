import Glibc
import SystemPackage

/// Why no debugger can connect.
struct ListenError: Error, CustomStringConvertible {
  let description: String
}

/// A listening socket.
struct Listener: ~Copyable {
  let descriptor: CInt
  /// Where it really listens: a port of 0 is replaced by the one that was given.
  let address: ListenAddress
  private let path: String?

  init(_ address: ListenAddress) throws(ListenError) {
    switch address {
    case .tcp(let host, let port):
      (descriptor, self.address) = try Self.listen(host, port)
      path = nil
    case .unix(let path):
      descriptor = try Self.listen(path)
      self.address = address
      self.path = path
    case .standardStreams:
      throw ListenError(description: "standard input and output are a connection already")
    }
  }

  deinit {
    close(descriptor)
    removePath()
  }

  /// Removes a Unix socket from the file system.
  func removePath() { if let path { unlink(path) } }

  /// Takes the next client; nil where it went away meanwhile or the process has no descriptor left.
  func accept() -> CInt? {
    let client = Glibc.accept(descriptor, nil, nil)
    guard client >= 0 else { return nil }
    _ = fcntl(client, F_SETFD, FD_CLOEXEC)
    // Packets are small and each waits for its reply.
    var one: CInt = 1
    setsockopt(client, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<CInt>.size))
    return client
  }

  private static func listen(_ host: String, _ port: UInt16) throws(ListenError) -> (CInt, ListenAddress) {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    let result = getaddrinfo(host, String(port), &hints, &found)
    guard result == 0, let info = found else {
      throw ListenError(description: "`\(host)` is not a host to listen on: \(String(cString: gai_strerror(result)))")
    }
    defer { freeaddrinfo(found) }
    // SAFETY: the list that getaddrinfo gave has at least one entry and lives until it is freed at this scope's end.
    let descriptor = socket(info.pointee.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var one: CInt = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<CInt>.size))
    guard descriptor >= 0, bind(descriptor, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0,
      Glibc.listen(descriptor, 8) == 0
    else {
      let error = Errno(rawValue: errno)
      if descriptor >= 0 { close(descriptor) }
      throw ListenError(
        description: "cannot listen on \(ListenAddress.tcp(host: host, port: port)): \(error); "
          + "`:0` takes any free port")
    }
    return (descriptor, .tcp(host: host, port: boundPort(of: descriptor) ?? port))
  }

  private static func boundPort(of descriptor: CInt) -> UInt16? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    // SAFETY: the storage is large enough for any address, and the length says so.
    let port: UInt16? = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        guard getsockname(descriptor, address, &length) == 0 else { return nil }
        return switch Int32(address.pointee.sa_family) {
        case AF_INET: address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee.sin_port.bigEndian }
        case AF_INET6: address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { $0.pointee.sin6_port.bigEndian }
        default: nil
        }
      }
    }
    return port
  }

  private static func listen(_ path: String) throws(ListenError) -> CInt {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let capacity = MemoryLayout.size(ofValue: address.sun_path)
    guard bytes.count < capacity else {
      throw ListenError(description: "the path of a Unix socket has at most \(capacity - 1) bytes: `\(path)`")
    }
    // SAFETY: the bytes fit, as was just checked, and a NUL is left behind them.
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    removeStaleSocket(path, address)
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    // A debug port owns the guest: only this user may connect, whatever the umask was.
    let mask = umask(0o177)
    defer { umask(mask) }
    // SAFETY: a sockaddr_un is a sockaddr of its family, and its length is passed with it.
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard descriptor >= 0, result == 0, Glibc.listen(descriptor, 8) == 0 else {
      let error = Errno(rawValue: errno)
      if descriptor >= 0 { close(descriptor) }
      throw ListenError(description: "cannot listen on the Unix socket `\(path)`: \(error)")
    }
    return descriptor
  }

  /// Removes a socket that a process left behind; one that somebody listens on stays, and `bind` says so.
  private static func removeStaleSocket(_ path: String, _ address: sockaddr_un) {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
    var address = address
    // A datagram socket: where somebody listens it is of the wrong type, and no client has come.
    let probe = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard probe >= 0 else { return }
    defer { close(probe) }
    // SAFETY: as in `listen`.
    let isStale = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(probe, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) != 0 && errno == ECONNREFUSED
      }
    }
    if isStale { unlink(path) }
  }
}
