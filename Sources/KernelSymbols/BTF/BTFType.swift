import Bits

/// The head of a type's record, `struct btf_type`; what follows it depends on the kind (Linux,
/// Documentation/bpf/btf.rst, section 2.2, "Type Encoding").
struct BTFType {
  /// `BTF_KIND_*`.
  enum Kind: UInt32 {
    case integer = 1
    case pointer = 2
    case array = 3
    case structure = 4
    case union = 5
    case enumeration = 6
    case forward = 7
    case typedef = 8
    case volatile = 9
    case const = 10
    case restrict = 11
    case function = 12
    case prototype = 13
    case variable = 14
    case dataSection = 15
    case float = 16
    case declarationTag = 17
    case typeTag = 18
    case enumeration64 = 19
  }

  static let headCount = 12
  /// `struct btf_member`: the name, the type, and the offset in bits.
  static let memberCount = 12

  /// Where its details start in the section, behind the head.
  let details: Int
  /// Where its name starts among the strings; 0 where it has none.
  let nameOffset: UInt32
  let kind: Kind
  /// How many members, enumerators or parameters it has: `vlen`.
  let count: Int
  /// `kind_flag`: whether the offsets of members hold the sizes of bit fields, or enumerators have signs.
  let hasFlag: Bool
  /// Its size in bytes, or the type that it refers to.
  let sizeOrType: UInt32

  /// Decodes the head at an offset of the section; nil where it is cut off or of a kind unknown here.
  init?(_ section: UnsafeRawBufferPointer, at offset: Int) {
    guard let name: UInt32 = section.littleEndian(at: offset), let info: UInt32 = section.littleEndian(at: offset + 4),
      let sizeOrType: UInt32 = section.littleEndian(at: offset + 8), let kind = Kind(rawValue: info[bits: 24...28])
    else { return nil }
    details = offset + Self.headCount
    nameOffset = name
    self.kind = kind
    count = Int(info[bits: 0...15])
    hasFlag = info[bit: 31]
    self.sizeOrType = sizeOrType
  }

  /// Where the next type's record starts.
  var end: Int {
    switch kind {
    case .integer, .variable, .declarationTag: details + 4
    case .array: details + 12
    case .structure, .union: details + count * Self.memberCount
    case .enumeration, .prototype: details + count * 8
    case .enumeration64, .dataSection: details + count * 12
    case .pointer, .forward, .typedef, .volatile, .const, .restrict, .function, .float, .typeTag: details
    }
  }

  /// Whether it has members.
  var isAggregate: Bool { kind == .structure || kind == .union }
  /// Whether it has enumerators.
  var isEnumeration: Bool { kind == .enumeration || kind == .enumeration64 }

  /// The type that it is another name or a qualified form of; nil where it is a type in itself.
  var underlying: UInt32? {
    switch kind {
    case .typedef, .volatile, .const, .restrict, .typeTag: sizeOrType
    default: nil
    }
  }
}
