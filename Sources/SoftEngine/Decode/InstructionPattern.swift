/// One encoding of the architecture: which words it has, and how one becomes a slot.
struct InstructionPattern: Sendable {
  /// The manual's name, such as `ADD (immediate)`.
  let name: String
  /// The bits that are the same in all words.
  let value: UInt32
  /// Which bits those are.
  let mask: UInt32
  /// What it takes beside the base architecture.
  let feature: Feature?
  /// The patterns that this one is a special case of: it comes first where both fit.
  let specializes: [String]
  /// Makes a slot of a word; nil where the word is not allocated: UNDEFINED.
  let translate: @Sendable (InstructionWord) -> Slot?

  /// Makes a pattern.
  ///
  /// - Parameters:
  ///   - name: the manual's name.
  ///   - bits: 32 signs, the highest bit first: 0 and 1 for what is fixed, any other letter for a field; blanks do not count.
  ///   - feature: what it takes beside the base architecture.
  ///   - specializes: the names of the patterns that it is a special case of.
  ///   - translate: makes a slot of a word; nil where the word is not allocated.
  init(
    _ name: String, _ bits: StaticString, _ feature: Feature? = nil, specializes: [String] = [],
    translate: @escaping @Sendable (InstructionWord) -> Slot?
  ) {
    var value: UInt32 = 0
    var mask: UInt32 = 0
    var count = 0
    bits.withUTF8Buffer { bytes in
      for byte in bytes where byte != UInt8(ascii: " ") {
        count += 1
        value <<= 1
        mask <<= 1
        if byte == UInt8(ascii: "1") { value |= 1 }
        if byte == UInt8(ascii: "0") || byte == UInt8(ascii: "1") { mask |= 1 }
      }
    }
    precondition(count == 32, "the pattern of \(name) has \(count) bits")
    self.name = name
    self.value = value
    self.mask = mask
    self.feature = feature
    self.specializes = specializes
    self.translate = translate
  }

  func matches(_ word: UInt32) -> Bool { word & mask == value }
}
