/// Why bytes are no device tree, or a tree cannot be written or changed.
public struct DeviceTreeError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence: what is wrong, and where in the blob or the tree.
  public let description: String

  /// Makes the error from its sentence.
  init(_ description: String) { self.description = description }
}

/// The facts of the flattened format that its writer and its reader share (Devicetree Specification v0.4, chapter 5).
enum Blob {
  static let magic: UInt32 = 0xd00d_feed
  static let version: UInt32 = 17
  /// The oldest version that a program of version 17 reads, and whose programs read what we write.
  static let lastCompatibleVersion: UInt32 = 16
  static let headerCount = 40
  /// Linux refuses trees that are deeper (`FDT_MAX_DEPTH` of drivers/of/fdt.c).
  static let depthLimit = 64
  /// Far more than the 31 characters of sections 2.2.1 and 2.2.4, which the labels in `__symbols__` exceed.
  static let nameLimit = 255

  /// The tokens of the structure block (section 5.4.1).
  enum Token: UInt32 {
    case beginNode = 1
    case endNode = 2
    case property = 3
    case nop = 4
    case end = 9
  }

  /// Whether every program can read a name: the characters of the specification's tables 2.1 and 2.2 and those that
  /// dtc takes beside them, such as the `_` and `@` of its own names.
  static func isName(_ name: some Collection<UInt8>) -> Bool {
    !name.isEmpty && name.count <= nameLimit && name.allSatisfy(isNameCharacter)
  }

  private static func isNameCharacter(_ character: UInt8) -> Bool {
    switch character {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: ",._+*#?@-".utf8.contains(character)
    }
  }

  /// The first name that stands twice.
  static func duplicate(in names: some Sequence<String>) -> String? {
    var seen: Set<String> = []
    return names.first { !seen.insert($0).inserted }
  }
}

extension Int {
  /// The next multiple of 4; for lengths that are known to be far from overflowing.
  var roundedUpToCell: Int { (self + 3) & ~3 }
}

/// A number as this module's sentences write offsets and addresses.
func hex(_ value: some BinaryInteger) -> String { "0x" + String(value, radix: 16) }
