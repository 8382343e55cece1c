import Architecture
import Bits
import Testing

@testable import ARM64

@Suite("Stage 1 permissions and attributes") struct StageOnePermissionTests {
  private func mapping(
    _ flags: UInt64, tableBits: [Int: UInt64] = [:], tcr: UInt64 = 0, sctlr: UInt64 = 1, mair: UInt64 = 0xff,
    tcr2: UInt64 = 0, pir: UInt64 = 0, pire0: UInt64 = 0, features: TranslationFeatures = plainFeatures
  ) throws -> (mapping: StageOneMapping, words: [String]) {
    var tables = StageOneTables()
    tables.map(0x1000, 0...3, 0x5000_0003 | flags, tableBits: tableBits)
    let registers = context(
      tables, tcr: tcr, sctlr: sctlr, mair: mair, tcr2: tcr2, pir: pir, pire0: pire0, features: features)
    let walk = registers.pageWalk(GuestVirtual(0x1000), readPhysical: tables.read)
    return (try walk.result.get(), walk.steps.map(\.meaning))
  }

  private func rights(_ mapping: StageOneMapping) -> String { "\(mapping.el1) \(mapping.el0)" }

  /// Arm ARM, section D8.4, the table of data access and instruction execution permissions for stage 1 of EL1&0.
  private static let direct: [(ap: UInt64, uxn: Bool, pxn: Bool, rights: String)] = [
    (0b00, false, false, "rwx --x"), (0b00, false, true, "rw- --x"), (0b00, true, false, "rwx ---"),
    (0b00, true, true, "rw- ---"), (0b01, false, false, "rw- rwx"), (0b01, false, true, "rw- rwx"),
    (0b01, true, false, "rw- rw-"), (0b01, true, true, "rw- rw-"), (0b10, false, false, "r-x --x"),
    (0b10, false, true, "r-- --x"), (0b10, true, false, "r-x ---"), (0b10, true, true, "r-- ---"),
    (0b11, false, false, "r-x r-x"), (0b11, false, true, "r-- r-x"), (0b11, true, false, "r-x r--"),
    (0b11, true, true, "r-- r--"),
  ]

  @Test("AP, UXN and PXN")
  func direct() throws {
    for (ap, uxn, pxn, expected) in Self.direct {
      let flags = 0x400 | ap << 6 | (uxn ? 1 << 54 : 0) | (pxn ? 1 << 53 : 0)
      let (mapping, words) = try mapping(flags)
      #expect(rights(mapping) == expected, "AP \(ap) UXN \(uxn) PXN \(pxn)")
      let pair = expected.split(separator: " ")
      #expect(words.last?.contains("EL1 \(pair[0]) EL0 \(pair[1])") == true)
      let el0 = mapping.translation(at: .el0)
      #expect(el0.isWritable == pair[1].contains("w") && el0.isExecutable == pair[1].contains("x"))
      #expect(el0.isUser == (pair[1] != "---"))
      let el1 = mapping.translation(at: .el1)
      #expect(el1.isWritable == pair[0].contains("w") && el1.isExecutable == pair[0].contains("x"))
      #expect(el1.isUser == el0.isUser)
    }
  }

  @Test("WXN takes execution from what can be written")
  func writeExecuteNever() throws {
    let expected = ["rw- --x", "rw- rw-", "r-x --x", "r-x r-x"]
    for (ap, rights) in expected.enumerated() {
      #expect(try self.rights(mapping(0x400 | UInt64(ap) << 6, sctlr: 1 | 1 << 19).mapping) == rights)
    }
  }

  @Test("tables take permissions from all that is below them, unless HPD0 is set", arguments: 0...2)
  func hierarchical(level: Int) throws {
    func rights(_ bits: UInt64, tcr: UInt64 = 0, features: TranslationFeatures = plainFeatures) throws -> String {
      try self.rights(mapping(0x440, tableBits: [level: bits << 59], tcr: tcr, features: features).mapping)
    }
    #expect(try rights(0) == "rw- rwx")
    #expect(try rights(0b00001) == "rw- rwx")
    #expect(try rights(0b00010) == "rw- rw-")
    // Without EL0's writes, EL1 may execute again.
    #expect(try rights(0b00100) == "rwx --x")
    #expect(try rights(0b00101) == "rw- --x")
    #expect(try rights(0b01000) == "r-x r-x")
    #expect(try rights(0b01111) == "r-- ---")
    #expect(try rights(0b01111, tcr: 1 << 41) == "rw- rwx")
    #expect(try rights(0b01111, tcr: 1 << 42) == "r-- ---")
    var features = plainFeatures
    features.mmfr1 = IDAA64MMFR1(rawValue: 0)
    #expect(try rights(0b01111, tcr: 1 << 41, features: features) == "r-- ---")
    let words = try mapping(0x440, tableBits: [level: 0b01111 << 59]).words
    #expect(words[level].hasSuffix(" APTable=read-only APTable=no-EL0 UXNTable PXNTable"))
  }

  @Test("clean memory is writable where the CPU marks it dirty by itself: HA, HD and DBM, and a CPU that can")
  func dirtyState() throws {
    let (hd, dbm): (UInt64, UInt64) = (3 << 39, 1 << 51)
    var features = plainFeatures
    features.mmfr1 = IDAA64MMFR1(rawValue: 0x1002)
    let clean: UInt64 = 0x4c0
    #expect(try rights(mapping(clean | dbm, tcr: hd, features: features).mapping) == "rw- rwx")
    #expect(try rights(mapping(clean | dbm, features: features).mapping) == "r-x r-x")
    #expect(try rights(mapping(clean, tcr: hd, features: features).mapping) == "r-x r-x")
    // HD counts only with HA.
    #expect(try rights(mapping(clean | dbm, tcr: 1 << 40, features: features).mapping) == "r-x r-x")
    #expect(try rights(mapping(clean | dbm, tcr: hd).mapping) == "r-x r-x")
    let denied = try mapping(clean | dbm, tableBits: [2: 1 << 62], tcr: hd, features: features).mapping
    #expect(rights(denied) == "r-x r-x")
    features.mmfr3 = IDAA64MMFR3(rawValue: 0x100)
    let index = try mapping(0x480, tcr2: 2, pir: 0xe, pire0: 0xc, features: features)
    #expect(rights(index.mapping) == "r-x r--")
    #expect(index.words.last?.contains("PIIndex=0 clean ") == true)
    #expect(try rights(mapping(0x480, tcr: hd, tcr2: 2, pir: 0xe, pire0: 0xc, features: features).mapping) == "rwx rw-")
  }

  @Test("permissions by index, where the CPU has them and TCR2_EL1.PIE asks for them")
  func indirect() throws {
    // What Linux writes to PIR_EL1 and PIRE0_EL1 is of this form: one nibble an index.
    let (pir, pire0): (UInt64, UInt64) = (0xeca8_7653_210f_dcb9, 0x0000_0000_0000_0ea8)
    var features = plainFeatures
    features.mmfr3 = IDAA64MMFR3(rawValue: 0x100)
    func rights(_ index: UInt64, tcr2: UInt64 = 2, _ features: TranslationFeatures) throws -> String {
      let flags = 0x400 | (index >> 2) << 53 | (index >> 1 & 1) << 51 | (index & 1) << 6
      // Table permissions do not count.
      return try self.rights(
        mapping(
          flags, tableBits: [1: 0xf << 59], tcr2: tcr2, pir: pir, pire0: pire0, features: features
        ).mapping)
    }
    let el1 = [
      "r--", "---", "rw-", "---", "---", "---", "r--", "--x", "r-x", "rw-", "rw-", "rwx", "r--", "r-x", "rw-", "rwx",
    ]
    let el0 = ["r--", "r-x", "rwx"] + [String](repeating: "---", count: 13)
    for index in 0..<16 {
      #expect(try rights(UInt64(index), features) == "\(el1[index]) \(el0[index])", "index \(index)")
    }
    #expect(try rights(0, tcr2: 0, features) == "r-- ---")
    #expect(try rights(0, plainFeatures) == "r-- ---")
  }

  @Test("every attribute of a page in words")
  func words() throws {
    let (mapping, words) = try mapping(
      0x68_0000_0000_0000 | 1 << 52 | 1 << 50 | 0xa << 55 | 0x8 | 0x840 | 0x200, mair: 0x0c_44_00,
      features: plainFeatures)
    #expect(
      words.last
        == "4K page -> 0x50000000 EL1 rw- EL0 rw- UXN PXN DBM not-accessed outer-shareable nG contiguous(16) guarded "
        + "software=0xa Device-GRE (2)")
    #expect(!mapping.isGlobal && !mapping.isAccessed)
    #expect(mapping.description == "0x50000000, EL1 rw- EL0 rw-, outer-shareable, Device-GRE")
    #expect(mapping.attributes.rawValue == 0x0c)
    #expect(mapping.shareability == .outer)
  }

  @Test(
    "blocks by their names", arguments: [(12, 1, "1G"), (12, 2, "2M"), (14, 2, "32M"), (14, 3, "16K"), (16, 2, "512M")])
  func sizes(shift: Int, level: Int, name: String) throws {
    var tables = StageOneTables(granuleShift: shift)
    let first = shift == 16 ? 1 : 0
    tables.map(0, first...level, 0x4000_0000 * 16 | 0x400 | (level == 3 ? 3 : 1) | 1 << 52)
    let walk = context(tables).pageWalk(GuestVirtual(0), readPhysical: tables.read)
    #expect(walk.steps.last?.meaning.hasPrefix("\(name) \(level == 3 ? "page" : "block") -> 0x400000000 ") == true)
    let counts = ["1G": 16, "2M": 16, "32M": 32, "16K": 128, "512M": 32]
    #expect(walk.steps.last?.meaning.contains("contiguous(\(counts[name] ?? 0))") == true)
  }

  @Test("MAIR's bytes as the manual lists them")
  func attributes() {
    let expected: [(UInt8, String)] = [
      (0x00, "Device-nGnRnE"), (0x04, "Device-nGnRE"), (0x08, "Device-nGRE"), (0x0c, "Device-GRE"),
      (0x01, "Device-nGnRnE, XS=0"), (0x0d, "Device-GRE, XS=0"), (0x02, "reserved 0x2"), (0x44, "Normal NC"),
      (0xff, "Normal WB RA WA"), (0xbb, "Normal WT RA WA"), (0xf0, "Normal WB RA WA, tagged"),
      (0x40, "Normal NC, XS=0"), (0xa0, "Normal WT RA, XS=0"), (0x4f, "Normal inner WB RA WA, outer NC"),
      (0xee, "Normal WB RA"), (0x33, "Normal WT RA WA transient"), (0x77, "Normal WB RA WA transient"),
      (0x80, "reserved 0x80"),
    ]
    for (byte, words) in expected { #expect(MemoryAttributes(rawValue: byte).description == words) }
    // Linux: Normal, tagged, Normal NC, Device-nGnRnE, Device-nGnRE.
    let mair = MAIR(rawValue: 0x04_00_44_f0_ff)
    #expect((0..<5).map { mair[$0].rawValue } == [0xff, 0xf0, 0x44, 0, 4])
    #expect(MemoryAttributes(rawValue: 4).isDevice && !MemoryAttributes(rawValue: 0x44).isDevice)
  }
}
