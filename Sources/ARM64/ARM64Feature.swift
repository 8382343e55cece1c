import Architecture
import SoftFloat

/// A feature whose registers carry both what they are and how GDB shows them.
struct ARM64Feature: Sendable {
  struct Member: Sendable {
    let register: ARM64Register
    let description: RegisterDescription

    /// A register of one of GDB's standard features.
    init(_ register: ARM64Register, _ name: String, _ bitWidth: Int, _ type: String, group: String? = nil) {
      self.register = register
      description = RegisterDescription(name: name, bitWidth: bitWidth, type: type, group: group)
    }

    /// A register that a debugger leaves alone around a call that it makes in the guest.
    init(unsaved register: ARM64Register, _ name: String, _ type: String, group: String) {
      self.register = register
      description = RegisterDescription(
        name: name, bitWidth: 64, type: type, group: group, isSavedAroundCalls: false)
    }
  }

  let name: String
  var types: [RegisterTypeDefinition] = []
  let members: [Member]
}

// MARK: - GDB's standard features

extension ARM64Feature {
  static let core = ARM64Feature(
    name: "org.gnu.gdb.aarch64.core",
    types: [.flags(id: "cpsr_flags", byteCount: 4, fields: PSTATE.gdbFields)],
    members: (0...30).map { Member(.general($0), "x\($0)", 64, "int") } + [
      Member(.sp, "sp", 64, "data_ptr"),
      Member(.pc, "pc", 64, "code_ptr"),
      Member(.pstate, "cpsr", 32, "cpsr_flags"),
    ])

  static let fpu = ARM64Feature(
    name: "org.gnu.gdb.aarch64.fpu",
    types: VectorTypes.neon + statusTypes,
    members: (0...31).map { Member(.vector($0), "v\($0)", 128, "aarch64v") } + status)

  /// The feature that replaces `fpu` where there is SVE: GDB makes V0 to V31 itself then.
  static func sve(vectorLength: Int) -> ARM64Feature {
    let vectors = (0...31).map { Member(.scalableVector($0), "z\($0)", vectorLength * 8, "svev") }
    let predicates = (0...15).map { Member(.predicate($0), "p\($0)", vectorLength, "svep") }
    return ARM64Feature(
      name: "org.gnu.gdb.aarch64.sve",
      types: VectorTypes.sve(vectorLength: vectorLength) + statusTypes,
      members: vectors + status + predicates + [
        Member(.ffr, "ffr", vectorLength, "svep", group: "vector"),
        Member(.vg, "vg", 64, "int"),
      ])
  }

  /// The second version of GDB's feature has masks for the kernel's half too.
  ///
  /// The first one would have gdb clear the top bits of a kernel's signed return addresses.
  static let pointerAuthentication = ARM64Feature(
    name: "org.gnu.gdb.aarch64.pauth_v2",
    members: ARM64Register.PointerMask.allCases.map {
      Member(unsaved: .pointerMask($0), $0.rawValue, "int", group: "system")
    })

  /// The thread pointers that the engine gives, by GDB's names; nil without TPIDR_EL0.
  static func threads(in systemRegisters: [SystemRegister]) -> ARM64Feature? {
    guard systemRegisters.contains(.tpidrEL0) else { return nil }
    let names: [(SystemRegister, String)] = [(.tpidrEL0, "tpidr"), (.tpidr2EL0, "tpidr2")]
    return ARM64Feature(
      name: "org.gnu.gdb.aarch64.tls",
      members: names.filter { systemRegisters.contains($0.0) }.map { Member(.system($0), $1, 64, "data_ptr") })
  }

  private static let statusTypes: [RegisterTypeDefinition] = [
    .flags(id: "fpsr_flags", byteCount: 4, fields: FPSR.gdbFields),
    .flags(id: "fpcr_flags", byteCount: 4, fields: FPCR.gdbFields),
  ]

  private static let status = [
    Member(.fpsr, "fpsr", 32, "fpsr_flags", group: "float"),
    Member(.fpcr, "fpcr", 32, "fpcr_flags", group: "float"),
  ]
}

// MARK: - This project's feature

extension ARM64Feature {
  /// System registers by their architectural names, those without one by their generic names at the end.
  ///
  /// FPSR and FPCR are left to GDB's own features.
  static func system(_ registers: [SystemRegister]) -> ARM64Feature {
    let positions = SystemRegisterTable.positions
    let others = Set(registers).filter { register in !status.contains { $0.description.name == register.name } }
    let sorted = others.sorted {
      (positions[$0] ?? .max, $0.rawValue) < (positions[$1] ?? .max, $1.rawValue)
    }
    var types: [RegisterTypeDefinition] = []
    var known: Set<String> = []
    let members = sorted.map { register in
      let display = SystemRegisterTable.entries[register]?.display ?? .integer
      if case .fields(let fields) = display, known.insert(display.gdbType).inserted {
        types.append(.flags(id: display.gdbType, byteCount: 8, fields: fields.gdbFields))
      }
      return Member(unsaved: .system(register), register.name, display.gdbType, group: "system")
    }
    return ARM64Feature(name: "org.hvgdb.aarch64.system", types: types, members: members)
  }
}

extension SystemRegisterTable.Entry.Display {
  /// The GDB type: an address gets its symbol.
  fileprivate var gdbType: String {
    switch self {
    case .integer: "int64"
    case .codeAddress: "code_ptr"
    case .dataAddress: "data_ptr"
    case .fields(let fields): "arm64_\(fields)".lowercased()
    }
  }
}

// MARK: - Vector types

/// The types of vector registers by GDB's own names (gdb/features/aarch64-fpu.xml, aarch64-sve.c).
private enum VectorTypes {
  /// One width of a vector's elements.
  private struct Element {
    /// GDB's letter for the width: b, h, s, d or q.
    let letter: String
    let bitWidth: Int
    let float: String?

    static let all = [
      Element(letter: "d", bitWidth: 64, float: "ieee_double"),
      Element(letter: "s", bitWidth: 32, float: "ieee_single"),
      Element(letter: "h", bitWidth: 16, float: "ieee_half"),
      Element(letter: "b", bitWidth: 8, float: nil),
      Element(letter: "q", bitWidth: 128, float: nil),
    ]

    /// The element's readings: the letter of the field and its type.
    var readings: [(field: String, type: String)] {
      (float.map { [("f", $0)] } ?? []) + [("u", "uint\(bitWidth)"), ("s", "int\(bitWidth)")]
    }
  }

  static let neon = types(of: "aarch64v", prefix: "v", byteCount: 16)

  static func sve(vectorLength: Int) -> [RegisterTypeDefinition] {
    types(of: "svev", prefix: "svev", byteCount: vectorLength)
      + [.vector(id: "svep", element: "uint8", count: vectorLength / 8)]
  }

  /// A vector for every reading of every width, a union for every width, and the union of them all.
  private static func types(of id: String, prefix: String, byteCount: Int) -> [RegisterTypeDefinition] {
    let vectors = Element.all.flatMap { element in
      element.readings.map { reading in
        RegisterTypeDefinition.vector(
          id: prefix + element.letter + reading.field, element: reading.type, count: byteCount * 8 / element.bitWidth)
      }
    }
    let unions = Element.all.map { element in
      RegisterTypeDefinition.union(
        id: prefix + "n" + element.letter,
        fields: element.readings.map { (name: $0.field, type: prefix + element.letter + $0.field) })
    }
    let whole = RegisterTypeDefinition.union(
      id: id, fields: Element.all.map { (name: $0.letter, type: prefix + "n" + $0.letter) })
    return vectors + unions + [whole]
  }
}
