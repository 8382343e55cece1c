extension DeviceTree {
  /// One thing that is said of a node.
  public struct Property: Sendable, Equatable {
    /// Its name, such as `reg`.
    public var name: String
    /// Its value.
    public var value: Value

    /// Names a value.
    public init(_ name: String, _ value: Value) {
      self.name = name
      self.value = value
    }
  }

  /// The bytes of a property, whose form only its name tells (section 2.2.4).
  public struct Value: Sendable, Equatable, ExpressibleByStringLiteral {
    /// The bytes as they stand in the blob.
    public var bytes: [UInt8]

    /// Makes a value of its bytes.
    public init(bytes: [UInt8]) { self.bytes = bytes }

    /// Makes a string.
    public init(stringLiteral text: String) { self = .string(text) }
  }
}

extension DeviceTree.Value {
  /// No bytes: that the property is there says all.
  public static let empty = DeviceTree.Value(bytes: [])

  /// One cell.
  public static func u32(_ value: UInt32) -> DeviceTree.Value { .cells([value]) }

  /// Two cells, the high half first.
  public static func u64(_ value: UInt64) -> DeviceTree.Value { .u64s([value]) }

  /// Numbers of 32 bits.
  public static func cells(_ values: [UInt32]) -> DeviceTree.Value { big(values) }

  /// Numbers of 32 bits.
  public static func cells(_ values: UInt32...) -> DeviceTree.Value { big(values) }

  /// Numbers of two cells each, such as the `reg` of a node whose parent has `#address-cells` and `#size-cells` of 2.
  public static func u64s(_ values: [UInt64]) -> DeviceTree.Value { big(values) }

  /// Numbers of two cells each, such as the `reg` of a node whose parent has `#address-cells` and `#size-cells` of 2.
  public static func u64s(_ values: UInt64...) -> DeviceTree.Value { big(values) }

  /// A text, which gets the NUL at its end.
  public static func string(_ text: some StringProtocol) -> DeviceTree.Value { .string(bytes: text.utf8) }

  /// A text in whatever encoding, which gets the NUL at its end.
  public static func string(bytes: some Sequence<UInt8>) -> DeviceTree.Value { DeviceTree.Value(bytes: bytes + [0]) }

  /// Texts behind each other, each with its NUL.
  public static func strings(_ texts: [String]) -> DeviceTree.Value {
    DeviceTree.Value(bytes: texts.flatMap { Array($0.utf8) + [0] })
  }

  /// Texts behind each other, each with its NUL.
  public static func strings(_ texts: String...) -> DeviceTree.Value { .strings(texts) }

  /// Bytes of no form.
  public static func bytes(_ bytes: [UInt8]) -> DeviceTree.Value { DeviceTree.Value(bytes: bytes) }

  private static func big(_ values: [some FixedWidthInteger]) -> DeviceTree.Value {
    var bytes: [UInt8] = []
    for value in values { bytes.appendBigEndian(value) }
    return DeviceTree.Value(bytes: bytes)
  }
}

extension DeviceTree.Value {
  /// The number of one cell; nil where the value is of another length.
  public var u32: UInt32? { bytes.count == 4 ? bytes.bigEndian(at: 0) : nil }

  /// The number of two cells; nil where the value is of another length.
  public var u64: UInt64? { bytes.count == 8 ? bytes.bigEndian(at: 0) : nil }

  /// The number of one or two cells, whichever it has; nil where the value is of another length.
  public var integer: UInt64? { u64 ?? u32.map { UInt64($0) } }

  /// The numbers of 32 bits; nil where the length is no multiple of 4.
  public var cells: [UInt32]? {
    guard bytes.count.isMultiple(of: 4) else { return nil }
    return stride(from: 0, to: bytes.count, by: 4).compactMap { bytes.bigEndian(at: $0) }
  }

  /// The texts; nil where the last byte is no NUL or a text is not UTF-8.
  public var strings: [String]? {
    guard bytes.last == 0 else { return nil }
    let texts = bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false)
    let strings = texts.compactMap { String(validating: $0, as: UTF8.self) }
    return strings.count == texts.count ? strings : nil
  }

  /// The text; nil where there is not exactly one.
  public var string: String? {
    guard let strings, strings.count == 1 else { return nil }
    return strings[0]
  }
}
