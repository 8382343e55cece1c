/// Reads the fields of one packet from left to right.
///
/// It looks at the session's own input, so it is good until the packet is answered.
struct PacketReader {
  // SAFETY: the decoder keeps the bytes in place until the packet is removed, which comes after its answer.
  private var rest: UnsafeMutableRawBufferPointer

  init(_ contents: UnsafeMutableRawBufferPointer) { rest = contents }

  var isAtEnd: Bool { rest.isEmpty }

  private mutating func take(_ count: Int) -> UnsafeMutableRawBufferPointer {
    let taken = UnsafeMutableRawBufferPointer(rebasing: rest[..<count])
    rest = UnsafeMutableRawBufferPointer(rebasing: rest[count...])
    return taken
  }

  /// A packet's name, or the name of an object in one.
  struct Name {
    fileprivate let bytes: UnsafeMutableRawBufferPointer

    /// It as text; malformed UTF-8 is replaced.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Lets a `switch` over names list them as literals.
    static func ~= (name: StaticString, candidate: Name) -> Bool {
      name.utf8CodeUnitCount == candidate.bytes.count
        && UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
          .elementsEqual(candidate.bytes)
    }
  }

  /// The packet's name: one character, or for those that start with `q`, `Q` or `v` all up to a separator.
  mutating func packetName() -> Name {
    switch rest.first {
    case nil: Name(bytes: take(0))
    case UInt8(ascii: "q"), UInt8(ascii: "Q"), UInt8(ascii: "v"):
      field { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: ",") }
    default: Name(bytes: take(1))
    }
  }

  /// All up to the separator, which is not taken, or to the end.
  mutating func field(endingAt separator: Unicode.Scalar) -> Name { field { $0 == separator.value } }

  private mutating func field(endingWhere isSeparator: (UInt8) -> Bool) -> Name {
    Name(bytes: take(rest.firstIndex(where: isSeparator) ?? rest.count))
  }

  /// The next character, or nil at the end.
  mutating func character() -> Unicode.Scalar? {
    isAtEnd ? nil : Unicode.Scalar(take(1)[0])
  }

  /// Takes the character if it is the next one.
  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard let next = rest.first, next == character.value else { return false }
    _ = take(1)
    return true
  }

  /// Takes the character, which must be the next one.
  mutating func require(_ character: Unicode.Scalar) throws(TargetError) {
    guard skip(character) else { throw .invalid("the packet lacks a separator") }
  }

  /// Nothing may be left.
  func requireEnd() throws(TargetError) {
    guard isAtEnd else { throw .invalid("the packet has something behind its last field") }
  }

  /// A number in hexadecimal digits of at most 64 bits.
  mutating func number() throws(TargetError) -> UInt64 {
    var value: UInt64 = 0
    var digits = 0
    while digits < rest.count, let digit = Hex.value(rest[digits]) {
      guard value >> 60 == 0 else { throw .invalid("a number in the packet has more than 64 bits") }
      value = value << 4 | UInt64(digit)
      digits += 1
    }
    guard digits > 0 else { throw .invalid("the packet lacks a number") }
    _ = take(digits)
    return value
  }

  /// The rest, as hexadecimal digits that are not decoded yet.
  mutating func remainingDigits() -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(take(rest.count)) }

  /// The rest, hexadecimal digits, decoded.
  mutating func remainingHex() throws(TargetError) -> UnsafeRawBufferPointer { try Self.decode(take(rest.count)) }

  /// All up to the separator, which is not taken, or to the end: hexadecimal digits, decoded as text.
  mutating func hexText(endingAt separator: Unicode.Scalar) throws(TargetError) -> String {
    String(decoding: try Self.decode(field(endingAt: separator).bytes), as: UTF8.self)
  }

  private static func decode(_ digits: UnsafeMutableRawBufferPointer) throws(TargetError) -> UnsafeRawBufferPointer {
    let bytes = UnsafeMutableRawBufferPointer(rebasing: digits[..<(digits.count / 2)])
    // Decoding in place is safe: a byte is written only after both of its digits, which lie no earlier, were read.
    guard Hex.decode(UnsafeRawBufferPointer(digits), into: bytes) else {
      throw .invalid("the packet's data is not pairs of hexadecimal digits")
    }
    return UnsafeRawBufferPointer(bytes)
  }

  /// The rest, binary data, its escapes undone.
  mutating func remainingBinary() throws(TargetError) -> UnsafeRawBufferPointer {
    let data = take(rest.count)
    let escape = UInt8(ascii: "}")
    var target = 0
    var source = 0
    // In place, since what is written never overtakes what is read.
    while source < data.count {
      let end = ByteScan.firstIndex(of: escape, or: escape, in: UnsafeRawBufferPointer(data), from: source)
      let plain = UnsafeRawBufferPointer(rebasing: data[source..<end])
      UnsafeMutableRawBufferPointer(rebasing: data[target...]).copyMemory(from: plain)
      target += plain.count
      source = end
      guard end < data.count else { break }
      guard end + 1 < data.count else { throw .invalid("the packet's data ends in an escape") }
      data[target] = data[end + 1] ^ 0x20
      target += 1
      source = end + 2
    }
    return UnsafeRawBufferPointer(rebasing: data[..<target])
  }
}
