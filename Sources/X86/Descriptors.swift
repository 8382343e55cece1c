import Bits

/// A segment descriptor (SDM volume 3, sections 3.4.5 and 3.5).
public struct SegmentDescriptor: Sendable, Equatable {
  /// Where the segment starts: 32 bits, or 64 in the 16-byte descriptors of long mode.
  public let base: UInt64
  /// The segment's last byte; granularity is applied.
  public let limit: UInt32
  /// Type, privilege level and flags.
  public let attributes: X86SegmentAttributes

  /// Makes a descriptor.
  ///
  /// - Parameters:
  ///   - base: where the segment starts.
  ///   - limit: its last byte.
  ///   - attributes: type, privilege level and flags.
  public init(base: UInt64, limit: UInt32, attributes: X86SegmentAttributes) {
    self.base = base
    self.limit = limit
    self.attributes = attributes
  }

  /// Makes the descriptor of a segment over all of the 32-bit address space.
  public init(flat attributes: X86SegmentAttributes) {
    self.init(base: 0, limit: 0xffff_ffff, attributes: attributes)
  }

  /// Decodes a descriptor.
  ///
  /// - Parameters:
  ///   - low: its first 8 bytes.
  ///   - high: the next 8 bytes where it is a system descriptor in long mode; else 0.
  public init(low: UInt64, high: UInt64 = 0) {
    var attributes: UInt64 = 0
    attributes[bits: 0...7] = low[bits: 40...47]
    attributes[bits: 12...15] = low[bits: 52...55]
    self.attributes = X86SegmentAttributes(rawValue: attributes)
    base = low[bits: 16...39] | low[bits: 56...63] << 24 | high[bits: 0...31] << 32
    let units = UInt32(truncatingIfNeeded: low[bits: 0...15] | low[bits: 48...51] << 16)
    limit = attributes[bit: 15] ? units << 12 | 0xfff : units
  }

  /// The descriptor's 8 bytes; the base's low 32 bits, and the limit in pages where granularity says so.
  public var encoded: UInt64 {
    let units = UInt64(attributes.contains(.granularity) ? limit >> 12 : limit)
    var value: UInt64 = 0
    value[bits: 0...15] = units
    value[bits: 16...39] = base
    value[bits: 40...47] = attributes.rawValue
    value[bits: 48...51] = units >> 16
    value[bits: 52...55] = attributes.rawValue >> 12
    value[bits: 56...63] = base >> 24
    return value
  }

  /// Whether it takes 16 bytes in long mode: TSS, LDT and call gate.
  var isLongSystem: Bool { !attributes.contains(.codeOrData) && [2, 9, 11, 12].contains(attributes.type) }

  /// The descriptor in words, such as `64-bit code, execute-read, accessed, DPL 0, base 0x0, limit 0xffffffff`.
  public var summary: String {
    guard attributes.contains(.present) else { return "not present" }
    return "\(kind), DPL \(attributes.privilegeLevel), base 0x\(String(base, radix: 16)),"
      + " limit 0x\(String(limit, radix: 16))"
  }

  /// What the type bits say (SDM volume 3, tables 3-1 and 3-2).
  private var kind: String {
    let type = attributes.type
    guard attributes.contains(.codeOrData) else {
      switch type {
      case 1: return "16-bit TSS, available"
      case 2: return "LDT"
      case 3: return "16-bit TSS, busy"
      case 4: return "16-bit call gate"
      case 5: return "task gate"
      case 6: return "16-bit interrupt gate"
      case 7: return "16-bit trap gate"
      case 9: return "TSS, available"
      case 11: return "TSS, busy"
      case 12: return "call gate"
      case 14: return "interrupt gate"
      case 15: return "trap gate"
      default: return "reserved type \(type)"
      }
    }
    let accessed = type[bit: 0] ? ", accessed" : ""
    if type[bit: 3] {
      let width = attributes.contains(.long) ? "64" : attributes.contains(.big) ? "32" : "16"
      return "\(width)-bit code, execute\(type[bit: 1] ? "-read" : "-only")\(type[bit: 2] ? ", conforming" : "")"
        + accessed
    }
    return "data, read\(type[bit: 1] ? "-write" : "-only")\(type[bit: 2] ? ", expand-down" : "")" + accessed
  }

  /// The descriptors of a GDT or an LDT that are not empty.
  ///
  /// - Parameters:
  ///   - table: the table's bytes; what is left of a last incomplete entry is ignored.
  ///   - isLongMode: whether system descriptors take 16 bytes.
  /// - Returns: each with the selector that names it, its two low bits clear.
  public static func table(
    _ table: [UInt8], isLongMode: Bool
  ) -> [(selector: UInt16, descriptor: SegmentDescriptor)] {
    var entries: [(selector: UInt16, descriptor: SegmentDescriptor)] = []
    var offset = 0
    while let low: UInt64 = table.littleEndian(at: offset), let selector = UInt16(exactly: offset) {
      let short = SegmentDescriptor(low: low)
      let high: UInt64? = isLongMode && short.isLongSystem ? table.littleEndian(at: offset + 8) : nil
      if low != 0 {
        entries.append((selector: selector, descriptor: high.map { SegmentDescriptor(low: low, high: $0) } ?? short))
      }
      offset += high == nil ? 8 : 16
    }
    return entries
  }
}

/// A gate of the interrupt descriptor table (SDM volume 3, figures 6-2 and 6-8).
public struct InterruptGate: Sendable, Equatable {
  /// Where the handler is, in its code segment.
  public let offset: UInt64
  /// The handler's code segment, or a task gate's TSS.
  public let selector: UInt16
  /// The entry of the interrupt stack table that long mode switches to, 1 to 7; 0 switches none.
  public let stackTableIndex: UInt8
  /// The type: 5 task, 6 and 7 16-bit, 14 interrupt, 15 trap.
  public let type: UInt8
  /// The least privileged ring that may use the gate by an INT instruction.
  public let privilegeLevel: UInt8
  /// P.
  public let isPresent: Bool

  /// Decodes a gate.
  ///
  /// - Parameters:
  ///   - low: its first 8 bytes.
  ///   - high: the next 8 bytes in long mode; nil outside it.
  public init(low: UInt64, high: UInt64?) {
    offset = low[bits: 0...15] | low[bits: 48...63] << 16 | (high ?? 0)[bits: 0...31] << 32
    selector = UInt16(truncatingIfNeeded: low[bits: 16...31])
    stackTableIndex = high == nil ? 0 : UInt8(truncatingIfNeeded: low[bits: 32...34])
    type = UInt8(truncatingIfNeeded: low[bits: 40...43])
    privilegeLevel = UInt8(truncatingIfNeeded: low[bits: 45...46])
    isPresent = low[bit: 47]
  }

  /// The gate in words, such as `interrupt gate, 0x10:0xffffffff81e00ac0, DPL 0, IST 1`.
  public var summary: String {
    guard isPresent else { return "not present" }
    let kind =
      switch type {
      case 5: "task gate"
      case 6: "16-bit interrupt gate"
      case 7: "16-bit trap gate"
      case 14: "interrupt gate"
      case 15: "trap gate"
      default: "reserved type \(type)"
      }
    return "\(kind), 0x\(String(selector, radix: 16)):0x\(String(offset, radix: 16)), DPL \(privilegeLevel)"
      + (stackTableIndex == 0 ? "" : ", IST \(stackTableIndex)")
  }

  /// The gates of an interrupt descriptor table, each at the position of its vector, 256 at most.
  ///
  /// - Parameters:
  ///   - table: the table's bytes; what is left of a last incomplete gate is ignored.
  ///   - isLongMode: whether gates take 16 bytes, or 8.
  /// - Returns: the gates, those that are not present among them.
  public static func table(_ table: [UInt8], isLongMode: Bool) -> [InterruptGate] {
    let byteCount = isLongMode ? 16 : 8
    return (0..<min(table.count / byteCount, 256)).compactMap { vector in
      guard let low: UInt64 = table.littleEndian(at: vector * byteCount) else { return nil }
      return InterruptGate(low: low, high: isLongMode ? table.littleEndian(at: vector * byteCount + 8) : nil)
    }
  }
}
