extension Session {
  /// How much memory a query reads at a time, in bytes.
  private static let chunk = 0x1_0000
  /// How much memory one query covers at most, in bytes: nothing interrupts it, so it has to come to an end.
  private static let queryLimit: UInt64 = 1 << 32

  /// `qCRC:addr,length`: the checksum that `compare-sections` compares.
  mutating func computeChecksum(_ packet: inout PacketReader) throws(TargetError) {
    try packet.require(":")
    let address = try packet.number()
    try packet.require(",")
    let length = try packet.number()
    try packet.requireEnd()
    var checksum = MemoryChecksum()
    try forEachChunk(at: address, length: length) { bytes, _ in
      checksum.update(bytes)
      return true
    }
    encoder.append("C")
    encoder.append(number: UInt64(checksum.value))
  }

  /// `qSearch:memory:address;length;pattern`: where the pattern, binary data, first occurs.
  mutating func searchMemory(_ packet: inout PacketReader) throws(TargetError) {
    try packet.require(":")
    guard case "memory" = packet.field(endingAt: ":") else { return }
    try packet.require(":")
    let address = try packet.number()
    try packet.require(";")
    let length = try packet.number()
    try packet.require(";")
    var search = PatternSearch(try packet.remainingBinary())
    guard search.patternCount > 0 else { throw .invalid("the pattern to search for is empty") }
    var found: UInt64?
    try forEachChunk(at: address, length: length) { bytes, start in
      guard let end = search.advance(through: bytes) else { return true }
      found = start &+ UInt64(end) &- UInt64(search.patternCount)
      return false
    }
    guard let found else { return encoder.append("0") }
    encoder.append("1,")
    encoder.append(number: found)
  }

  /// Reads memory chunk by chunk for as long as `body` returns true; all of it must be there.
  private mutating func forEachChunk(
    at address: UInt64, length: UInt64, _ body: (_ bytes: UnsafeRawBufferPointer, _ address: UInt64) -> Bool
  ) throws(TargetError) {
    guard length == 0 || !address.addingReportingOverflow(length - 1).overflow else {
      throw .invalid("the memory runs past the end of the address space")
    }
    guard length <= Self.queryLimit else { throw .invalid("a query covers at most 4 GiB of memory") }
    var next = address
    var left = length
    while left > 0 {
      let bytes = try readMemory(at: next, count: Int(min(left, UInt64(Self.chunk))))
      guard !bytes.isEmpty else { throw .unreachable("the memory cannot be read") }
      if !body(bytes, next) { return }
      next &+= UInt64(bytes.count)
      left -= UInt64(bytes.count)
    }
  }
}

/// The CRC-32 of `qCRC` (GDB manual, "Packets"): most significant bit first, starting from all ones, not inverted.
struct MemoryChecksum {
  private static let polynomial: UInt32 = 0x04c1_1db7

  /// What each value of the topmost byte adds.
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte) << 24) { remainder, _ in
      remainder >> 31 == 1 ? remainder << 1 ^ polynomial : remainder << 1
    }
  }

  private(set) var value: UInt32 = 0xffff_ffff

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    Self.table.withUnsafeBufferPointer { table in
      for byte in bytes { value = value << 8 ^ table[Int(UInt8(truncatingIfNeeded: value >> 24) ^ byte)] }
    }
  }
}

/// A search in linear time over bytes that come in pieces (Knuth, Morris and Pratt, "Fast Pattern Matching in Strings").
struct PatternSearch {
  private let pattern: [UInt8]
  /// For each length of a partial match, the length of the longest one that is left when the next byte does not fit.
  private let fallback: [Int32]
  private var matched = 0

  var patternCount: Int { pattern.count }

  init(_ bytes: UnsafeRawBufferPointer) {
    let pattern = Array(bytes)
    var fallback = [Int32](repeating: 0, count: pattern.count)
    var length = 0
    for index in pattern.indices.dropFirst() {
      while length > 0, pattern[index] != pattern[length] { length = Int(fallback[length - 1]) }
      if pattern[index] == pattern[length] { length += 1 }
      fallback[index] = Int32(length)
    }
    self.pattern = pattern
    self.fallback = fallback
  }

  /// Goes on with the next piece.
  ///
  /// - Returns: the offset in it behind the first occurrence, which may have begun in an earlier piece; or nil.
  mutating func advance(through bytes: UnsafeRawBufferPointer) -> Int? {
    guard let first = pattern.first else { return 0 }
    var index = 0
    while index < bytes.count {
      if matched == 0 {
        index = ByteScan.firstIndex(of: first, or: first, in: bytes, from: index)
        guard index < bytes.count else { return nil }
      }
      while matched > 0, bytes[index] != pattern[matched] { matched = Int(fallback[matched - 1]) }
      if bytes[index] == pattern[matched] { matched += 1 }
      index += 1
      if matched == pattern.count {
        matched = Int(fallback[matched - 1])
        return index
      }
    }
    return nil
  }
}
