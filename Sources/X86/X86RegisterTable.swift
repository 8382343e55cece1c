public import Architecture

/// The registers of an x86-64 CPU with their numbers towards GDB.
///
/// The first features are GDB's own for amd64 (gdb/features/i386/64bit-*.xml) in its order, so that any gdb knows them;
/// those that follow are this project's. AVX stands last, so that every other number is the same on every CPU.
public struct X86RegisterFile: Sendable {
  /// The registers as GDB sees them.
  public let table: RegisterTable
  /// What each register is, at the position of its `RegisterIndex`.
  public let registers: [X86Register]

  private let indexes: [X86Register: RegisterIndex]

  /// Makes the table; the high halves of the YMM registers are there only on a CPU that has AVX.
  public init(hasAVX: Bool) {
    let general: [Feature] = [.core, .sse, .segments]
    let system: [Feature] = [.control, .hiddenSegments, .debug, .modelSpecific]
    let features = general + system + (hasAVX ? [.avx] : [])

    table = RegisterTable(
      gdbArchitecture: "i386:x86-64",
      features: features.map {
        RegisterFeature(name: $0.name, types: $0.types, registers: $0.members.map(\.description))
      },
      generalCount: general.reduce(0) { $0 + $1.members.count },
      // What gdbserver expedites on amd64.
      expedited: ["rbp", "rsp", "rip"],
      programCounter: "rip", stackPointer: "rsp")
    registers = features.flatMap { $0.members.map(\.register) }
    indexes = Dictionary(
      registers.enumerated().map { ($1, RegisterIndex($0)) }, uniquingKeysWith: { first, _ in first })
  }

  /// The number of a register, or nil where this CPU or this table does not have it.
  public func index(of register: X86Register) -> RegisterIndex? { indexes[register] }
}

/// A feature whose registers carry both what they are and how GDB shows them.
private struct Feature: Sendable {
  struct Member: Sendable {
    let register: X86Register
    let description: RegisterDescription

    /// A register of one of GDB's standard features.
    init(_ register: X86Register, _ name: String, _ bitWidth: Int, _ type: String, group: String? = nil) {
      self.register = register
      description = RegisterDescription(name: name, bitWidth: bitWidth, type: type, group: group)
    }

    /// A register of the system; a debugger leaves it alone around a call that it makes in the guest.
    init(system register: X86Register, _ name: String, _ bitWidth: Int, _ type: String) {
      self.register = register
      description = RegisterDescription(
        name: name, bitWidth: bitWidth, type: type, group: "system", isSavedAroundCalls: false)
    }
  }

  let name: String
  var types: [RegisterTypeDefinition] = []
  let members: [Member]
}

// MARK: - GDB's standard features

extension Feature {
  static var core: Feature {
    var members: [Member] = []
    for register in X86Register.General.allCases {
      let type = register == .rbp || register == .rsp ? "data_ptr" : "int64"
      members.append(Member(.general(register), "\(register)", 64, type))
    }
    members.append(Member(.rip, "rip", 64, "code_ptr"))
    members.append(Member(.rflags, "eflags", 32, "i386_eflags"))
    for segment in [X86Register.Segment.cs, .ss, .ds, .es, .fs, .gs] {
      members.append(Member(.selector(segment), segment.rawValue, 32, "int32"))
    }
    for number in 0..<8 { members.append(Member(.x87(number), "st\(number)", 80, "i387_ext")) }
    for register in X86Register.X87Control.allCases {
      members.append(Member(.x87Control(register), register.rawValue, 32, "int", group: "float"))
    }
    return Feature(
      name: "org.gnu.gdb.i386.core",
      types: [.flags(id: "i386_eflags", byteCount: 4, fields: RFLAGS.gdbFields)],
      members: members)
  }

  static var sse: Feature {
    let vectors: [(field: String, id: String, element: String, count: Int)] = [
      ("v4_float", "v4f", "ieee_single", 4),
      ("v2_double", "v2d", "ieee_double", 2),
      ("v16_int8", "v16i8", "int8", 16),
      ("v8_int16", "v8i16", "int16", 8),
      ("v4_int32", "v4i32", "int32", 4),
      ("v2_int64", "v2i64", "int64", 2),
    ]
    var types: [RegisterTypeDefinition] = vectors.map { .vector(id: $0.id, element: $0.element, count: $0.count) }
    types.append(
      .union(
        id: "vec128",
        fields: vectors.map { (name: $0.field, type: $0.id) } + [(name: "uint128", type: "uint128")]))
    types.append(.flags(id: "i386_mxcsr", byteCount: 4, fields: MXCSR.gdbFields))
    return Feature(
      name: "org.gnu.gdb.i386.sse", types: types,
      members: (0..<16).map { Member(.xmm($0), "xmm\($0)", 128, "vec128") }
        + [Member(.mxcsr, "mxcsr", 32, "i386_mxcsr", group: "vector")])
  }

  static var segments: Feature {
    Feature(
      name: "org.gnu.gdb.i386.segments",
      members: [Member(.base(.fs), "fs_base", 64, "int"), Member(.base(.gs), "gs_base", 64, "int")])
  }

  static var avx: Feature {
    Feature(
      name: "org.gnu.gdb.i386.avx",
      members: (0..<16).map { Member(.ymmHigh($0), "ymm\($0)h", 128, "uint128") })
  }
}

// MARK: - This project's features

extension Feature {
  static var control: Feature {
    Feature(
      name: "org.hvgdb.i386.control",
      types: [
        .flags(id: "x86_cr0", byteCount: 8, fields: CR0.gdbFields),
        .flags(id: "x86_cr3", byteCount: 8, fields: CR3.gdbFields),
        .flags(id: "x86_cr4", byteCount: 8, fields: CR4.gdbFields),
        .flags(id: "x86_efer", byteCount: 8, fields: EFER.gdbFields),
        .flags(id: "x86_xcr0", byteCount: 8, fields: XCR0.gdbFields),
        .flags(id: "x86_apic_base", byteCount: 8, fields: APICBase.gdbFields),
      ],
      members: [
        Member(system: .control(0), "cr0", 64, "x86_cr0"),
        Member(system: .control(2), "cr2", 64, "data_ptr"),
        Member(system: .control(3), "cr3", 64, "x86_cr3"),
        Member(system: .control(4), "cr4", 64, "x86_cr4"),
        Member(system: .control(8), "cr8", 64, "int64"),
        Member(system: .efer, "efer", 64, "x86_efer"),
        Member(system: .extendedControl0, "xcr0", 64, "x86_xcr0"),
        Member(system: .apicBase, "apic_base", 64, "x86_apic_base"),
      ])
  }

  static var hiddenSegments: Feature {
    var members: [Member] = []
    for segment in X86Register.Segment.allCases {
      let name = segment.rawValue
      // GDB's own features have the other selectors and the bases of fs and gs.
      if segment == .tr || segment == .ldtr { members.append(Member(system: .selector(segment), name, 32, "int32")) }
      if segment != .fs && segment != .gs {
        members.append(Member(system: .base(segment), name + "_base", 64, "data_ptr"))
      }
      members.append(Member(system: .limit(segment), name + "_limit", 32, "uint32"))
      members.append(Member(system: .attributes(segment), name + "_attr", 32, "x86_segment"))
    }
    for table in X86Register.DescriptorTable.allCases {
      members.append(Member(system: .tableBase(table), table.rawValue + "_base", 64, "data_ptr"))
      members.append(Member(system: .tableLimit(table), table.rawValue + "_limit", 16, "uint16"))
    }
    return Feature(
      name: "org.hvgdb.i386.segments",
      types: [.flags(id: "x86_segment", byteCount: 4, fields: X86SegmentAttributes.gdbFields)],
      members: members)
  }

  static var debug: Feature {
    Feature(
      name: "org.hvgdb.i386.debug",
      types: [
        .flags(id: "x86_dr6", byteCount: 8, fields: DR6.gdbFields),
        .flags(id: "x86_dr7", byteCount: 8, fields: DR7.gdbFields),
      ],
      members: (0..<4).map { Member(system: .debug($0), "dr\($0)", 64, "data_ptr") } + [
        Member(system: .debug(6), "dr6", 64, "x86_dr6"),
        Member(system: .debug(7), "dr7", 64, "x86_dr7"),
      ])
  }

  static var modelSpecific: Feature {
    Feature(
      name: "org.hvgdb.i386.msr",
      members: MSR.allCases.map { Member(system: .msr($0.rawValue), $0.name, 64, $0.gdbType) })
  }
}
