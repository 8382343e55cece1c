import Devices
import Testing

/// A GICv3 as a guest and its board have it, with registers by the names of IHI 0069.
struct GICv3Bench {
  var gic: GICv3

  /// Two CPUs and 96 SPIs where nothing else is said.
  init(affinities: [UInt64] = [0, 1], spiCount: Int = 96) {
    gic = GICv3(affinities: affinities, spiCount: spiCount)
  }

  /// Offsets in the distributor; those from `igroupr` to `icfgr` are in SGI_base too.
  enum Reg {
    static let ctlr: UInt64 = 0x000, typer: UInt64 = 0x004, iidr: UInt64 = 0x008, typer2: UInt64 = 0x00C
    static let statusr: UInt64 = 0x010, igroupr: UInt64 = 0x080, isenabler: UInt64 = 0x100, icenabler: UInt64 = 0x180
    static let ispendr: UInt64 = 0x200, icpendr: UInt64 = 0x280, isactiver: UInt64 = 0x300, icactiver: UInt64 = 0x380
    static let ipriorityr: UInt64 = 0x400, itargetsr: UInt64 = 0x800, icfgr: UInt64 = 0xC00, igrpmodr: UInt64 = 0xD00
    static let nsacr: UInt64 = 0xE00, irouter: UInt64 = 0x6000
  }

  /// GICR_TYPER and GICR_WAKER, in RD_base.
  enum RDReg {
    static let typer: UInt64 = 0x008, waker: UInt64 = 0x014
  }

  /// The fields of ICC_CTLR_EL1 that can be written.
  enum Control {
    static let cbpr: UInt64 = 1 << 0, eoiMode: UInt64 = 1 << 1
  }

  // MARK: Accesses that must be known

  /// Reads the distributor.
  func gicd(_ offset: UInt64, size: Int = 4, sourceLocation: SourceLocation = #_sourceLocation) -> UInt64 {
    let value = gic.read(.distributor, at: offset, size: size)
    #expect(value != nil, sourceLocation: sourceLocation)
    return value ?? 0
  }

  /// Writes the distributor.
  mutating func setGICD(
    _ offset: UInt64, _ value: UInt64, size: Int = 4, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    expect(gic.write(value, to: .distributor, at: offset, size: size), is: true, sourceLocation: sourceLocation)
  }

  /// Reads RD_base.
  func gicr(_ offset: UInt64, of cpu: UInt64 = 0, size: Int = 4) -> UInt64? {
    gic.read(.redistributors, at: cpu * 0x2_0000 + offset, size: size)
  }

  /// Reads SGI_base.
  func sgi(
    _ offset: UInt64, of cpu: UInt64 = 0, size: Int = 4, sourceLocation: SourceLocation = #_sourceLocation
  ) -> UInt64 {
    let value = gic.read(.redistributors, at: cpu * 0x2_0000 + 0x1_0000 + offset, size: size)
    #expect(value != nil, sourceLocation: sourceLocation)
    return value ?? 0
  }

  /// Writes SGI_base.
  mutating func setSGI(
    _ offset: UInt64, _ value: UInt64, of cpu: UInt64 = 0, size: Int = 4,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let offset = cpu * 0x2_0000 + 0x1_0000 + offset
    expect(gic.write(value, to: .redistributors, at: offset, size: size), is: true, sourceLocation: sourceLocation)
  }

  /// Reads a system register, by the name that it has in `GICv3`.
  mutating func icc(
    _ register: GICv3.CPUInterfaceRegister, of cpu: Int = 0, sourceLocation: SourceLocation = #_sourceLocation
  ) -> UInt64 {
    let value = gic.read(register, of: cpu)
    #expect(value != nil, sourceLocation: sourceLocation)
    return value ?? 0
  }

  /// Writes a system register.
  mutating func setICC(
    _ register: GICv3.CPUInterfaceRegister, _ value: UInt64, of cpu: Int = 0,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    expect(gic.write(value, to: register, of: cpu), is: true, sourceLocation: sourceLocation)
  }

  // MARK: What a kernel does

  /// Turns everything on: both groups, all priorities, all interrupts that are not SGIs.
  mutating func enableAll(cpuCount: Int = 2) {
    setGICD(Reg.ctlr, 0b11)
    for cpu in 0..<cpuCount {
      setICC(.priorityMask, 0xFF, of: cpu)
      setICC(.groupEnable0, 1, of: cpu)
      setICC(.groupEnable1, 1, of: cpu)
      setSGI(Reg.isenabler, 0xFFFF_FFFF, of: UInt64(cpu))
    }
    for block: UInt64 in 1...3 { setGICD(Reg.isenabler + 4 * block, 0xFFFF_FFFF) }
  }

  /// Gives an SPI a priority.
  mutating func setPriority(ofSPI number: UInt64, _ priority: UInt64) {
    setGICD(Reg.ipriorityr + 32 + number, priority, size: 1)
  }

  /// Has an SPI trigger on edges.
  mutating func makeEdgeTriggered(spi number: UInt64) {
    let offset = Reg.icfgr + (32 + number) / 16 * 4
    setGICD(offset, gicd(offset) | 0b10 << (number % 16 * 2))
  }

  /// Puts an SPI, one of the first 32, in Group 0.
  mutating func makeGroup0(spi number: UInt64) {
    setGICD(Reg.igroupr + 4, gicd(Reg.igroupr + 4) & ~(1 << number))
  }

  /// Acknowledges an interrupt of Group 1, as an IRQ's handler does.
  mutating func acknowledge(by cpu: Int = 0) -> UInt64 { icc(.acknowledge1, of: cpu) }

  /// Ends an interrupt of Group 1.
  mutating func end(_ interrupt: UInt64, by cpu: Int = 0) { setICC(.endOfInterrupt1, interrupt, of: cpu) }
}
