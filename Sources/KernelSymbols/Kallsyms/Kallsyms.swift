import Bits

/// The tables from which a kernel tells its own symbols, found with no symbol to start from.
///
/// They are assembled one behind the other by scripts/kallsyms.c, in two orders: `addresses, num_syms, names, markers,
/// tokens` up to Linux 6.3 and `num_syms, names, markers, tokens, addresses` since. The tokens are found by their looks,
/// and the rest from there.
struct Kallsyms {
  let tokens: TokenTable
  let names: NameTable
  var addresses: AddressTable

  /// Looks for the tables in a stretch of the kernel, the first byte of which is at an address aligned to 8.
  init(in image: UnsafeRawBufferPointer, budget: inout SearchBudget) throws(KernelSymbolsError) {
    var error = KernelSymbolsError.noTokenTable
    var offset = 0
    while let tokens = TokenTable.next(in: image, from: offset, budget: &budget) {
      if let names = NameTable.find(in: image, before: tokens.start, budget: &budget) {
        // Each place that addresses may be at is gone through once.
        guard budget.spend(names.count) else { throw .noAddresses }
        if let addresses = AddressTable.find(in: image, names: names, tokens: tokens) {
          self.tokens = tokens
          self.names = names
          self.addresses = addresses
          return
        }
        error = .noAddresses
      } else if error == .noTokenTable {
        error = .noNames
      }
      offset = tokens.end
    }
    throw error
  }

  /// Expands all names.
  ///
  /// A block of names that does not end where the next one starts is damaged, and passed over as a whole; so is a name
  /// that is longer than any.
  ///
  /// - Parameters:
  ///   - image: the bytes that the tables were found in.
  ///   - body: takes a symbol's number and its name, type first, and says whether to go on.
  func forEachName(in image: UnsafeRawBufferPointer, _ body: (_ index: Int, _ name: [UInt8]) -> Bool) {
    var name: [UInt8] = []
    for (number, block) in names.blocks.enumerated() {
      let first = number * NameTable.blockLength
      let count = min(names.count - first, NameTable.blockLength)
      guard image.endOfNames(count, from: block.lowerBound, limit: block.upperBound) == block.upperBound else {
        continue
      }
      var offset = block.lowerBound
      for index in first..<first + count {
        guard let codes = image.name(at: offset, limit: block.upperBound) else { break }
        offset = codes.upperBound
        tokens.expand(image[codes], into: &name)
        guard name.count > TokenTable.longest || body(index, name) else { return }
      }
    }
  }
}
