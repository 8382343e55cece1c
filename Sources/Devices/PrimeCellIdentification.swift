internal import Bits

/// The eight read-only registers at the end of a PrimeCell's 4 KiB by which drivers find out what it is: PeriphID0 to
/// PeriphID3 and PCellID0 to PCellID3 (such as DDI 0183G, sections 3.3.15 and 3.3.16).
struct PrimeCellIdentification: Sendable {
  /// The number of the peripheral, 12 bits.
  let part: UInt16
  /// The revision of its design, 4 bits.
  let revision: UInt8

  private static let first: UInt64 = 0xFE0
  /// Arm's number as a designer, in both of its fields.
  private static let designer: UInt32 = 0x41
  /// What every PrimeCell shows in PCellID, from the lowest register up.
  private static let component: UInt32 = 0xB105_F00D

  /// The byte in the register at `offset`; nil where that is none of the eight.
  func value(at offset: UInt64) -> UInt32? {
    guard offset >= Self.first, offset < Self.first + 8 * 4, offset % 4 == 0 else { return nil }
    let bytes = UInt64(Self.component) << 32 | UInt64(peripheral)
    let position = Int(offset - Self.first) / 4 * 8
    return UInt32(bytes[bits: position...position + 7])
  }

  /// PeriphID: part number, designer and revision; no configuration.
  private var peripheral: UInt32 {
    var value: UInt32 = 0
    value[bits: 0...11] = UInt32(part)
    value[bits: 12...19] = Self.designer
    value[bits: 20...23] = UInt32(revision)
    return value
  }
}
