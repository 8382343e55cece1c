extension DeviceTree {
  /// Writes the tree in its flattened form, version 17.
  ///
  /// The bytes belong at an address that is a multiple of 8. Reading them gives an equal tree.
  ///
  /// - Returns: the blob.
  /// - Throws: `DeviceTreeError` where a name is no name or stands twice in its node, or the tree is deeper or larger
  ///   than the format's readers accept.
  public func blob() throws(DeviceTreeError) -> [UInt8] {
    var writer = BlobWriter()
    try writer.append(root, name: "", path: "", depth: 1)
    return try writer.blob(reservations: reservations, bootCPU: bootCPU)
  }
}

private struct BlobWriter {
  private var structure: [UInt8] = []
  private var strings: [UInt8] = []
  /// Where each name of a property stands in the strings block; a name that is used again is not written again.
  private var stringOffsets: [String: UInt32] = [:]

  mutating func append(
    _ node: DeviceTree.Node, name: String, path: String, depth: Int
  ) throws(DeviceTreeError) {
    try check(node, path: path, depth: depth)
    append(.beginNode)
    structure += name.utf8
    structure.append(0)
    padStructure()
    for property in node.properties { try append(property, path: path) }
    for child in node.children {
      guard Blob.isName(child.name.utf8) else {
        throw DeviceTreeError("the child `\(child.name)` of `\(path)/` has no name that the format allows")
      }
      try append(child, name: child.name, path: "\(path)/\(child.name)", depth: depth + 1)
    }
    append(.endNode)
  }

  private func check(_ node: DeviceTree.Node, path: String, depth: Int) throws(DeviceTreeError) {
    guard depth <= Blob.depthLimit else {
      throw DeviceTreeError("the node `\(path)` lies deeper than the \(Blob.depthLimit) levels that Linux reads")
    }
    if let name = Blob.duplicate(in: node.children.lazy.map(\.name)) {
      throw DeviceTreeError("the node `\(path)/` has two children named `\(name)`")
    }
    if let name = Blob.duplicate(in: node.properties.lazy.map(\.name)) {
      throw DeviceTreeError("the node `\(path)/` has two properties named `\(name)`")
    }
  }

  private mutating func append(_ property: DeviceTree.Property, path: String) throws(DeviceTreeError) {
    guard Blob.isName(property.name.utf8) else {
      throw DeviceTreeError("the property `\(property.name)` of `\(path)/` has no name that the format allows")
    }
    guard let count = UInt32(exactly: property.value.bytes.count), let offset = stringOffset(of: property.name) else {
      throw DeviceTreeError("the property `\(property.name)` of `\(path)/` has more bytes than the format allows")
    }
    append(.property)
    structure.appendBigEndian(count)
    structure.appendBigEndian(offset)
    structure += property.value.bytes
    padStructure()
  }

  private mutating func stringOffset(of name: String) -> UInt32? {
    if let offset = stringOffsets[name] { return offset }
    guard let offset = UInt32(exactly: strings.count) else { return nil }
    stringOffsets[name] = offset
    strings += name.utf8
    strings.append(0)
    return offset
  }

  private mutating func append(_ token: Blob.Token) { structure.appendBigEndian(token.rawValue) }

  private mutating func padStructure() {
    structure.append(contentsOf: repeatElement(0, count: structure.count.roundedUpToCell - structure.count))
  }

  /// The header and the three blocks in the order of section 5.1, the one of the widest alignment first.
  consuming func blob(
    reservations: [DeviceTree.MemoryReservation], bootCPU: UInt32
  ) throws(DeviceTreeError) -> [UInt8] {
    append(.end)
    var reserved: [UInt8] = []
    for reservation in reservations {
      guard !reservation.isTerminator else {
        throw DeviceTreeError("a memory reservation of 0 bytes at address 0 would end the block of them")
      }
      reserved.appendBigEndian(reservation.address)
      reserved.appendBigEndian(reservation.size)
    }
    reserved.append(contentsOf: repeatElement(0, count: 16))

    let structureOffset = Blob.headerCount + reserved.count
    let stringsOffset = structureOffset + structure.count
    // Readers pad the whole to 8 bytes when they copy it; padded here, it can stand in front of another blob.
    let end = (stringsOffset + strings.count + 7) & ~7
    guard let size = UInt32(exactly: end) else {
      throw DeviceTreeError("the tree takes \(end) bytes, more than the 4 GiB that its header can state")
    }
    var blob: [UInt8] = []
    blob.reserveCapacity(end)
    // No number below exceeds `size`.
    for word in [
      Blob.magic, size, UInt32(structureOffset), UInt32(stringsOffset), UInt32(Blob.headerCount), Blob.version,
      Blob.lastCompatibleVersion, bootCPU, UInt32(strings.count), UInt32(structure.count),
    ] { blob.appendBigEndian(word) }
    blob += reserved
    blob += structure
    blob += strings
    blob.append(contentsOf: repeatElement(0, count: end - blob.count))
    return blob
  }
}
