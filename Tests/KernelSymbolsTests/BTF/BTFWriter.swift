import Bits

/// Writes a `.BTF` section (Linux, Documentation/bpf/btf.rst).
struct BTFWriter {
  private(set) var types: [UInt8] = []
  private var strings: [UInt8] = [0]
  private var count: UInt32 = 0

  /// A member of a structure or union.
  struct Member {
    let name: String
    let type: UInt32
    let bitOffset: UInt32

    init(_ name: String, _ type: UInt32, at offset: Int) {
      self.name = name
      self.type = type
      bitOffset = UInt32(offset) * 8
    }

    init(_ name: String, _ type: UInt32, bits: Range<Int>) {
      self.name = name
      self.type = type
      bitOffset = UInt32(bits.count) << 24 | UInt32(bits.lowerBound)
    }
  }

  /// The section as it is now.
  var section: [UInt8] {
    var section: [UInt8] = [0x9f, 0xeb, 1, 0]
    for field in [24, 0, types.count, types.count, strings.count] { section.appendLittleEndian(UInt32(field)) }
    return section + types + strings
  }

  /// Appends a type and returns its number.
  mutating func add(
    _ name: String = "", kind: UInt32, count vlen: Int = 0, flag: Bool = false, _ sizeOrType: UInt32,
    details: [UInt32] = []
  ) -> UInt32 {
    for word in [string(name), UInt32(flag ? 1 : 0) << 31 | kind << 24 | UInt32(vlen), sizeOrType] + details {
      types.appendLittleEndian(word)
    }
    count += 1
    return count
  }

  mutating func integer(_ name: String, size: Int, bits: Int? = nil) -> UInt32 {
    add(name, kind: 1, UInt32(size), details: [UInt32(bits ?? size * 8)])
  }

  mutating func pointer(to type: UInt32 = 0) -> UInt32 { add(kind: 2, type) }

  mutating func array(of type: UInt32, count: Int) -> UInt32 {
    add(kind: 3, 0, details: [type, type, UInt32(count)])
  }

  mutating func structure(
    _ name: String, size: Int, isUnion: Bool = false, hasBitFields: Bool = false, _ members: [Member]
  ) -> UInt32 {
    let details = members.flatMap { [string($0.name), $0.type, $0.bitOffset] }
    return add(
      name, kind: isUnion ? 5 : 4, count: members.count, flag: hasBitFields, UInt32(size), details: details)
  }

  mutating func enumeration(_ name: String, isSigned: Bool = false, _ values: [(String, Int32)]) -> UInt32 {
    let details = values.flatMap { [string($0.0), UInt32(bitPattern: $0.1)] }
    return add(name, kind: 6, count: values.count, flag: isSigned, 4, details: details)
  }

  mutating func enumeration64(_ name: String, isSigned: Bool = false, _ values: [(String, Int64)]) -> UInt32 {
    let details = values.flatMap {
      let value = UInt64(bitPattern: $0.1)
      return [string($0.0), UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value >> 32)]
    }
    return add(name, kind: 19, count: values.count, flag: isSigned, 8, details: details)
  }

  mutating func typedef(_ name: String, _ type: UInt32) -> UInt32 { add(name, kind: 8, type) }
  mutating func const(_ type: UInt32) -> UInt32 { add(kind: 10, type) }

  private mutating func string(_ text: String) -> UInt32 {
    guard !text.isEmpty else { return 0 }
    defer { strings += Array(text.utf8) + [0] }
    return UInt32(strings.count)
  }
}

/// A generator whose numbers are the same in every run (SplitMix64).
struct RepeatableGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
  }
}
