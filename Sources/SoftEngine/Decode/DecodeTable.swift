import Bits

/// Every encoding that this CPU has, and the way from a word to the one that it is.
struct DecodeTable: Sendable {
  let patterns: [InstructionPattern]
  /// For each value of the bits [31:21], the patterns that fit it, the most special first.
  private let buckets: [[Int32]]

  /// The table of this CPU.
  static let shared = DecodeTable(
    [
      dataProcessingImmediate, dataProcessingRegister, branches, loadsAndStores, exclusives, atomics,
      vectorLoadsAndStores, vectorStructures, advancedSIMD, floatingPoint, cryptography, system,
    ].joined().filter { $0.feature.map(Feature.announced.contains) ?? true })

  init(_ patterns: [InstructionPattern]) {
    let patterns = Self.specialFirst(patterns)
    var buckets = [[Int32]](repeating: [], count: 1 << 11)
    for (index, pattern) in patterns.enumerated() {
      let mask = pattern.mask >> 21
      let value = pattern.value >> 21
      // All values of the bits that the pattern leaves open.
      let open = ~mask & 0x7ff
      var rest: UInt32 = 0
      repeat {
        buckets[Int(value | rest)].append(Int32(index))
        rest = (rest &- open) & open
      } while rest != 0
    }
    self.patterns = patterns
    self.buckets = buckets
  }

  /// Patterns in an order in which each comes before those that it is a special case of.
  private static func specialFirst(_ patterns: [InstructionPattern]) -> [InstructionPattern] {
    let fixedBits = Dictionary(patterns.map { ($0.name, $0.mask.nonzeroBitCount) }, uniquingKeysWith: max)
    let ranks = patterns.map { pattern in
      pattern.specializes.compactMap { fixedBits[$0] }.reduce(pattern.mask.nonzeroBitCount) { max($0, $1 + 1) }
    }
    return zip(patterns, ranks).sorted { $0.1 > $1.1 }.map(\.0)
  }

  /// The encoding of a word; nil where there is none.
  func pattern(of word: UInt32) -> InstructionPattern? {
    for index in buckets[Int(word >> 21)] where patterns[Int(index)].matches(word) { return patterns[Int(index)] }
    return nil
  }

  /// The slot for a word, which is the `index`th of its page; what is not allocated raises the exception of an undefined
  /// instruction.
  func slot(for word: UInt32, index: Int = 0) -> Slot {
    pattern(of: word)?.translate(InstructionWord(rawValue: word, index: index)) ?? Slot.undefined
  }
}
