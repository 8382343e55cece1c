import Bits

/// The compressed names: `kallsyms_num_syms`, `kallsyms_names` and `kallsyms_markers`.
///
/// Each name is its length and as many bytes that stand for tokens; the first character that these make is the symbol's
/// type. A marker is the offset of every 256th name. In every version of Linux these three stand in this order in front
/// of the tokens, aligned to 8 bytes each; Linux 6.2 and 6.3 (and later releases of 6.1) have `kallsyms_seqs_of_names`
/// with three bytes a name between the markers and the tokens.
struct NameTable {
  /// How many names there are.
  let count: Int
  /// Where `kallsyms_num_syms` stands.
  let countOffset: Int
  /// The bytes of each block of 256 names; the last may have fewer.
  let blocks: [Range<Int>]

  static let blockLength = 256
  /// More than any kernel has: an allyesconfig comes to a million.
  private static let maximumCount = 1 << 22
  /// A name takes at least its length and a byte, and at most KSYM_NAME_LEN with two bytes of length.
  private static let blockSizes = 2 * blockLength...514 * blockLength

  /// Looks for the names in front of a token table; nil where there are none.
  ///
  /// Kernels that have no more than 256 symbols, which are none, are not found.
  static func find(
    in image: UnsafeRawBufferPointer, before tokens: Int, budget: inout SearchBudget
  ) -> NameTable? {
    let lowest = max(tokens - 3 * maximumCount, 0)
    var offset = (tokens - 8).alignedDown
    while offset >= lowest, budget.spend(1) {
      // Markers were `long` up to Linux 4.19.
      for width in [4, 8] where isStartOfMarkers(image, at: offset, width: width) {
        if let table = NameTable(image, markersAt: offset, width: width, limit: tokens, budget: &budget) {
          return table
        }
      }
      offset -= 8
    }
    return nil
  }

  private static func marker(_ image: UnsafeRawBufferPointer, at offset: Int, width: Int) -> Int? {
    width == 4
      ? image.littleEndian(at: offset, as: UInt32.self).map(Int.init)
      : image.littleEndian(at: offset, as: UInt64.self).flatMap(Int.init(exactly:))
  }

  private static func isStartOfMarkers(_ image: UnsafeRawBufferPointer, at offset: Int, width: Int) -> Bool {
    guard marker(image, at: offset, width: width) == 0, let next = marker(image, at: offset + width, width: width)
    else { return false }
    return blockSizes.contains(next)
  }

  private init?(
    _ image: UnsafeRawBufferPointer, markersAt offset: Int, width: Int, limit: Int, budget: inout SearchBudget
  ) {
    var markers = [0]
    while offset + markers.count * width < limit, markers.count * Self.blockLength < Self.maximumCount,
      let next = Self.marker(image, at: offset + markers.count * width, width: width),
      let last = markers.last, Self.blockSizes.contains(next &- last)
    {
      markers.append(next)
    }
    guard budget.spend(markers.count) else { return nil }
    // What follows the markers may go on rising for a number or two.
    for excess in 0..<min(3, markers.count - 1) {
      if let table = NameTable(image, end: offset, markers: markers.dropLast(excess), budget: &budget) {
        self = table
        return
      }
    }
    return nil
  }

  /// Finds the start of the names, of which only the last block's length is unknown, by the count in front of them.
  private init?(
    _ image: UnsafeRawBufferPointer, end: Int, markers: ArraySlice<Int>, budget: inout SearchBudget
  ) {
    guard let last = markers.last, let second = markers.dropFirst().first else { return nil }
    let counts = UInt64((markers.count - 1) * Self.blockLength + 1)...UInt64(markers.count * Self.blockLength)
    var start = (end - last - 2).alignedDown
    let lowest = max(end - last - Self.blockSizes.upperBound - 8, 8)
    while start >= lowest, budget.spend(1) {
      defer { start -= 8 }
      // The count is 32 bits and padding, or 64 bits up to Linux 4.19.
      guard let count: UInt64 = image.littleEndian(at: start - 8), counts.contains(count) else { continue }
      let lastCount = Int(count) - (markers.count - 1) * Self.blockLength
      guard budget.spend(2 * Self.blockLength),
        image.endOfNames(Self.blockLength, from: start, limit: end) == start + second,
        let namesEnd = image.endOfNames(lastCount, from: start + last, limit: end), namesEnd.alignedUp == end
      else { continue }
      self.count = Int(count)
      countOffset = start - 8
      blocks = zip(markers, markers.dropFirst() + [namesEnd - start]).map { start + $0..<start + $1 }
      return
    }
    return nil
  }
}

extension UnsafeRawBufferPointer {
  /// The bytes of the name at an offset, and none of its length; nil where they do not end before `limit`.
  ///
  /// From Linux 6.1 on, a length of more than 127 takes two bytes, the lower seven bits first.
  func name(at offset: Int, limit: Int) -> Range<Int>? {
    guard let first: UInt8 = littleEndian(at: offset) else { return nil }
    var (start, length) = (offset + 1, Int(first))
    if length > 127 {
      guard let second: UInt8 = littleEndian(at: start) else { return nil }
      length = length & 127 | Int(second) << 7
      start += 1
    }
    return (1...TokenTable.longest).contains(length) && length <= limit - start ? start..<start + length : nil
  }

  /// Where as many names end that follow each other; nil where they are not all there before `limit`.
  func endOfNames(_ count: Int, from start: Int, limit: Int) -> Int? {
    var offset = start
    for _ in 0..<count {
      guard let name = name(at: offset, limit: limit) else { return nil }
      offset = name.upperBound
    }
    return offset
  }
}
