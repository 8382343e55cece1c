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
      vectorLoadsAndStores, advancedSIMD, floatingPoint, cryptography, system,
    ].joined().filter { $0.feature.map(Feature.announced.contains) ?? true })

  init(_ patterns: [InstructionPattern]) {
    // What specializes others comes before them, however many bits each of them has fixed.
    let rank = { (pattern: InstructionPattern) in (pattern.specializes.isEmpty ? 0 : 1, pattern.mask.nonzeroBitCount) }
    let patterns = patterns.sorted { rank($0) > rank($1) }
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
