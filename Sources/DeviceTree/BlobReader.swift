extension DeviceTree {
  /// Reads a tree in its flattened form, of version 16 or any later one that is compatible with 17.
  ///
  /// Nothing is taken on trust: whatever the bytes are, they give a tree or an error.
  ///
  /// - Parameter blob: the bytes from the header on; what follows the length that the header states is ignored.
  /// - Throws: `DeviceTreeError` that says what is wrong at which offset.
  public init(blob: [UInt8]) throws(DeviceTreeError) {
    let header = try BlobHeader(blob)
    reservations = try header.reservations(in: blob)
    var reader = StructureReader(blob: blob, header: header)
    root = try reader.tree()
    bootCPU = header.bootCPU
  }
}

/// The header, every offset of which was checked (section 5.2).
private struct BlobHeader {
  let bootCPU: UInt32
  let structure: Range<Int>
  let strings: Range<Int>
  private let reservationsOffset: Int
  private let totalCount: Int

  init(_ blob: [UInt8]) throws(DeviceTreeError) {
    func word(_ index: Int) throws(DeviceTreeError) -> UInt32 {
      guard let word: UInt32 = blob.bigEndian(at: index * 4) else {
        throw DeviceTreeError("the device tree ends after \(blob.count) bytes, inside its header: it was cut short")
      }
      return word
    }
    guard try word(0) == Blob.magic else {
      throw DeviceTreeError("this is no flattened device tree: it starts with \(hex(try word(0))), not 0xd00dfeed")
    }
    let version = try word(5)
    guard version >= Blob.lastCompatibleVersion, try word(6) <= Blob.version else {
      throw DeviceTreeError(
        "the device tree is of version \(version), compatible back to \(try word(6)), where 16 or 17 is needed")
    }
    totalCount = Int(try word(1))
    guard totalCount <= blob.count else {
      throw DeviceTreeError(
        "the device tree announces \(totalCount) bytes in its header and has \(blob.count): it was cut short")
    }
    bootCPU = try word(7)
    reservationsOffset = Int(try word(4))
    guard reservationsOffset.isMultiple(of: 8) else {
      throw DeviceTreeError("the memory reservation block is at offset \(hex(reservationsOffset)), no multiple of 8")
    }
    let start = Int(try word(2))
    guard start.isMultiple(of: 4) else {
      throw DeviceTreeError("the structure block is at offset \(hex(start)), no multiple of 4")
    }
    // Only version 17 states the length of the structure block, which has a token of its own at its end.
    let count = version >= 17 ? Int(try word(9)) : max(totalCount - start, 0)
    structure = try Self.block("structure", at: start, count: count, in: totalCount)
    strings = try Self.block("strings", at: Int(try word(3)), count: Int(try word(8)), in: totalCount)
  }

  private static func block(
    _ name: String, at start: Int, count: Int, in totalCount: Int
  ) throws(DeviceTreeError) -> Range<Int> {
    guard start + count <= totalCount else {
      throw DeviceTreeError(
        "the \(name) block of \(count) bytes at offset \(hex(start)) ends past the tree's \(totalCount) bytes")
    }
    return start..<start + count
  }

  func reservations(in blob: [UInt8]) throws(DeviceTreeError) -> [DeviceTree.MemoryReservation] {
    var reservations: [DeviceTree.MemoryReservation] = []
    var offset = reservationsOffset
    while offset + 16 <= totalCount, let address: UInt64 = blob.bigEndian(at: offset),
      let size: UInt64 = blob.bigEndian(at: offset + 8)
    {
      let reservation = DeviceTree.MemoryReservation(address: address, size: size)
      if reservation.isTerminator { return reservations }
      reservations.append(reservation)
      offset += 16
    }
    throw DeviceTreeError("the memory reservation block at offset \(hex(reservationsOffset)) has no end")
  }
}

/// Reads the structure block, forwards only: each token takes at least 4 bytes, so that there is always an end.
private struct StructureReader {
  private let blob: [UInt8]
  private let header: BlobHeader
  /// Where the next token stands in the blob.
  private var offset: Int

  init(blob: [UInt8], header: BlobHeader) {
    self.blob = blob
    self.header = header
    offset = header.structure.lowerBound
  }

  mutating func tree() throws(DeviceTreeError) -> DeviceTree.Node {
    guard try nextToken() == .beginNode else { throw error("has no root node") }
    let name = try text(limitedTo: header.structure, at: offset, of: "root node")
    skip(name.count + 1)
    var root = try node("", depth: 1)
    guard try nextToken() == .end else { throw error("goes on behind the root node") }
    // The root's name is its path, which every program knows.
    root.name = ""
    return root
  }

  /// The next token that means something, which `offset` then stands behind.
  private mutating func nextToken() throws(DeviceTreeError) -> Blob.Token {
    while true {
      let value = try cell("token")
      guard let token = Blob.Token(rawValue: value) else {
        throw DeviceTreeError("the structure block has the unknown token \(hex(value)) at offset \(hex(offset - 4))")
      }
      if token != .nop { return token }
    }
  }

  private mutating func cell(_ what: String) throws(DeviceTreeError) -> UInt32 {
    guard offset <= header.structure.upperBound - 4, let value: UInt32 = blob.bigEndian(at: offset) else {
      throw error("ends where a \(what) is due")
    }
    offset += 4
    return value
  }

  private mutating func skip(_ count: Int) { offset += count.roundedUpToCell }

  private func error(_ what: String) -> DeviceTreeError {
    DeviceTreeError("the structure block \(what) at offset \(hex(offset))")
  }

  /// Reads a node from behind its name to behind its end.
  private mutating func node(_ name: String, depth: Int) throws(DeviceTreeError) -> DeviceTree.Node {
    guard depth <= Blob.depthLimit else {
      throw error("is deeper than the \(Blob.depthLimit) levels that Linux reads")
    }
    var node = DeviceTree.Node(name)
    while true {
      switch try nextToken() {
      case .property where node.children.isEmpty: node.properties.append(try property())
      case .property: throw error("has a property behind a child of its node")
      case .beginNode:
        let name = try self.name(limitedTo: header.structure, at: offset, of: "node")
        skip(name.utf8.count + 1)
        node.children.append(try self.node(name, depth: depth + 1))
      case .endNode:
        try checkNames(in: node)
        return node
      case .end: throw error("ends inside a node")
      case .nop: break
      }
    }
  }

  private func checkNames(in node: DeviceTree.Node) throws(DeviceTreeError) {
    if let name = Blob.duplicate(in: node.children.lazy.map(\.name)) {
      throw error("has two children named `\(name)` in the node that ends")
    }
    if let name = Blob.duplicate(in: node.properties.lazy.map(\.name)) {
      throw error("has two properties named `\(name)` in the node that ends")
    }
  }

  private mutating func property() throws(DeviceTreeError) -> DeviceTree.Property {
    let count = Int(try cell("property's length"))
    let nameOffset = Int(try cell("property's name"))
    let name = try self.name(
      limitedTo: header.strings, at: header.strings.lowerBound + nameOffset, of: "property")
    guard count <= header.structure.upperBound - offset else {
      throw error("has a property `\(name)` of \(count) bytes, which it has no room for,")
    }
    let value = DeviceTree.Value(bytes: Array(blob[offset..<offset + count]))
    skip(count)
    return DeviceTree.Property(name, value)
  }

  private func name(
    limitedTo block: Range<Int>, at start: Int, of what: String
  ) throws(DeviceTreeError) -> String {
    let text = try text(limitedTo: block, at: start, of: what)
    guard Blob.isName(text) else {
      throw DeviceTreeError("the \(what) name at offset \(hex(start)) has characters that no name has, or none")
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes up to a NUL; bounded, so that no blob has the same bytes read over and over.
  private func text(
    limitedTo block: Range<Int>, at start: Int, of what: String
  ) throws(DeviceTreeError) -> ArraySlice<UInt8> {
    guard block.contains(start) else {
      throw DeviceTreeError("the \(what) name at offset \(hex(start)) lies outside of its block")
    }
    let text = blob[start..<min(start + Blob.nameLimit + 1, block.upperBound)]
    guard let end = text.firstIndex(of: 0) else {
      throw DeviceTreeError("the \(what) name at offset \(hex(start)) has no end")
    }
    return text[..<end]
  }
}
