/// What the client needs of a server's target description: where registers are in the `g` packet.
struct TargetDescription {
  /// A register by its number and its place in the `g` packet.
  struct Register {
    let number: Int
    /// The offset of its first byte, in bytes of value, not digits.
    let offset: Int
    let byteCount: Int
  }

  private(set) var registers: [String: Register] = [:]

  /// Reads `target.xml` with what it includes; registers are numbered in the order of the document.
  init(from client: RSPClient) throws(BenchmarkError) {
    var next = Register(number: 0, offset: 0, byteCount: 0)
    try add(annex: "target.xml", from: client, next: &next)
  }

  /// The register of a name.
  func register(_ name: String) throws(BenchmarkError) -> Register {
    guard let register = registers[name] else { throw BenchmarkError("the target description has no \(name)") }
    return register
  }

  private mutating func add(annex: String, from client: RSPClient, next: inout Register) throws(BenchmarkError) {
    let document = try client.transfer("features", annex: annex)
    for tag in document.split(separator: "<").map({ $0.prefix { $0 != ">" } }) {
      if tag.hasPrefix("xi:include "), let file = Self.attribute("href", of: tag), file != annex {
        try add(annex: String(file), from: client, next: &next)
      } else if tag.hasPrefix("reg "), let name = Self.attribute("name", of: tag) {
        guard let bits = Self.attribute("bitsize", of: tag).flatMap({ Int($0) }), (1...4096).contains(bits) else {
          throw BenchmarkError("register \(name) of \(annex) has no bitsize")
        }
        let number = Self.attribute("regnum", of: tag).flatMap { Int($0) } ?? next.number
        let register = Register(number: number, offset: next.offset, byteCount: (bits + 7) / 8)
        registers[String(name)] = register
        next = Register(number: number + 1, offset: next.offset + register.byteCount, byteCount: 0)
      }
    }
  }

  private static func attribute(_ name: String, of tag: Substring) -> Substring? {
    for quote in ["\"", "'"] {
      let parts = tag.split(separator: " \(name)=\(quote)", maxSplits: 1)
      if parts.count == 2 { return parts[1].prefix { String($0) != quote } }
    }
    return nil
  }
}
