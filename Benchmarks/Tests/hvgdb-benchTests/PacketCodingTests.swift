import Testing

@testable import hvgdb_bench

/// The decoders at every length around the vector's width, against what a plain loop says.
@Suite struct PacketCodingTests {
  /// Bytes in no regular order, every value among them.
  private func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 / 256) }
  }

  /// Runs a decoder with room for `room` bytes.
  private func decode(
    _ data: [UInt8], room: Int, by decoder: (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) -> Int?
  ) -> [UInt8]? {
    var output = [UInt8](repeating: 0xee, count: room)
    let count = data.withUnsafeBytes { data in output.withUnsafeMutableBytes { decoder(data, $0) } }
    return count.map { Array(output.prefix($0)) }
  }

  @Test func hexRoundTrips() {
    for count in 0...600 {
      var digits: [UInt8] = []
      PacketCoding.appendHex(bytes(count), to: &digits)
      #expect(decode(digits, room: count, by: PacketCoding.decodeHex) == bytes(count))
      let capitals = Array(String(decoding: digits, as: UTF8.self).uppercased().utf8)
      #expect(decode(capitals, room: count, by: PacketCoding.decodeHex) == bytes(count))
    }
  }

  @Test func hexRefusesEveryOtherCharacterAtEveryPlace() {
    let digits = Set("0123456789abcdefABCDEF".utf8)
    for place in 0..<70 {
      for character in UInt8.min...UInt8.max {
        var text = [UInt8](repeating: UInt8(ascii: "7"), count: 70)
        text[place] = character
        #expect((decode(text, room: 35, by: PacketCoding.decodeHex) != nil) == digits.contains(character))
      }
    }
  }

  @Test func hexRefusesOddLengthsAndSmallOutputs() {
    #expect(decode(Array("123".utf8), room: 9, by: PacketCoding.decodeHex) == nil)
    #expect(decode(Array("1234".utf8), room: 1, by: PacketCoding.decodeHex) == nil)
  }

  @Test func escapesRoundTrip() {
    let data = bytes(1000)
    let escaped = data.flatMap { byte -> [UInt8] in
      "#$}*".utf8.contains(byte) ? [UInt8(ascii: "}"), byte ^ 0x20] : [byte]
    }
    #expect(decode(escaped, room: 1000, by: PacketCoding.unescape) == data)
    #expect(decode(escaped, room: 999, by: PacketCoding.unescape) == nil)
    #expect(decode([1, UInt8(ascii: "}")], room: 9, by: PacketCoding.unescape) == nil)
  }

  @Test(arguments: [
    ("0* ", "0000"), ("0*~1", "0" + String(repeating: "0", count: 97) + "1"), ("a*!b* c", "aaaaabbbbc"), ("", ""),
    ("0* * ", "0000000"),
  ])
  func runsExpand(_ encoded: String, _ expected: String) {
    var output = ByteBuffer(capacity: 4)
    let isWellFormed = Array(encoded.utf8).withUnsafeBytes { PacketCoding.expandRuns($0, into: &output) }
    #expect(isWellFormed)
    #expect(Array(output.bytes) == Array(expected.utf8))
  }

  @Test(arguments: ["*", "* ", "0*", "0*\u{1d}"])
  func malformedRunsAreRefused(_ encoded: String) {
    var output = ByteBuffer(capacity: 4)
    #expect(!Array(encoded.utf8).withUnsafeBytes { PacketCoding.expandRuns($0, into: &output) })
  }

  @Test func mediansAreThoseOfTheMiddle() {
    var samples = Samples()
    #expect(samples.median == nil)
    for value in [9.0, 1, 5] { samples.add(value) }
    #expect(samples.median == 5)
    samples.add(6)
    #expect(samples.median == 5.5)
    #expect(samples.range == 1...9)
  }
}
