import ARM64
import Bits
public import DeviceTree

/// What a `virt` board's device tree tells its kernel.
///
/// The tree follows from these facts and from the board's memory map alone. Each node is as the kernel's binding for it
/// wants (Documentation/devicetree/bindings).
public struct VirtTree: Sendable, Equatable {
  /// The interrupt controller, which the engine chooses.
  public enum GIC: Sendable, Equatable {
    case v2
    case v3
  }

  /// The length of RAM in bytes.
  public var memorySize: UInt64
  /// The affinity of each CPU, as its MPIDR_EL1 has it; the first one boots.
  public var cpus: [UInt64]
  /// The interrupt controller.
  public var gic: GIC
  /// Whether the CPUs have performance monitors (PMUv3), with an interrupt of their own.
  public var hasPerformanceMonitors: Bool
  /// The command line, the initial RAM disk and the seed for the kernel.
  public var settings: DeviceTree.BootSettings

  /// Puts the facts together.
  public init(
    memorySize: UInt64, cpus: [UInt64], gic: GIC = .v3, hasPerformanceMonitors: Bool = false,
    settings: DeviceTree.BootSettings = .init()
  ) {
    self.memorySize = memorySize
    self.cpus = cpus
    self.gic = gic
    self.hasPerformanceMonitors = hasPerformanceMonitors
    self.settings = settings
  }

  /// The tree.
  public var tree: DeviceTree {
    var tree = DeviceTree(
      root: DeviceTree.Node(
        "",
        properties: [
          .init("#address-cells", .u32(2)), .init("#size-cells", .u32(2)),
          .init("compatible", "linux,dummy-virt"), .init("model", "hvgdb virt"),
          .init("interrupt-parent", .u32(Handle.interruptController)),
        ],
        children: [
          DeviceTree.Node("chosen", properties: [.init("stdout-path", .string(Self.uartPath))]),
          DeviceTree.Node("aliases", properties: [.init("serial0", .string(Self.uartPath))]),
          memory, cpuList, Self.firmware, timer, Self.clockSource, interruptController, Self.uart, Self.clock,
        ] + (hasPerformanceMonitors ? [performanceMonitors] : [])))
    tree.apply(settings)
    return tree
  }

  private enum Handle {
    static let interruptController: UInt32 = 1
    static let clockSource: UInt32 = 2
  }

  // MARK: Memory and CPUs

  private var memory: DeviceTree.Node {
    DeviceTree.Node(
      "memory", unitAddress: VirtMemoryMap.ram.rawValue,
      properties: [
        .init("device_type", "memory"), .init("reg", .u64s(VirtMemoryMap.ram.rawValue, memorySize)),
      ])
  }

  private var cpuList: DeviceTree.Node {
    // arm/cpus.yaml has a cell for Aff3 and one for Aff2 to Aff0.
    let affinities = cpus.map { MPIDR(rawValue: $0).affinity }
    let isWide = affinities.contains { $0 > UInt32.max }
    return DeviceTree.Node(
      "cpus", properties: [.init("#address-cells", .u32(isWide ? 2 : 1)), .init("#size-cells", .u32(0))],
      children: affinities.map { affinity in
        DeviceTree.Node(
          "cpu", unitAddress: affinity,
          properties: [
            .init("device_type", "cpu"), .init("compatible", "arm,armv8"),
            .init("reg", isWide ? .u64(affinity) : .u32(UInt32(affinity))), .init("enable-method", "psci"),
          ])
      })
  }

  private static var firmware: DeviceTree.Node {
    DeviceTree.Node(
      "psci", properties: [.init("compatible", .strings("arm,psci-1.0", "arm,psci-0.2")), .init("method", "hvc")])
  }

  /// The architected timer, whose interrupts are private to each CPU: secure, non-secure, virtual and hypervisor's.
  private var timer: DeviceTree.Node {
    DeviceTree.Node(
      "timer",
      properties: [
        .init("compatible", "arm,armv8-timer"),
        .init("interrupts", .cells([13, 14, 11, 10].flatMap { [InterruptKind.private, $0, privateFlags] })),
        .init("always-on", .empty),
      ])
  }

  /// The CPUs' performance monitors, whose interrupt is private to each.
  private var performanceMonitors: DeviceTree.Node {
    DeviceTree.Node(
      "pmu",
      properties: [
        .init("compatible", "arm,armv8-pmuv3"),
        .init("interrupts", .cells(InterruptKind.private, 7, privateFlags)),
      ])
  }

  // MARK: Interrupts

  /// The first of an interrupt's three cells.
  private enum InterruptKind {
    static let shared: UInt32 = 0
    static let `private`: UInt32 = 1
  }

  private static let levelHigh: UInt32 = 4

  /// GICv2's binding adds the mask of the CPUs that a private interrupt goes to, in bits 15 to 8.
  private var privateFlags: UInt32 {
    gic == .v3 ? Self.levelHigh : UInt32.lowMask(min(cpus.count, 8)) << 8 | Self.levelHigh
  }

  private var interruptController: DeviceTree.Node {
    let common: [DeviceTree.Property] = [
      .init("interrupt-controller", .empty), .init("#interrupt-cells", .u32(3)), .init("#address-cells", .u32(0)),
      .init("phandle", .u32(Handle.interruptController)),
    ]
    let distributor = VirtMemoryMap.distributor
    let own: [DeviceTree.Property] =
      switch gic {
      case .v2:
        [
          .init("compatible", "arm,cortex-a15-gic"),
          .init("reg", Self.reg(distributor, VirtMemoryMap.cpuInterface)),
        ]
      case .v3:
        [
          .init("compatible", "arm,gic-v3"), .init("#redistributor-regions", .u32(1)),
          .init("reg", Self.reg(distributor, VirtMemoryMap.redistributors(cpuCount: cpus.count))),
        ]
      }
    return DeviceTree.Node(
      "interrupt-controller", unitAddress: distributor.start.rawValue, properties: own + common)
  }

  // MARK: Devices

  private static let uartName = DeviceTree.Node("serial", unitAddress: VirtMemoryMap.uart.start.rawValue).name
  private static var uartPath: String { "/\(uartName)" }

  private static var uart: DeviceTree.Node {
    primeCell(
      "serial", "arm,pl011", VirtMemoryMap.uart, interrupt: VirtInterrupt.uart, clocks: ["uartclk", "apb_pclk"])
  }

  private static var clock: DeviceTree.Node {
    primeCell("rtc", "arm,pl031", VirtMemoryMap.clock, interrupt: VirtInterrupt.clock, clocks: ["apb_pclk"])
  }

  private static var clockSource: DeviceTree.Node {
    DeviceTree.Node(
      "apb-pclk",
      properties: [
        .init("compatible", "fixed-clock"), .init("#clock-cells", .u32(0)),
        .init("clock-frequency", .u32(VirtMemoryMap.peripheralClock)),
        .init("clock-output-names", "clk24mhz"), .init("phandle", .u32(Handle.clockSource)),
      ])
  }

  private static func primeCell(
    _ name: String, _ compatible: String, _ window: VirtMemoryMap.Window, interrupt: UInt32, clocks: [String]
  ) -> DeviceTree.Node {
    DeviceTree.Node(
      name, unitAddress: window.start.rawValue,
      properties: [
        .init("compatible", .strings(compatible, "arm,primecell")), .init("reg", reg(window)),
        .init("interrupts", .cells(InterruptKind.shared, interrupt, levelHigh)),
        .init("clocks", .cells(clocks.map { _ in Handle.clockSource })), .init("clock-names", .strings(clocks)),
      ])
  }

  private static func reg(_ windows: VirtMemoryMap.Window...) -> DeviceTree.Value {
    .u64s(windows.flatMap { [$0.start.rawValue, $0.count] })
  }
}
