import Devices
import Testing

/// Which CPUs an interrupt goes to: SPIs by GICD_IROUTER, SGIs by their sender.
@Suite struct GICv3RoutingTests {
  private typealias Reg = GICv3Bench.Reg

  /// Six CPUs in three clusters; the last is out of the reach of target lists, whose bits stand for Aff0 below 16.
  private static let affinities: [UInt64] = [0x0000, 0x0001, 0x000F, 0x0100, 0x7F_0003_0401, 0x0110]

  var bench = GICv3Bench(affinities: affinities)

  init() { bench.enableAll(cpuCount: Self.affinities.count) }

  /// The CPUs that are signalled an interrupt.
  private var signalled: [Int] { Self.affinities.indices.filter { bench.gic.signal(to: $0) != nil } }

  // MARK: SPIs

  @Test(arguments: 0..<6)
  mutating func routeToOneCPU(cpu: Int) {
    bench.setGICD(Reg.irouter + 8 * 44, Self.affinities[cpu], size: 8)
    bench.gic.setSPI(12, to: true)
    #expect(signalled == [cpu])
    expect(bench.acknowledge(by: cpu == 0 ? 1 : 0), is: 1023)
    expect(bench.acknowledge(by: cpu), is: 44)
    bench.end(44, by: cpu)
    #expect(signalled == [cpu])
  }

  @Test mutating func routeToNobody() {
    bench.setGICD(Reg.irouter + 8 * 44, 0x0200, size: 8)
    bench.gic.setSPI(12, to: true)
    #expect(signalled.isEmpty)
    #expect(bench.gicd(Reg.ispendr + 4) == 1 << 12)
    bench.setGICD(Reg.irouter + 8 * 44, 0x0100)
    #expect(signalled == [3])
  }

  @Test mutating func routeThatChangesWhileActive() {
    bench.gic.setSPI(12, to: true)
    expect(bench.acknowledge(), is: 44)
    bench.setGICD(Reg.irouter + 8 * 44, 0x0001, size: 8)
    #expect(signalled.isEmpty)
    bench.end(44)
    #expect(signalled == [1])
  }

  @Test mutating func routeToAnyCPU() {
    bench.setGICD(Reg.irouter + 8 * 44, 1 << 31 | 0x0100, size: 8)
    bench.gic.setSPI(12, to: true)
    #expect(signalled == [0])
    bench.setICC(.groupEnable1, 0, of: 0)
    #expect(signalled == [1])
    bench.gic.resetInterface(of: 1)
    #expect(signalled == [2])
    expect(bench.acknowledge(by: 2), is: 44)
    bench.setICC(.groupEnable1, 1, of: 0)
    #expect(signalled.isEmpty)
    bench.end(44, by: 2)
    #expect(signalled == [0])
    // Who takes part in the other group does not matter.
    bench.makeGroup0(spi: 12)
    bench.setICC(.groupEnable0, 0, of: 0)
    #expect(signalled == [2])
    #expect(bench.gic.signal(to: 2) == .fiq)
  }

  @Test mutating func routeToAnyCPUWhereNoneTakesPart() {
    bench.setGICD(Reg.irouter + 8 * 44, 1 << 31, size: 8)
    bench.gic.setSPI(12, to: true)
    for cpu in Self.affinities.indices { bench.setICC(.groupEnable1, 0, of: cpu) }
    #expect(signalled.isEmpty)
    bench.setICC(.groupEnable1, 1, of: 5)
    #expect(signalled == [5])
  }

  // MARK: SGIs

  /// ICC_SGI1R_EL1 for a target list in the cluster of an affinity.
  private func request(_ interrupt: UInt64, _ list: UInt64, cluster: UInt64 = 0) -> UInt64 {
    list | (cluster >> 8 & 0xFF) << 16 | interrupt << 24 | (cluster >> 16 & 0xFF) << 32 | (cluster >> 32 & 0xFF) << 48
  }

  @Test mutating func targetLists() {
    let cases: [(list: UInt64, cluster: UInt64, cpus: [Int])] = [
      (0b1, 0, [0]), (0b10, 0, [1]), (0x8003, 0, [0, 1, 2]), (0xFFFF, 0, [0, 1, 2]), (0, 0, []), (0b1, 0x100, [3]),
      (0xFFFF, 0x100, [3]), (0b10, 0x7F_0003_0400, [4]), (0b01, 0x7F_0003_0400, []), (0b10, 0x7E_0003_0400, []),
      (0b10, 0x7F_0002_0400, []), (0b10, 0x7F_0003_0500, []), (0xFFFF, 0x200, []),
    ]
    for (list, cluster, cpus) in cases {
      var bench = bench
      bench.setICC(.generate1, request(5, list, cluster: cluster), of: 3)
      #expect(Self.affinities.indices.filter { bench.gic.signal(to: $0) != nil } == cpus)
    }
  }

  @Test(arguments: 0..<6)
  mutating func allOthers(sender: Int) {
    bench.setICC(.generate1, 1 << 40 | 9 << 24 | 0xFFFF, of: sender)
    #expect(signalled == Self.affinities.indices.filter { $0 != sender })
    for cpu in signalled {
      expect(bench.acknowledge(by: cpu), is: 9)
      bench.end(9, by: cpu)
    }
    #expect(signalled.isEmpty)
  }

  @Test mutating func toItself() {
    bench.setICC(.generate1, request(0, 0b1))
    #expect(signalled == [0])
    #expect(bench.sgi(Reg.ispendr) == 1)
    expect(bench.acknowledge(), is: 0)
    #expect(bench.sgi(Reg.ispendr) == 0)
    bench.setICC(.generate1, request(0, 0b1))
    #expect(bench.sgi(Reg.ispendr) == 1)
    #expect(signalled.isEmpty)
    bench.end(0)
    #expect(signalled == [0])
  }

  @Test mutating func everyNumber() {
    for interrupt: UInt64 in 0..<16 { bench.setICC(.generate1, request(interrupt, 0b10)) }
    #expect(bench.sgi(Reg.ispendr, of: 1) == 0xFFFF)
    #expect(bench.sgi(Reg.ispendr) == 0)
    for interrupt: UInt64 in 0..<16 {
      expect(bench.acknowledge(by: 1), is: interrupt)
      bench.end(interrupt, by: 1)
    }
  }

  /// With one security state ICC_SGI1R_EL1 generates SGIs of either group, the other two registers those of Group 0.
  @Test(
    arguments: [(.generate1, true), (.generate0, false), (.generateAlias1, false)]
      as [(GICv3.CPUInterfaceRegister, Bool)])
  mutating func groups(register: GICv3.CPUInterfaceRegister, reachesGroup1: Bool) {
    bench.setSGI(Reg.igroupr, 0xFFFF_FF7F, of: 1)
    bench.setICC(register, request(7, 0b11))
    #expect(bench.gic.signal(to: 1) == .fiq)
    #expect(bench.gic.signal(to: 0) == (reachesGroup1 ? .irq : nil))
    #expect(bench.sgi(Reg.ispendr) == (reachesGroup1 ? 1 << 7 : 0))
  }
}
