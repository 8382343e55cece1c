import Bits
import KernelSymbols
import Testing

/// The log buffer of Linux 5.10 and later.
struct LinuxLogTests {
  private typealias Shape = MadePrintkRing.Shape

  private func read(_ ring: MadePrintkRing, types: BTF? = nil) throws -> LinuxLog {
    try LinuxLog.read(from: ring.memory.linux, types: types)
  }

  private func messages(of log: LinuxLog) -> [MadePrintkRing.Message] {
    log.records.map { MadePrintkRing.Message(sequence: $0.sequence, text: String(decoding: $0.text, as: UTF8.self)) }
  }

  @Test func formatted() throws {
    let ring = MadePrintkRing(.linuxSince518, countBits: 3, sizeBits: 10)
    #expect(try read(ring) == LinuxLog.read(from: ring.memory.linux, types: try Shape.linuxSince518.types()))
    #expect(try read(ring).records.isEmpty)
    ring.append("Linux version 6.1.0", level: 5)
    ring.append("two\nlines", time: 1_234_567_890)
    ring.append("", time: 123_456_000_000_999)
    ring.append("a\tb\u{1b}[31m\u{7f}é", .committed, level: 0, time: 12_345_678_901_234_567)
    let log = try read(ring)
    #expect(
      log.text == """
        [    0.000000] Linux version 6.1.0
        [    1.234567] two
        [    1.234567] lines
        [123456.000000]\u{20}
        [12345678.901234] a\tb\\x1b[31m\\x7f\\xc3\\xa9

        """)
    #expect(log.records.map(\.level) == [5, 6, 6, 0])
    #expect(log.records.allSatisfy { $0.facility == 3 && $0.caller == .cpu(1) })
    #expect(log.unfinished == 0 && log.lost == 0)
  }

  /// Whatever is written, what the kernel still has is read: no more and no less.
  @Test(arguments: [Shape.linuxBefore518, .linuxSince518, .other], [false, true])
  private func wrapped(_ shape: Shape, fillsToEnd: Bool) throws {
    let types = try shape.types()
    var generator = RepeatableGenerator(seed: UInt64(shape.ringSize))
    // Rings where the texts run out first, and where the descriptors do.
    for (countBits, sizeBits) in [(3, 12), (6, 9), (5, 10)] as [(UInt32, UInt32)] {
      let ring = MadePrintkRing(shape, countBits: countBits, sizeBits: sizeBits, fillsToEnd: fillsToEnd)
      var failures = 0
      for number in 0..<300 {
        let text = String(repeating: "m\(number) ", count: Int.random(in: 0...20, using: &generator))
        failures += text.utf8.count + 8 > 1 << (sizeBits - 1) ? 1 : 0
        ring.append(text)
        let log = try read(ring, types: types)
        #expect(messages(of: log) == ring.expected)
        #expect(!ring.expected.isEmpty || failures > 0)
      }
      #expect(ring.expected.last?.sequence ?? 0 > 290)
    }
  }

  @Test(arguments: [Shape.linuxBefore518, .linuxSince518])
  private func withoutTypes(_ shape: Shape) throws {
    let ring = MadePrintkRing(shape, countBits: 4, sizeBits: 8)
    for number in 0..<40 { ring.append("message \(number)") }
    #expect(ring.expected.count > 5)
    #expect(messages(of: try read(ring)) == ring.expected)
  }

  @Test func messagesInTheMidst() throws {
    let ring = MadePrintkRing(.linuxSince518, countBits: 4, sizeBits: 10)
    ring.append("first")
    ring.append("half", .reserved)
    ring.append("given up", .reusable)
    ring.append("open", .committed)
    ring.append("too long to have room".padded(to: 900))
    ring.append("last")
    ring.takeID()
    let log = try read(ring)
    #expect(messages(of: log).map(\.text) == ["first", "open", "last"])
    #expect(log.records.map(\.sequence) == [0, 3, 5])
    #expect(log.unfinished == 2)
    #expect(log.lost == 1)
  }

  /// A CPU that runs on takes a message away while it is copied.
  @Test func torn() throws {
    let ring = MadePrintkRing(.linuxSince518, countBits: 4, sizeBits: 10)
    ring.append("stays")
    ring.append("goes")
    let (text, state) = (ring.newestText, ring.newestState)
    ring.memory.onRead = { [memory = ring.memory] in
      guard $0 == text else { return }
      memory.onRead = nil
      memory.store(Array("XX".utf8), at: text + 8)
      memory.store(memory.load(at: state, as: UInt64.self) | 3 << 62, at: state)
    }
    let log = try read(ring)
    #expect(messages(of: log).map(\.text) == ["stays"])
    #expect(log.lost == 1)
  }

  /// The block of a message has another's id when its text was overwritten.
  @Test func overwritten() throws {
    let ring = MadePrintkRing(.linuxSince518, countBits: 4, sizeBits: 10)
    ring.append("stays")
    ring.append("goes")
    ring.memory.store(UInt64(77), at: ring.newestText)
    let log = try read(ring)
    #expect(messages(of: log).map(\.text) == ["stays"])
    #expect(log.lost == 1)
  }

  @Test func notThere() throws {
    let memory = MadeMemory()
    #expect(throws: LinuxError.noSymbol("prb")) { try LinuxLog.read(from: memory.linux, types: nil) }
    // Before an arm64 kernel has relocated itself, its pointers are null.
    memory.define("prb", UInt64(0))
    #expect(throws: LinuxError.noMemory(GuestVirtual(0), of: "prb")) {
      try LinuxLog.read(from: memory.linux, types: nil)
    }
    memory.define("prb", memory.allocate(256))
    #expect(throws: LinuxError.inconsistent("prb")) { try LinuxLog.read(from: memory.linux, types: nil) }
    let types = try BTF(BTFTests.other)
    #expect(throws: LinuxError.noLayout(.noType("printk_ringbuffer"))) {
      try LinuxLog.read(from: memory.linux, types: types)
    }
  }

  @Test(arguments: 0..<8) func damaged(seed: UInt64) throws {
    var generator = RepeatableGenerator(seed: seed)
    for _ in 0..<50 {
      let ring = MadePrintkRing(.linuxSince518, countBits: 4, sizeBits: 9)
      for number in 0..<40 { ring.append("message \(number)") }
      ring.memory.damage(Int.random(in: 1...40, using: &generator), using: &generator)
      guard let log = try? read(ring) else { continue }
      #expect(log.records.count + log.lost + log.unfinished <= 16)
      #expect(log.text.utf8.count < 16 * 4096)
    }
  }
}

/// The log buffer of Linux 3.5 to 5.9.
struct LinuxOldLogTests {
  /// Writes messages as the kernel did (Linux 5.9, kernel/printk/printk.c, `log_store`).
  private final class Buffer {
    let memory = MadeMemory()
    private let address: UInt64
    private let size: Int
    private let caller: UInt32?
    private var first = 0
    private var next = 0
    private(set) var texts: [String] = []
    private var written: UInt64 = 0

    init(size: Int, caller: UInt32?) {
      self.size = size
      self.caller = caller
      address = memory.allocate(size)
      memory.define("log_buf", address)
      memory.define("log_buf_len", UInt32(size))
      define()
    }

    func append(_ text: String, time: UInt64 = 0) {
      let dictionary = "SUBSYSTEM=pci"
      let headerCount = caller == nil ? 16 : 20
      let count = (headerCount + text.utf8.count + dictionary.utf8.count + 3) & ~3
      while !hasRoom(for: count) {
        first = index(behind: first)
        texts.removeFirst()
      }
      if next + count + headerCount > size {
        memory.store([UInt8](repeating: 0, count: headerCount), at: address + UInt64(next))
        next = 0
      }
      var header: [UInt8] = []
      header.appendLittleEndian(time)
      for length in [count, text.utf8.count, dictionary.utf8.count] { header.appendLittleEndian(UInt16(length)) }
      header += [0, 4 << 5 | 0b110]
      if let caller { header.appendLittleEndian(caller) }
      memory.store(header + Array((text + dictionary).utf8), at: address + UInt64(next))
      next += count
      written += 1
      texts.append(text)
      define()
    }

    private func define() {
      memory.define("log_first_idx", UInt32(first))
      memory.define("log_next_idx", UInt32(next))
      memory.define("log_first_seq", written - UInt64(texts.count))
      memory.define("log_next_seq", written)
    }

    private func length(at index: Int) -> Int { Int(memory.load(at: address + UInt64(index) + 8, as: UInt16.self)) }

    private func index(behind index: Int) -> Int {
      length(at: index) == 0 ? length(at: 0) : index + length(at: index)
    }

    private func hasRoom(for count: Int) -> Bool {
      let headerCount = caller == nil ? 16 : 20
      let free = next > first || texts.isEmpty ? max(size - next, first) : first - next
      return free >= count + headerCount
    }
  }

  @Test(arguments: [nil, 7] as [UInt32?]) func wrapped(caller: UInt32?) throws {
    let buffer = Buffer(size: 1024, caller: caller)
    #expect(try LinuxLog.read(from: buffer.memory.linux, types: nil).records.isEmpty)
    var generator = RepeatableGenerator(seed: 1)
    for number in 0..<300 {
      buffer.append(String(repeating: "m\(number)", count: Int.random(in: 0...9, using: &generator)), time: 1_500_000)
      let log = try LinuxLog.read(from: buffer.memory.linux, types: nil)
      #expect(log.records.map { String(decoding: $0.text, as: UTF8.self) } == buffer.texts)
      #expect(log.records.last?.sequence == UInt64(number))
      #expect(log.records.allSatisfy { $0.level == 4 && $0.caller == caller.map { .task($0) } })
      #expect(log.lost == 0)
    }
    #expect(try LinuxLog.read(from: buffer.memory.linux, types: nil).text.hasPrefix("[    0.001500] m"))
    #expect(buffer.texts.count < 60)
  }

  @Test(arguments: 0..<4) func damaged(seed: UInt64) {
    var generator = RepeatableGenerator(seed: seed)
    for _ in 0..<50 {
      let buffer = Buffer(size: 512, caller: nil)
      for number in 0..<40 { buffer.append("message \(number)") }
      buffer.memory.damage(Int.random(in: 1...20, using: &generator), using: &generator)
      guard let log = try? LinuxLog.read(from: buffer.memory.linux, types: nil) else { continue }
      #expect(log.records.count + log.lost <= buffer.memory.bytes.count / 16)
    }
  }
}

extension String {
  fileprivate func padded(to count: Int) -> String { self + String(repeating: ".", count: max(0, count - utf8.count)) }
}
