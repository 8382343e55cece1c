import Bits

/// The strings that the bytes of compressed names stand for: `kallsyms_token_table` and `kallsyms_token_index`.
///
/// The table holds 256 strings, each with its NUL; the index behind it, aligned to 8 bytes, holds the offset of each as
/// 16 bits (Linux, scripts/kallsyms.c). The index is what the search looks for: 256 numbers that rise from 0, and strings
/// of just these lengths in front of them, are nothing that comes about by chance.
struct TokenTable {
  static let count = 256
  private static let indexSize = 2 * count
  /// KSYM_NAME_LEN is 512 from Linux 6.1 on, and no token is longer than a name.
  static let longest = 512

  /// Where the table starts.
  let start: Int
  /// Where the index ends.
  let end: Int
  /// All strings, each with its NUL.
  let text: [UInt8]
  /// Where each string lies in `text`, without its NUL.
  let tokens: [Range<Int>]

  /// The next table in an image.
  ///
  /// - Parameters:
  ///   - image: the bytes, the first of which is at an address aligned to 8.
  ///   - offset: where in them the search for an index starts.
  ///   - budget: what the search may still cost.
  /// - Returns: the table, or nil where none follows.
  static func next(
    in image: UnsafeRawBufferPointer, from offset: Int, budget: inout SearchBudget
  ) -> TokenTable? {
    var offset = offset.alignedUp
    while let head: UInt64 = image.littleEndian(at: offset) {
      if isHeadOfIndex(head), let offsets = offsets(image, indexAt: offset) {
        guard budget.spend(1 << 12) else { return nil }
        if let table = TokenTable(image, offsets, indexAt: offset) { return table }
      }
      offset += 8
    }
    return nil
  }

  /// Whether these can be an index's first four numbers.
  private static func isHeadOfIndex(_ head: UInt64) -> Bool {
    let (first, second) = (head[bits: 0...15], head[bits: 16...31])
    let (third, fourth) = (head[bits: 32...47], head[bits: 48...63])
    return first == 0 && second > 0 && second < third && third < fourth && fourth < 4 * UInt64(longest)
  }

  /// The numbers of an index; nil where they do not rise as its do.
  private static func offsets(_ image: UnsafeRawBufferPointer, indexAt index: Int) -> [Int]? {
    var offsets: [Int] = []
    offsets.reserveCapacity(count)
    for number in 0..<count {
      guard let offset: UInt16 = image.littleEndian(at: index + 2 * number) else { return nil }
      if let last = offsets.last, !(last + 1...last + longest + 1).contains(Int(offset)) { return nil }
      offsets.append(Int(offset))
    }
    return offsets
  }

  private init?(_ image: UnsafeRawBufferPointer, _ offsets: [Int], indexAt index: Int) {
    guard let start = Self.start(of: offsets, in: image, indexAt: index) else { return nil }
    let last = start + (offsets.last ?? 0)
    guard let end = image.firstZero(in: last..<index) else { return nil }
    self.start = start
    self.end = index + Self.indexSize
    text = Array(image[start...end])
    tokens = zip(offsets, offsets.dropFirst() + [end + 1 - start]).map { $0..<$1 - 1 }
    guard standForThemselves("_T") else { return nil }
  }

  /// Where the strings have to start for each to end where the next one does: the last one's length is not known.
  private static func start(of offsets: [Int], in image: UnsafeRawBufferPointer, indexAt index: Int) -> Int? {
    guard let last = offsets.last else { return nil }
    var start = (index - last - 1).alignedDown
    while start >= max(index - last - longest - 8, 0) {
      let endsFit = offsets.dropFirst().allSatisfy { image.littleEndian(at: start + $0 - 1, as: UInt8.self) == 0 }
      if endsFit, let end = image.firstZero(in: start + last..<index), (end + 1).alignedUp == index { return start }
      start -= 8
    }
    return nil
  }

  /// Replaces `name` by what its codes stand for, or by the start of that where it is longer than any name.
  func expand(_ codes: Slice<UnsafeRawBufferPointer>, into name: inout [UInt8]) {
    name.removeAll(keepingCapacity: true)
    for code in codes where name.count <= Self.longest {
      for position in tokens[Int(code)] { name.append(text[position]) }
    }
  }

  /// Whether these characters are their own tokens, as all are that occur in names: every kernel has global functions,
  /// whose type is `T`, and names with an underscore.
  private func standForThemselves(_ characters: String) -> Bool {
    characters.utf8.allSatisfy { text[tokens[Int($0)]].elementsEqual(CollectionOfOne($0)) }
  }
}

extension UnsafeRawBufferPointer {
  /// Where the first zero byte is in a range, which is cut to the buffer.
  func firstZero(in range: Range<Int>) -> Int? {
    range.clamped(to: 0..<count).first { self[$0] == 0 }
  }
}
