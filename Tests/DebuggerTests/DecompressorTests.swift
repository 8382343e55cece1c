import Bits
import CPUEngine
import GDBRemote
import GuestMemory
import Machine
import Testing
import X86

@testable import Debugger
@testable import KernelImage

/// A bzImage that unpacks itself: its last jump is in the code page, and the kernel comes to 2 MiB.
@Suite("A kernel that unpacks itself") struct DecompressorTests {
  private static let exit = Fixture.code + 0x20
  private static let moved = Fixture.code + 0x800
  private static let start: UInt64 = 2 << 20
  private static let entry = start + 0x40
  private static let entryBytes = (0..<64).map { UInt8($0) }
  private static let jump = KernelDecompressor.exitInstruction

  private func fixture() throws -> Fixture {
    let decompressor = KernelDecompressor(
      exits: [GuestPhysical(Self.exit)], entryOffset: 0x40, entryBytes: Self.entryBytes, codeCount: 0x1000,
      imageCount: 0x8_0000)
    let fixture = try KernelFixture.make(place: .chosen(by: decompressor))
    put(Self.jump, at: Self.exit, fixture)
    // The kernel's first page, and one behind its code where the decompressor may stand.
    fixture.map(0x1_0000, to: Self.start)
    fixture.map(0x1_1000, to: Self.start + 0x4_0000)
    return fixture
  }

  private func put(_ bytes: [UInt8], at address: UInt64, _ fixture: Fixture) {
    _ = bytes.withUnsafeBytes { fixture.memory.write(at: GuestPhysical(address), from: $0) }
  }

  /// What a run does to the guest up to the jump, which has a breakpoint instruction of ours in it.
  private func unpack(_ fixture: Fixture) {
    put([0xCC, 0xE0], at: Self.moved, fixture)
    put(Self.entryBytes, at: Self.entry, fixture)
    fixture.cpu["rax"] = Self.entry
  }

  /// Lets the guest do something on its way to an address, where its user stops it.
  private func interrupt(_ fixture: Fixture, at address: UInt64, _ effect: @escaping () -> Void) throws {
    fixture.cpu.play { cpu in
      effect()
      cpu.programCounter = address
      return .interrupted
    }
    _ = try fixture.debugger.resume(ResumeRequest([.init(.resume)])) { true }
  }

  @Test("the jump is met where it was moved to, made, and the client told")
  func leave() throws {
    let fixture = try fixture()
    #expect(fixture.libraryNames == ["/vmlinux"])
    try fixture.insert(.software, at: KernelFixture.linkBase + 0x100)
    fixture.cpu.meetInstruction(at: Self.moved) { unpack(fixture) }
    #expect(try fixture.proceed().reason == .librariesChanged)
    #expect(fixture.cpu.runs[0].instructions == [Self.exit])
    #expect(fixture.cpu.programCounter == Self.entry)
    #expect(try fixture.read(Self.moved, 2) == Self.jump && fixture.read(Self.exit, 2) == Self.jump)
    #expect(fixture.libraryNames == ["/vmlinux@0x200000"])
  }

  static let unpacked: [[UInt8]] = [[0xCC, 0xCC], [0x12, 0x34], [0xFF, 0x12]]

  @Test("what is unpacked over the jump is left alone, even where it looks like a breakpoint", arguments: unpacked)
  func overwritten(_ bytes: [UInt8]) throws {
    let fixture = try fixture()
    try fixture.insert(.software, at: KernelFixture.linkBase + 0x100)
    try interrupt(fixture, at: Self.moved + 8) { put(bytes, at: Self.exit, fixture) }
    #expect(try fixture.read(Self.exit, 2) == bytes)
    var seen: [UInt8?] = []
    try interrupt(fixture, at: Self.moved + 16) { seen = [fixture.byte(Self.exit), fixture.byte(Self.exit + 1)] }
    #expect(seen == bytes, "while the guest runs")
    #expect(try fixture.read(Self.exit, 2) == bytes)
    #expect(!fixture.announcements.contains { $0.contains("wrote over") }, "the client has set none there")
  }

  @Test("the moved jump is ours when the client has gone, and one step")
  func gone() throws {
    let fixture = try fixture()
    try fixture.insert(.software, at: KernelFixture.linkBase + 0x100)
    try interrupt(fixture, at: Self.moved) { unpack(fixture) }
    fixture.debugger.endSession()
    fixture.debugger.beginSession()
    fixture.cpu.meetInstruction(at: Self.moved)
    #expect(try fixture.resume(.init(.step)) == StopEvent(thread: ThreadID(1), signal: .trap))
    #expect(fixture.cpu.runs.last?.control.trapsSoftwareBreakpoints == true)
    #expect(fixture.cpu.programCounter == Self.entry && fixture.cpu.reflected.isEmpty)
    #expect(fixture.debugger.kernel?.place.lowerBound == GuestPhysical(Self.start))
    fixture.cpu.step(to: Self.entry + 1)
    _ = try fixture.resume(.init(.step))
    #expect(fixture.cpu.runs.last?.control.trapsSoftwareBreakpoints == false)
  }

  @Test("a kernel is found by its code, not by what unpacks it behind the entry's bytes")
  func found() throws {
    let fixture = try fixture()
    put(Self.entryBytes, at: Self.entry, fixture)
    fixture.cpu.step(to: 0x1_1000)
    _ = try fixture.resume(.init(.step))
    #expect(fixture.debugger.kernel == nil)
    fixture.cpu.step(to: 0x1_0200)
    _ = try fixture.resume(.init(.step))
    #expect(fixture.debugger.kernel?.place == GuestPhysical(Self.start)..<GuestPhysical(Self.start + 0x8_0000))
  }

  @Test("where a program runs, it is found by the entry of system calls")
  func program() throws {
    let fixture = try fixture()
    put(Self.entryBytes, at: Self.entry, fixture)
    fixture.cpu.modelSpecific[MSR.lstar.rawValue] = 0x1_0300
    fixture.cpu.step(to: Fixture.code)
    _ = try fixture.resume(.init(.step))
    #expect(fixture.debugger.kernel?.place.lowerBound == GuestPhysical(Self.start))
  }

  @Test("a reset starts all over")
  func reset() throws {
    let fixture = try fixture()
    put(Self.entryBytes, at: Self.entry, fixture)
    fixture.cpu.step(to: 0x1_0200)
    _ = try fixture.resume(.init(.step))
    try fixture.debugger.restart(arguments: nil)
    #expect(fixture.debugger.kernel == nil && !fixture.debugger.mayMeetMovedExit)
    #expect(fixture.libraryNames == ["/vmlinux"])
  }
}
