/// Hexadecimal digits as the remote protocol writes them: two to a byte, high half first, in lower case.
enum Hex {
  /// The digit for the low four bits of `value`.
  @inline(__always)
  static func digit(_ value: UInt8) -> UInt8 {
    let nibble = value & 15
    return nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") - 10 + nibble
  }

  /// The value of a digit of either case, or nil where the byte is none.
  @inline(__always)
  static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  /// The digits of 16 bytes.
  ///
  /// Each lane of 16 bits takes one byte and becomes its two digits, the high one first in memory.
  @inline(__always)
  static func digits(_ bytes: SIMD16<UInt8>) -> SIMD16<UInt16> {
    let wide = SIMD16<UInt16>(truncatingIfNeeded: bytes)
    let nibbles = ((wide &>> 4) | (wide &<< 8)) & 0x0f0f
    // Adding 6 carries into bit 4 just for the nibbles from 10 up, whose digits lie 39 further on.
    let letters = ((nibbles &+ 0x0606) &>> 4) & 0x0101
    return nibbles &+ 0x3030 &+ letters &* 39
  }

  /// Whether all 16 digits of the word are the same.
  @inline(__always)
  static func isUniform(_ word: UInt64) -> Bool { word == (word &<< 4 | word &>> 60) }

  /// Decodes digits, two to a byte, to the start of `bytes`.
  ///
  /// - Returns: false where one is not a digit or there are not twice as many of them as bytes.
  static func decode(_ digits: UnsafeRawBufferPointer, into bytes: UnsafeMutableRawBufferPointer) -> Bool {
    guard digits.count % 2 == 0, digits.count / 2 == bytes.count else { return false }
    for index in bytes.indices {
      guard let high = value(digits[2 * index]), let low = value(digits[2 * index + 1]) else { return false }
      bytes[index] = high << 4 | low
    }
    return true
  }
}
