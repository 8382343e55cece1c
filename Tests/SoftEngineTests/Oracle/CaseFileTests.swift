import Testing

/// The reader of case files.
struct CaseFileTests {
  /// A section of one case: ADD X0, X1, X2 with three inputs and two results.
  private static let sample = Array(sampleParts.joined())
  private static let sampleParts: [[UInt8]] = [
    Array("A64CASES".utf8), [3], Array("a/b".utf8), [1, 0, 0, 0],
    [1, 3, 0x20, 0x00, 0x02, 0x8b],
    [1, 2, 0, 0, 0, 0, 0, 0, 0x80],
    [33, 0, 0, 0, 0x60],
    [128, 0xf8, 0x0f, 1, 2, 3, 4, 5, 6, 7, 8],
    [2, 2, 37, 9, 0, 0, 0, 0, 0, 0, 0],
    [95, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x70],
  ]

  @Test func readsEveryPart() throws {
    let section = try #require(try CaseFile(Self.sample).sections.first)
    #expect(section.name == "a/b")
    let only = try #require(section.cases.first)
    #expect(only.words == [0x8b02_0020])
    #expect(
      only.inputs == [
        StateValue(.general(1), 0x8000_0000_0000_0002), StateValue(.flags, 0x6000_0000),
        StateValue(.memory(4088), 0x0807_0605_0403_0201),
      ])
    #expect(only.result.outcome == .abort)
    #expect(
      only.result.values == [
        StateValue(.faultAddress, 9), StateValue(.vector(31), 0x7000_0000_0000_0000_0000_0000_0000_0001),
      ])
    #expect(only.bytes == 16..<Self.sample.count)
  }

  @Test func refusesWhatEndsEarly() {
    for count in 0..<Self.sample.count where count != 8 {
      #expect(throws: CaseFile.Fault.self) { try CaseFile(Array(Self.sample[..<count])) }
    }
  }

  /// Bytes that spoil the sample, by their places: its first letter, the id of an input, an offset in memory, the outcome.
  private static let faults: [Int: UInt8] = [0: 0x42, 22: 63, 37: 0xf9, 38: 0x10, 47: 4]

  @Test(arguments: faults) func refusesWhatIsNoCase(offset: Int, byte: UInt8) {
    var bytes = Self.sample
    bytes[offset] = byte
    #expect(throws: CaseFile.Fault.self) { try CaseFile(bytes) }
  }

  @Test func noiseIsThatOfTheOracle() {
    // The first numbers of SplitMix64 from the seed 0, as its author's program prints them.
    #expect(CaseState.noise(0) == 0xe220_a839_7b1d_cdaf)
    #expect(CaseState.noise(1) == 0x6e78_9e6a_a1b9_65f4)
    #expect(CaseState.noise(2) == 0x06c4_5d18_8009_454f)
  }
}
