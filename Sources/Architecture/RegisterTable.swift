/// A register's place in its architecture's register table.
///
/// It is at once the register's number in GDB's remote protocol and its name towards an engine.
public struct RegisterIndex: RawRepresentable, Hashable, Comparable, Sendable {
  /// The number, counted from 0.
  public let rawValue: Int
  /// The register of this number.
  @inlinable public init(rawValue: Int) { self.rawValue = rawValue }
  /// The register of this number.
  @inlinable public init(_ rawValue: Int) { self.rawValue = rawValue }
  /// Whether `left` stands before `right` in the table.
  @inlinable public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// One register of an architecture, as a debugger shows it.
public struct RegisterDescription: Sendable {
  /// The architectural name, in lower case, as GDB's standard features spell it.
  public let name: String
  /// The width of its value; values travel little-endian in `byteCount` bytes.
  public let bitWidth: Int
  /// The GDB type: a predefined one (`int64`, `code_ptr`, `i387_ext` …) or the id of one of its feature's `types`.
  public let type: String
  /// The GDB register group (`general`, `float`, `vector`, `system` …), or nil for GDB's own choice.
  public let group: String?
  /// Whether a debugger saves and restores it around a call that it makes in the guest.
  public let isSavedAroundCalls: Bool

  /// Makes a description; `bitWidth` is the width of the register's value.
  public init(name: String, bitWidth: Int, type: String, group: String? = nil, isSavedAroundCalls: Bool = true) {
    self.name = name
    self.bitWidth = bitWidth
    self.type = type
    self.group = group
    self.isSavedAroundCalls = isSavedAroundCalls
  }

  /// The length of its value.
  public var byteCount: Int { (bitWidth + 7) / 8 }
}

/// A type that a feature defines for its registers (GDB manual, "Target Description Format", "Types").
public indirect enum RegisterTypeDefinition: Sendable {
  /// A vector of `count` elements of the type `element`.
  case vector(id: String, element: String, count: Int)
  /// A union; its fields are alternatives in the same bytes.
  case union(id: String, fields: [(name: String, type: String)])
  /// Single bits and bit fields of a register of `byteCount` bytes; a `type` of nil is a one-bit flag or an integer.
  case flags(id: String, byteCount: Int, fields: [(name: String, bits: ClosedRange<Int>, type: String?)])
}

/// A group of registers that GDB knows by the feature's name (GDB manual, "Standard Target Features").
public struct RegisterFeature: Sendable {
  /// The feature's name, such as `org.gnu.gdb.i386.core`.
  public let name: String
  /// The types that its registers use, each before those that refer to it.
  public let types: [RegisterTypeDefinition]
  /// Its registers, in the order of their numbers.
  public let registers: [RegisterDescription]

  /// Makes a feature of its registers in the order of their numbers, with the types that they use.
  public init(name: String, types: [RegisterTypeDefinition] = [], registers: [RegisterDescription]) {
    self.name = name
    self.types = types
    self.registers = registers
  }
}

/// All registers of an architecture, in the order of their numbers.
///
/// The one table that the target description, the `g` and `p` packets and the engines are driven by.
public struct RegisterTable: Sendable {
  /// The architecture's name as BFD spells it, such as `i386:x86-64`, for the target description.
  public let gdbArchitecture: String
  /// The features; the registers' numbers run through them without a gap.
  public let features: [RegisterFeature]
  /// The registers by number.
  public let registers: [RegisterDescription]
  /// How many registers, counted from number 0, the `g` packet carries; the rest are read one by one, when asked for.
  public let generalCount: Int
  /// The registers that every stop reply carries: what a debugger asks for first.
  public let expedited: [RegisterIndex]
  /// The program counter.
  public let programCounter: RegisterIndex
  /// The stack pointer.
  public let stackPointer: RegisterIndex

  private let indexes: [String: RegisterIndex]

  /// Makes the table.
  ///
  /// The names given must be in `features`; a name that is not there stands for register 0.
  public init(
    gdbArchitecture: String, features: [RegisterFeature], generalCount: Int, expedited: [String],
    programCounter: String, stackPointer: String
  ) {
    self.gdbArchitecture = gdbArchitecture
    self.features = features
    let registers = features.flatMap(\.registers)
    self.registers = registers
    self.generalCount = min(generalCount, registers.count)
    let indexes = Dictionary(
      registers.enumerated().map { ($1.name, RegisterIndex($0)) }, uniquingKeysWith: { first, _ in first })
    self.indexes = indexes
    self.expedited = expedited.compactMap { indexes[$0] }
    self.programCounter = indexes[programCounter] ?? RegisterIndex(0)
    self.stackPointer = indexes[stackPointer] ?? RegisterIndex(0)
  }

  /// The register of this name, or nil where the architecture has none.
  public func index(named name: String) -> RegisterIndex? { indexes[name] }

  /// The description of a register, or nil past the table's end.
  @inlinable
  public subscript(index: RegisterIndex) -> RegisterDescription? {
    registers.indices.contains(index.rawValue) ? registers[index.rawValue] : nil
  }
}
