import Bits

/// The log buffer of Linux 3.5 to 5.9 (kernel/printk/printk.c): records one behind the other in a ring, each with a
/// `struct printk_log` in front.
struct PrintkBuffer {
  private let bytes: [UInt8]
  /// Where the oldest record is.
  private let firstIndex: Int
  /// The numbers of the oldest record and of the next one to be written.
  private let firstSequence, nextSequence: UInt64

  /// Finds the buffer that the kernel now writes to: at first a static one, later one with the size asked for.
  init(in memory: LinuxMemory) throws(LinuxError) {
    let address = GuestVirtual(try memory.value(of: "log_buf"))
    bytes = try memory.bytes(
      at: address, count: Int(try memory.value(of: "log_buf_len", as: UInt32.self)), of: "log_buf")
    firstIndex = Int(try memory.value(of: "log_first_idx", as: UInt32.self))
    firstSequence = try memory.value(of: "log_first_seq")
    nextSequence = try memory.value(of: "log_next_seq")
  }

  /// Reads all messages, from the oldest on.
  func log() throws(LinuxError) -> LinuxLog {
    // The shortest record is a header.
    guard nextSequence &- firstSequence <= UInt64(bytes.count / Header.count) else { throw .inconsistent("log_buf") }
    var log = LinuxLog()
    var index = firstIndex
    var sequence = firstSequence
    while sequence != nextSequence {
      // A header without a length says that there was no room up to the end of the buffer.
      if bytes.littleEndian(at: index + Header.lengthOffset, as: UInt16.self) == 0 { index = 0 }
      guard let header = Header(bytes, at: index) else {
        log.lost += Int(nextSequence &- sequence)
        break
      }
      log.records.append(header.record(sequence, bytes))
      index = header.end
      sequence &+= 1
    }
    return log
  }

  /// `struct printk_log`.
  private struct Header {
    /// Its size without the caller's id, which CONFIG_PRINTK_CALLER puts behind it.
    static let count = 16
    static let lengthOffset = 8

    let nanoseconds: UInt64
    let level, facility: UInt8
    let caller: UInt32?
    let text: Range<Int>
    /// Where the next record starts.
    let end: Int

    /// Decodes the header at an index; nil where there is no record.
    init?(_ bytes: [UInt8], at index: Int) {
      guard let nanoseconds: UInt64 = bytes.littleEndian(at: index),
        let length: UInt16 = bytes.littleEndian(at: index + Self.lengthOffset),
        let textCount: UInt16 = bytes.littleEndian(at: index + 10),
        let dictionaryCount: UInt16 = bytes.littleEndian(at: index + 12),
        let facility: UInt8 = bytes.littleEndian(at: index + 14),
        // 5 bits of flags, and 3 of level.
        let levelAndFlags: UInt8 = bytes.littleEndian(at: index + 15),
        index + Int(length) <= bytes.count
      else { return nil }
      // Less than 4 bytes of padding end a record: the rest is the header.
      let headerCount = (Int(length) - Int(textCount) - Int(dictionaryCount)) & ~3
      guard headerCount == Self.count || headerCount == Self.count + 4 else { return nil }
      self.nanoseconds = nanoseconds
      level = levelAndFlags[bits: 5...7]
      self.facility = facility
      caller = headerCount > Self.count ? bytes.littleEndian(at: index + Self.count) : nil
      text = index + headerCount..<index + headerCount + Int(textCount)
      end = index + Int(length)
    }

    func record(_ sequence: UInt64, _ bytes: [UInt8]) -> LinuxLog.Record {
      LinuxLog.Record(
        sequence: sequence, nanoseconds: nanoseconds, level: level, facility: facility,
        caller: caller.map(LinuxLog.Record.Caller.init(id:)), text: Array(bytes[text]))
    }
  }
}
