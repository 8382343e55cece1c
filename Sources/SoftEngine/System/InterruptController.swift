import ARM64
import Bits
import CPUEngine
import Devices

// The machine's GICv3: its registers in memory, those of the system, and what it signals to the CPUs.
extension SoftMachine {
  /// How many shared interrupts there are, as many as KVM's guests have.
  static let sharedInterruptCount = 256 - 32

  /// A controller as it is after a reset.
  static func makeInterruptController(cpuCount: Int) -> GICv3 {
    GICv3(affinities: (0..<cpuCount).map { MPIDR(cpuIndex: $0).affinity }, spiCount: sharedInterruptCount)
  }

  /// Answers an access to what the engine has itself; nil where it is the board's.
  func performInternally(_ request: BoardAccess.Request, by core: SoftCore) -> UInt64? {
    guard let (region, offset) = interruptControllerPlace(request.address) else { return nil }
    // What is no register reads zero, and ignores what is written.
    guard request.isWrite else { return interruptController.read(region, at: offset, size: request.size) ?? 0 }
    _ = interruptController.write(request.value, to: region, at: offset, size: request.size)
    updateInterrupts()
    return 0
  }

  private func interruptControllerPlace(_ address: UInt64) -> (GICv3.Region, offset: UInt64)? {
    guard let placement = options.gic else { return nil }
    let inDistributor = address &- placement.distributor.rawValue
    if inDistributor < GICv3.distributorCount { return (.distributor, inDistributor) }
    let inRedistributors = address &- placement.redistributors.rawValue
    let count = GICv3.redistributorCount * UInt64(cores.count)
    return inRedistributors < count ? (.redistributors, inRedistributors) : nil
  }

  /// Drives the line of an SPI.
  func setSharedInterrupt(_ line: UInt32, _ isHigh: Bool) {
    interruptController.setSPI(line, to: isHigh)
    updateInterrupts()
  }

  /// Reads a register of a CPU's interface, which may acknowledge an interrupt.
  func readInterruptController(_ register: GICv3.CPUInterfaceRegister, of cpu: Int) -> UInt64 {
    let value = interruptController.read(register, of: cpu)
    updateInterrupts()
    return value ?? 0
  }

  /// Tells the CPUs what is signalled to them.
  func updateInterrupts() {
    for core in cores { core.setInterrupt(interruptController.signal(to: core.index)) }
  }
}

extension SoftCore {
  fileprivate func setInterrupt(_ signal: GICv3.Signal?) {
    let (irq, fiq) = (signal == .irq, signal == .fiq)
    guard irq != self.irq || fiq != self.fiq else { return }
    (self.irq, self.fiq) = (irq, fiq)
    noteMaskedEvents()
    if irq || fiq { needsAttention = true }
  }
}

extension GICv3.CPUInterfaceRegister {
  /// Whether MRS has it.
  var isReadable: Bool {
    switch self {
    case .endOfInterrupt0, .endOfInterrupt1, .deactivate, .generate0, .generate1, .generateAlias1: false
    default: true
    }
  }

  /// Whether MSR has it.
  var isWritable: Bool {
    switch self {
    case .acknowledge0, .acknowledge1, .highestPending0, .highestPending1, .runningPriority: false
    default: true
    }
  }
}
