import DeviceTree
import Testing

/// Whatever the bytes are, they are read or get one sentence: nothing traps or hangs.
@Suite struct DamageTests {
  /// Reads bytes; a tree that comes of them can be written, and is then the same.
  private func attempt(_ blob: [UInt8]) -> Bool {
    do throws(DeviceTreeError) {
      let tree = try DeviceTree(blob: blob)
      #expect(try DeviceTree(blob: tree.blob()) == tree)
      #expect(!tree.source.isEmpty)
      return true
    } catch {
      #expect(!error.description.isEmpty && !error.description.contains("\n"))
      return false
    }
  }

  @Test func everyPrefix() throws {
    let blob = try DeviceTree.sample.blob()
    for count in blob.indices { #expect(!attempt(Array(blob.prefix(count)))) }
  }

  @Test func everyBit() throws {
    let blob = try DeviceTree.sample.blob()
    var readable = 0
    for bit in 0..<blob.count * 8 {
      var damaged = blob
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      if attempt(damaged) { readable += 1 }
    }
    // Values and many names may be anything; tokens, lengths and offsets may not.
    #expect(readable > blob.count && readable < blob.count * 7)
  }

  @Test func wordsOfTheStructureBlock() throws {
    let blob = try DeviceTree.sample.blob()
    var generator = SplitMix(state: 21)
    let words = [0, 1, 2, 3, 4, 9, 0xff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffc, 0xffff_ffff, blob.count]
    for _ in 0..<4000 {
      var damaged = blob
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let offset = Int.random(in: 0..<blob.count / 4, using: &generator) * 4
        damaged.setWord(words.randomElement(using: &generator) ?? 0, at: offset)
      }
      _ = attempt(damaged)
    }
  }

  @Test func noise() throws {
    var generator = SplitMix(state: 22)
    let header = try DeviceTree.sample.blob().prefix(40)
    for round in 0..<500 {
      let noise = (0..<Int.random(in: 0..<3000, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      #expect(!attempt(round.isMultiple(of: 2) ? noise : header + noise))
    }
  }

  /// A structure block that has nothing but one token costs time in proportion to its length.
  @Test(arguments: [1, 2, 3, 4, 9])
  func oneTokenOverAndOver(_ token: Int) throws {
    var blob = try DeviceTree().blob()
    let start = blob.word(at: 8)
    blob.removeLast(blob.count - start)
    let cells = 1 << 18
    blob += repeatElement([0, 0, 0, UInt8(token)], count: cells).joined()
    blob.setWord(blob.count, at: 4)
    blob.setWord(blob.count, at: 12)
    blob.setWord(0, at: 32)
    blob.setWord(cells * 4, at: 36)
    #expect(!attempt(blob))
  }

  /// What one word of the sample's blob is changed to, and what the sentence has to name.
  private static let damage: [(name: String, offset: Int, value: Int)] = [
    ("no flattened device tree", 0, 0xd00d_feef),
    ("cut short", 4, 1 << 20),
    ("version 15", 20, 15),
    ("compatible back to 18", 24, 18),
    ("no multiple of 8", 16, 44),
    ("no end", 16, 0x8000),
    ("no multiple of 4", 8, 42),
    ("structure block of", 36, 1 << 20),
    ("strings block of", 32, 1 << 20),
    ("strings block of", 12, 1 << 20),
    ("unknown token 0x7 at offset 0x48", 72, 7),
    ("has no root node at offset 0x4c", 72, 2),
    ("unknown token 0x5", 80, 5),
    ("0xffffffff, no", 0, 0xffff_ffff),
    ("of 4294967295 bytes", 84, 0xffff_ffff),
    ("lies outside of its block", 88, 0x1000),
    ("ends inside a node", 80, 9),
  ]

  @Test(arguments: damage.indices)
  func damagedWord(_ index: Int) throws {
    let (name, offset, value) = Self.damage[index]
    var blob = try DeviceTree.sample.blob()
    blob.setWord(value, at: offset)
    let error = #expect(throws: DeviceTreeError.self) { try DeviceTree(blob: blob) }
    #expect(error?.description.contains(name) == true, "\(error?.description ?? "no error")")
  }

  @Test func propertyBehindAChild() throws {
    // The property stands in front of the child; exchanging both leaves the lengths as they are.
    var blob = try DeviceTree(root: .init("", properties: [.init("a", .empty)], children: [.init("b")])).blob()
    let property = blob.word(at: 8) + 8
    let child = property + 12
    let bytes = Array(blob[child..<child + 12]) + Array(blob[property..<child])
    blob.replaceSubrange(property..<child + 12, with: bytes)
    let error = #expect(throws: DeviceTreeError.self) { try DeviceTree(blob: blob) }
    #expect(error?.description.contains("property behind a child") == true)
  }
}
