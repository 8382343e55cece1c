import Bits
import KernelSymbols

/// Lays out a kernel's list of modules, in the ways that versions of Linux have done it.
struct MadeModules {
  /// How a kernel keeps its modules.
  enum Version: CaseIterable {
    /// `core_layout` and `init_layout`, the name of a section in `battr`: Linux 5.8 to 6.3.
    case layouts
    /// The same, with the name of a section in `module_sect_attr` itself: up to 5.7.
    case layoutsOwnName
    /// `mem[]`: Linux 6.4 to 6.13.
    case memory
    /// The same, and sections as an attribute group's list: since 6.14.
    case memoryGroups

    var hasLayouts: Bool { self == .layouts || self == .layoutsOwnName }
  }

  /// A module to lay out.
  struct Module {
    var name: String
    var state: UInt32 = 0
    /// Its code, read-only data and data, each as large as given, one behind the other.
    var text = 0x1000
    var readOnlyData = 0x400
    var data = 0x800
    var initText = 0
    var sections: [(name: String, address: UInt64)] = []
    /// The kind, the name, the address and the section's number.
    var symbols: [(kind: Character, name: String, address: UInt64, section: UInt16)] = []
  }

  let version: Version
  let memory = MadeMemory()
  private static let listOffset = 24
  private static let size = 480

  init(_ version: Version) {
    self.version = version
    let head = memory.allocate(16, symbol: "modules")
    link(head, to: head)
  }

  private func link(_ node: UInt64, to next: UInt64) { memory.store(next, at: node) }

  /// Puts a module at the head of the list and returns the address of its list's node.
  @discardableResult
  func add(_ module: Module, base: UInt64, initBase: UInt64 = 0) -> UInt64 {
    let start = memory.allocate(Self.size)
    memory.store(module.state, at: start + 8)
    memory.store(Array(module.name.utf8), at: start + 40)
    memory.store(start, at: start + 296)
    storeRegions(module, base, initBase, at: start)
    memory.store(sectionAttributes(module), at: start + 400)
    memory.store(kallsyms(module), at: start + 408)
    // The list's head is the first thing in the memory.
    let head = MadeMemory.start
    let node = start + UInt64(Self.listOffset)
    link(node, to: memory.load(at: head))
    link(head, to: node)
    return node
  }

  private func storeRegions(_ module: Module, _ base: UInt64, _ initBase: UInt64, at start: UInt64) {
    let ends = [module.text, module.text + module.readOnlyData, module.text + module.readOnlyData + module.data]
    if version.hasLayouts {
      // base, size, text_size, ro_size, ro_after_init_size
      memory.store(base, at: start + 104)
      for (offset, end) in zip([112, 116, 120, 124], [ends[2], ends[0], ends[1], ends[1]]) {
        memory.store(UInt32(end), at: start + UInt64(offset))
      }
      memory.store(initBase, at: start + 136)
      for offset in [144, 148, 152, 156] { memory.store(UInt32(module.initText), at: start + UInt64(offset)) }
    } else {
      let regions = [
        (0, base, module.text), (2, base + UInt64(ends[0]), module.readOnlyData),
        (1, base + UInt64(ends[1]), module.data),
        (4, initBase, module.initText),
      ]
      for (number, base, size) in regions {
        memory.store(base, at: start + 104 + UInt64(24 * number))
        memory.store(UInt32(size), at: start + 104 + UInt64(24 * number) + 16)
      }
    }
  }

  /// `struct module_sect_attrs`.
  private func sectionAttributes(_ module: Module) -> UInt64 {
    guard !module.sections.isEmpty else { return 0 }
    let names = module.sections.map { memory.place($0.name) }
    let stride = 72
    let start = memory.allocate(56 + stride * module.sections.count)
    var list: [UInt8] = []
    for (number, section) in module.sections.enumerated() {
      let attribute = start + 56 + UInt64(stride * number)
      list.appendLittleEndian(attribute)
      memory.store(names[number], at: attribute + (version == .layoutsOwnName ? 48 : 0))
      memory.store(section.address, at: attribute + (version == .memoryGroups ? 24 : 64))
    }
    if version == .memoryGroups {
      memory.store(memory.place(list + [UInt8](repeating: 0, count: 8)), at: start + 32)
    } else {
      memory.store(UInt32(module.sections.count), at: start + 48)
    }
    return start
  }

  /// `struct mod_kallsyms`.
  private func kallsyms(_ module: Module) -> UInt64 {
    guard !module.symbols.isEmpty else { return 0 }
    var (entries, strings, kinds): ([UInt8], [UInt8], [UInt8]) = ([], [0], [])
    for symbol in module.symbols {
      entries.appendLittleEndian(UInt32(strings.count))
      entries += [0x12, 0]
      entries.appendLittleEndian(symbol.section)
      entries.appendLittleEndian(symbol.address)
      entries.appendLittleEndian(UInt64(8))
      strings += Array(symbol.name.utf8) + [0]
      kinds.append(symbol.kind.asciiValue ?? 0)
    }
    let start = memory.allocate(32)
    memory.store(memory.place(entries), at: start)
    memory.store(UInt32(module.symbols.count), at: start + 8)
    memory.store(memory.place(strings), at: start + 16)
    memory.store(memory.place(kinds), at: start + 24)
    return start
  }
}

extension MadeModules {
  /// The kernel's types.
  func types() throws -> BTF { try BTF(section) }

  /// The types as the kernel has them.
  var section: [UInt8] {
    var writer = BTFWriter()
    let byte = writer.integer("char", size: 1)
    let word = writer.integer("unsigned int", size: 4)
    let long = writer.integer("unsigned long", size: 8)
    let pointer = writer.pointer()
    let list = writer.structure("list_head", size: 16, [.init("next", pointer, at: 0), .init("prev", pointer, at: 8)])
    let object = writer.structure("module_kobject", size: 16, [.init("mod", pointer, at: 8)])
    let state = writer.enumeration("module_state", [("MODULE_STATE_LIVE", 0)])
    let layout = writer.structure(
      "module_layout", size: 32,
      [
        .init("base", pointer, at: 0), .init("size", word, at: 8), .init("text_size", word, at: 12),
        .init("ro_size", word, at: 16), .init("ro_after_init_size", word, at: 20),
      ])
    _ = writer.enumeration(
      "mod_mem_type",
      zip(["TEXT", "DATA", "RODATA", "RO_AFTER_INIT", "INIT_TEXT", "INIT_DATA", "INIT_RODATA"], 0...).map {
        ("MOD_" + $0, $1)
      })
    let region = writer.structure(
      "module_memory", size: 24, [.init("base", pointer, at: 0), .init("size", word, at: 16)])
    let regions: [BTFWriter.Member] =
      version.hasLayouts
      ? [.init("core_layout", layout, at: 104), .init("init_layout", layout, at: 136)]
      : [.init("mem", writer.array(of: region, count: 7), at: 104)]
    _ = writer.structure(
      "module", size: Self.size,
      [
        .init("state", state, at: 8), .init("mkobj", object, at: 288), .init("list", list, at: Self.listOffset),
        .init("name", writer.array(of: byte, count: 56), at: 40), .init("sect_attrs", pointer, at: 400),
        .init("kallsyms", pointer, at: 408),
      ] + regions)
    _ = writer.structure(
      "mod_kallsyms", size: 32,
      [
        .init("symtab", pointer, at: 0), .init("num_symtab", word, at: 8), .init("strtab", pointer, at: 16),
        .init("typetab", pointer, at: 24),
      ])
    addSectionTypes(&writer, pointer: pointer, word: word, long: long)
    return writer.section
  }

  private func addSectionTypes(_ writer: inout BTFWriter, pointer: UInt32, word: UInt32, long: UInt32) {
    let attribute = writer.structure("attribute", size: 16, [.init("name", pointer, at: 0)])
    let file = writer.structure(
      "bin_attribute", size: 72, [.init("attr", attribute, at: 0), .init("private", pointer, at: 24)])
    let section = writer.structure(
      "module_sect_attr", size: 72,
      version == .layoutsOwnName
        ? [.init("name", pointer, at: 48), .init("address", long, at: 64)]
        : [.init("battr", file, at: 0), .init("address", long, at: 64)])
    let group = writer.structure("attribute_group", size: 48, [.init("bin_attrs", pointer, at: 32)])
    let element = version == .memoryGroups ? file : section
    var members: [BTFWriter.Member] = [
      .init("grp", group, at: 0), .init("attrs", writer.array(of: element, count: 0), at: 56),
    ]
    if version != .memoryGroups { members.append(.init("nsections", word, at: 48)) }
    _ = writer.structure("module_sect_attrs", size: 56, members)
  }
}
