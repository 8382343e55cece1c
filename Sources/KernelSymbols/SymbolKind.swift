/// What a symbol is, by the letter that nm and kallsyms give it (GNU binutils, "nm").
public struct SymbolKind: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
  /// The letter in ASCII.
  public let rawValue: UInt8
  /// The kind of this letter.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The letter.
  public var description: String { String(Unicode.Scalar(rawValue)) }

  private var lowercased: UInt8 { rawValue | 0x20 }
  private func isOne(of letters: StaticString) -> Bool {
    // Compared one by one: this is asked of every symbol of a kernel.
    letters.withUTF8Buffer { $0.contains(lowercased) }
  }

  /// Whether other files of the kernel see it: nm writes these in upper case.
  public var isGlobal: Bool { rawValue & 0x20 == 0 }
  /// Whether another definition would take its place.
  public var isWeak: Bool { isOne(of: "wv") }
  /// Whether it is code.
  public var isCode: Bool { isOne(of: "tw") }
  /// Whether its value is no address of the image.
  public var isAbsolute: Bool { isOne(of: "a") }
}
