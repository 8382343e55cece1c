/// An operation's handlers by the size of the element that the encoding names: 8, 16, 32 and 64 bits.
///
/// Where there is none the size is reserved.
struct SizedHandlers: Sendable {
  private let b: Handler?
  private let h: Handler?
  private let s: Handler?
  private let d: Handler?

  init(b: Handler? = nil, h: Handler? = nil, s: Handler? = nil, d: Handler? = nil) {
    self.b = b
    self.h = h
    self.s = s
    self.d = d
  }

  /// The handler of a size: 0 for 8 bits up to 3 for 64.
  subscript(size: UInt32) -> Handler? {
    switch size {
    case 0: b
    case 1: h
    case 2: s
    default: d
    }
  }
}

// The shapes of encodings with Q in bit 30 and the size of elements in the bits [23:22].
extension InstructionPattern {
  /// An instruction on 64 or 128 bits of elements of one size; a vector of one element is reserved.
  static func vector(
    _ name: String, _ bits: StaticString, _ handlers: SizedHandlers, _ feature: Feature? = nil
  ) -> InstructionPattern {
    InstructionPattern(name, bits, feature) { word in
      let size = word[bits: 22...23]
      guard size < 3 || word.isQuadword, let handler = handlers[size] else { return nil }
      return Slot(handler, word.vectors(word.form))
    }
  }

  /// An instruction on one element.
  static func scalar(
    _ name: String, _ bits: StaticString, _ handlers: SizedHandlers, _ feature: Feature? = nil
  ) -> InstructionPattern {
    InstructionPattern(name, bits, feature) { word in
      let size = word[bits: 22...23]
      guard let handler = handlers[size] else { return nil }
      return Slot(handler, word.vectors(.scalar(bits: 8 << Int(size))))
    }
  }

  /// An instruction on 64 or 128 bits whatever the elements; the bits of the size are part of the operation.
  static func bitwise(_ name: String, _ bits: StaticString, _ handler: @escaping Handler) -> InstructionPattern {
    InstructionPattern(name, bits) { Slot(handler, $0.vectors($0.form)) }
  }

  /// An instruction that makes 128 bits of elements of twice the size, of the upper halves where Q is set.
  static func long(
    _ name: String, _ bits: StaticString, _ handlers: SizedHandlers, _ feature: Feature? = nil
  ) -> InstructionPattern {
    InstructionPattern(name, bits, feature) { word in
      handlers[word[bits: 22...23]].map { Slot($0, word.vectors(.quadword.upper(word.isQuadword))) }
    }
  }

  /// An instruction that makes one element of twice the size.
  static func scalarLong(_ name: String, _ bits: StaticString, _ handlers: SizedHandlers) -> InstructionPattern {
    InstructionPattern(name, bits) { word in
      let size = word[bits: 22...23]
      guard let handler = handlers[size] else { return nil }
      return Slot(handler, word.vectors(.scalar(bits: 16 << Int(size))))
    }
  }

  /// An instruction that makes 64 bits of elements of half the size, in the upper half where Q is set.
  static func narrow(_ name: String, _ bits: StaticString, _ handlers: SizedHandlers) -> InstructionPattern {
    InstructionPattern(name, bits) { word in
      handlers[word[bits: 22...23]].map { Slot($0, word.vectors(.doubleword.upper(word.isQuadword))) }
    }
  }
}
