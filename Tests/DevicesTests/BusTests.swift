import Devices
import Testing

@Suite struct BusTests {
  @Test func findsTheDeviceAndTheDistance() throws {
    var bus = Bus<String>()
    try bus.attach("serial", at: 0x3F8, count: 8)
    try bus.attach("keyboard", at: 0x60, count: 1)
    try bus.attach("status", at: 0x64, count: 1)
    #expect(bus[0x5F] == nil)
    #expect(bus[0x60]?.device == "keyboard")
    #expect(bus[0x61] == nil)
    #expect(bus[0x64]?.device == "status")
    #expect(bus[0x3F7] == nil)
    #expect(bus[0x400] == nil)
    let location = try #require(bus[0x3FD])
    #expect(location.device == "serial")
    #expect(location.offset == 5)
    #expect(location.remaining == 3)
  }

  @Test func refusesOverlap() throws {
    var bus = Bus<Int>()
    try bus.attach(0, at: 0x100, count: 0x10)
    for (start, count) in [(UInt64(0x100), UInt64(0x10)), (0xFF, 2), (0x10F, 1), (0x105, 2), (0, 0x1000)] {
      #expect(throws: BusError.overlap(start: start, count: count)) { try bus.attach(1, at: start, count: count) }
    }
    try bus.attach(2, at: 0xFF, count: 1)
    try bus.attach(3, at: 0x110, count: 1)
    #expect(bus[0x10F]?.device == 0)
  }

  @Test func theEndOfTheAddressSpace() throws {
    var bus = Bus<Int>()
    #expect(throws: BusError.notARange(start: 5, count: 0)) { try bus.attach(0, at: 5, count: 0) }
    #expect(throws: BusError.notARange(start: .max, count: 2)) { try bus.attach(0, at: .max, count: 2) }
    try bus.attach(1, at: .max, count: 1)
    #expect(bus[.max]?.remaining == 1)
    try bus.attach(0, at: 0, count: .max)
    #expect(bus[.max - 1]?.device == 0)
    #expect(bus[.max]?.device == 1)
  }

  @Test func agreesWithASearchOfAllRanges() throws {
    var generator = Random(seed: 4)
    var bus = Bus<Int>()
    var ranges: [Range<UInt64>] = []
    for key in 0..<200 {
      let start = generator.next() % 4096
      let range = start..<start + 1 + generator.next() % 32
      if ranges.contains(where: { $0.overlaps(range) }) {
        #expect(throws: BusError.self) { try bus.attach(key, at: range.lowerBound, count: UInt64(range.count)) }
      } else {
        try bus.attach(ranges.count, at: range.lowerBound, count: UInt64(range.count))
        ranges.append(range)
      }
    }
    for address in UInt64(0)..<4200 {
      #expect(bus[address]?.device == ranges.firstIndex { $0.contains(address) })
    }
  }
}
