import Architecture

/// Documents that are read in pieces; each is made once and kept for the pieces that follow.
struct TransferDocuments {
  /// `target.xml`.
  var targetDescription: [UInt8]?
  /// The list of threads, made anew whenever it is read from its start.
  var threads: [UInt8] = []
}

extension Session {
  /// `qXfer:object:read:annex:offset,length` (GDB manual, "General Query Packets").
  mutating func transfer(_ packet: inout PacketReader) throws(TargetError) {
    try packet.require(":")
    let object = packet.field(endingAt: ":")
    try packet.require(":")
    // Only reading is announced; the empty reply says that there is no writing.
    guard case "read" = packet.field(endingAt: ":") else { return }
    try packet.require(":")
    let annex = packet.field(endingAt: ":")
    try packet.require(":")
    let offset = try packet.number()
    try packet.require(",")
    let length = try packet.number()
    try packet.requireEnd()

    switch object {
    case "features":
      guard case "target.xml" = annex else { throw .invalid("there is no such annex") }
      let document = documents.targetDescription ?? TargetDescriptionWriter.document(for: registers.table)
      documents.targetDescription = document
      try append(document, offset: offset, length: length)
    case "threads":
      guard case "" = annex else { throw .invalid("there is no such annex") }
      if offset == 0 { documents.threads = threadList() }
      try append(documents.threads, offset: offset, length: length)
    default: break
    }
  }

  /// Appends a piece of a document behind `m`, or `l` for the last one.
  private mutating func append(_ document: [UInt8], offset: UInt64, length: UInt64) throws(TargetError) {
    guard let start = Int(exactly: offset), start <= document.count else {
      throw .invalid("the document ends at \(document.count)")
    }
    // Escaped, a piece may become twice as long.
    let count = min(document.count - start, Int(min(length, UInt64(Self.packetSize / 2 - 1))))
    encoder.append(start + count == document.count ? "l" : "m")
    document.withUnsafeBytes { encoder.append(binary: UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) }
  }

  /// The list of threads in XML (GDB manual, "Thread List Format").
  private func threadList() -> [UInt8] {
    var xml = XMLText(documentType: nil)
    xml.element("threads") { xml in
      for thread in target.threads {
        xml.element("thread", [("id", String(thread.rawValue, radix: 16))], text: target.describe(thread))
      }
    }
    return xml.bytes
  }
}
