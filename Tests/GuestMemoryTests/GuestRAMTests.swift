import Bits
import GuestMemory
import Testing

@Suite struct GuestRAMTests {
  /// Two regions that touch, a gap, and one above it.
  private func memory() throws -> GuestRAM {
    try GuestRAM([
      (start: GuestPhysical(0), count: 0x1000), (start: GuestPhysical(0x1000), count: 0x1000),
      (start: GuestPhysical(0x1_0000_0000), count: 0x2000),
    ])
  }

  private func read(_ memory: GuestRAM, _ address: UInt64, _ count: Int) -> [UInt8] {
    var buffer = [UInt8](repeating: 0xEE, count: count)
    let read = buffer.withUnsafeMutableBytes { memory.read(at: GuestPhysical(address), into: $0) }
    #expect(buffer[read...].allSatisfy { $0 == 0xEE })
    return Array(buffer[..<read])
  }

  private func write(_ memory: GuestRAM, _ address: UInt64, _ bytes: [UInt8]) -> Int {
    bytes.withUnsafeBytes { memory.write(at: GuestPhysical(address), from: $0) }
  }

  @Test func readsZeroAtFirstAndWhatIsWrittenThen() throws {
    let memory = try memory()
    #expect(read(memory, 0xFF0, 32) == [UInt8](repeating: 0, count: 32))
    let bytes = (0..<32).map { UInt8($0) }
    #expect(write(memory, 0xFF0, bytes) == 32)
    #expect(read(memory, 0xFF0, 32) == bytes)
    #expect(memory.load(at: GuestPhysical(0xFF0), as: UInt32.self) == 0x0302_0100)
  }

  @Test func stopsAtAGap() throws {
    let memory = try memory()
    #expect(read(memory, 0x1FF8, 100).count == 8)
    #expect(read(memory, 0x2000, 1).isEmpty)
    #expect(write(memory, 0x1FFC, [1, 2, 3, 4, 5]) == 4)
    #expect(write(memory, 0xFFFF_FFFF, [1, 2]) == 0)
    #expect(read(memory, 0x1_0000_0000, 2) == [0, 0])
    #expect(read(memory, 0x1_0000_1FFF, 9).count == 1)
  }

  @Test(arguments: [0x2000, 0x1_0000_2000, .max, .max - 7, 0x8000_0000_0000_0000] as [UInt64])
  func noAddressTraps(address: UInt64) throws {
    let memory = try memory()
    #expect(memory.bytes(at: GuestPhysical(address)) == nil)
    #expect(read(memory, address, 64).isEmpty)
    #expect(write(memory, address, [1]) == 0)
    #expect(memory.load(at: GuestPhysical(address), as: UInt64.self) == nil)
    #expect(!memory.store(UInt8(1), at: GuestPhysical(address)))
  }

  @Test func anIntegerLiesInOneRegion() throws {
    let memory = try memory()
    #expect(memory.load(at: GuestPhysical(0x1FF8), as: UInt64.self) == 0)
    #expect(memory.load(at: GuestPhysical(0x1FF9), as: UInt64.self) == nil)
    #expect(!memory.store(UInt16(0x5555), at: GuestPhysical(0x1FFF)))
    #expect(read(memory, 0x1FFF, 1) == [0])
    #expect(memory.store(UInt16(0x1234), at: GuestPhysical(0x1FFE)))
    #expect(read(memory, 0x1FFE, 2) == [0x34, 0x12])
  }

  @Test func clearMakesAllOfItZero() throws {
    let memory = try memory()
    for address in [0x10, 0x1800, 0x1_0000_1FFF] as [UInt64] { #expect(write(memory, address, [9]) == 1) }
    try memory.clear()
    for address in [0x10, 0x1800, 0x1_0000_1FFF] as [UInt64] { #expect(read(memory, address, 1) == [0]) }
  }

  @Test(
    arguments: [
      [(0, 0)], [(1, 0x1000)], [(0, 0x1001)], [(0, 0x2000), (0x1000, 0x1000)], [(0x4000, 0x1000), (0, 0x1000)],
      [(UInt64.max & ~0xFFF, 0x1000)], [(0, UInt64.max & ~0xFFF)],
    ] as [[(UInt64, UInt64)]])
  func malformedRegionsAreRefusedInOneSentence(ranges: [(UInt64, UInt64)]) {
    let error = #expect(throws: GuestMemoryError.self) {
      _ = try GuestRAM(ranges.map { (start: GuestPhysical($0.0), count: $0.1) })
    }
    #expect(error?.description.contains("\n") == false)
    #expect(error?.description.isEmpty == false)
  }
}
