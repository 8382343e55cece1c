import Bits

/// Encodes the few terms of the ACPI machine language that describe this board (ACPI 6.5, section 20.2).
enum AML {
  /// `Scope (name) { … }`.
  static func scope(_ name: String, _ body: [[UInt8]]) -> [UInt8] {
    [0x10] + package(nameSegment(name) + body.flatMap { $0 })
  }

  /// `Device (name) { … }`.
  static func device(_ name: String, _ body: [[UInt8]]) -> [UInt8] {
    [0x5b, 0x82] + package(nameSegment(name) + body.flatMap { $0 })
  }

  /// `Name (name, value)`, where the value is encoded already.
  static func name(_ name: String, _ value: [UInt8]) -> [UInt8] { [0x08] + nameSegment(name) + value }

  /// An integer of at most 32 bits.
  static func integer(_ value: UInt32) -> [UInt8] {
    switch value {
    case 0: return [0x00]
    case 1: return [0x01]
    case 2...0xff: return [0x0a, UInt8(truncatingIfNeeded: value)]
    default:
      var bytes: [UInt8] = [0x0c]
      bytes.appendLittleEndian(value)
      return bytes
    }
  }

  /// `Package () { … }`.
  static func package(of elements: [[UInt8]]) -> [UInt8] {
    [0x12] + package([UInt8(truncatingIfNeeded: elements.count)] + elements.flatMap { $0 })
  }

  /// `EisaId ("PNP0501")`: three letters of 5 bits each and four hexadecimal digits, the high byte first.
  static func eisaID(_ id: String) -> [UInt8] {
    let letters = id.utf8.prefix(3).reduce(UInt32(0)) { $0 << 5 | UInt32($1 & 0x1f) }
    let product = UInt32(id.dropFirst(3), radix: 16) ?? 0
    return integer((letters << 16 | product & 0xffff).byteSwapped)
  }

  /// `ResourceTemplate () { … }` (ACPI 6.5, section 6.4.2): fixed I/O ports, interrupt lines, and the end tag.
  static func resources(ports: [(first: UInt16, count: UInt8)], interrupt: UInt8) -> [UInt8] {
    var bytes: [UInt8] = []
    for port in ports {
      // IO (Decode16, first, first, 1, count)
      bytes += [0x47, 0x01]
      bytes.appendLittleEndian(port.first)
      bytes.appendLittleEndian(port.first)
      bytes += [0x01, port.count]
    }
    // IRQNoFlags () {interrupt}
    bytes.append(0x22)
    bytes.appendLittleEndian(UInt16(1) << UInt16(interrupt))
    // The end tag, with a checksum of 0: none.
    bytes += [0x79, 0x00]
    return buffer(bytes)
  }

  /// `Buffer () { … }`.
  private static func buffer(_ bytes: [UInt8]) -> [UInt8] {
    [0x11] + package(integer(UInt32(truncatingIfNeeded: bytes.count)) + bytes)
  }

  /// A name of one to four letters, filled up with `_`.
  private static func nameSegment(_ name: String) -> [UInt8] {
    let letters = name.utf8.prefix(4)
    return letters + [UInt8](repeating: UInt8(ascii: "_"), count: 4 - letters.count)
  }

  /// A body behind its length, which counts its own bytes too: 1 byte up to 63, 2 up to 4095, 3 up to 1 MiB.
  static func package(_ body: [UInt8]) -> [UInt8] {
    if body.count + 1 <= 0x3f { return [UInt8(body.count + 1)] + body }
    let extraBytes = body.count + 2 <= 0xfff ? 1 : 2
    let count = body.count + 1 + extraBytes
    var length = [UInt8(extraBytes << 6 | count & 0xf)]
    for number in 0..<extraBytes { length.append(UInt8(truncatingIfNeeded: count >> (4 + 8 * number))) }
    return length + body
  }
}
