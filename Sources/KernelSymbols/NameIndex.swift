/// Finds symbols by name: their numbers, sorted by a hash of the name.
///
/// Building it takes time in proportion to the names, whatever they are: names chosen to share a hash, or all alike,
/// only make looking one up as slow as looking through all.
struct NameIndex: Sendable {
  /// Where the numbers of each hash start; one more at the end.
  private var starts: [UInt32]
  private var numbers: [UInt32]
  private let mask: UInt32

  init(_ entries: [SymbolEntry], in names: [UInt8]) {
    var size: UInt32 = 256
    while size < entries.count { size *= 2 }
    mask = size - 1
    starts = [UInt32](repeating: 0, count: Int(size) + 1)
    let hashes = entries.map { Self.hash(names[$0.nameRange]) & (size - 1) }
    for hash in hashes { starts[Int(hash) + 1] += 1 }
    for slot in 1..<starts.count { starts[slot] += starts[slot - 1] }
    var next = starts
    numbers = [UInt32](repeating: 0, count: entries.count)
    for (number, hash) in hashes.enumerated() {
      numbers[Int(next[Int(hash)])] = UInt32(number)
      next[Int(hash)] += 1
    }
  }

  /// The numbers of the symbols of a name, in ascending order.
  func numbers(of name: [UInt8], _ entries: [SymbolEntry], in names: [UInt8]) -> [Int] {
    let slot = Int(Self.hash(name[...]) & mask)
    return numbers[Int(starts[slot])..<Int(starts[slot + 1])].map(Int.init)
      .filter { names[entries[$0].nameRange] == name[...] }
  }

  /// FNV-1a.
  private static func hash(_ name: ArraySlice<UInt8>) -> UInt32 {
    name.reduce(0x811C_9DC5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
  }
}
