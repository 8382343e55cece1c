import Glibc
import Host
import Synchronization
import Testing

@testable import HVGDBCommand

@Suite("Who is let in") struct DoorkeeperTests {
  private let doorkeeper: Doorkeeper

  init() throws {
    let listener = try Listener(.tcp(host: ListenAddress.loopback, port: 0))
    doorkeeper = Doorkeeper(listener, controlThread: try #require(Self.sleeper()))
  }

  /// A thread that the doorkeeper may signal.
  private static func sleeper() -> HostThread? {
    let changes = WaitQueue()
    let isReady = Atomic(false)
    let thread = HostThread.start("control") {
      HostThread.blockSignals()
      changes.update { isReady.store(true, ordering: .releasing) }
      while true { HostThread.waitForSignal() }
    }
    changes.wait { isReady.load(ordering: .acquiring) ? () : nil }
    return thread
  }

  private func connect() throws -> CInt {
    guard case .tcp(_, let port) = doorkeeper.address else { throw Failure(description: "no TCP port") }
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    // SAFETY: a sockaddr_in is what a sockaddr of its family is.
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(result == 0)
    return descriptor
  }

  private func waitForVisitor() {
    while !doorkeeper.hasVisitor { usleep(1000) }
  }

  /// All that comes until the other end hangs up.
  private func readAll(_ descriptor: CInt) -> String {
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 256)
    while true {
      let count = read(descriptor, &piece, piece.count)
      guard count > 0 else { return String(decoding: text, as: UTF8.self) }
      text += piece[..<count]
    }
  }

  @Test("who reconnects before the end of the first connection was noticed is let in")
  func reconnection() throws {
    let first = try connect()
    waitForVisitor()
    let second = try connect()
    usleep(20_000)
    doorkeeper.clientLeft()
    // The second client is not hung up on: there is nothing to read.
    var descriptor = pollfd(fd: second, events: Int16(POLLIN), revents: 0)
    #expect(poll(&descriptor, 1, 1000) == 0)
    close(first)
    close(second)
  }

  @Test("who comes while another one stays is refused, and one that keeps talking locks nobody out")
  func refusal() throws {
    signal(SIGPIPE, SIG_IGN)
    let first = try connect()
    waitForVisitor()
    let second = try connect()
    HostThread.start("talker") {
      var byte: UInt8 = 0
      while send(second, &byte, 1, Int32(MSG_NOSIGNAL)) == 1 { usleep(10_000) }
    }
    let third = try connect()
    #expect(readAll(third).hasPrefix("+$E.another debugger"))
    close(third)
    close(first)
  }
}
