/// Makes packets of replies: framing, checksums, escapes and run-length encoding.
///
/// A packet is opened by `beginPacket`, filled by the functions that append, and closed by `endPacket`. Run-length
/// encoding is applied where long runs come from, in the data of memory and registers; gdb undoes it in every packet
/// before it looks at the contents, binary data included (GDB manual, "Overview" of the remote protocol).
struct PacketEncoder: ~Copyable {
  private var output = ByteBuffer()
  /// How many bytes the open packet has after its `$`.
  private var payloadCount: Int { output.count - packetStart }
  private var packetStart = 0
  /// The last whole packet, for a client that asks for it again; empty unless `keepsLastPacket`.
  private var lastPacket = ByteBuffer()

  /// Whether the client acknowledges packets and may want the last one again.
  var keepsLastPacket = true {
    didSet { if !keepsLastPacket { lastPacket = ByteBuffer() } }
  }

  init() {}

  // MARK: What is to be sent

  var count: Int { output.count }
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(output.bytes) }

  mutating func discard(_ count: Int) { output.removeFirst(count) }

  /// A `+` or `-`, which stands between packets.
  mutating func appendAcknowledgment(_ isPositive: Bool) { output.append(UInt8(ascii: isPositive ? "+" : "-")) }

  /// Sends the last packet again, unless it, or something after it, still waits to be sent.
  mutating func repeatLastPacket() {
    if output.isEmpty { output.append(contentsOf: UnsafeRawBufferPointer(lastPacket.bytes)) }
  }

  // MARK: Framing

  mutating func beginPacket() {
    output.append(UInt8(ascii: "$"))
    packetStart = output.count
  }

  mutating func endPacket() {
    let payload = UnsafeRawBufferPointer(rebasing: output.bytes[packetStart...])
    let sum = ByteScan.sum(payload)
    append("#")
    append(Hex.digit(sum >> 4))
    append(Hex.digit(sum))
    guard keepsLastPacket else { return }
    lastPacket.removeAll()
    lastPacket.append(contentsOf: UnsafeRawBufferPointer(rebasing: output.bytes[(packetStart - 1)...]))
  }

  /// Takes the open packet's contents back, to write others.
  mutating func clearPacket() { output.removeLast(payloadCount) }

  /// Takes the open packet back: nothing is replied.
  mutating func cancelPacket() { output.removeLast(payloadCount + 1) }

  // MARK: Contents

  mutating func append(_ byte: UInt8) { output.append(byte) }

  /// Appends characters that need no escape.
  mutating func append(_ text: StaticString) {
    output.append(contentsOf: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Appends a number in hexadecimal without leading zeros.
  mutating func append(number: UInt64) {
    var shift = max(0, (UInt64.bitWidth - 1 - number.leadingZeroBitCount) & ~3)
    while true {
      append(Hex.digit(UInt8(truncatingIfNeeded: number &>> UInt64(shift))))
      if shift == 0 { return }
      shift -= 4
    }
  }

  /// Appends two hexadecimal digits.
  mutating func append(hexByte: UInt8) {
    append(Hex.digit(hexByte >> 4))
    append(Hex.digit(hexByte))
  }

  /// Appends text for people, with `?` for every character that a packet cannot carry as it is.
  mutating func append(plainText: String) {
    for byte in plainText.utf8 {
      switch byte {
      case ..<0x20, 0x7f, UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "*"), UInt8(ascii: "}"):
        append("?")
      default: append(byte)
      }
    }
  }

  /// Appends `count` times the same character, encoded as runs.
  mutating func append(_ character: UInt8, times count: Int) {
    // SAFETY: a run is never longer than unencoded, so the room for that is enough.
    let start = output.reserve(count)
    output.commit(Self.storeRun(of: character, times: count, at: start) - start)
  }

  /// Appends bytes as hexadecimal digits.
  mutating func append(hex bytes: UnsafeRawBufferPointer) {
    // SAFETY: each byte takes at most its two digits, for which there is room; loads stay inside `bytes`.
    let start = output.reserve(2 * bytes.count)
    var out = start
    var index = 0
    while index &+ 16 <= bytes.count {
      let low = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      if Hex.isUniform(low) {
        out = Self.storeHexRun(of: low, in: bytes, from: &index, at: out)
        continue
      }
      let block = bytes.loadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self)
      out.storeBytes(of: Hex.digits(block), as: SIMD16<UInt16>.self)
      // A uniform second half is left to the next round, which finds the run that starts there.
      let high = bytes.loadUnaligned(fromByteOffset: index &+ 8, as: UInt64.self)
      let taken = Hex.isUniform(high) ? 8 : 16
      out += 2 &* taken
      index &+= taken
    }
    if index &+ 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      if Hex.isUniform(word) { out = Self.storeHexRun(of: word, in: bytes, from: &index, at: out) }
    }
    while index < bytes.count {
      out.storeBytes(of: Hex.digit(bytes[index] >> 4), as: UInt8.self)
      out.storeBytes(of: Hex.digit(bytes[index]), toByteOffset: 1, as: UInt8.self)
      out += 2
      index &+= 1
    }
    output.commit(out - start)
  }

  /// Appends binary data: `#`, `$`, `}` and `*` are escaped, long runs encoded.
  mutating func append(binary bytes: UnsafeRawBufferPointer) {
    // SAFETY: loads stay inside `bytes`; each byte takes at most two, and the last block may be stored whole although only its start counts.
    let start = output.reserve(2 * bytes.count + 16)
    var out = start
    var index = 0
    while index &+ 16 <= bytes.count {
      let block = bytes.loadUnaligned(fromByteOffset: index, as: SIMD2<UInt64>.self)
      out.storeBytes(of: block, as: SIMD2<UInt64>.self)
      if let lane = ByteScan.firstLane(Self.escaped(block)) {
        Self.storeEscape(of: bytes[index &+ lane], at: out + lane)
        out += lane &+ 2
        index &+= lane &+ 1
      } else if ByteScan.isUniform(block) {
        out = Self.storeBinaryRun(of: bytes[index], in: bytes, from: &index, at: out)
      } else {
        out += 16
        index &+= 16
      }
    }
    while index < bytes.count {
      let byte = bytes[index]
      if Self.isEscaped(byte) {
        Self.storeEscape(of: byte, at: out)
        out += 2
      } else {
        out.storeBytes(of: byte, as: UInt8.self)
        out += 1
      }
      index &+= 1
    }
    output.commit(out - start)
  }

  // MARK: Escapes and runs

  /// Marks the bytes of the block that need an escape.
  @inline(__always)
  private static func escaped(_ block: SIMD2<UInt64>) -> SIMD2<UInt64> {
    ByteScan.lanes(of: UInt8(ascii: "#"), in: block) | ByteScan.lanes(of: UInt8(ascii: "$"), in: block)
      | ByteScan.lanes(of: UInt8(ascii: "}"), in: block) | ByteScan.lanes(of: UInt8(ascii: "*"), in: block)
  }

  @inline(__always)
  private static func isEscaped(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "#") || byte == UInt8(ascii: "$") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "*")
  }

  @inline(__always)
  private static func storeEscape(of byte: UInt8, at out: UnsafeMutableRawPointer) {
    out.storeBytes(of: UInt8(ascii: "}"), as: UInt8.self)
    out.storeBytes(of: byte ^ 0x20, toByteOffset: 1, as: UInt8.self)
  }

  /// Stores the run that starts with the uniform `word` at `index`, and moves `index` behind its last whole word.
  private static func storeHexRun(
    of word: UInt64, in bytes: UnsafeRawBufferPointer, from index: inout Int, at out: UnsafeMutableRawPointer
  ) -> UnsafeMutableRawPointer {
    let start = index
    repeat {
      index &+= 8
    } while index &+ 8 <= bytes.count
      && bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) == word
    return storeRun(of: Hex.digit(UInt8(truncatingIfNeeded: word)), times: 2 &* (index &- start), at: out)
  }

  /// Stores the run that starts with the block of equal bytes at `index`, and moves `index` behind its last whole word.
  private static func storeBinaryRun(
    of byte: UInt8, in bytes: UnsafeRawBufferPointer, from index: inout Int, at out: UnsafeMutableRawPointer
  ) -> UnsafeMutableRawPointer {
    let start = index
    let word = UInt64(byte) &* 0x0101_0101_0101_0101
    repeat {
      index &+= 8
    } while index &+ 8 <= bytes.count
      && bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) == word
    return storeRun(of: byte, times: index &- start, at: out)
  }

  /// Stores `count` times the same character in at most `count` bytes, and returns where they end.
  ///
  /// A run is the character, `*` and the number of further repeats plus 29 as a printable character: 3 to 97 of them.
  private static func storeRun(
    of character: UInt8, times count: Int, at start: UnsafeMutableRawPointer
  ) -> UnsafeMutableRawPointer {
    var out = start
    var left = count
    // SAFETY: the callers have room for the run unencoded, and no group of it is longer than what it stands for.
    while left > 0 {
      out.storeBytes(of: character, as: UInt8.self)
      out += 1
      left &-= 1
      guard left >= 3 else { continue }
      var repeats = min(left, 97)
      // `#` and `$` end and start packets; `+` and `-` could be taken for acknowledgments.
      while repeats == 6 || repeats == 7 || repeats == 14 || repeats == 16 { repeats &-= 1 }
      out.storeBytes(of: UInt8(ascii: "*"), as: UInt8.self)
      out.storeBytes(of: UInt8(truncatingIfNeeded: repeats &+ 29), toByteOffset: 1, as: UInt8.self)
      out += 2
      left &-= repeats
    }
    return out
  }
}
