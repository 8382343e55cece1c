/// A small XML document in the making, one element to a line.
struct XMLText {
  private(set) var bytes: [UInt8] = []
  private var depth = 0

  /// Starts a document.
  ///
  /// - Parameter documentType: what stands in its `DOCTYPE`, if it has one.
  init(documentType: String?) {
    line("<?xml version=\"1.0\"?>")
    if let documentType { line("<!DOCTYPE \(documentType)>") }
  }

  /// Appends an element with others inside.
  mutating func element(
    _ name: String, _ attributes: [(name: String, value: String)] = [], _ contents: (inout XMLText) -> Void
  ) {
    line("<\(name)\(Self.attributes(attributes))>")
    depth += 1
    contents(&self)
    depth -= 1
    line("</\(name)>")
  }

  /// Appends an element with text inside.
  mutating func element(_ name: String, _ attributes: [(name: String, value: String)] = [], text: String) {
    line("<\(name)\(Self.attributes(attributes))>\(Self.escaped(text))</\(name)>")
  }

  /// Appends an element with nothing inside.
  mutating func element(_ name: String, _ attributes: [(name: String, value: String)]) {
    line("<\(name)\(Self.attributes(attributes))/>")
  }

  private mutating func line(_ text: String) {
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
    bytes.append(contentsOf: text.utf8)
    bytes.append(UInt8(ascii: "\n"))
  }

  private static func attributes(_ attributes: [(name: String, value: String)]) -> String {
    attributes.map { " \($0.name)=\"\(escaped($0.value))\"" }.joined()
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\t", "\n": result.unicodeScalars.append(scalar)
      case "\0"..<" ": result += "?"  // XML 1.0 has no way to write these.
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
