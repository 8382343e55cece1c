import Bits

/// A translation table descriptor as one level of one geometry reads it (Arm ARM, section D8.3).
struct StageOneDescriptor {
  let rawValue: UInt64
  let level: Int
  let geometry: TranslationGeometry

  /// What a descriptor is, by its bits 1:0 and its level.
  enum Kind {
    case invalid
    case table
    /// Bits 1:0 say that it maps memory, which no descriptor of its level does.
    case reserved
    case block
    case page
  }

  var kind: Kind {
    switch rawValue[bits: 0...1] {
    case 0b11: level == 3 ? .page : .table
    case 0b01: level < 3 && geometry.mapsMemory(at: level) ? .block : .reserved
    default: .invalid
    }
  }

  /// Where the memory or the table that it refers to starts.
  var target: GuestPhysical {
    let shift = kind == .block ? geometry.shift(at: level) : geometry.granule.shift
    var address = rawValue & UInt64.lowMask(geometry.hasLargeDescriptors ? 50 : 48) & ~UInt64.lowMask(shift)
    if geometry.hasLargeDescriptors {
      address[bits: 50...51] = rawValue[bits: 8...9]
    } else if geometry.hasHighAddressBits {
      address[bits: 48...51] = rawValue[bits: 12...15]
    }
    return GuestPhysical(address)
  }

  // MARK: Attributes of tables

  /// APTable[1]: nothing below can be written.
  var deniesWrites: Bool { rawValue[bit: 62] }
  /// APTable[0]: EL0 has no access to anything below.
  var deniesEL0: Bool { rawValue[bit: 61] }
  /// UXNTable: EL0 executes nothing below.
  var deniesEL0Execution: Bool { rawValue[bit: 60] }
  /// PXNTable: EL1 executes nothing below.
  var deniesEL1Execution: Bool { rawValue[bit: 59] }

  // MARK: Attributes of blocks and pages

  /// UXN: EL0 does not execute it.
  var isEL0ExecuteNever: Bool { rawValue[bit: 54] }
  /// PXN: EL1 does not execute it.
  var isEL1ExecuteNever: Bool { rawValue[bit: 53] }
  /// The contiguous hint.
  var isContiguous: Bool { rawValue[bit: 52] }
  /// DBM: the CPU itself may make it writable.
  var isDirtyBitModifier: Bool { rawValue[bit: 51] }
  /// GP: branches into it must land on a BTI.
  var isGuarded: Bool { rawValue[bit: 50] }
  /// nG: it belongs to one address space.
  var isNotGlobal: Bool { rawValue[bit: 11] }
  /// AF: it was accessed.
  var isAccessed: Bool { rawValue[bit: 10] }
  /// AP[2], or nDirty where permissions are looked up in PIR_EL1: it is read-only, or clean.
  var isReadOnly: Bool { rawValue[bit: 7] }
  /// AP[1]: EL0 has access.
  var isEL0Accessible: Bool { rawValue[bit: 6] }
  /// AttrIndx: the index in MAIR_EL1.
  var attributeIndex: Int { Int(truncatingIfNeeded: rawValue[bits: 2...4]) }
  /// Bits 58:55, which are software's.
  var softwareBits: UInt64 { rawValue[bits: 55...58] }
  /// PIIndex: the index in PIR_EL1 and PIRE0_EL1, where permissions are looked up there.
  var permissionIndex: Int {
    Int(truncatingIfNeeded: rawValue[bits: 53...54] << 2 | rawValue[bits: 51...51] << 1 | rawValue[bits: 6...6])
  }

  func shareability(_ tcr: TCR) -> Shareability {
    geometry.hasLargeDescriptors ? tcr.shareability(geometry.range) : Shareability(bits: rawValue[bits: 8...9])
  }

  /// `block` or `page` with its size, such as `2M block`.
  var sizeName: String {
    let shift = geometry.shift(at: level)
    let units = ["K", "M", "G", "T"]
    let unit = min((shift - 10) / 10, units.count - 1)
    return "\(1 << (shift - 10 * (unit + 1)))\(units[unit]) \(kind == .page ? "page" : "block")"
  }
}
