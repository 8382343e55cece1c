import Bits

/// Where the members of a module's structures are, in bytes: they depend on the kernel's version and configuration.
struct ModuleLayout {
  /// `struct module` and all that it points to are shorter.
  static let largest = 16 << 10

  /// `struct module`.
  let size: Int
  let list: Int
  let name: Range<Int>
  let state: Int
  /// The pointer to the structure itself, by which one is told from anything else; nil without CONFIG_SYSFS.
  let itself: Int?
  let regions: [Region]
  let sections: Sections?
  let symbols: Symbols?

  /// Where a module says where one of its regions is.
  struct Region {
    let purpose: LinuxModule.Region.Purpose
    /// The pointer that both of the others count from.
    let base: Int
    /// Where it starts; nil where it is at the base.
    let start: Int?
    let end: Int
  }

  /// Where a module has its sections' names and addresses: `struct module_sect_attrs`.
  struct Sections {
    /// The pointer to it in `struct module`.
    let pointer: Int
    /// The number of sections; nil where a list of pointers to them, which ends with a null one, tells it.
    let count: Int?
    let list: Int
    /// The first one.
    let first: Int
    /// The size of each, and in it the pointer to the name, and the address.
    let stride, name, address: Int
  }

  /// Where a module has its symbols: `struct mod_kallsyms`.
  struct Symbols {
    /// The pointer to it in `struct module`.
    let pointer: Int
    let size: Int
    let table, count, strings, kinds: Int
  }

  init(_ types: BTF) throws(BTFError) {
    size = try types.size(of: "module")
    list = try types.field("list.next", of: "module").offset
    name = try types.field("name", of: "module").range
    state = try types.field("state", of: "module").offset
    itself = try? types.field("mkobj.mod", of: "module").offset
    regions = try Region.all(types)
    // Neither is there without CONFIG_KALLSYMS.
    sections = try? Sections(types)
    symbols = try? Symbols(types)
    guard size <= Self.largest, name.count <= Self.largest else { throw .damaged(offset: 0) }
  }
}

extension ModuleLayout.Region {
  /// The regions that modules of a kernel have.
  fileprivate static func all(_ types: BTF) throws(BTFError) -> [ModuleLayout.Region] {
    var regions: [ModuleLayout.Region] = []
    if let memory = try? types.field("mem", of: "module") {
      let base = try types.field("mem.base", of: "module").offset
      let size = try types.field("mem.size", of: "module").offset
      for purpose in Purpose.allCases {
        let number = Int(clamping: try types.value(of: purpose.enumerator, in: "mod_mem_type"))
        guard let count = memory.count, (0..<count).contains(number) else { continue }
        let distance = number * memory.elementSize
        regions.append(ModuleLayout.Region(purpose: purpose, base: base + distance, start: nil, end: size + distance))
      }
    } else {
      for (layout, purposes) in [
        ("core_layout", [Purpose.text, .readOnlyData, .readOnlyAfterInit, .data]),
        ("init_layout", [.initText, .initReadOnlyData, nil, .initData]),
      ] {
        regions += try parts(of: layout, purposes, types)
      }
    }
    return regions
  }

  /// The parts of a `struct module_layout`, which Linux had up to 6.3: each ends where the next one starts.
  private static func parts(
    of layout: String, _ purposes: [Purpose?], _ types: BTF
  ) throws(BTFError) -> [ModuleLayout.Region] {
    let base = try types.field("\(layout).base", of: "module").offset
    var regions: [ModuleLayout.Region] = []
    var start: Int?
    for (purpose, end) in zip(purposes, ["text_size", "ro_size", "ro_after_init_size", "size"]) {
      let end = try types.field("\(layout).\(end)", of: "module").offset
      if let purpose { regions.append(ModuleLayout.Region(purpose: purpose, base: base, start: start, end: end)) }
      start = end
    }
    return regions
  }

  private typealias Purpose = LinuxModule.Region.Purpose
}

extension LinuxModule.Region.Purpose {
  /// Its number in an array of regions (`enum mod_mem_type`, since Linux 6.4).
  fileprivate var enumerator: String {
    switch self {
    case .text: "MOD_TEXT"
    case .data: "MOD_DATA"
    case .readOnlyData: "MOD_RODATA"
    case .readOnlyAfterInit: "MOD_RO_AFTER_INIT"
    case .initText: "MOD_INIT_TEXT"
    case .initData: "MOD_INIT_DATA"
    case .initReadOnlyData: "MOD_INIT_RODATA"
    }
  }
}

extension ModuleLayout.Sections {
  /// The layout of CONFIG_SYSFS and CONFIG_KALLSYMS.
  ///
  /// The name and the address moved into the file of sysfs that shows the section: the one in 5.8, the other in 6.14.
  fileprivate init(_ types: BTF) throws(BTFError) {
    let owner = "module_sect_attrs"
    let attributes = try types.field("attrs", of: owner)
    pointer = try types.field("sect_attrs", of: "module").offset
    count = try? types.field("nsections", of: owner).offset
    list = try types.field("grp.bin_attrs", of: owner).offset
    first = attributes.offset
    stride = attributes.elementSize
    name = try Self.field(["attrs.battr.attr.name", "attrs.attr.name", "attrs.name"], of: owner, types) - first
    address = try Self.field(["attrs.address", "attrs.private"], of: owner, types) - first
    guard first <= ModuleLayout.largest, stride <= ModuleLayout.largest, (0..<stride).contains(name),
      (0..<stride).contains(address)
    else { throw .damaged(offset: 0) }
  }

  /// The offset of the first member of several that there is.
  private static func field(_ paths: [String], of name: String, _ types: BTF) throws(BTFError) -> Int {
    for path in paths {
      if let field = try? types.field(path, of: name) { return field.offset }
    }
    throw .noMember(paths[0], of: name)
  }
}

extension ModuleLayout.Symbols {
  fileprivate init(_ types: BTF) throws(BTFError) {
    let owner = "mod_kallsyms"
    pointer = try types.field("kallsyms", of: "module").offset
    size = try types.size(of: owner)
    table = try types.field("symtab", of: owner).offset
    count = try types.field("num_symtab", of: owner).offset
    strings = try types.field("strtab", of: owner).offset
    kinds = try types.field("typetab", of: owner).offset
    guard size <= ModuleLayout.largest else { throw .damaged(offset: 0) }
  }
}
