/// The messages of a kernel, as its log buffer has them in memory.
///
/// They are there from the first `printk` on, long before any console is.
public struct LinuxLog: Sendable, Equatable {
  /// One message.
  public struct Record: Sendable, Equatable {
    /// Who wrote a message.
    public enum Caller: Sendable, Equatable {
      /// A task, by its id.
      case task(UInt32)
      /// A CPU outside of any task, by its number.
      case cpu(UInt32)

      /// Decodes the id that the kernel keeps (Linux, kernel/printk/printk.c, `printk_caller_id`).
      init(id: UInt32) {
        self = id & 0x8000_0000 == 0 ? .task(id) : .cpu(id & 0x7fff_ffff)
      }
    }

    /// Its number, counted from 0: that of the first record is the number of those that were overwritten.
    public let sequence: UInt64
    /// When it was written, in nanoseconds since the clock started.
    public let nanoseconds: UInt64
    /// How grave it is, from 0 for an emergency to 7 for debugging.
    public let level: UInt8
    /// The facility of syslog: 0 for the kernel itself.
    public let facility: UInt8
    /// Who wrote it; nil where the kernel does not keep it.
    public let caller: Caller?
    /// The message without the newline at its end.
    public let text: [UInt8]
  }

  /// The messages, from the oldest on.
  public internal(set) var records: [Record] = []
  /// How many messages are being written by CPUs that are in the midst of it.
  public internal(set) var unfinished = 0
  /// How many messages are lost: there was no room for their text, or it is damaged.
  public internal(set) var lost = 0

  /// Reads the log out of a guest's memory.
  ///
  /// - Parameters:
  ///   - memory: the kernel in the guest.
  ///   - types: the kernel's types; without them the structures are taken to be those of Linux 5.10 to 6.12.
  /// - Returns: the messages so far.
  /// - Throws: `LinuxError` where there is no log, or it cannot be read.
  public static func read(from memory: LinuxMemory, types: BTF?) throws(LinuxError) -> LinuxLog {
    if memory.hasSymbol("log_first_idx") { return try PrintkBuffer(in: memory).log() }
    return try PrintkRing.find(in: memory, types: types).log()
  }

  /// The messages as `dmesg` prints them, with a newline behind each.
  public var text: String { records.map(\.lines).joined() }
}

extension LinuxLog.Record {
  /// The message, each of its lines with the time in front (Linux, kernel/printk/printk.c, `record_print_text`).
  public var lines: String {
    let seconds = String(nanoseconds / 1_000_000_000)
    let micros = String(nanoseconds % 1_000_000_000 / 1000)
    let time = "[\(seconds.padded(to: 5, with: " ")).\(micros.padded(to: 6, with: "0"))] "
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return lines.map { time + $0.map(Self.escaped).joined() + "\n" }.joined()
  }

  /// A byte as `/dev/kmsg` shows it: what is not printable may come from a device, and is for no terminal.
  private static func escaped(_ byte: UInt8) -> String {
    switch byte {
    case 0x20..<0x7f, UInt8(ascii: "\t"): String(UnicodeScalar(byte))
    default: "\\x" + String(byte, radix: 16).padded(to: 2, with: "0")
    }
  }
}

extension String {
  /// The text moved to the right end of so many columns.
  fileprivate func padded(to count: Int, with filler: Character) -> String {
    String(repeating: filler, count: max(count - self.count, 0)) + self
  }
}
