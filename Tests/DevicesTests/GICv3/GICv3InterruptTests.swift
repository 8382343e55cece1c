import Devices
import Testing

/// What becomes of an interrupt, from its line to the end of its handler.
@Suite struct GICv3InterruptTests {
  private typealias Reg = GICv3Bench.Reg

  var bench = GICv3Bench()

  init() { bench.enableAll() }

  // MARK: Life

  @Test mutating func levelSensitiveInterrupt() {
    bench.gic.setSPI(5, to: true)
    #expect(bench.gic.signal(to: 0) == .irq)
    #expect(bench.gic.signal(to: 1) == nil)
    #expect(bench.gicd(Reg.ispendr + 4) == 1 << 5)
    expect(bench.icc(.highestPending1), is: 37)
    expect(bench.acknowledge(), is: 37)
    // Active, and pending still as its line is high; it is not signalled again.
    #expect(bench.gicd(Reg.isactiver + 4) == 1 << 5)
    #expect(bench.gicd(Reg.ispendr + 4) == 1 << 5)
    #expect(bench.gic.signal(to: 0) == nil)
    expect(bench.acknowledge(), is: 1023)
    bench.end(37)
    #expect(bench.gicd(Reg.isactiver + 4) == 0)
    #expect(bench.gic.signal(to: 0) == .irq)
    expect(bench.acknowledge(), is: 37)
    bench.gic.setSPI(5, to: false)
    bench.end(37)
    #expect(bench.gicd(Reg.ispendr + 4) == 0)
    #expect(bench.gic.signal(to: 0) == nil)
  }

  @Test mutating func levelThatFallsBeforeItIsTaken() {
    bench.gic.setSPI(5, to: true)
    bench.gic.setSPI(5, to: false)
    #expect(bench.gic.signal(to: 0) == nil)
    expect(bench.acknowledge(), is: 1023)
    #expect(bench.gicd(Reg.isactiver + 4) == 0)
  }

  @Test mutating func edgeTriggeredInterrupt() {
    bench.makeEdgeTriggered(spi: 5)
    bench.gic.setSPI(5, to: true)
    bench.gic.setSPI(5, to: false)
    #expect(bench.gic.signal(to: 0) == .irq)
    expect(bench.acknowledge(), is: 37)
    #expect(bench.gicd(Reg.ispendr + 4) == 0)
    // One edge while it is active makes it pending, as often as it comes.
    for level in [true, true, false, true] { bench.gic.setSPI(5, to: level) }
    #expect(bench.gicd(Reg.ispendr + 4) == 1 << 5)
    #expect(bench.gic.signal(to: 0) == nil)
    bench.end(37)
    expect(bench.acknowledge(), is: 37)
    bench.end(37)
    // The line is high still, but there was no edge.
    #expect(bench.gic.signal(to: 0) == nil)
    expect(bench.acknowledge(), is: 1023)
  }

  @Test mutating func pendingByRegister() {
    for isLevelSensitive in [true, false] {
      if !isLevelSensitive { bench.makeEdgeTriggered(spi: 3) }
      bench.setGICD(Reg.ispendr + 4, 1 << 3)
      #expect(bench.gic.signal(to: 0) == .irq)
      bench.setGICD(Reg.icpendr + 4, 1 << 3)
      #expect(bench.gic.signal(to: 0) == nil)
      bench.setGICD(Reg.ispendr + 4, 1 << 3)
      expect(bench.acknowledge(), is: 35)
      #expect(bench.gicd(Reg.ispendr + 4) == 0)
      bench.end(35)
    }
  }

  @Test mutating func clearingCannotHideALine() {
    bench.gic.setSPI(3, to: true)
    bench.setGICD(Reg.icpendr + 4, .max)
    #expect(bench.gicd(Reg.ispendr + 4) == 1 << 3)
    #expect(bench.gic.signal(to: 0) == .irq)
  }

  @Test mutating func activeByRegister() {
    bench.gic.setSPI(3, to: true)
    bench.setGICD(Reg.isactiver + 4, 1 << 3)
    #expect(bench.gic.signal(to: 0) == nil)
    bench.setGICD(Reg.icactiver + 4, 1 << 3)
    #expect(bench.gic.signal(to: 0) == .irq)
  }

  @Test mutating func privateInterruptOfOneCPU() {
    bench.gic.setPPI(27, of: 1, to: true)
    #expect(bench.gic.signal(to: 0) == nil)
    #expect(bench.gic.signal(to: 1) == .irq)
    expect(bench.acknowledge(by: 0), is: 1023)
    expect(bench.acknowledge(by: 1), is: 27)
    bench.gic.setPPI(27, of: 1, to: false)
    bench.end(27, by: 1)
    #expect(bench.gic.signal(to: 1) == nil)
  }

  @Test(arguments: [0, 15, 32, .max] as [UInt32])
  mutating func linesThatAreNotThere(number: UInt32) {
    let before = bench.gic
    bench.gic.setPPI(number, of: 0, to: true)
    if number != 0, number != 15, number != 32 { bench.gic.setSPI(number, to: true) }
    bench.gic.setSPI(96, to: true)
    #expect(bench.gic == before)
  }

  // MARK: Masks

  @Test mutating func everyGateHoldsItBack() {
    bench.gic.setSPI(40, to: true)
    let block = Reg.isenabler + 8
    bench.setGICD(Reg.icenabler + 8, 1 << 8)
    #expect(bench.gic.signal(to: 0) == nil)
    #expect(bench.gicd(Reg.ispendr + 8) == 1 << 8)
    bench.setGICD(block, 1 << 8)
    #expect(bench.gic.signal(to: 0) == .irq)
    bench.setGICD(Reg.ctlr, 0b01)
    #expect(bench.gic.signal(to: 0) == nil)
    bench.setGICD(Reg.ctlr, 0b10)
    #expect(bench.gic.signal(to: 0) == .irq)
    bench.setICC(.groupEnable1, 0)
    #expect(bench.gic.signal(to: 0) == nil)
    expect(bench.icc(.highestPending1), is: 1023)
    bench.setICC(.groupEnable1, 1)
    #expect(bench.gic.signal(to: 0) == .irq)
  }

  @Test mutating func priorityMaskIsExclusive() {
    bench.setPriority(ofSPI: 0, 0x80)
    bench.gic.setSPI(0, to: true)
    bench.setICC(.priorityMask, 0x80)
    #expect(bench.gic.signal(to: 0) == nil)
    expect(bench.acknowledge(), is: 1023)
    expect(bench.icc(.highestPending1), is: 32)  // The mask does not hide it.
    bench.setICC(.priorityMask, 0x88)
    #expect(bench.gic.signal(to: 0) == .irq)
    // The mask has five bits too: the lowest priority is below each.
    bench.setICC(.priorityMask, 0xFF)
    bench.setPriority(ofSPI: 0, 0xF8)
    #expect(bench.gic.signal(to: 0) == nil)
    bench.setICC(.priorityMask, 0)
    bench.setPriority(ofSPI: 0, 0)
    #expect(bench.gic.signal(to: 0) == nil)
  }

  @Test mutating func groupZeroIsAnFIQ() {
    bench.makeGroup0(spi: 9)
    bench.gic.setSPI(9, to: true)
    #expect(bench.gic.signal(to: 0) == .fiq)
    expect(bench.acknowledge(), is: 1023)
    expect(bench.icc(.highestPending1), is: 1023)
    expect(bench.icc(.highestPending0), is: 41)
    expect(bench.icc(.acknowledge0), is: 41)
    expect(bench.icc(.activePriorities0), is: 1)
    expect(bench.icc(.activePriorities1), is: 0)
    bench.gic.setSPI(9, to: false)
    // The register of the other group ends nothing.
    bench.end(41)
    #expect(bench.gicd(Reg.isactiver + 4) == 1 << 9)
    bench.setICC(.endOfInterrupt0, 41)
    #expect(bench.gicd(Reg.isactiver + 4) == 0)
    expect(bench.icc(.activePriorities0), is: 0)
  }

  /// A disabled group must not stand in the way of the other one.
  @Test mutating func disabledGroupIsPassedOver() {
    bench.makeGroup0(spi: 0)
    bench.setPriority(ofSPI: 1, 0xA0)
    bench.gic.setSPI(0, to: true)
    bench.gic.setSPI(1, to: true)
    #expect(bench.gic.signal(to: 0) == .fiq)
    bench.setICC(.groupEnable0, 0)
    #expect(bench.gic.signal(to: 0) == .irq)
    bench.setICC(.groupEnable0, 1)
    bench.setGICD(Reg.ctlr, 0b10)
    expect(bench.acknowledge(), is: 33)
  }

  // MARK: Priorities

  @Test mutating func highestPriorityFirstThenLowestNumber() {
    for (number, priority) in [(70, 0x40), (3, 0x80), (69, 0x40), (20, 0x47)] as [(UInt64, UInt64)] {
      bench.setPriority(ofSPI: number, priority)
      bench.gic.setSPI(UInt32(number), to: true)
    }
    bench.setSGI(Reg.ipriorityr + 27, 0x80, size: 1)
    bench.gic.setPPI(27, of: 0, to: true)
    var order: [UInt64] = []
    for _ in 0..<5 {
      let interrupt = bench.acknowledge()
      order.append(interrupt)
      if interrupt == 27 {
        bench.gic.setPPI(27, of: 0, to: false)
      } else {
        bench.gic.setSPI(UInt32(interrupt) - 32, to: false)
      }
      bench.end(interrupt)
    }
    #expect(order == [52, 101, 102, 27, 35])
    #expect(bench.gic.signal(to: 0) == nil)
  }

  @Test mutating func preemption() {
    for (number, priority) in [(0, 0x90), (1, 0x88), (2, 0x88), (3, 0x00)] as [(UInt64, UInt64)] {
      bench.setPriority(ofSPI: number, priority)
      bench.makeEdgeTriggered(spi: number)
    }
    bench.gic.setSPI(0, to: true)
    expect(bench.acknowledge(), is: 32)
    expect(bench.icc(.runningPriority), is: 0x90)
    bench.gic.setSPI(1, to: true)
    expect(bench.acknowledge(), is: 33)
    expect(bench.icc(.runningPriority), is: 0x88)
    bench.gic.setSPI(2, to: true)  // The same priority does not preempt.
    #expect(bench.gic.signal(to: 0) == nil)
    expect(bench.acknowledge(), is: 1023)
    bench.gic.setSPI(3, to: true)
    expect(bench.acknowledge(), is: 35)
    expect(bench.icc(.activePriorities1), is: 1 << 0 | 1 << 17 | 1 << 18)
    bench.end(35)
    #expect(bench.gic.signal(to: 0) == nil)
    expect(bench.icc(.runningPriority), is: 0x88)
    bench.end(33)
    #expect(bench.gic.signal(to: 0) == .irq)
    expect(bench.acknowledge(), is: 34)
    bench.end(34)
    bench.end(32)
    expect(bench.icc(.runningPriority), is: 0xFF)
    expect(bench.icc(.activePriorities1), is: 0)
  }

  /// ICC_BPR1_EL1 = n leaves bits 7 to n for preemption, ICC_BPR0_EL1 = n bits 7 to n + 1.
  @Test(
    arguments: [
      // (binary point of the group, the priority that runs, the one that comes, whether it preempts)
      (.one, 3, 0x88, 0x80, true), (.one, 4, 0x88, 0x80, false), (.one, 4, 0x90, 0x88, true),
      (.one, 6, 0xB8, 0x80, false), (.one, 6, 0x80, 0x78, true), (.one, 7, 0xF0, 0x80, false),
      (.one, 7, 0x80, 0x78, true), (.zero, 2, 0x88, 0x80, true), (.zero, 3, 0x88, 0x80, false),
      (.zero, 3, 0x90, 0x88, true), (.zero, 6, 0x80, 0x78, true), (.zero, 6, 0xF0, 0x80, false),
      (.zero, 7, 0xF0, 0x00, false),
    ] as [(TestGroup, UInt64, UInt64, UInt64, Bool)])
  mutating func binaryPoints(group: TestGroup, point: UInt64, running: UInt64, next: UInt64, preempts: Bool) {
    bench.setGICD(Reg.igroupr + 4, group == .one ? .max : 0)
    bench.setICC(group == .one ? .binaryPoint1 : .binaryPoint0, point)
    bench.setPriority(ofSPI: 0, running)
    bench.setPriority(ofSPI: 1, next)
    bench.gic.setSPI(0, to: true)
    expect(bench.icc(group == .one ? .acknowledge1 : .acknowledge0), is: 32)
    bench.gic.setSPI(1, to: true)
    #expect(bench.gic.signal(to: 0) == (preempts ? (group == .one ? .irq : .fiq) : nil))
    expect(bench.icc(group == .one ? .highestPending1 : .highestPending0), is: 33)
  }

  enum TestGroup: Sendable { case zero, one }

  @Test mutating func commonBinaryPoint() {
    bench.setICC(.control, GICv3Bench.Control.cbpr)
    bench.setICC(.binaryPoint0, 5)
    bench.setPriority(ofSPI: 0, 0x78)
    bench.setPriority(ofSPI: 1, 0x40)
    bench.gic.setSPI(0, to: true)
    expect(bench.acknowledge(), is: 32)
    expect(bench.icc(.runningPriority), is: 0x40)
    bench.gic.setSPI(1, to: true)
    #expect(bench.gic.signal(to: 0) == nil)
    bench.setICC(.control, 0)
    bench.setICC(.activePriorities1, 1 << 15)
    #expect(bench.gic.signal(to: 0) == .irq)
  }

  @Test mutating func subpriorityOrdersWithinAGroup() {
    bench.setICC(.binaryPoint1, 7)
    bench.setPriority(ofSPI: 0, 0x70)
    bench.setPriority(ofSPI: 1, 0x10)
    bench.gic.setSPI(0, to: true)
    bench.gic.setSPI(1, to: true)
    expect(bench.acknowledge(), is: 33)
    expect(bench.icc(.runningPriority), is: 0)
  }

  @Test mutating func groupsPreemptEachOther() {
    bench.makeGroup0(spi: 1)
    bench.setPriority(ofSPI: 0, 0x40)
    bench.setPriority(ofSPI: 1, 0x20)
    bench.gic.setSPI(0, to: true)
    expect(bench.acknowledge(), is: 32)
    bench.gic.setSPI(1, to: true)
    #expect(bench.gic.signal(to: 0) == .fiq)
    expect(bench.icc(.acknowledge0), is: 33)
    expect(bench.icc(.runningPriority), is: 0x20)
    bench.end(32)  // Not the one that runs: nothing happens.
    expect(bench.icc(.runningPriority), is: 0x20)
    #expect(bench.gicd(Reg.isactiver + 4) == 0b11)
    bench.setICC(.endOfInterrupt0, 33)
    expect(bench.icc(.runningPriority), is: 0x40)
  }

  // MARK: Ends

  @Test mutating func endAndDeactivationApart() {
    bench.setICC(.control, GICv3Bench.Control.eoiMode)
    bench.makeEdgeTriggered(spi: 0)
    bench.gic.setSPI(0, to: true)
    expect(bench.acknowledge(), is: 32)
    bench.gic.setSPI(0, to: false)
    bench.gic.setSPI(0, to: true)
    bench.end(32)
    // The priority is dropped: others come, this one does not while it is active.
    expect(bench.icc(.runningPriority), is: 0xFF)
    #expect(bench.gicd(Reg.isactiver + 4) == 1)
    #expect(bench.gic.signal(to: 0) == nil)
    bench.gic.setSPI(1, to: true)
    expect(bench.acknowledge(), is: 33)
    bench.gic.setSPI(1, to: false)
    bench.end(33)
    // Any CPU may deactivate an SPI, by its own mode.
    bench.setICC(.deactivate, 32, of: 1)
    #expect(bench.gic.signal(to: 0) == nil)
    bench.setICC(.control, GICv3Bench.Control.eoiMode, of: 1)
    bench.setICC(.deactivate, 32, of: 1)
    #expect(bench.gic.signal(to: 0) == .irq)
    bench.setICC(.deactivate, 33)
    #expect(bench.gicd(Reg.isactiver + 4) == 0)
  }

  @Test mutating func privateInterruptIsDeactivatedByItsOwnCPU() {
    bench.setICC(.control, GICv3Bench.Control.eoiMode)
    bench.setICC(.control, GICv3Bench.Control.eoiMode, of: 1)
    bench.gic.setPPI(27, of: 0, to: true)
    expect(bench.acknowledge(), is: 27)
    bench.end(27)
    bench.setICC(.deactivate, 27, of: 1)
    #expect(bench.sgi(Reg.isactiver) == 1 << 27)
    bench.setICC(.deactivate, 27)
    #expect(bench.sgi(Reg.isactiver) == 0)
    #expect(bench.gic.signal(to: 0) == .irq)
  }

  @Test mutating func endsOfWhatIsNotThere() {
    bench.setICC(.control, GICv3Bench.Control.eoiMode, of: 1)
    let before = bench.gic
    for interrupt: UInt64 in [32, 200, 1019, 1020, 1023, 8192, 0xFF_FFFF, .max] {
      bench.end(interrupt)
      bench.setICC(.endOfInterrupt0, interrupt)
      bench.setICC(.deactivate, interrupt)
      bench.setICC(.deactivate, interrupt, of: 1)
    }
    #expect(bench.gic == before)
    bench.gic.setSPI(0, to: true)
    expect(bench.acknowledge(), is: 32)
    bench.end(1023)
    expect(bench.icc(.runningPriority), is: 0)
  }

  // MARK: Debuggers

  @Test mutating func peekingChangesNothing() {
    bench.gic.setSPI(0, to: true)
    let before = bench.gic
    for register in GICv3.CPUInterfaceRegister.allCases { _ = bench.gic.peek(register, of: 0) }
    #expect(bench.gic.peek(.acknowledge1, of: 0) == 32)
    #expect(bench.gic.peek(.acknowledge0, of: 0) == 1023)
    #expect(bench.gic == before)
    expect(bench.acknowledge(), is: 32)
    #expect(bench.gic.peek(.acknowledge1, of: 0) == 1023)
  }

  @Test mutating func pokingSetsState() {
    bench.gic.setSPI(0, to: true)
    expect(bench.gic.poke(0, to: .priorityMask, of: 0), is: true)
    #expect(bench.gic.signal(to: 0) == nil)
    expect(bench.gic.poke(0xFF, to: .priorityMask, of: 0), is: true)
    #expect(bench.gic.signal(to: 0) == .irq)
    let before = bench.gic
    for register in [.acknowledge1, .endOfInterrupt1, .generate1, .runningPriority] as [GICv3.CPUInterfaceRegister] {
      expect(bench.gic.poke(32, to: register, of: 0), is: false)
    }
    #expect(bench.gic == before)
  }
}
