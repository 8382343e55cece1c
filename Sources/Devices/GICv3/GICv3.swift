internal import Bits

/// Arm's Generic Interrupt Controller, version 3 (IHI 0069H), as KVM shows it to guests.
///
/// It has one security state (GICD_CTLR.DS is one), affinity routing that is always on, and five bits of priority. It has
/// no LPIs, no message-based SPIs and no extended ranges. Where the specification leaves a reset value open it is KVM's:
/// all interrupts are in Group 1 and SGIs are enabled. Redistributors are always awake.
///
/// Among interrupts of equal priority the one with the lowest INTID comes first. One that may go to any CPU
/// (GICD_IROUTER.Interrupt_Routing_Mode) goes to the first whose CPU interface has its group enabled.
public struct GICv3: Equatable, Sendable {
  /// The length of the distributor's registers in bytes.
  public static let distributorCount: UInt64 = 0x1_0000
  /// The length of each CPU's redistributor in bytes: RD_base and SGI_base (IHI 0069H, section 12.10).
  public static let redistributorCount: UInt64 = 0x2_0000
  /// The most SPIs that there can be.
  public static let spiCapacity = firstSpecial - firstSPI

  /// The INTID of the first SPI; those below are SGIs and PPIs, which every CPU has for itself.
  static let firstSPI = 32
  /// The first of the INTIDs that no interrupt has.
  static let firstSpecial = 1020
  /// The INTID that stands for none.
  static let spurious = 1023

  /// What a CPU interface asserts: Group 0 goes to FIQ and Group 1 to IRQ.
  ///
  /// There is one at a time, that of the pending interrupt with the highest priority.
  public enum Signal: Sendable {
    case irq
    case fiq
  }

  /// What there is once for each CPU.
  struct CPU: Equatable, Sendable {
    let affinity: Affinity
    /// SGIs and PPIs.
    var interrupts = InterruptBlock.private
    var interface = CPUInterface()
    /// Follows from all other state: the interrupt that the CPU interface is presented with.
    fileprivate(set) var highestPending: PendingInterrupt?
    /// Follows from `highestPending` and `interface`.
    fileprivate(set) var signal: Signal?
  }

  /// Which groups GICD_CTLR lets through to the CPUs.
  var enabledGroups: Groups = []
  /// The SPIs, the first 32 first.
  var spis: [InterruptBlock]
  /// Where each SPI goes.
  var routes: [Route]
  var cpus: [CPU]

  /// Makes it as it is after a reset.
  ///
  /// - Parameters:
  ///   - affinities: that of each CPU, as its MPIDR_EL1 has it; other bits do not matter.
  ///   - spiCount: how many SPIs there are, up to `spiCapacity`.
  public init(affinities: [UInt64], spiCount: Int) {
    let spiCount = min(max(spiCount, 0), Self.spiCapacity)
    cpus = affinities.map { CPU(affinity: Affinity($0)) }
    spis = stride(from: 0, to: spiCount, by: 32).map { .shared(count: spiCount - $0) }
    let route = Route(rawValue: 0, among: cpus)
    routes = Array(repeating: route, count: spiCount)
  }

  // MARK: Lines

  /// Sets the line of an SPI.
  ///
  /// - Parameters:
  ///   - number: the SPI, whose INTID is 32 more; nothing happens where there is none.
  ///   - isHigh: a level-sensitive interrupt is pending while its line is high, another one once it has risen.
  public mutating func setSPI(_ number: UInt32, to isHigh: Bool) {
    let number = Int(number)
    guard routes.indices.contains(number) else { return }
    if spis[number / 32].setLine(number % 32, to: isHigh) { updateDestination(ofSPI: number) }
  }

  /// Sets the line of a PPI.
  ///
  /// - Parameters:
  ///   - interrupt: its INTID, 16 to 31; nothing happens for any other.
  ///   - cpu: whose it is.
  ///   - isHigh: as for an SPI.
  public mutating func setPPI(_ interrupt: UInt32, of cpu: Int, to isHigh: Bool) {
    guard 16..<32 ~= interrupt else { return }
    if cpus[cpu].interrupts.setLine(Int(interrupt), to: isHigh) { update(cpu) }
  }

  // MARK: Signals

  /// What is signalled to a CPU, whose own masks then decide; a CPU in WFI wakes up by it in any case.
  public func signal(to cpu: Int) -> Signal? { cpus[cpu].signal }

  /// Puts a CPU's interface in the state after a reset, as when the CPU is powered on; its redistributor keeps its state.
  public mutating func resetInterface(of cpu: Int) {
    changeInterface(of: cpu) { $0 = CPUInterface() }
  }

  /// Changes the state of a CPU interface and what follows from it.
  mutating func changeInterface(of cpu: Int, _ change: (inout CPUInterface) -> Void) {
    let groups = cpus[cpu].interface.enabledGroups
    change(&cpus[cpu].interface)
    // Which CPUs take part decides where interrupts for any of them go.
    if cpus[cpu].interface.enabledGroups != groups { updateAll() } else { updateSignal(cpu) }
  }

  // MARK: Life of an interrupt

  /// Makes the interrupt that is presented to a CPU active.
  mutating func acknowledge(_ interrupt: PendingInterrupt, by cpu: Int) {
    let (block, index) = interrupt.id.quotientAndRemainder(dividingBy: 32)
    if block == 0 {
      cpus[cpu].interrupts.acknowledge(index)
    } else {
      spis[block - 1].acknowledge(index)
    }
    cpus[cpu].interface.activate(interrupt)
    update(cpu)
  }

  /// Ends the active state of an interrupt; nothing happens where there is none with that INTID.
  mutating func deactivate(_ interrupt: Int, by cpu: Int) {
    let (block, index) = interrupt.quotientAndRemainder(dividingBy: 32)
    if block == 0 {
      cpus[cpu].interrupts.deactivate(index)
      update(cpu)
    } else if routes.indices.contains(interrupt - Self.firstSPI) {
      spis[block - 1].deactivate(index)
      updateDestination(ofSPI: interrupt - Self.firstSPI)
    }
  }

  /// Makes an SGI pending.
  ///
  /// - Parameters:
  ///   - request: which one, and for whom.
  ///   - sender: the CPU that asks.
  ///   - groups: in which groups a target may have the SGI; the others do not get it.
  mutating func generate(_ request: SGIRequest, from sender: Int, in groups: Groups) {
    for cpu in cpus.indices where request.isForAllOthers ? cpu != sender : request.targets(cpus[cpu].affinity) {
      guard groups.contains(cpus[cpu].interrupts.group(of: request.interrupt)) else { continue }
      cpus[cpu].interrupts.makePending(request.interrupt)
      update(cpu)
    }
  }

  // MARK: What follows from the rest

  /// Brings up to date what every CPU is signalled.
  mutating func updateAll() {
    for cpu in cpus.indices { update(cpu) }
  }

  /// Brings up to date what a CPU is signalled, after a change to its own interrupts.
  mutating func update(_ cpu: Int) {
    cpus[cpu].highestPending = highestPending(for: cpu)
    updateSignal(cpu)
  }

  /// The same after a change to an SPI.
  private mutating func updateDestination(ofSPI number: Int) {
    switch routes[number].destination {
    case .cpu(let cpu): update(cpu)
    case .any: updateAll()
    case .nowhere: break
    }
  }

  private mutating func updateSignal(_ cpu: Int) {
    guard let interrupt = cpus[cpu].highestPending, cpus[cpu].interface.signals(interrupt) else {
      cpus[cpu].signal = nil
      return
    }
    cpus[cpu].signal = interrupt.group == .one ? .irq : .fiq
  }

  private func highestPending(for cpu: Int) -> PendingInterrupt? {
    let groups = enabledGroups.intersection(cpus[cpu].interface.enabledGroups)
    var highest = cpus[cpu].interrupts.highestPending(in: groups, from: 0) { _ in true }
    for block in spis.indices {
      let firstSPI = block * 32
      let other = spis[block].highestPending(in: groups, from: firstSPI + Self.firstSPI) {
        isDestination(cpu, ofSPI: firstSPI + $0)
      }
      if let other, other.priority < highest?.priority ?? .max { highest = other }
    }
    return highest
  }

  private func isDestination(_ cpu: Int, ofSPI number: Int) -> Bool {
    switch routes[number].destination {
    case .cpu(let destination): return destination == cpu
    case .nowhere: return false
    case .any:
      let group = spis[number / 32].group(of: number % 32)
      return cpus.firstIndex { $0.interface.enabledGroups.contains(group) } == cpu
    }
  }
}
