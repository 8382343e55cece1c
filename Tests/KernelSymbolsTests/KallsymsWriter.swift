import Bits

/// A symbol that a made kernel has.
struct SampleSymbol: Equatable {
  var name: String
  var kind: UInt8
  var address: UInt64
}

/// Writes kallsyms as Linux's scripts/kallsyms.c lays them out, in the order and the encodings of each version.
struct KallsymsWriter {
  /// How addresses are written.
  enum Encoding: CaseIterable {
    case absolute, relative, perCPUAbsolute
  }

  /// Where `kallsyms_seqs_of_names` stands.
  enum Sequences: CaseIterable {
    case none, beforeTokens, atEnd
  }

  /// A version of the tables.
  struct Version: CustomStringConvertible {
    var description: String
    var encoding: Encoding
    var markerWidth = 4
    var addressesFirst = true
    var sequences = Sequences.none

    static let all = [
      Version(description: "4.5, absolute", encoding: .absolute, markerWidth: 8),
      Version(description: "4.19, relative", encoding: .relative, markerWidth: 8),
      Version(description: "4.19, per-CPU absolute", encoding: .perCPUAbsolute, markerWidth: 8),
      Version(description: "5.10, absolute", encoding: .absolute),
      Version(description: "5.10, relative", encoding: .relative),
      Version(description: "5.10, per-CPU absolute", encoding: .perCPUAbsolute),
      Version(description: "6.2, relative", encoding: .relative, sequences: .beforeTokens),
      Version(description: "6.2, per-CPU absolute", encoding: .perCPUAbsolute, sequences: .beforeTokens),
      Version(description: "6.4, absolute", encoding: .absolute, addressesFirst: false, sequences: .atEnd),
      Version(description: "6.4, relative", encoding: .relative, addressesFirst: false, sequences: .atEnd),
      Version(
        description: "6.12, per-CPU absolute", encoding: .perCPUAbsolute, addressesFirst: false, sequences: .atEnd),
    ]
  }

  let version: Version
  let symbols: [SampleSymbol]
  /// The base as it stands in the file; nil for the right one.
  var storedBase: UInt64?

  private(set) var bytes: [UInt8] = []
  /// Where the tables' parts start.
  private(set) var places: [String: Int] = [:]
  private let compressor: TokenCompressor

  /// The lowest address that is none of per-CPU data.
  var base: UInt64 { symbols.map(\.address).first { $0[bit: 63] } ?? 0 }

  init(_ version: Version, _ symbols: [SampleSymbol], storedBase: UInt64? = nil) {
    self.version = version
    self.symbols = symbols
    self.storedBase = storedBase
    compressor = TokenCompressor(symbols.map { [$0.kind] + Array($0.name.utf8) })
    if version.addressesFirst { writeAddresses() }
    writeNames()
    if version.sequences == .beforeTokens { writeSequences() }
    writeTokens()
    if !version.addressesFirst { writeAddresses() }
    if version.sequences == .atEnd { writeSequences() }
  }

  private mutating func start(_ part: String) {
    while bytes.count % 8 != 0 { bytes.append(0) }
    places[part] = bytes.count
  }

  private mutating func writeAddresses() {
    start("addresses")
    for symbol in symbols {
      switch version.encoding {
      case .absolute: bytes.appendLittleEndian(symbol.address)
      case .relative: bytes.appendLittleEndian(UInt32(symbol.address - base))
      case .perCPUAbsolute:
        let offset = symbol.address[bit: 63] ? -1 - Int32(symbol.address - base) : Int32(symbol.address)
        bytes.appendLittleEndian(offset)
      }
    }
    guard version.encoding != .absolute else { return }
    start("base")
    bytes.appendLittleEndian(storedBase ?? base)
  }

  private mutating func writeNames() {
    start("count")
    bytes.appendLittleEndian(UInt64(symbols.count))
    start("names")
    var markers: [Int] = []
    for (index, codes) in compressor.names.enumerated() {
      if index % 256 == 0 { markers.append(bytes.count - (places["names"] ?? 0)) }
      if codes.count < 128 {
        bytes.append(UInt8(codes.count))
      } else {
        bytes += [UInt8(codes.count & 127 | 128), UInt8(codes.count >> 7)]
      }
      bytes += codes
    }
    start("markers")
    for marker in markers {
      if version.markerWidth == 8 {
        bytes.appendLittleEndian(UInt64(marker))
      } else {
        bytes.appendLittleEndian(UInt32(marker))
      }
    }
  }

  private mutating func writeSequences() {
    start("sequences")
    let order = symbols.indices.sorted { symbols[$0].name < symbols[$1].name }
    for index in order { bytes += [UInt8(index >> 16), UInt8(index >> 8 & 255), UInt8(index & 255)] }
  }

  private mutating func writeTokens() {
    start("tokens")
    var offsets: [Int] = []
    for token in compressor.tokens {
      offsets.append(bytes.count - (places["tokens"] ?? 0))
      bytes += token + [0]
    }
    start("index")
    for offset in offsets { bytes.appendLittleEndian(UInt16(offset)) }
  }
}

/// Finds tokens for names: the bytes that occur in no name come to stand for the pairs of codes that are most frequent.
///
/// A third of them at a time, so that tokens are made of tokens.
private struct TokenCompressor {
  private(set) var names: [[UInt8]]
  private(set) var tokens: [[UInt8]]

  init(_ plain: [[UInt8]]) {
    names = plain
    let used = Set(plain.joined())
    tokens = (0...255).map { used.contains(UInt8($0)) ? [UInt8($0)] : [] }
    let free = (0...255).filter { tokens[$0].isEmpty }
    for third in 0..<3 {
      let codes = free[free.count * third / 3..<free.count * (third + 1) / 3]
      var replacements: [Pair: UInt8] = [:]
      for (code, pair) in zip(codes, frequentPairs()) {
        replacements[pair] = UInt8(code)
        tokens[code] = tokens[Int(pair.first)] + tokens[Int(pair.second)]
      }
      names = names.map { Self.replace(replacements, in: $0) }
    }
  }

  private struct Pair: Hashable {
    let first: UInt8
    let second: UInt8
  }

  /// The pairs that occur more than once, the most frequent first.
  private func frequentPairs() -> [Pair] {
    var counts: [Pair: Int] = [:]
    for name in names {
      for (first, second) in zip(name, name.dropFirst()) { counts[Pair(first: first, second: second), default: 0] += 1 }
    }
    return counts.filter { $0.value > 1 }
      .sorted { ($1.value, $0.key.first, $0.key.second) < ($0.value, $1.key.first, $1.key.second) }.map(\.key)
  }

  private static func replace(_ replacements: [Pair: UInt8], in name: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var position = 0
    while position < name.count {
      if position + 1 < name.count,
        let code = replacements[Pair(first: name[position], second: name[position + 1])]
      {
        result.append(code)
        position += 2
      } else {
        result.append(name[position])
        position += 1
      }
    }
    return result
  }
}
