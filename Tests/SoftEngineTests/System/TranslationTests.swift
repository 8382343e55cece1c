import ARM64
import Bits
import CPUEngine
import Testing

@testable import SoftEngine

/// Stage 1 as loads, stores and fetches see it.
@Suite struct TranslationTests {
  private typealias Bit = MappedMachine.Bit
  private static let load = SystemWord.ldr(0, 1)
  private static let store = SystemWord.str(2, 1)

  /// A machine whose X1 points at the first page.
  private func machine(_ bits: UInt64? = nil) throws -> MappedMachine {
    let machine = try MappedMachine()
    machine.bare[x: 1] = MappedMachine.page + 8
    machine.bare[x: 2] = 0x1122_3344_5566_7788
    if let bits { machine.map(0, to: 0, bits) }
    return machine
  }

  @Test func storesAndLoadsGoWherePagesAre() throws {
    let machine = try machine(Bit.plain)
    machine.execute(Self.store)
    #expect(machine.abort == nil)
    #expect(machine.load(MappedMachine.frame + 8) == 0x1122_3344_5566_7788)
    machine.execute(Self.load)
    #expect(machine.bare[x: 0] == 0x1122_3344_5566_7788)
  }

  @Test func faultsTellTheirKindAndLevel() throws {
    let cases: [(bits: UInt64, word: UInt32, kind: FaultStatus.Kind)] = [
      (0, Self.load, .translation), (0, Self.store, .translation), (0b01, Self.load, .translation),
      (Bit.isPage, Self.load, .accessFlag), (Bit.plain | Bit.readOnly, Self.store, .permission),
      (Bit.plain | 1 << 45, Self.load, .addressSize),
    ]
    for (bits, word, kind) in cases {
      let machine = try machine(bits)
      machine.execute(word)
      let abort = try #require(machine.abort)
      #expect(abort.status == FaultStatus(kind, level: 3))
      #expect(abort.isWrite == (word == Self.store))
      #expect(abort.address == MappedMachine.page + 8)
      #expect(machine.bare.pc == TestMachine.ram + 0x200)
      #expect(machine.bare.system.elr == TestMachine.code)
    }
  }

  @Test func walksOutsideMemoryAreExternalAborts() throws {
    let machine = try machine()
    machine.store(0x1000 | 0b11, at: MappedMachine.level3 - 0x1000)
    machine.execute(Self.load)
    #expect(machine.abort?.status == FaultStatus(.externalAbortOnWalk, level: 3))
  }

  @Test func addressesOutsideTheHalvesFault() throws {
    for (address, level) in [(UInt64(1) << 39, 0), (1 << 62, 0), (0xffff_ff80_0000_0000, 0), (0x7f_c000_0000, 1)] {
      let machine = try machine()
      machine.bare[x: 1] = address
      machine.execute(Self.load)
      #expect(machine.abort?.status == FaultStatus(.translation, level: level))
      #expect(machine.abort?.address == address)
    }
  }

  @Test func tagsDoNotCountWhereTheTopByteIsIgnored() throws {
    let machine = try machine(Bit.plain)
    machine.bare[x: 1] |= 0x5a << 56
    machine.execute(Self.store)
    #expect(machine.abort?.status == FaultStatus(.translation, level: 0))
    machine.bare.system.tcr |= 1 << 37
    machine.execute(Self.store)
    #expect(machine.abort == nil)
    #expect(machine.load(MappedMachine.frame + 8) == 0x1122_3344_5566_7788)
  }

  @Test func privilegedAccessNeverKeepsEL1OutOfWhatEL0Has() throws {
    let machine = try machine(Bit.plain | Bit.el0)
    machine.execute(Self.load)
    #expect(machine.abort == nil)
    // MSR PAN, #1
    machine.execute(0xd500_419f)
    machine.execute(Self.load)
    #expect(machine.abort?.status == FaultStatus(.permission, level: 3))
    machine.execute(SystemWord.ldtr(0, 1))
    #expect(machine.abort == nil)
    // MSR PAN, #0
    machine.execute(0xd500_409f)
    machine.execute(Self.load)
    #expect(machine.abort == nil)
  }

  @Test func unprivilegedAccessesHaveThePermissionsOfEL0() throws {
    let machine = try machine(Bit.plain)
    machine.execute(SystemWord.ldtr(0, 1))
    #expect(machine.abort?.status == FaultStatus(.permission, level: 3))
  }

  @Test func theCPUSetsTheAccessFlagWhereItMay() throws {
    let machine = try machine(Bit.isPage)
    machine.bare.system.tcr |= 1 << 39
    machine.execute(Self.load)
    #expect(machine.abort == nil)
    #expect(machine.descriptor() == MappedMachine.frame | Bit.isPage | Bit.accessed)
  }

  @Test func theFirstWriteMakesCleanPagesDirty() throws {
    let clean = Bit.plain | Bit.readOnly | Bit.dirtyModifier
    let machine = try machine(clean)
    machine.bare.system.tcr |= 0b11 << 39
    machine.execute(Self.load)
    #expect(machine.descriptor() == MappedMachine.frame | clean)
    machine.execute(Self.store)
    #expect(machine.abort == nil)
    #expect(machine.descriptor() == MappedMachine.frame | clean & ~Bit.readOnly)
    // Without HD the page is only read.
    machine.bare.system.tcr &= ~(1 << 40)
    machine.map(0, to: 0, clean)
    machine.execute(Self.store)
    #expect(machine.abort?.status == FaultStatus(.permission, level: 3))
  }

  @Test func fetchesWantPermissionToExecute() throws {
    for (bits, isEL0, mayFetch) in [
      (Bit.plain, false, true), (Bit.plain | Bit.pxn, false, false), (Bit.plain | Bit.el0, false, false),
      (Bit.plain | Bit.el0, true, true), (Bit.plain | Bit.el0 | Bit.uxn, true, false), (Bit.plain, true, true),
    ] {
      let machine = try machine(bits)
      machine.bare.put([SystemWord.nop], at: MappedMachine.frame)
      machine.bare.core.pstate = isEL0 ? 0 : PSTATE.kernelEntry.rawValue
      machine.bare.pc = MappedMachine.page
      _ = machine.core.run(1)
      if mayFetch {
        #expect(machine.bare.pc == MappedMachine.page + 4)
      } else {
        #expect(machine.bare.exceptionClass == (isEL0 ? .instructionAbortLower : .instructionAbortSame))
        #expect(machine.abort?.status == FaultStatus(.permission, level: 3))
        #expect(machine.abort?.address == MappedMachine.page)
      }
    }
  }

  @Test func translationsAreKeptUntilTheyAreInvalidated() throws {
    // TLBI VAE1, VALE1IS, VAAE1, ASIDE1IS and VMALLE1, with the page in X3 and the ASID 0.
    for invalidate in [
      SystemWord.sys(0, 8, 7, 1, 3), SystemWord.sys(0, 8, 3, 5, 3), SystemWord.sys(0, 8, 7, 3, 3),
      SystemWord.sys(0, 8, 3, 2, 31), SystemWord.sys(0, 8, 7, 0, 31),
    ] {
      let machine = try machine(Bit.plain | Bit.notGlobal)
      machine.store(1, at: MappedMachine.frame + 8)
      machine.store(2, at: MappedMachine.frame + 0x1008)
      machine.execute(Self.load)
      machine.map(0, to: 1, Bit.plain | Bit.notGlobal)
      machine.execute(Self.load)
      #expect(machine.bare[x: 0] == 1)
      machine.bare[x: 3] = MappedMachine.page >> 12
      machine.execute(invalidate)
      machine.execute(Self.load)
      #expect(machine.bare[x: 0] == 2)
    }
  }

  @Test func invalidatingABlockInvalidatesAllOfIt() throws {
    let machine = try machine()
    let level2 = MappedMachine.level3 - 0x1000
    machine.store(TestMachine.ram | 0b01 | Bit.accessed, at: level2)
    machine.bare[x: 1] = MappedMachine.page + 0x8_0008
    machine.execute(Self.load)
    machine.bare[x: 1] = MappedMachine.page + 0x9_0008
    machine.execute(Self.load)
    #expect(machine.abort == nil)
    machine.store(0, at: level2)
    machine.bare[x: 3] = MappedMachine.page >> 12
    machine.execute(SystemWord.sys(0, 8, 7, 1, 3))
    machine.execute(Self.load)
    #expect(machine.abort?.status == FaultStatus(.translation, level: 2))
  }

  @Test func addressSpacesHaveTheirOwnPages() throws {
    let machine = try machine(Bit.plain | Bit.notGlobal)
    machine.map(1, to: 2)
    machine.store(1, at: MappedMachine.frame + 8)
    machine.store(2, at: MappedMachine.frame + 0x1008)
    machine.execute(Self.load)
    machine.map(0, to: 1, Bit.plain | Bit.notGlobal)
    // The same tables as address space 7.
    let tables = machine.bare.system.ttbr0
    machine.bare[x: 4] = tables | 7 << 48
    machine.execute(SystemWord.msr(.ttbr0EL1, 4))
    machine.execute(Self.load)
    #expect(machine.bare[x: 0] == 2)
    // Back in space 0 the page is what it was there.
    machine.bare[x: 4] = tables
    machine.execute(SystemWord.msr(.ttbr0EL1, 4))
    machine.execute(Self.load)
    #expect(machine.bare[x: 0] == 1)
    // Dropping space 7 leaves it so, dropping space 0 does not.
    machine.bare[x: 3] = 7 << 48
    machine.execute(SystemWord.sys(0, 8, 7, 2, 3))
    machine.execute(Self.load)
    #expect(machine.bare[x: 0] == 1)
    machine.bare[x: 3] = 0
    machine.execute(SystemWord.sys(0, 8, 7, 2, 3))
    machine.execute(Self.load)
    #expect(machine.bare[x: 0] == 2)
  }

  @Test func addressTranslationTellsWhatAnAccessWouldMeet() throws {
    let machine = try machine(Bit.plain | Bit.readOnly)
    machine.execute(SystemWord.sys(0, 7, 8, 0, 1))
    let read = PAR(rawValue: machine.bare.system.par)
    #expect(!read.isFault)
    #expect(read.physicalPage.rawValue == MappedMachine.frame)
    #expect(read.attributes.rawValue == 0xff)
    machine.execute(SystemWord.sys(0, 7, 8, 1, 1))
    let write = PAR(rawValue: machine.bare.system.par)
    #expect(write.isFault)
    #expect(write.faultStatus == FaultStatus(.permission, level: 3))
    machine.execute(SystemWord.sys(0, 7, 8, 2, 1))
    #expect(PAR(rawValue: machine.bare.system.par).isFault)
  }

  @Test func zeroingABlockClears64Bytes() throws {
    let machine = try machine(Bit.plain)
    for offset in stride(from: UInt64(0), to: 192, by: 8) { machine.store(~0, at: MappedMachine.frame + offset) }
    machine.bare[x: 1] = MappedMachine.page + 64 + 13
    machine.execute(SystemWord.sys(3, 7, 4, 1, 1))
    #expect(machine.abort == nil)
    for offset in stride(from: UInt64(0), to: 192, by: 8) {
      #expect(machine.load(MappedMachine.frame + offset) == (64..<128 ~= offset ? 0 : ~0))
    }
  }

  @Test func maintenanceOfCachesFaultsAsSuch() throws {
    let machine = try machine(0)
    machine.execute(SystemWord.sys(3, 7, 14, 1, 1))
    guard case .dataAbort(let abort) = ExceptionSyndrome(rawValue: machine.bare.system.esr).detail else {
      Issue.record("no data abort")
      return
    }
    #expect(abort.isCacheMaintenance)
    #expect(abort.isWrite)
    #expect(abort.status == FaultStatus(.translation, level: 3))
  }

  /// Whether a page's access flag is set by an access after the guest cleared it, without a TLBI; `act` comes in between.
  private func accessFlag(_ bits: UInt64, _ act: (MappedMachine) throws -> Void) throws -> Bool {
    let machine = try MappedMachine()
    // HA
    machine.bare.system.tcr |= 1 << 39
    machine.core.noteTranslationChange()
    machine.map(0, to: 0, bits)
    // Another page has its place in the main TLB, but not in those in front.
    let other = TestMachine.ram + 0x4_4000
    machine.store(other | 0b11, at: MappedMachine.level3 - 0x1000 + 8 * 8)
    machine.store((MappedMachine.frame + 0x1000) | bits, at: other + 8)
    machine.bare[x: 1] = MappedMachine.page
    machine.execute(SystemWord.ldr(0, 1))
    machine.map(0, to: 0, bits & ~Bit.accessed)
    machine.bare[x: 1] = MappedMachine.page + 0x100_1000
    machine.execute(SystemWord.ldr(0, 1))
    #expect(machine.abort == nil)
    try act(machine)
    machine.bare[x: 1] = MappedMachine.page
    machine.execute(SystemWord.ldr(0, 1))
    #expect(machine.abort == nil)
    return try #require(machine.descriptor())[bit: 10]
  }

  @Test("what a debugger sets and what is decoded have no part in what is walked for", arguments: [0, Bit.notGlobal])
  func walksAreTheGuestsOwn(global: UInt64) throws {
    let alone = try accessFlag(Bit.plain | global) { _ in }
    let debugged = try accessFlag(Bit.plain | global) { machine in
      var control = DebugControl()
      control.watchpoints = [HardwareWatchpoint(address: GuestVirtual(TestMachine.data), length: 8, access: .write)]
      try machine.bare.machine.softCPUs[0].setDebug(control)
    }
    let dropped = try accessFlag(Bit.plain | global) { $0.bare.machine.dropCode() }
    #expect(alone == debugged && alone == dropped)
  }

  @Test("behind an ISB the page is fetched anew", arguments: [true, false]) func synchronization(ofPage: Bool) throws {
    let machine = try MappedMachine()
    let bits = Bit.plain | Bit.notGlobal
    machine.map(0, to: 0, bits)
    // STR X2, [X1], which maps the page elsewhere; TLBI VAE1, X3 or VMALLE1IS; DSB SY; ISB; MOV X0, #1 or #2
    let words = [
      SystemWord.str(2, 1), ofPage ? SystemWord.sys(0, 8, 7, 1, 3) : SystemWord.sys(0, 8, 3, 0, 31), 0xd503_3f9f,
      SystemWord.isb,
    ]
    machine.bare.put(words + [0xd280_0020], at: MappedMachine.frame)
    machine.bare.put(words + [0xd280_0040], at: MappedMachine.frame + 0x1000)
    machine.bare[x: 1] = MappedMachine.level3
    machine.bare[x: 2] = MappedMachine.frame + 0x1000 | bits
    machine.bare[x: 3] = MappedMachine.page >> 12
    machine.core.pstate = PSTATE.kernelEntry.rawValue
    machine.bare.pc = MappedMachine.page
    #expect(machine.core.run(5) == .limit)
    #expect(machine.bare.pc == MappedMachine.page + 20)
    #expect(machine.bare[x: 0] == 2)
  }

  @Test func aFetchThatFaultsComesBeforeTheIllegalState() throws {
    let machine = try MappedMachine()
    machine.core.pstate = PSTATE.kernelEntry.rawValue | 1 << 20
    machine.bare.pc = MappedMachine.page
    _ = machine.core.run(1)
    #expect(machine.bare.exceptionClass == .instructionAbortSame)
  }
}
