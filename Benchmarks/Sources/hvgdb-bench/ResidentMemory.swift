/// What of a server's memory is resident, in bytes (proc(5), `/proc/PID/status` and `/proc/PID/smaps`).
struct ResidentMemory: Codable {
  /// `VmRSS`, and the three parts that it is the sum of.
  let total: Int
  let anonymous: Int
  let file: Int
  let shared: Int
  /// The resident part of the mapping that is the guest's memory.
  let guest: Int

  /// What the server itself holds, beyond the guest's pages.
  var beyondGuest: Int { total - guest }

  /// Reads the figures of a process whose largest mapping is its guest's memory, of `guestSize` bytes.
  init(of process: Int32, guestSize: Int) throws(BenchmarkError) {
    let status = Self.fields(of: try readFile("/proc/\(process)/status"))
    func figure(_ name: String) throws(BenchmarkError) -> Int {
      guard let field = status.first(where: { $0.name == name }) else { throw BenchmarkError("no \(name)") }
      return field.bytes
    }
    total = try figure("VmRSS")
    anonymous = try figure("RssAnon")
    file = try figure("RssFile")
    shared = try figure("RssShmem")

    // `Size` comes first of a mapping's fields, `Rss` some lines later.
    var size = 0
    var largest = (size: 0, resident: 0)
    for field in Self.fields(of: try readFile("/proc/\(process)/smaps")) {
      if field.name == "Size" { size = field.bytes }
      if field.name == "Rss", size > largest.size { largest = (size, field.bytes) }
    }
    guard largest.size >= guestSize else { throw BenchmarkError("no mapping is as large as the guest's memory") }
    guest = largest.resident
  }

  /// The lines that read `Name:  123 kB`.
  private static func fields(of bytes: [UInt8]) -> [(name: Substring, bytes: Int)] {
    String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
      let words = line.split { $0 == " " || $0 == "\t" }
      guard words.count == 3, words[2] == "kB", words[0].hasSuffix(":"), let kilobytes = Int(words[1]) else {
        return nil
      }
      return (words[0].dropLast(), kilobytes * 1024)
    }
  }
}
