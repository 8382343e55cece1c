import DeviceTree
import Testing

/// The flattened form, there and back.
@Suite struct BlobTests {
  @Test func roundTrip() throws {
    let blob = try DeviceTree.sample.blob()
    #expect(try DeviceTree(blob: blob) == DeviceTree.sample)
    #expect(try DeviceTree(blob: DeviceTree().blob()) == DeviceTree())
    #expect(try DeviceTree(blob: blob).blob() == blob)
  }

  @Test func header() throws {
    let blob = try DeviceTree.sample.blob()
    let words = (0..<10).map { blob.word(at: $0 * 4) }
    #expect(words[0] == 0xd00d_feed && words[1] == blob.count && words[5] == 17 && words[6] == 16 && words[7] == 1)
    #expect(words[4] == 40 && words[2] == 40 + 32 && words[3] == words[2] + words[9])
    #expect(blob.count.isMultiple(of: 8))
    // Each name stands once in the strings block.
    let strings = blob[words[3]..<words[3] + words[8]].split(separator: 0)
    #expect(Set(strings).count == strings.count && strings.contains { $0.elementsEqual("reg".utf8) })
  }

  /// Trees that nobody thought of, written and read.
  @Test func randomTrees() throws {
    var generator = SplitMix(state: 3)
    for _ in 0..<200 {
      let tree = DeviceTree(
        root: generator.node("", depth: 4),
        reservations: (0..<3).map { .init(address: generator.next(), size: $0 * 4096 + 1) },
        bootCPU: UInt32.random(in: 0...7, using: &generator))
      #expect(try DeviceTree(blob: tree.blob()) == tree)
    }
  }

  @Test func nopsArePassedOver() throws {
    // The same two nodes with a NOP in front of every token.
    let plain = try DeviceTree(root: .init("", properties: [.init("a", .u32(1))], children: [.init("b")])).blob()
    let start = plain.word(at: 8)
    let tokens = [
      [1, 0], [3, 4, 0, 1], [1, 0x6200_0000], [2], [2], [9],
    ]
    var blob = Array(plain[..<start])
    for token in tokens {
      for word in [4, 4] + token {
        blob += [0, 0, 0, 0]
        blob.setWord(word, at: blob.count - 4)
      }
    }
    let size = blob.count - start
    blob.setWord(blob.count, at: 12)
    blob += plain[plain.word(at: 12)...]
    blob.setWord(blob.count, at: 4)
    blob.setWord(size, at: 36)
    #expect(try DeviceTree(blob: blob) == DeviceTree(blob: plain))
  }

  /// Version 16 does not state the structure block's length.
  @Test func version16() throws {
    var blob = try DeviceTree.sample.blob()
    blob.setWord(16, at: 20)
    blob.setWord(0, at: 36)
    #expect(try DeviceTree(blob: blob) == DeviceTree.sample)
  }

  @Test func bytesBehindTheTreeAreNotItsOwn() throws {
    let blob = try DeviceTree.sample.blob()
    #expect(try DeviceTree(blob: blob + [1, 2, 3]) == DeviceTree.sample)
  }

  private static func chain(of depth: Int) -> DeviceTree {
    var node = DeviceTree.Node("deepest")
    for _ in 1..<depth { node = DeviceTree.Node("n", children: [node]) }
    return DeviceTree(root: DeviceTree.Node("", children: node.children))
  }

  @Test func depth() throws {
    #expect(try DeviceTree(blob: Self.chain(of: 64).blob()) == Self.chain(of: 64))
    #expect(throws: DeviceTreeError.self) { try Self.chain(of: 65).blob() }
  }

  /// Trees that cannot be written, and what the sentence has to name.
  private static let unwritable: [(tree: DeviceTree, name: String)] = [
    (DeviceTree(root: .init("", children: [.init("a/b")])), "`a/b`"),
    (DeviceTree(root: .init("", children: [.init("")])), "no name"),
    (DeviceTree(root: .init("", children: [.init("a", children: [.init("é")])])), "`/a/`"),
    (DeviceTree(root: .init("", children: [.init("a"), .init("a")])), "two children named `a`"),
    (DeviceTree(root: .init("", properties: [.init("p", .empty), .init("p", .empty)])), "two properties named `p`"),
    (DeviceTree(root: .init("", properties: [.init("a b", .empty)])), "`a b`"),
    (DeviceTree(root: .init("", properties: [.init(String(repeating: "p", count: 256), .empty)])), "no name"),
    (DeviceTree(reservations: [.init(address: 0, size: 0)]), "reservation"),
  ]

  @Test(arguments: unwritable.indices)
  func treeThatCannotBeWritten(_ index: Int) {
    let (tree, name) = Self.unwritable[index]
    let error = #expect(throws: DeviceTreeError.self) { try tree.blob() }
    #expect(error?.description.contains(name) == true, "\(error?.description ?? "no error")")
  }
}
