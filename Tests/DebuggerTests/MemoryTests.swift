import Architecture
import Bits
import CPUEngine
import GDBRemote
import GuestMemory
import Testing

@testable import Debugger

@Suite("Memory through the page tables") struct MemoryTests {
  /// Two virtual pages in a row, whose physical pages are not; the one behind them is not mapped.
  private func make() throws -> Fixture {
    let fixture = try Fixture()
    fixture.map(0x2_0000, to: 0xB000)
    fixture.map(0x2_1000, to: 0xA000)
    return fixture
  }

  @Test("a read and a write go across a page's border")
  func acrossPages() throws {
    let fixture = try make()
    let bytes = (0..<32).map { UInt8($0) }
    try fixture.write(0x2_0FF0, bytes)
    #expect(try fixture.read(0x2_0FF0, 32) == bytes)
    #expect(fixture.byte(0xBFFF) == 15)
    #expect(fixture.byte(0xA000) == 16)
    #expect(fixture.byte(0xC000) == 0)
  }

  @Test("a read that runs into an unmapped page gives what there is")
  func shortRead() throws {
    let fixture = try make()
    #expect(try fixture.read(0x2_1FFC, 64).count == 4)
    let error = #expect(throws: TargetError.self) { _ = try fixture.read(0x2_2000, 1) }
    #expect(error?.code == 14)
    #expect(error?.message.contains("not present") == true)
    #expect(try fixture.read(0x2_2000, 0).isEmpty)
  }

  @Test("a page that leads to no RAM ends a read too")
  func mappedHole() throws {
    let fixture = try make()
    fixture.map(0x2_2000, to: 0x18_0000)
    #expect(try fixture.read(0x2_1FFC, 64).count == 4)
    let error = #expect(throws: TargetError.self) { _ = try fixture.read(0x2_2000, 1) }
    #expect(error?.message == "no RAM at physical 0x180000")
  }

  @Test("a write that cannot be done in full is not done at all", arguments: [0x3_0000, 0x18_0000] as [UInt64])
  func allOrNothing(next: UInt64) throws {
    let fixture = try make()
    if next == 0x18_0000 { fixture.map(0x2_2000, to: next) }
    let error = #expect(throws: TargetError.self) { try fixture.write(0x2_1FFC, [1, 2, 3, 4, 5]) }
    #expect(error?.code == 14)
    #expect(try fixture.read(0x2_1FFC, 4) == [0, 0, 0, 0])
    try fixture.write(0x2_1FFC, [1, 2, 3, 4])
    #expect(try fixture.read(0x2_1FFC, 4) == [1, 2, 3, 4])
  }

  @Test(
    "no address traps",
    arguments: [.max, .max - 7, 1 << 63, 1 << 47, 0xffff_8000_0000_0000 - 4] as [UInt64], [true, false])
  func edges(address: UInt64, isPhysical: Bool) throws {
    let fixture = try make()
    fixture.debugger.usesPhysicalAddresses = isPhysical
    #expect(throws: TargetError.self) { _ = try fixture.read(address, 64) }
    #expect(throws: TargetError.self) { try fixture.write(address, [UInt8](repeating: 1, count: 64)) }
  }

  @Test("physical addresses go past the tables")
  func physical() throws {
    let fixture = try make()
    fixture.debugger.usesPhysicalAddresses = true
    try fixture.write(0xFFFF0, [UInt8](repeating: 9, count: 16))
    #expect(try fixture.read(0xFFFF0, 64) == [UInt8](repeating: 9, count: 16))
    #expect(throws: TargetError.self) { _ = try fixture.read(0x10_0000, 1) }
    #expect(throws: TargetError.self) { try fixture.write(0xFFFFF, [1, 2]) }
    #expect(fixture.byte(0xFFFFF) == 9)
    fixture.debugger.usesPhysicalAddresses = false
    #expect(throws: TargetError.self) { _ = try fixture.read(0xFFFF0, 1) }
  }

  @Test("a register that is set changes the translation at once")
  func translationFollowsRegisters() throws {
    let fixture = try make()
    fixture.memory.store(UInt8(7), at: GuestPhysical(0xB000))
    #expect(try fixture.read(0x2_0000, 1) == [7])
    // Without paging the virtual address is the physical one.
    fixture.memory.store(UInt8(8), at: GuestPhysical(0x2_0000))
    try fixture.set("cr0", to: 1)
    #expect(try fixture.read(0x2_0000, 1) == [8])
    try fixture.set("cr0", to: 0x8000_0001)
    #expect(try fixture.read(0x2_0000, 1) == [7])
  }

  @Test("tables that the guest changed while it ran count")
  func translationFollowsTheGuest() throws {
    let fixture = try make()
    fixture.memory.store(UInt8(7), at: GuestPhysical(0xB000))
    #expect(try fixture.read(0x2_0000, 1) == [7])
    fixture.cpu.play { cpu in
      cpu["cr3"] = 0x9_0000
      return .failure(.tripleFault)
    }
    _ = try fixture.proceed()
    #expect(throws: TargetError.self) { _ = try fixture.read(0x2_0000, 1) }
  }

  @Test("a thread that is not there has neither memory nor registers")
  func noThread() throws {
    let fixture = try make()
    let debugger = fixture.debugger
    let index = debugger.registers.programCounter
    for thread in [ThreadID(0), ThreadID(2), ThreadID(.max)] {
      var value: UInt64 = 0
      withUnsafeMutableBytes(of: &value) { buffer in
        #expect(throws: TargetError.self) { _ = try debugger.readMemory(at: 0x8000, of: thread, into: buffer) }
        #expect(!debugger.readRegister(index, of: thread, into: buffer))
        #expect(throws: TargetError.self) {
          try debugger.writeRegister(index, of: thread, from: UnsafeRawBufferPointer(buffer))
        }
      }
    }
  }
}
