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
    var seen: UInt8 = 0
    for index in 0..<count {
      let high = digitValue(digits[2 &* index])
      let low = digitValue(digits[2 &* index &+ 1])
      seen |= high | low
      output[index] = high &<< 4 | low
    }
    return seen < 16 ? count : nil
  }

  /// The value of one hexadecimal digit.
  static func nibble(_ character: UInt8) -> UInt8? {
    let value = digitValue(character)
    return value < 16 ? value : nil
  }

  /// The value of one hexadecimal digit, and 0x80 for any other character; free of branches, so that the compiler
  /// makes a loop over it one of vectors.
  private static func digitValue(_ character: UInt8) -> UInt8 {
    let digit = character &- UInt8(ascii: "0")
    let letter = (character | 0x20) &- UInt8(ascii: "a")
    return digit < 10 ? digit : letter < 6 ? letter &+ 10 : 0x80
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
