import KernelSymbols
import Testing

struct BTFTests {
  /// A section with each kind of type that a path can lead through.
  private static let written: (section: [UInt8], cycle: UInt32) = {
    var writer = BTFWriter()
    let byte = writer.integer("unsigned char", size: 1)
    let word = writer.typedef("u32", writer.integer("unsigned int", size: 4))
    let long = writer.typedef("counter_t", writer.const(writer.integer("long", size: 8)))
    let next = writer.pointer()
    let list = writer.structure("list_head", size: 16, [.init("next", next, at: 0), .init("prev", next, at: 8)])
    let inner = writer.structure("", size: 8, [.init("low", word, at: 0), .init("high", word, at: 4)])
    let either = writer.structure(
      "", size: 8, isUnion: true, [.init("", inner, at: 0), .init("whole", long, at: 0)])
    let flags = writer.structure(
      "flags", size: 4, hasBitFields: true,
      [.init("some", word, bits: 0..<3), .init("rest", word, bits: 3..<32), .init("all", word, bits: 0..<0)])
    let oldBits = writer.structure(
      "old_flags", size: 4, [.init("three", writer.integer("int", size: 4, bits: 3), at: 0)])
    let grid = writer.array(of: writer.array(of: list, count: 3), count: 2)
    // What bears its name without members comes first, and its members are no more than mentioned.
    _ = writer.add("module", kind: 7, 0)
    _ = writer.structure(
      "module", size: 200,
      [
        .init("state", word, at: 0), .init("list", list, at: 8), .init("", either, at: 24),
        .init("name", writer.array(of: byte, count: 56), at: 32), .init("grid", grid, at: 88),
        .init("flags", flags, at: 184), .init("old", oldBits, at: 188),
        .init("tail", writer.array(of: word, count: 0), at: 200),
        .init("rows", writer.array(of: list, count: 0), at: 200), .init("beyond", long, at: 196),
        .init("void", 0, at: 0),
      ])
    _ = writer.enumeration("signed_things", isSigned: true, [("ONE", 1), ("MINUS", -2)])
    _ = writer.enumeration("things", [("ZERO", 0), ("HIGH", -1)])
    _ = writer.enumeration64("large_things", [("BILLIONS", 5 << 32 | 7), ("ALL", -1)])
    _ = writer.enumeration64("large_signed_things", isSigned: true, [("BELOW", -(5 << 32))])
    // A cycle of names, and one of anonymous members.
    let cycle = writer.typedef("ring", writer.typedef("ring_of", 0) + 1)
    _ = writer.structure("holder", size: 8, [.init("ring", cycle, at: 0)])
    _ = writer.structure("ouroboros", size: 8, [.init("", cycle + 2, at: 0), .init("", cycle + 2, at: 4)])
    return (writer.section, cycle)
  }()

  /// A section that has none of the types of Linux's log.
  static var other: [UInt8] { written.section }

  private func types() throws -> BTF { try BTF(Self.written.section) }

  @Test(
    arguments: [
      ("state", 0, 4, nil), ("list", 8, 16, nil), ("list.prev", 16, 8, nil), ("low", 24, 4, nil), ("high", 28, 4, nil),
      ("whole", 24, 8, nil), ("name", 32, 1, 56), ("grid", 88, 16, 6), ("grid.prev", 96, 8, nil),
      ("flags", 184, 4, nil),
      ("flags.all", 184, 4, nil), ("tail", 200, 4, 0), ("rows", 200, 16, 0),
      ("rows.prev", 208, 8, nil),
    ] as [(String, Int, Int, Int?)])
  func field(path: String, offset: Int, elementSize: Int, count: Int?) throws {
    let field = try types().field(path, of: "module")
    #expect(field.offset == offset)
    #expect(field.elementSize == elementSize)
    #expect(field.count == count)
    #expect(field.range == offset..<offset + elementSize * (count ?? 1))
  }

  @Test func fieldsThatAreNot() throws {
    let types = try types()
    #expect(throws: BTFError.noMember("third", of: "module")) { try types.field("third", of: "module") }
    #expect(throws: BTFError.noMember("list.third", of: "module")) { try types.field("list.third", of: "module") }
    // What a pointer points to is elsewhere.
    #expect(throws: BTFError.noMember("list.next.next", of: "module")) {
      try types.field("list.next.next", of: "module")
    }
    #expect(throws: BTFError.bitField("flags.some", of: "module")) { try types.field("flags.some", of: "module") }
    #expect(throws: BTFError.bitField("flags.rest", of: "module")) { try types.field("flags.rest", of: "module") }
    #expect(throws: BTFError.bitField("old.three", of: "module")) { try types.field("old.three", of: "module") }
    #expect(throws: BTFError.noType("modul")) { try types.field("state", of: "modul") }
    #expect(throws: BTFError.noType("things")) { try types.field("ZERO", of: "things") }
    for path in ["beyond", "void"] {
      let error = #expect(throws: BTFError.self) { try types.field(path, of: "module") }
      #expect(error?.description.contains("damaged") == true)
    }
  }

  @Test func cycles() throws {
    let types = try types()
    #expect(throws: BTFError.self) { try types.field("ring", of: "holder") }
    #expect(throws: BTFError.noMember("ring.on", of: "holder")) { try types.field("ring.on", of: "holder") }
    #expect(throws: BTFError.noMember("tail", of: "ouroboros")) { try types.field("tail", of: "ouroboros") }
  }

  @Test func sizesAndValues() throws {
    let types = try types()
    #expect(try types.size(of: "module") == 200)
    #expect(throws: BTFError.noType("void")) { try types.size(of: "void") }
    #expect(try types.value(of: "MINUS", in: "signed_things") == -2)
    #expect(try types.value(of: "ZERO", in: "things") == 0)
    #expect(try types.value(of: "HIGH", in: "things") == 0xffff_ffff)
    #expect(try types.value(of: "BILLIONS", in: "large_things") == 5 << 32 | 7)
    #expect(try types.value(of: "ALL", in: "large_things") == Int64.max)
    #expect(try types.value(of: "BELOW", in: "large_signed_things") == -(5 << 32))
    #expect(throws: BTFError.noMember("TWO", of: "things")) { try types.value(of: "TWO", in: "things") }
    #expect(throws: BTFError.noType("module")) { try types.value(of: "ZERO", in: "module") }
  }

  @Test func found() throws {
    let section = Self.written.section
    // A magic number without a section behind it, and then one that is cut off by the end.
    let kernel = [0, 0x9f, 0xeb, 1, 0, 24, 0, 0, 0, 1, 1] + section + [1, 2, 3] + section.dropLast()
    #expect(try BTF(searching: kernel.span.bytes).field("list", of: "module").offset == 8)
    #expect(throws: BTFError.noTypes) { try BTF(searching: Array(kernel.prefix(section.count)).span.bytes) }
    #expect(throws: BTFError.noTypes) { try BTF([]) }
  }

  @Test func cutOff() {
    let section = Self.written.section
    for count in section.indices {
      #expect(throws: BTFError.self) { try BTF(Array(section.prefix(count))) }
    }
    var lying = section
    // One more member than there is room for in the last type.
    let last = 24 + Int(section[12]) + Int(section[13]) << 8 - 24 - 12
    lying[last + 4] += 1
    #expect(throws: BTFError.damaged(offset: last)) { try BTF(lying) }
  }

  /// Damaged sections answer or refuse, and do neither for long.
  @Test(arguments: 0..<8) func damaged(seed: UInt64) {
    var generator = RepeatableGenerator(seed: seed)
    for _ in 0..<250 {
      var section = Self.written.section
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let values: [UInt8] = [0, 1, 0x7f, 0x80, 0xff, UInt8.random(in: 0...255, using: &generator)]
        // The header is hit as often as all else.
        let isHeader = Int.random(in: 0..<16, using: &generator) == 0
        let index = Int.random(in: isHeader ? 4..<24 : 24..<section.count, using: &generator)
        section[index] = values.randomElement(using: &generator) ?? 0
      }
      guard let types = try? BTF(section) else { continue }
      for path in ["state", "list.prev", "high", "whole", "name", "grid.prev", "flags.some", "old.three", "tail"] {
        guard let field = try? types.field(path, of: "module") else { continue }
        #expect((0...0xffff_ffff).contains(field.offset + field.size))
      }
      for path in ["ring", "tail"] {
        _ = try? types.field(path, of: "holder")
        _ = try? types.field(path, of: "ouroboros")
      }
      for name in ["things", "signed_things", "large_things"] { _ = try? types.value(of: "ALL", in: name) }
    }
  }
}
