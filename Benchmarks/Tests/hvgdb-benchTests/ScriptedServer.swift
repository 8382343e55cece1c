import Foundation
import Synchronization

@testable import hvgdb_bench

/// A server at the other end of a socket pair that answers each request from a list, byte for byte.
final class ScriptedServer: Sendable {
  private let descriptor: CInt
  private let received = Mutex<[UInt8]>([])

  /// Makes the server and a client that is connected to it.
  ///
  /// - Parameters:
  ///   - replies: by a request's data, the bytes to send, framing and all; a request that is not listed ends the
  ///     connection.
  ///   - piece: how many bytes are sent at once.
  /// - Returns: the server and its client.
  /// - Throws: where the system has no socket.
  static func start(
    _ replies: [String: [UInt8]], piece: Int = .max
  ) throws -> (server: ScriptedServer, client: RSPClient) {
    var ends: [CInt] = [0, 0]
    guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0 else {
      throw BenchmarkError.system("socketpair")
    }
    let server = ScriptedServer(descriptor: ends[0])
    Thread.detachNewThread { server.run(replies, piece: piece) }
    return (server, RSPClient(Connection(descriptor: ends[1])))
  }

  /// A packet with these bytes as they go over the wire.
  static func packet(_ data: some Sequence<UInt8>, mark: Character = "$") -> [UInt8] {
    let data = Array(data)
    let sum = data.reduce(0, &+)
    let digits = String(sum, radix: 16)
    return Array("\(mark)".utf8) + data + Array((sum < 16 ? "#0" : "#").utf8) + Array(digits.utf8)
  }

  /// All that the client has sent.
  var transcript: String { String(decoding: received.withLock { $0 }, as: UTF8.self) }

  private init(descriptor: CInt) { self.descriptor = descriptor }

  private func run(_ replies: [String: [UInt8]], piece: Int) {
    defer { close(descriptor) }
    var pending: [UInt8] = []
    while let byte = readByte() {
      pending.append(byte)
      guard pending.count > 3, pending[pending.count - 3] == UInt8(ascii: "#") else { continue }
      let data = pending.drop { $0 == UInt8(ascii: "+") }.dropFirst().dropLast(3)
      pending = []
      guard let reply = replies[String(decoding: data, as: UTF8.self)] else { return }
      for start in stride(from: 0, to: reply.count, by: min(piece, reply.count)) {
        let part = Array(reply[start..<min(start + min(piece, reply.count), reply.count)])
        guard write(part) else { return }
      }
    }
  }

  private func readByte() -> UInt8? {
    var byte: UInt8 = 0
    guard recv(descriptor, &byte, 1, 0) == 1 else { return nil }
    received.withLock { $0.append(byte) }
    return byte
  }

  private func write(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let rest = Array(bytes[sent...])
      let count = send(descriptor, rest, rest.count, CInt(MSG_NOSIGNAL))
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }
}
