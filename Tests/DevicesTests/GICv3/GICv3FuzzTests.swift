import Devices
import Testing

/// A guest that does anything at all to the GICv3.
@Suite struct GICv3FuzzTests {
  private typealias Reg = GICv3Bench.Reg
  private typealias Register = GICv3.CPUInterfaceRegister

  private static let affinities: [UInt64] = [0, 1, 0x100]
  private static let spiCount = 40

  /// Turned on, with half of the interrupts in each group.
  private func gic() -> GICv3 {
    var bench = GICv3Bench(affinities: Self.affinities, spiCount: Self.spiCount)
    for block: UInt64 in 1...2 { bench.setGICD(Reg.igroupr + 4 * block, 0x3333_3333) }
    for cpu in Self.affinities.indices {
      bench.setSGI(Reg.igroupr, 0x3333_3333, of: UInt64(cpu))
      turnOn(&bench.gic, cpu)
    }
    return bench.gic
  }

  /// Opens what the way of interrupts to a CPU has of gates.
  private func turnOn(_ gic: inout GICv3, _ cpu: Int) {
    expect(gic.write(0b11, to: .distributor, at: Reg.ctlr, size: 4), is: true)
    for register in [.priorityMask, .groupEnable0, .groupEnable1] as [Register] {
      expect(gic.write(.max, to: register, of: cpu), is: true)
    }
  }

  /// One random access, or change of a line, and what it showed.
  private func step(_ gic: inout GICv3, _ random: inout Random) -> UInt64 {
    let cpu = Int(random.next() % UInt64(Self.affinities.count))
    let level = random.next() % 2 == 0
    switch random.next() % 16 {
    case 0: gic.setSPI(UInt32(random.next() % 48), to: level)
    case 1: gic.setPPI(UInt32(random.next() % 34), of: cpu, to: level)
    case 2...5: return gic.read([.acknowledge0, .acknowledge1][Int(random.next() % 2)], of: cpu) ?? 0
    case 6...9:
      // Mostly the end of what may be active.
      let register: Register = [.endOfInterrupt0, .endOfInterrupt1, .deactivate][Int(random.next() % 3)]
      return gic.write(random.next() % 80, to: register, of: cpu) ? 1 : 0
    case 10: return writeInterface(&gic, cpu, &random)
    case 11: return gic.read(interfaceRegister(&random), of: cpu) ?? 0
    case 12, 13: return write(&gic, &random)
    case 14:
      let (region, offset) = place(&random)
      return gic.read(region, at: offset, size: size(&random)) ?? 0
    default:
      // What was turned off comes back on before long.
      if random.next() % 32 == 0 { gic.resetInterface(of: cpu) }
      turnOn(&gic, cpu)
    }
    return gic.signal(to: cpu) == nil ? 0 : 1
  }

  private func writeInterface(_ gic: inout GICv3, _ cpu: Int, _ random: inout Random) -> UInt64 {
    let register = interfaceRegister(&random)
    let value: UInt64 =
      switch register {
      case .activePriorities0, .activePriorities1: random.next() % 4 == 0 ? 1 << (random.next() % 64) : 0
      default: random.next()
      }
    return gic.write(value, to: register, of: cpu) ? 1 : 0
  }

  private func write(_ gic: inout GICv3, _ random: inout Random) -> UInt64 {
    let (region, offset) = place(&random)
    let value = random.next() % 2 == 0 ? random.next() | random.next() : random.next() & random.next()
    return gic.write(value, to: region, at: offset, size: size(&random)) ? 1 : 0
  }

  private func interfaceRegister(_ random: inout Random) -> Register {
    Register.allCases.randomElement(using: &random) ?? .control
  }

  private func size(_ random: inout Random) -> Int {
    random.next() % 4 == 0 ? Int(random.next() % 10) - 1 : [1, 4, 4, 8][Int(random.next() % 4)]
  }

  /// A place that mostly has a register of distributor or SGI_base.
  private func place(_ random: inout Random) -> (region: GICv3.Region, offset: UInt64) {
    let isDistributor = random.next() % 2 == 0
    let region = isDistributor ? GICv3.Region.distributor : .redistributors
    if random.next() % 16 == 0 { return (region, random.next()) }
    let registers: [UInt64] = [
      Reg.ctlr, Reg.igroupr, Reg.isenabler, Reg.isenabler, Reg.icenabler, Reg.ispendr, Reg.icpendr, Reg.isactiver,
      Reg.icactiver, Reg.ipriorityr, Reg.ipriorityr + 32, Reg.icfgr, Reg.irouter + 8 * 32, Reg.itargetsr, 0xFFD0,
    ]
    let register = registers[Int(random.next() % UInt64(registers.count))]
    let frame = isDistributor ? 0 : random.next() % 4 * 0x2_0000 + 0x1_0000
    return (region, frame + register + random.next() % 8 * [1, 4, 4, 8][Int(random.next() % 4)])
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func copiesGoOnTheSame(seed: UInt64) {
    FuzzTests().driveTwice(gic(), seed: seed, step: step)
  }

  /// What every CPU is presented with and signalled must follow from what the registers show.
  @Test(arguments: 11...14 as ClosedRange<UInt64>)
  func signalsFollowFromTheRegisters(seed: UInt64) {
    var gic = gic()
    var random = Random(seed: seed)
    var signals: [GICv3.Signal: Int] = [:]
    for count in 0..<6_000 {
      _ = step(&gic, &random)
      guard count % 4 == 0 else { continue }
      let view = GICv3View(gic, affinities: Self.affinities, spiCount: Self.spiCount)
      for cpu in Self.affinities.indices {
        let highest = view.highestPending(for: cpu)
        let signal = view.signal(for: highest, to: cpu)
        #expect(gic.signal(to: cpu) == signal)
        #expect(gic.peek(.highestPending0, of: cpu) == (highest?.isGroup1 == false ? highest?.id : 1023))
        #expect(gic.peek(.highestPending1, of: cpu) == (highest?.isGroup1 == true ? highest?.id : 1023))
        #expect(gic.peek(.acknowledge0, of: cpu) == (signal == .fiq ? highest?.id : 1023))
        #expect(gic.peek(.acknowledge1, of: cpu) == (signal == .irq ? highest?.id : 1023))
        if let signal { signals[signal, default: 0] += 1 }
      }
    }
    // A guest that comes to no interrupts would prove nothing.
    #expect(signals[.irq, default: 0] > 100)
    #expect(signals[.fiq, default: 0] > 100)
  }
}

/// The GICv3 as its registers show it, and what IHI 0069 has follow from them.
private struct GICv3View {
  struct Interrupt {
    let id: UInt64
    let priority: UInt64
    let isGroup1: Bool
  }

  private typealias Reg = GICv3Bench.Reg

  private let gic: GICv3
  private let affinities: [UInt64]
  private let spiCount: Int

  init(_ gic: GICv3, affinities: [UInt64], spiCount: Int) {
    (self.gic, self.affinities, self.spiCount) = (gic, affinities, spiCount)
  }

  private func read(_ offset: UInt64, of interrupt: UInt64, _ cpu: Int, size: Int = 4) -> UInt64 {
    let base = interrupt < 32 ? UInt64(cpu) * 0x2_0000 + 0x1_0000 : 0
    return gic.read(interrupt < 32 ? .redistributors : .distributor, at: base + offset, size: size) ?? 0
  }

  private func bit(_ register: UInt64, of interrupt: UInt64, _ cpu: Int) -> Bool {
    read(register + interrupt / 32 * 4, of: interrupt, cpu) >> (interrupt % 32) & 1 == 1
  }

  private func interface(_ register: GICv3.CPUInterfaceRegister, _ cpu: Int) -> UInt64 {
    gic.peek(register, of: cpu) ?? 0
  }

  private func isGroupEnabled(_ isGroup1: Bool, _ cpu: Int) -> Bool {
    interface(isGroup1 ? .groupEnable1 : .groupEnable0, cpu) == 1
  }

  private func isRouted(_ interrupt: UInt64, isGroup1: Bool, to cpu: Int) -> Bool {
    guard interrupt >= 32 else { return true }
    let route = gic.read(.distributor, at: Reg.irouter + 8 * interrupt, size: 8) ?? 0
    return route >> 31 & 1 == 1
      ? affinities.indices.first { isGroupEnabled(isGroup1, $0) } == cpu : route == affinities[cpu]
  }

  func highestPending(for cpu: Int) -> Interrupt? {
    let forwarded = gic.read(.distributor, at: Reg.ctlr, size: 4) ?? 0
    var highest: Interrupt?
    for id in 0..<UInt64(32 + spiCount) {
      guard bit(Reg.ispendr, of: id, cpu), bit(Reg.isenabler, of: id, cpu), !bit(Reg.isactiver, of: id, cpu)
      else { continue }
      let isGroup1 = bit(Reg.igroupr, of: id, cpu)
      let priority = read(Reg.ipriorityr + id, of: id, cpu, size: 1)
      guard forwarded >> (isGroup1 ? 1 : 0) & 1 == 1, isGroupEnabled(isGroup1, cpu),
        isRouted(id, isGroup1: isGroup1, to: cpu), priority < highest?.priority ?? .max
      else { continue }
      highest = Interrupt(id: id, priority: priority, isGroup1: isGroup1)
    }
    return highest
  }

  func signal(for interrupt: Interrupt?, to cpu: Int) -> GICv3.Signal? {
    guard let interrupt, interrupt.priority < interface(.priorityMask, cpu) else { return nil }
    let isCommon = interface(.control, cpu) & 1 == 1
    let ignored =
      interrupt.isGroup1 && !isCommon ? interface(.binaryPoint1, cpu) : interface(.binaryPoint0, cpu) + 1
    let active = interface(.activePriorities0, cpu) | interface(.activePriorities1, cpu)
    let running = (0..<32 as Range<UInt64>).first { active >> $0 & 1 == 1 }.map { $0 * 8 } ?? 0xFF
    guard interrupt.priority & .max << ignored < running else { return nil }
    return interrupt.isGroup1 ? .irq : .fiq
  }
}
