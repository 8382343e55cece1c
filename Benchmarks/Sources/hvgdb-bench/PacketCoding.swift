import Glibc

/// The encodings of packet data (GDB manual, "Overview" of the remote protocol), at memory speed: the client shares the
/// machine with the server that it measures.
enum PacketCoding {
  /// The modulo 256 sum of a packet's data.
  static func checksum(_ data: UnsafeRawBufferPointer) -> UInt8 {
    data.reduce(0, &+)
  }

  /// Decodes hexadecimal digits into bytes at the start of `output`.
  ///
  /// - Returns: how many bytes; nil for an odd number of digits, another character, or too small an output.
  static func decodeHex(_ digits: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int? {
    let count = digits.count / 2
    guard digits.count == 2 * count, count <= output.count else { return nil }
    var index = 0
    var wrong: UInt64 = 0
    while index + 4 <= count {
      let text = UInt64(littleEndian: digits.loadUnaligned(fromByteOffset: 2 * index, as: UInt64.self))
      wrong |= otherCharacters(in: text)
      output.storeBytes(of: bytes(ofDigits: text).littleEndian, toByteOffset: index, as: UInt32.self)
      index += 4
    }
    guard wrong == 0 else { return nil }
    while index < count {
      guard let high = nibble(digits[2 * index]), let low = nibble(digits[2 * index + 1]) else { return nil }
      output[index] = high << 4 | low
      index += 1
    }
    return count
  }

  /// The four bytes that eight digits stand for, the first digit and the first byte being the lowest.
  private static func bytes(ofDigits text: UInt64) -> UInt32 {
    // A digit's low four bits are its value, a letter's its value less 9; bit 6 tells letters from digits.
    let nibbles = (text & each(0x0f)) &+ 9 &* ((text >> 6) & each(0x01))
    let bytes = (nibbles << 4 | nibbles >> 8) & 0x00ff_00ff_00ff_00ff
    let pairs = (bytes | bytes >> 8) & 0x0000_ffff_0000_ffff
    return UInt32(truncatingIfNeeded: pairs | pairs >> 16)
  }

  /// Bit 7 of each of eight characters that is not a hexadecimal digit.
  private static func otherCharacters(in text: UInt64) -> UInt64 {
    let ascii = text & each(0x7f)
    let small = ascii | each(0x20)
    // Adding 0x80 less a bound carries into bit 7 where a character reaches the bound, and never beyond its byte.
    let isDigit = (ascii &+ each(0x80 - 0x30)) & ~(ascii &+ each(0x80 - 0x3a))
    let isLetter = (small &+ each(0x80 - 0x61)) & ~(small &+ each(0x80 - 0x67))
    return (text | ~(isDigit | isLetter)) & each(0x80)
  }

  /// Eight times the same byte.
  private static func each(_ byte: UInt64) -> UInt64 { byte &* 0x0101_0101_0101_0101 }

  /// The value of one hexadecimal digit.
  static func nibble(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  /// Appends two digits for each byte.
  static func appendHex(_ bytes: some Sequence<UInt8>, to packet: inout [UInt8]) {
    for byte in bytes {
      packet.append(hexDigit(byte >> 4))
      packet.append(hexDigit(byte & 15))
    }
  }

  /// The digit of a value below 16.
  static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
  }

  /// Undoes the escapes of binary data: `}` and the byte exclusive-or 0x20.
  ///
  /// - Returns: how many bytes are at the start of `output`; nil where they do not fit, or a `}` ends the data.
  static func unescape(_ data: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int? {
    var index = 0
    var count = 0
    while index < data.count {
      let escape = data.firstIndex(of: UInt8(ascii: "}"), from: index) ?? data.count
      guard escape - index <= output.count - count else { return nil }
      output.copy(data[index..<escape], at: count)
      count += escape - index
      guard escape < data.count else { break }
      guard escape + 1 < data.count, count < output.count else { return nil }
      output[count] = data[escape + 1] ^ 0x20
      count += 1
      index = escape + 2
    }
    return count
  }

  /// Expands run lengths: `*` and a character that says, less 29, how often the one before is repeated.
  ///
  /// - Returns: whether the data is well formed.
  static func expandRuns(_ data: UnsafeRawBufferPointer, into output: inout ByteBuffer) -> Bool {
    output.count = 0
    var index = 0
    while index < data.count {
      let star = data.firstIndex(of: UInt8(ascii: "*"), from: index) ?? data.count
      output.append(data[index..<star])
      guard star < data.count else { break }
      guard star > 0, star + 1 < data.count, data[star + 1] > 29, let last = output.bytes.last else { return false }
      output.append(repeating: last, count: Int(data[star + 1]) - 29)
      index = star + 2
    }
    return true
  }
}

extension UnsafeRawBufferPointer {
  /// Where `byte` is found first, at `start` or after.
  func firstIndex(of byte: UInt8, from start: Int) -> Int? {
    guard let base = baseAddress, start < count else { return nil }
    // SAFETY: the search stays inside the buffer.
    guard let found = memchr(base + start, CInt(byte), count - start) else { return nil }
    return UnsafeRawPointer(found) - base
  }
}

extension UnsafeMutableRawBufferPointer {
  /// Copies `source` to `offset`, where it must fit.
  func copy(_ source: Slice<UnsafeRawBufferPointer>, at offset: Int) {
    UnsafeMutableRawBufferPointer(rebasing: self[offset...]).copyMemory(from: UnsafeRawBufferPointer(rebasing: source))
  }
}
