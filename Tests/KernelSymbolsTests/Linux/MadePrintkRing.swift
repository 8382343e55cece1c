import Bits
import KernelSymbols

/// Writes messages into a ring as the kernel does (Linux, kernel/printk/printk_ringbuffer.c), and knows which of them
/// are to be read.
final class MadePrintkRing {
  /// Where the members of the kernel's structures are.
  struct Shape: Sendable {
    let ringSize, countBits, descriptors, infos, headID, tailID, sizeBits, text: Int
    let descriptorSize, state, begin, next: Int
    let infoSize, sequence, time, textCount, facility, caller: Int

    /// Linux 5.10 to 5.17, and since 5.18.
    static let linuxBefore518 = linux(text: 48)
    static let linuxSince518 = linux(text: 56)

    private static func linux(text: Int) -> Shape {
      Shape(
        ringSize: text + 32, countBits: 0, descriptors: 8, infos: 16, headID: 24, tailID: 32, sizeBits: text - 8,
        text: text,
        descriptorSize: 24, state: 0, begin: 8, next: 16, infoSize: 88, sequence: 0, time: 8, textCount: 16,
        facility: 18, caller: 20)
    }

    /// One that no kernel has.
    static let other = Shape(
      ringSize: 160, countBits: 20, descriptors: 40, infos: 24, headID: 56, tailID: 48, sizeBits: 112, text: 104,
      descriptorSize: 48, state: 40, begin: 16, next: 8, infoSize: 56, sequence: 40, time: 32, textCount: 6,
      facility: 2,
      caller: 8)

    /// The types of a kernel with this layout.
    func types() throws -> BTF { try BTF(section) }

    /// The types as the kernel has them.
    var section: [UInt8] {
      var writer = BTFWriter()
      let byte = writer.integer("u8", size: 1)
      let short = writer.integer("u16", size: 2)
      let word = writer.integer("u32", size: 4)
      let long = writer.integer("u64", size: 8)
      let pointer = writer.pointer()
      let atomic = writer.typedef(
        "atomic_long_t", writer.structure("", size: 8, [.init("counter", long, at: 0)]))
      let textRing = writer.structure(
        "prb_data_ring", size: 16 + max(sizeBits, text) - min(sizeBits, text),
        [
          .init("size_bits", word, at: sizeBits - min(sizeBits, text)),
          .init("data", pointer, at: text - min(sizeBits, text)),
        ])
      let descriptorRing = writer.structure(
        "prb_desc_ring", size: min(sizeBits, text),
        [
          .init("count_bits", word, at: countBits), .init("descs", pointer, at: descriptors),
          .init("infos", pointer, at: infos), .init("head_id", atomic, at: headID),
          .init("tail_id", atomic, at: tailID),
        ])
      _ = writer.structure(
        "printk_ringbuffer", size: ringSize,
        [.init("desc_ring", descriptorRing, at: 0), .init("text_data_ring", textRing, at: min(sizeBits, text))])
      let positions = writer.structure(
        "prb_data_blk_lpos", size: 8 + max(begin, next) - min(begin, next),
        [.init("begin", long, at: begin - min(begin, next)), .init("next", long, at: next - min(begin, next))])
      _ = writer.structure(
        "prb_desc", size: descriptorSize,
        [.init("state_var", atomic, at: state), .init("text_blk_lpos", positions, at: min(begin, next))])
      _ = writer.structure(
        "printk_info", size: infoSize,
        [
          .init("seq", long, at: sequence), .init("ts_nsec", long, at: time), .init("text_len", short, at: textCount),
          .init("facility", byte, at: facility), .init("caller_id", word, at: caller),
        ])
      return writer.section
    }
  }

  enum State: UInt64 {
    case reserved = 0
    case committed = 1
    case finalized = 2
    case reusable = 3
  }

  struct Message: Equatable {
    let sequence: UInt64
    let text: String
  }

  let memory = MadeMemory()
  let shape: Shape
  private let ring, descriptors, infos, text: UInt64
  private let count, size: UInt64
  private let fillsToEnd: Bool
  private static let idMask = UInt64.lowMask(62)

  private var head, tail: UInt64
  private var textHead, textTail: UInt64
  /// The messages with a text, and where the next one's is.
  private var blocks: [(id: UInt64, next: UInt64)] = []
  /// The messages by id, as long as their descriptors and texts are there.
  private var messages: [UInt64: Message] = [:]

  /// What a reader is to find.
  var expected: [Message] { messages.values.sorted { $0.sequence < $1.sequence } }

  /// Makes an empty ring as DEFINE_PRINTKRB does.
  ///
  /// - Parameters:
  ///   - shape: the layout of its structures.
  ///   - countBits: the number of descriptors, as a power of two.
  ///   - sizeBits: the size of the ring of text, as a power of two.
  ///   - fillsToEnd: whether a text may end with the ring of text, as in newer kernels.
  init(_ shape: Shape, countBits: UInt32, sizeBits: UInt32, fillsToEnd: Bool = false) {
    self.shape = shape
    self.fillsToEnd = fillsToEnd
    (count, size) = (1 << countBits, 1 << sizeBits)
    ring = memory.allocate(256, symbol: "printk_rb_static")
    descriptors = memory.allocate(Int(count) * shape.descriptorSize)
    infos = memory.allocate(Int(count) * shape.infoSize)
    text = memory.allocate(Int(size))
    head = (0 &- (count + 1)) & Self.idMask
    tail = head
    textHead = 0 &- size
    textTail = textHead
    memory.define("prb", ring)
    memory.store(countBits, at: ring + UInt64(shape.countBits))
    memory.store(descriptors, at: ring + UInt64(shape.descriptors))
    memory.store(infos, at: ring + UInt64(shape.infos))
    memory.store(sizeBits, at: ring + UInt64(shape.sizeBits))
    memory.store(text, at: ring + UInt64(shape.text))
    memory.store(0 &- count, at: infos + UInt64(shape.sequence))
    setState(.reusable, of: head)
    storeEnds()
  }

  /// Writes a message.
  ///
  /// - Parameters:
  ///   - message: its text.
  ///   - state: how far the kernel comes with it.
  ///   - level: its level.
  ///   - time: its time in nanoseconds.
  func append(_ message: String, _ state: State = .finalized, level: UInt8 = 6, time: UInt64 = 0) {
    let id = (head &+ 1) & Self.idMask
    let oldest = (id &- count) & Self.idMask
    if oldest == tail, head != tail {
      if blocks.first?.id == tail { textTail = blocks.removeFirst().next }
      free(tail)
      tail = (tail &+ 1) & Self.idMask
    }
    head = id
    setState(.reserved, of: id)
    let info = infoAddress(id)
    let before: UInt64 = memory.load(at: info + UInt64(shape.sequence))
    let sequence = before == 0 && id & (count - 1) != 0 ? id & (count - 1) : before &+ count
    let (begin, next) = message.isEmpty ? (3, 3) : reserveText(message.utf8.count, id: id)
    memory.store(begin, at: descriptorAddress(id) + UInt64(shape.begin))
    memory.store(next, at: descriptorAddress(id) + UInt64(shape.next))
    if begin != 1, !message.isEmpty { memory.store(Array(message.utf8), at: blockAddress(begin, next) + 8) }
    memory.store(sequence, at: info + UInt64(shape.sequence))
    memory.store(time, at: info + UInt64(shape.time))
    memory.store(UInt16(message.utf8.count), at: info + UInt64(shape.textCount))
    memory.store(UInt8(3), at: info + UInt64(shape.facility))
    memory.store(level << 5 | 0b10, at: info + UInt64(shape.facility) + 1)
    memory.store(0x8000_0000 | UInt32(1), at: info + UInt64(shape.caller))
    setState(state, of: id)
    if begin != 1, state == .committed || state == .finalized {
      messages[id] = Message(sequence: sequence, text: message)
    }
    storeEnds()
  }

  /// Takes the next id without touching its descriptor, as a CPU does that is stopped at that moment.
  func takeID() {
    memory.store((head &+ 1) & Self.idMask, at: ring + UInt64(shape.headID))
  }

  /// The address of the newest message's state variable.
  var newestState: UInt64 { descriptorAddress(head) + UInt64(shape.state) }
  /// The address of the newest message's text.
  var newestText: UInt64 {
    let descriptor = descriptorAddress(head)
    return blockAddress(
      memory.load(at: descriptor + UInt64(shape.begin)), memory.load(at: descriptor + UInt64(shape.next)))
  }

  private func descriptorAddress(_ id: UInt64) -> UInt64 {
    descriptors + (id & (count - 1)) * UInt64(shape.descriptorSize)
  }
  private func infoAddress(_ id: UInt64) -> UInt64 { infos + (id & (count - 1)) * UInt64(shape.infoSize) }

  private func setState(_ state: State, of id: UInt64) {
    memory.store(state.rawValue << 62 | id, at: descriptorAddress(id) + UInt64(shape.state))
  }

  private func storeEnds() {
    memory.store(head, at: ring + UInt64(shape.headID))
    memory.store(tail, at: ring + UInt64(shape.tailID))
  }

  /// Gives up a message.
  private func free(_ id: UInt64) {
    setState(.reusable, of: id)
    messages[id] = nil
  }

  private func isSameRound(_ begin: UInt64, _ next: UInt64) -> Bool {
    begin / size == (fillsToEnd ? next &- 1 : next) / size
  }

  /// Where a block is: at the start of the ring where it would run over the end.
  private func blockAddress(_ begin: UInt64, _ next: UInt64) -> UInt64 {
    text + (isSameRound(begin, next) ? begin % size : 0)
  }

  /// Makes room for a text, and gives up the oldest ones for it.
  private func reserveText(_ count: Int, id: UInt64) -> (begin: UInt64, next: UInt64) {
    let blockCount = UInt64((count + 8 + 7) & ~7)
    guard blockCount <= size / 2 else { return (1, 1) }
    let begin = textHead
    var next = begin &+ blockCount
    if !isSameRound(begin, next) { next = next / size * size &+ blockCount }
    while next &- textTail > size {
      let oldest = blocks.removeFirst()
      free(oldest.id)
      textTail = oldest.next
    }
    textHead = next
    blocks.append((id, next))
    memory.store(id, at: blockAddress(begin, next))
    return (begin, next)
  }
}
