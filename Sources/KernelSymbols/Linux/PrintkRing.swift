import Bits

/// The log buffer of Linux 5.10 and later (kernel/printk/printk_ringbuffer.c).
///
/// A ring of descriptors, each with a state and an id that goes on counting round after round, tells where in a ring of
/// text the messages are. The kernel writes it without locks: a reader believes a message only if its descriptor has
/// the expected id and state before and after it was copied.
struct PrintkRing {
  private let memory: LinuxMemory
  private let layout: PrintkRingLayout
  private let descriptors: Ring
  private let infos: GuestVirtual
  private let text: Ring
  /// The ids of the newest and of the oldest descriptor.
  private let head, tail: UInt64

  /// A ring of a power of two of entries.
  private struct Ring {
    let start: GuestVirtual
    let bits: UInt32

    var count: UInt64 { 1 << bits }
    /// The place of what is counted on round after round.
    func index(_ position: UInt64) -> UInt64 { GuestVirtual(position).offset(in: count) }
    /// The number of the round.
    func round(_ position: UInt64) -> UInt64 { position >> bits }
  }

  /// What a descriptor says of its message: `enum desc_state`.
  private enum State: UInt64 {
    case reserved = 0
    case committed = 1
    case finalized = 2
    case reusable = 3
  }

  /// What becomes of a descriptor that is read.
  private enum Outcome {
    case record(LinuxLog.Record)
    case unfinished
    case lost
    case unused
  }

  /// The bits of a state variable that are the id; the state is above.
  private static let idBits = 0...61
  private static let idMask = UInt64.lowMask(62)
  /// The most of both that CONFIG_LOG_BUF_SHIFT and `log_buf_len` can give: 2 GiB of text, 32 bytes to a message.
  private static let mostTextBits: UInt32 = 31
  private static let mostDescriptorBits: UInt32 = 26
  /// So much text is read at most, and so many messages: a ring that a guest made up costs no more.
  private static let mostText = 64 << 20
  private static let mostRecords: UInt64 = 1 << 20

  /// Finds the ring that the kernel now writes to: at first a static one, later one with the size asked for.
  static func find(in memory: LinuxMemory, types: BTF?) throws(LinuxError) -> PrintkRing {
    let places = memory.places(of: "prb", usedBy: ["devkmsg_open", "vprintk_store"])
    for place in places {
      do throws(LinuxError) {
        guard let ring = memory.integer(at: place, as: UInt64.self) else { throw .noMemory(place, of: "prb") }
        return try PrintkRing(at: GuestVirtual(ring), in: memory, types: types)
      } catch {
        // Among several, those that point to no ring are other variables.
        guard places.count > 1 else { throw error }
      }
    }
    throw .noSymbol("prb")
  }

  private init(at address: GuestVirtual, in memory: LinuxMemory, types: BTF?) throws(LinuxError) {
    let bytes = try memory.bytes(at: address, count: PrintkRingLayout.largest, of: "prb")
    let layout = try PrintkRingLayout(types, ring: bytes)
    guard let descriptorBits: UInt32 = bytes.littleEndian(at: layout.countBits),
      let descriptors: UInt64 = bytes.littleEndian(at: layout.descriptors),
      let infos: UInt64 = bytes.littleEndian(at: layout.infos),
      let head: UInt64 = bytes.littleEndian(at: layout.headID),
      let tail: UInt64 = bytes.littleEndian(at: layout.tailID),
      let textBits: UInt32 = bytes.littleEndian(at: layout.sizeBits),
      let text: UInt64 = bytes.littleEndian(at: layout.text),
      (1...Self.mostDescriptorBits).contains(descriptorBits), (1...Self.mostTextBits).contains(textBits),
      [descriptors, infos, text].allSatisfy({ GuestVirtual($0).isInUpperHalf }),
      (head &- tail) & Self.idMask < 1 << descriptorBits
    else { throw .inconsistent("prb") }
    self.memory = memory
    self.layout = layout
    self.descriptors = Ring(start: GuestVirtual(descriptors), bits: descriptorBits)
    self.infos = GuestVirtual(infos)
    self.text = Ring(start: GuestVirtual(text), bits: textBits)
    self.head = head & Self.idMask
    self.tail = tail & Self.idMask
  }

  /// Reads all messages, from the oldest on.
  func log() -> LinuxLog {
    let distance = (head &- tail) & Self.idMask
    var log = LinuxLog()
    var textCount = 0
    // The newest ones, should there be more than are read.
    for step in distance &- min(distance, Self.mostRecords)...distance {
      switch outcome(of: (tail &+ step) & Self.idMask) {
      case .record(let record):
        textCount += record.text.count
        guard textCount <= Self.mostText else { return log }
        log.records.append(record)
      case .unfinished: log.unfinished += 1
      case .lost: log.lost += 1
      case .unused: break
      }
    }
    return log
  }

  /// Reads one message.
  private func outcome(of id: UInt64) -> Outcome {
    let index = descriptors.index(id)
    let address = descriptors.start.wrapping(by: index &* UInt64(layout.descriptorCount))
    guard let descriptor = memory.bytes(at: address, count: layout.descriptorCount),
      let state: UInt64 = descriptor.littleEndian(at: layout.state),
      let begin: UInt64 = descriptor.littleEndian(at: layout.begin),
      let next: UInt64 = descriptor.littleEndian(at: layout.next)
    else { return .lost }
    // A CPU that has taken the next id has not yet put it into the descriptor.
    guard state[bits: Self.idBits] == id else { return .unfinished }
    switch State(rawValue: state >> 62) {
    case .committed, .finalized: break
    case .reserved: return .unfinished
    case .reusable, nil: return .unused
    }
    guard let info = memory.bytes(at: infos.wrapping(by: index &* UInt64(layout.infoCount)), count: layout.infoCount),
      let record = record(info, textBetween: begin, next, id: id),
      memory.integer(at: address.wrapping(by: UInt64(layout.state)), as: UInt64.self) == state
    else { return .lost }
    return .record(record)
  }

  /// A message by its `struct printk_info`.
  private func record(
    _ info: [UInt8], textBetween begin: UInt64, _ next: UInt64, id: UInt64
  ) -> LinuxLog.Record? {
    guard let sequence: UInt64 = info.littleEndian(at: layout.sequence),
      let time: UInt64 = info.littleEndian(at: layout.time),
      let textCount: UInt16 = info.littleEndian(at: layout.textCount),
      let facility: UInt8 = info.littleEndian(at: layout.facility),
      // `flags` and `level` share the byte behind the facility: 5 bits and 3.
      let levelAndFlags: UInt8 = info.littleEndian(at: layout.facility + 1),
      let caller: UInt32 = info.littleEndian(at: layout.caller),
      let text = text(between: begin, next, count: Int(textCount), id: id)
    else { return nil }
    return LinuxLog.Record(
      sequence: sequence, nanoseconds: time, level: levelAndFlags[bits: 5...7], facility: facility,
      caller: .init(id: caller), text: text)
  }

  /// The text of a message, the block of which starts with the message's id; nil where it is lost.
  ///
  /// A block that would run over the end of the ring is at its start instead.
  private func text(between begin: UInt64, _ next: UInt64, count: Int, id: UInt64) -> [UInt8]? {
    // Odd positions stand for no block: `NO_LPOS` for an empty line, `FAILED_LPOS` where there was no room.
    if !begin.isMultiple(of: 2), !next.isMultiple(of: 2) { return begin == 3 && next == 3 ? [] : nil }
    let isWrapped = text.round(begin) != text.round(next &- 1)
    guard !isWrapped || text.round(begin &+ text.count) == text.round(next &- 1) else { return nil }
    let start = isWrapped ? 0 : text.index(begin)
    let blockCount = text.index(next &- 1) &+ 1 &- start
    guard blockCount <= text.count, UInt64(count) &+ 8 <= blockCount,
      let block = memory.bytes(at: text.start.wrapping(by: start), count: count + 8),
      block.littleEndian(at: 0) == id
    else { return nil }
    return Array(block[8...])
  }
}
