/// The document that a client reads in pieces, kept for the pieces that follow the first.
struct TransferDocument {
  /// `qXfer`'s object, such as `features`, and its annex.
  struct Name: Equatable {
    let object: String
    let annex: String
  }

  var name: Name?
  var bytes: [UInt8] = []
}

extension Session {
  /// `qXfer:object:read:annex:offset,length` (GDB manual, "General Query Packets").
  mutating func transfer(_ packet: inout PacketReader) throws(TargetError) {
    try packet.require(":")
    let object = packet.field(endingAt: ":").text
    try packet.require(":")
    // Only reading is announced; the empty reply says that there is no writing.
    guard case "read" = packet.field(endingAt: ":") else { return }
    try packet.require(":")
    let annex = packet.field(endingAt: ":").text
    try packet.require(":")
    let offset = try packet.number()
    try packet.require(",")
    let length = try packet.number()
    try packet.requireEnd()

    let name = TransferDocument.Name(object: object, annex: annex)
    // Read from its start, a document is made anew.
    if offset == 0 || document.name != name {
      guard let bytes = try makeDocument(name) else { return }
      document = TransferDocument(name: name, bytes: bytes)
    }
    try append(document.bytes, offset: offset, length: length)
  }

  /// Makes a document; nil where the target has none of its kind.
  private func makeDocument(_ name: TransferDocument.Name) throws(TargetError) -> [UInt8]? {
    switch (name.object, name.annex) {
    case ("features", "target.xml"): return TargetDescriptionWriter.document(for: registers.table)
    case ("threads", ""): return threadList()
    case ("exec-file", _):
      return try target.files.map { files throws(TargetError) in try executable(files, name.annex) }
    case ("libraries", ""):
      target.libraries?.followsLibraries = true
      return target.libraries.map { Library.document(listing: $0.loadedLibraries) }
    case ("memory-map", ""): return target.memoryMap.map { MemoryRegion.document(mapping: $0.memoryRegions) }
    case ("osdata", _): return try target.osData.map { osData throws(TargetError) in try table(osData, name.annex) }
    case ("features", _), ("threads", _), ("libraries", _), ("memory-map", _):
      throw .invalid("there is no such annex")
    default: return nil
    }
  }

  /// The path of the file that a process, numbered by the annex or the only one, executes.
  private func executable(_ files: any FileTarget, _ annex: String) throws(TargetError) -> [UInt8] {
    guard annex.allSatisfy(\.isHexDigit) else { throw .invalid("the annex is no process's number") }
    guard let path = files.executable else { throw .failed("no file is known to be executed") }
    return Array(path.utf8)
  }

  /// The table of this name, or that of all tables.
  private func table(_ osData: any OSDataTarget, _ name: String) throws(TargetError) -> [UInt8] {
    if name.isEmpty { return OSDataTable(of: osData.osDataTypes).document(type: "types") }
    guard let table = try osData.osDataTable(name) else {
      throw .invalid("there is no table of that name; `info os` lists them")
    }
    return table.document(type: name)
  }

  /// Appends a piece of a document behind `m`, or `l` for the last one.
  private mutating func append(_ document: [UInt8], offset: UInt64, length: UInt64) throws(TargetError) {
    guard let start = Int(exactly: offset), start <= document.count else {
      throw .invalid("the document ends at \(document.count)")
    }
    let count = min(document.count - start, Int(clamping: length), Self.dataLimit)
    encoder.append(start + count == document.count ? "l" : "m")
    document.withUnsafeBytes { encoder.append(binary: UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) }
  }

  /// The list of threads in XML (GDB manual, "Thread List Format").
  private func threadList() -> [UInt8] {
    var xml = XMLText(documentType: nil)
    xml.element("threads") { xml in
      for thread in threads {
        xml.element("thread", [("id", String(thread.rawValue, radix: 16))], text: target.describe(thread))
      }
    }
    return xml.bytes
  }
}
