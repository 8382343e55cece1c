import Devices
import Testing

/// The registers one by one: what they are after a reset, which bits they keep, and how they can be accessed.
@Suite struct GICv3RegisterTests {
  private typealias Reg = GICv3Bench.Reg
  private typealias RDReg = GICv3Bench.RDReg

  var bench = GICv3Bench()

  // MARK: Distributor

  @Test func distributorAfterReset() {
    #expect(bench.gicd(Reg.ctlr) == 0x50)  // DS and ARE; no group enabled, no write pending.
    #expect(bench.gicd(Reg.typer) == 3 | 9 << 19 | 1 << 24)
    #expect(bench.gicd(Reg.iidr) == 0x43B)
    #expect(bench.gicd(Reg.typer2) == 0)
    #expect(bench.gicd(Reg.statusr) == 0)
    for block: UInt64 in 1...3 {
      #expect(bench.gicd(Reg.igroupr + 4 * block) == 0xFFFF_FFFF)
      for offset in [Reg.isenabler, Reg.icenabler, Reg.ispendr, Reg.icpendr, Reg.isactiver, Reg.icactiver] {
        #expect(bench.gicd(offset + 4 * block) == 0)
      }
    }
    for interrupt: UInt64 in 32..<128 {
      #expect(bench.gicd(Reg.ipriorityr + interrupt, size: 1) == 0)
      #expect(bench.gicd(Reg.irouter + 8 * interrupt, size: 8) == 0)
    }
    for word: UInt64 in 2..<8 { #expect(bench.gicd(Reg.icfgr + 4 * word) == 0) }
  }

  @Test(arguments: [(0, 0), (1, 1), (32, 1), (33, 2), (96, 3), (988, 31), (5_000, 31), (-1, 0)])
  func typerCountsTheLines(spiCount: Int, lines: UInt64) {
    #expect(GICv3Bench(spiCount: spiCount).gicd(Reg.typer) & 0x1F == lines)
  }

  @Test mutating func distributorControlKeepsTheGroups() {
    bench.setGICD(Reg.ctlr, 0xFFFF_FFFF)
    #expect(bench.gicd(Reg.ctlr) == 0x53)
    bench.setGICD(Reg.ctlr, 0)
    #expect(bench.gicd(Reg.ctlr) == 0x50)
  }

  /// Of 33 SPIs the last block has one.
  @Test mutating func interruptsThatAreNotThereKeepNothing() {
    bench = GICv3Bench(spiCount: 33)
    for offset in [Reg.isenabler, Reg.ispendr, Reg.isactiver, Reg.igroupr] {
      bench.setGICD(offset + 8, 0xFFFF_FFFF)
      #expect(bench.gicd(offset + 8) == 1)
    }
    bench.setGICD(Reg.ipriorityr + 64, 0xFFFF_FFFF)
    #expect(bench.gicd(Reg.ipriorityr + 64) == 0xF8)
    bench.setGICD(Reg.icfgr + 16, 0xFFFF_FFFF)
    #expect(bench.gicd(Reg.icfgr + 16) == 0b10)
    for offset in [Reg.isenabler + 12, Reg.ipriorityr + 96, Reg.icfgr + 24, Reg.irouter + 8 * 65] {
      #expect(bench.gic.read(.distributor, at: offset, size: 4) == nil)
      expect(bench.gic.write(.max, to: .distributor, at: offset, size: 4), is: false)
    }
  }

  @Test(arguments: [(Reg.isenabler, Reg.icenabler), (Reg.ispendr, Reg.icpendr), (Reg.isactiver, Reg.icactiver)])
  mutating func pairsSetAndClear(set: UInt64, clear: UInt64) {
    bench.setGICD(set + 8, 0x0F0F_00FF)
    bench.setGICD(set + 8, 0x1000_0000)
    #expect(bench.gicd(set + 8) == 0x1F0F_00FF)
    #expect(bench.gicd(clear + 8) == 0x1F0F_00FF)
    bench.setGICD(clear + 8, 0x0000_000F)
    bench.setGICD(clear + 8, 0)
    #expect(bench.gicd(set + 8) == 0x1F0F_00F0)
    #expect(bench.gicd(set + 4) == 0)
    #expect(bench.gicd(set + 12) == 0)
  }

  @Test mutating func groupsAndTriggersKeepTheirBits() {
    bench.setGICD(Reg.igroupr + 4, 0x1234_5678)
    #expect(bench.gicd(Reg.igroupr + 4) == 0x1234_5678)
    bench.setGICD(Reg.icfgr + 8, 0xFFFF_FFFF)
    #expect(bench.gicd(Reg.icfgr + 8) == 0xAAAA_AAAA)
    bench.setGICD(Reg.icfgr + 8, 0x0000_0009)
    #expect(bench.gicd(Reg.icfgr + 8) == 0x8)
  }

  @Test mutating func prioritiesByByteAndByWord() {
    bench.setGICD(Reg.ipriorityr + 36, 0xFF7F_0B80)
    #expect(bench.gicd(Reg.ipriorityr + 36) == 0xF878_0880)
    #expect((36..<40).map { bench.gicd(Reg.ipriorityr + $0, size: 1) } == [0x80, 0x08, 0x78, 0xF8])
    bench.setGICD(Reg.ipriorityr + 38, 0xFFFF_FF21, size: 1)
    #expect(bench.gicd(Reg.ipriorityr + 36) == 0xF820_0880)
    #expect(bench.gicd(Reg.ipriorityr + 32) == 0)
    #expect(bench.gicd(Reg.ipriorityr + 40) == 0)
  }

  @Test mutating func routesWholeAndByHalf() {
    let route = Reg.irouter + 8 * 40
    bench.setGICD(route, .max, size: 8)
    #expect(bench.gicd(route, size: 8) == 0xFF_80FF_FFFF)
    bench.setGICD(route, 0x0102_0304)
    #expect(bench.gicd(route, size: 8) == 0xFF_0002_0304)
    bench.setGICD(route + 4, 0x1_0000_0007)
    #expect(bench.gicd(route + 4) == 7)
    #expect(bench.gicd(route) == 0x0002_0304)
    #expect(bench.gicd(route + 8, size: 8) == 0)
  }

  /// Whatever is for GICv2's way of routing, or for a second security state, reads zero and keeps nothing.
  @Test mutating func reservedRegistersAreZero() {
    let privateWords = [
      Reg.igroupr, Reg.isenabler, Reg.ispendr, Reg.icpendr, Reg.isactiver, Reg.ipriorityr + 28, Reg.icfgr + 4,
    ]
    let reserved = [Reg.itargetsr, Reg.itargetsr + 127, Reg.igrpmodr + 4, Reg.nsacr + 8, 0xF00, 0xF10, 0xF2C]
    for offset in privateWords + reserved + [Reg.typer2, Reg.statusr] {
      let size = offset % 4 == 0 ? 4 : 1
      let before = bench.gic
      bench.setGICD(offset, .max, size: size)
      #expect(bench.gicd(offset, size: size) == 0)
      #expect(bench.gic == before)
    }
  }

  @Test mutating func readOnlyRegistersIgnoreWrites() {
    for offset in [Reg.typer, Reg.iidr, 0xFFE8, 0xFFFC] {
      let before = bench.gic
      bench.setGICD(offset, .max)
      #expect(bench.gic == before)
    }
  }

  @Test func identification() {
    let bytes: [UInt64] = [0x44, 0, 0, 0, 0x92, 0xB4, 0x3B, 0, 0x0D, 0xF0, 0x05, 0xB1]
    #expect((0..<12).map { bench.gicd(0xFFD0 + 4 * $0) } == bytes)
    #expect(bench.gicr(0xFFE8) == 0x3B)
    #expect(bench.gicr(0xFFE0, of: 1) == 0x93)
  }

  @Test(
    arguments: [
      (0x040, 4), (0x014, 4), (0x000, 1), (0x000, 2), (0x000, 8), (0x002, 4), (0x081, 1), (0x084, 8), (0x086, 4),
      (0x404, 2), (0x404, 8), (0x402, 4), (0xD80, 4), (0xF04, 4), (0xF30, 4), (0xF12, 4), (0x6000, 8), (0x60F8, 4),
      (0x6104, 8), (0x6100, 2), (0x8000, 4), (0xFFCC, 4), (0xFFE9, 1), (0xFFEA, 4), (0x1_0000, 4), (.max, 4), (.max, 1),
      (0, 0), (0, -4), (0x400, 3), (0x080, .max),
    ] as [(UInt64, Int)])
  mutating func unknownAccesses(offset: UInt64, size: Int) {
    let before = bench.gic
    #expect(bench.gic.read(.distributor, at: offset, size: size) == nil)
    expect(bench.gic.write(.max, to: .distributor, at: offset, size: size), is: false)
    #expect(bench.gic == before)
  }

  // MARK: Redistributors

  @Test func redistributorsTellWhoseTheyAre() {
    let bench = GICv3Bench(affinities: [0x8000_0000, 0x12_C134_5678, 0xFF_0000_0003])
    #expect(bench.gicr(RDReg.typer, size: 8) == 0)
    #expect(bench.gicr(RDReg.typer, of: 1, size: 8) == 0x1234_5678_0000_0100)
    #expect(bench.gicr(RDReg.typer, of: 2, size: 8) == 0xFF00_0003_0000_0210)  // The last one.
    #expect(bench.gicr(RDReg.typer, of: 2) == 0x210)
    #expect(bench.gicr(RDReg.typer + 4, of: 2) == 0xFF00_0003)
    #expect(bench.gicr(RDReg.typer, of: 3, size: 8) == nil)
    #expect(bench.gic.read(.redistributors, at: .max - 7, size: 8) == nil)
  }

  /// Linux clears ProcessorSleep and waits for ChildrenAsleep to be zero; where it sets the former it looks whether it is.
  @Test mutating func redistributorsAreAwake() {
    for value: UInt64 in [0, 0b10, .max] {
      expect(bench.gic.write(value, to: .redistributors, at: RDReg.waker, size: 4), is: true)
      #expect(bench.gicr(RDReg.waker) == 0)
    }
    #expect(bench.gicr(0x000) == 0)
    #expect(bench.gicr(0x004) == 0x43B)
    #expect(bench.gicr(0x010) == 0)
  }

  @Test func privateInterruptsAfterReset() {
    for cpu: UInt64 in 0...1 {
      #expect(bench.sgi(Reg.igroupr, of: cpu) == 0xFFFF_FFFF)
      #expect(bench.sgi(Reg.isenabler, of: cpu) == 0xFFFF)
      #expect(bench.sgi(Reg.icfgr, of: cpu) == 0xAAAA_AAAA)
      #expect(bench.sgi(Reg.icfgr + 4, of: cpu) == 0)
      for offset in [Reg.ispendr, Reg.isactiver, Reg.igrpmodr, Reg.nsacr] { #expect(bench.sgi(offset, of: cpu) == 0) }
      for word: UInt64 in 0..<8 { #expect(bench.sgi(Reg.ipriorityr + 4 * word, of: cpu) == 0) }
    }
  }

  @Test mutating func privateInterruptsAreEachCPUsOwn() {
    bench.setSGI(Reg.icenabler, 0x0000_000F)
    bench.setSGI(Reg.isenabler, 0x8000_0000)
    bench.setSGI(Reg.ipriorityr + 31, 0xA7, size: 1)
    bench.setSGI(Reg.ispendr, 0x0002_0001)
    bench.setSGI(Reg.isactiver, 0x0001_0000)
    bench.setSGI(Reg.igroupr, 0)
    bench.setSGI(Reg.icfgr, 0)  // The trigger of SGIs is fixed.
    bench.setSGI(Reg.icfgr + 4, 0x3)
    #expect(bench.sgi(Reg.isenabler) == 0x8000_FFF0)
    #expect(bench.sgi(Reg.ipriorityr + 28) == 0xA000_0000)
    #expect(bench.sgi(Reg.icpendr) == 0x0002_0001)
    #expect(bench.sgi(Reg.icactiver) == 0x0001_0000)
    #expect(bench.sgi(Reg.igroupr) == 0)
    #expect(bench.sgi(Reg.icfgr) == 0xAAAA_AAAA)
    #expect(bench.sgi(Reg.icfgr + 4) == 0x2)
    #expect(bench.sgi(Reg.isenabler, of: 1) == 0xFFFF)
    #expect(bench.sgi(Reg.igroupr, of: 1) == 0xFFFF_FFFF)
  }

  @Test(
    arguments: [
      (0x040, 4), (0x070, 8), (0x008, 2), (0x00C, 8), (0x014, 1), (0xFFCC, 4), (0x1_0000, 4), (0x1_0084, 4),
      (0x1_0420, 4), (0x1_0800, 4), (0x1_0C08, 4), (0x1_0080, 1), (0x1_FFE8, 4), (0x4_0000, 4), (.max, 1), (.max, 4),
    ] as [(UInt64, Int)])
  mutating func unknownRedistributorAccesses(offset: UInt64, size: Int) {
    let before = bench.gic
    #expect(bench.gic.read(.redistributors, at: offset, size: size) == nil)
    expect(bench.gic.write(.max, to: .redistributors, at: offset, size: size), is: false)
    #expect(bench.gic == before)
  }

  // MARK: CPU interface

  @Test(
    arguments: [
      (.priorityMask, 0, 0xF8), (.binaryPoint0, 2, 7), (.binaryPoint1, 3, 7), (.control, 0x8400, 0x8403),
      (.systemRegisterEnable, 7, 7), (.groupEnable0, 0, 1), (.groupEnable1, 0, 1), (.activePriorities0, 0, 0xFFFF_FFFF),
      (.activePriorities1, 0, 0xFFFF_FFFF),
    ] as [(GICv3.CPUInterfaceRegister, UInt64, UInt64)])
  mutating func interfaceRegisters(register: GICv3.CPUInterfaceRegister, reset: UInt64, ones: UInt64) {
    expect(bench.icc(register), is: reset)
    // Binary points follow one another while ICC_CTLR_EL1.CBPR is set; here only one register is written.
    bench.setICC(register, .max)
    expect(bench.icc(register), is: ones)
    expect(bench.icc(register, of: 1), is: reset)
    bench.setICC(register, 0)
    expect(bench.icc(register), is: reset)
  }

  @Test mutating func interfaceRegistersThatOnlyTell() {
    for register in [.acknowledge0, .acknowledge1, .highestPending0, .highestPending1] as [GICv3.CPUInterfaceRegister] {
      expect(bench.icc(register), is: 1023)
      expect(bench.gic.write(0, to: register, of: 0), is: false)
    }
    expect(bench.icc(.runningPriority), is: 0xFF)
    expect(bench.gic.write(0, to: .runningPriority, of: 0), is: false)
  }

  @Test mutating func interfaceRegistersThatAreOnlyWritten() {
    let registers: [GICv3.CPUInterfaceRegister] = [
      .endOfInterrupt0, .endOfInterrupt1, .deactivate, .generate0, .generate1, .generateAlias1,
    ]
    for register in registers {
      expect(bench.gic.read(register, of: 0), is: nil)
      #expect(bench.gic.peek(register, of: 0) == nil)
      expect(bench.gic.poke(0, to: register, of: 0), is: false)
    }
  }

  @Test func interfaceRegistersHaveTheirNames() {
    let names = GICv3.CPUInterfaceRegister.allCases.map(\.rawValue)
    #expect(names.count == 20)
    #expect(names.allSatisfy { $0.hasPrefix("icc_") && $0.hasSuffix("_el1") })
  }

  @Test mutating func oneBinaryPointForBothGroups() {
    bench.setICC(.binaryPoint1, 6)
    bench.setICC(.binaryPoint0, 4)
    bench.setICC(.control, GICv3Bench.Control.cbpr)
    expect(bench.icc(.binaryPoint1), is: 5)
    bench.setICC(.binaryPoint1, 7)
    bench.setICC(.binaryPoint0, 7)
    expect(bench.icc(.binaryPoint1), is: 7)
    bench.setICC(.control, 0)
    expect(bench.icc(.binaryPoint1), is: 6)
  }

  @Test mutating func powerOnResetsTheInterfaceAlone() {
    bench.enableAll()
    bench.gic.setPPI(27, of: 0, to: true)
    #expect(bench.gic.signal(to: 0) == .irq)
    bench.gic.resetInterface(of: 0)
    #expect(bench.gic.signal(to: 0) == nil)
    expect(bench.icc(.priorityMask), is: 0)
    expect(bench.icc(.priorityMask, of: 1), is: 0xF8)
    #expect(bench.sgi(Reg.ispendr) == 1 << 27)
    #expect(bench.sgi(Reg.isenabler) == 0xFFFF_FFFF)
  }
}
