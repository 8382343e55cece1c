extension DeviceTree {
  /// The tree as source text, in the manner of `dtc -O dts`; dtc makes the same tree of it.
  public var source: String {
    var text = "/dts-v1/;\n\n"
    for reservation in reservations { text += "/memreserve/ \(hex(reservation.address)) \(hex(reservation.size));\n" }
    root.appendSource(to: &text, name: "/", indent: "")
    return text
  }
}

extension DeviceTree.Node {
  /// The node as source text, as `DeviceTree.source` has it.
  public var source: String {
    var text = ""
    appendSource(to: &text, name: name.isEmpty ? "/" : name, indent: "")
    return text
  }

  fileprivate func appendSource(to text: inout String, name: String, indent: String) {
    text += "\(indent)\(name) {\n"
    for property in properties { text += "\(indent)\t\(property.source)\n" }
    for (index, child) in children.enumerated() {
      if index > 0 || !properties.isEmpty { text += "\n" }
      child.appendSource(to: &text, name: child.name, indent: indent + "\t")
    }
    text += "\(indent)};\n"
  }
}

extension DeviceTree.Property {
  /// The property with its value in the form that it seems to have.
  fileprivate var source: String { value.bytes.isEmpty ? "\(name);" : "\(name) = \(value.source);" }
}

extension DeviceTree.Value {
  /// The value in the form that it seems to have: texts, numbers or bytes; the last two stand for the same bytes.
  public var source: String {
    if let strings, strings.allSatisfy(Self.isPlain) {
      return strings.map { "\"\(Self.escaped($0))\"" }.joined(separator: ", ")
    }
    if let cells { return "<\(cells.map(hex).joined(separator: " "))>" }
    let pairs = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
    return "[\(pairs.joined(separator: " "))]"
  }

  /// Whether a text looks like one that somebody wrote: printable and not empty.
  private static func isPlain(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (32..<127).contains($0) }
  }

  private static func escaped(_ text: String) -> String {
    String(text.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] })
  }
}
