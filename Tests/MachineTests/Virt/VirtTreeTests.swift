import Bits
import DeviceTree
import Foundation
import Testing

@testable import Machine

@Suite struct VirtTreeTests {
  private static let settings = DeviceTree.BootSettings(
    commandLine: Array("console=ttyAMA0 quiet".utf8), initialRAMDisk: 0x4800_0000..<0x4812_3456,
    kaslrSeed: 0x0123_4567_89AB_CDEF)

  private let tree = VirtTree(memorySize: 3 << 30, cpus: [0, 1, 0x100], settings: settings).tree

  @Test func tellsTheKernelWhatItIsToldToTell() throws {
    let chosen = try #require(tree["/chosen"])
    #expect(chosen["bootargs"]?.string == "console=ttyAMA0 quiet")
    #expect(chosen["linux,initrd-start"]?.integer == 0x4800_0000)
    #expect(chosen["linux,initrd-end"]?.integer == 0x4812_3456)
    #expect(chosen["kaslr-seed"]?.u64 == 0x0123_4567_89AB_CDEF)
    let memory = try #require(tree["/memory@40000000"])
    #expect(memory["reg"]?.cells == [0, 0x4000_0000, 0, 0xC000_0000])
    #expect(memory["device_type"]?.string == "memory")
  }

  @Test func hasNoSeedUnlessItIsGiven() throws {
    let chosen = try #require(VirtTree(memorySize: 1 << 20, cpus: [0]).tree["/chosen"])
    #expect(chosen.properties.map(\.name) == ["stdout-path"])
  }

  @Test func consoleIsTheUART() throws {
    for path in [tree["/chosen"]?["stdout-path"]?.string, tree["/aliases"]?["serial0"]?.string] {
      let uart = try #require(tree[path ?? ""])
      #expect(uart["compatible"]?.strings == ["arm,pl011", "arm,primecell"])
    }
  }

  @Test func devices() throws {
    let uart = try #require(tree["/serial@9000000"])
    #expect(uart["reg"]?.cells == [0, 0x0900_0000, 0, 0x1000])
    #expect(uart["interrupts"]?.cells == [0, 1, 4])
    #expect(uart["clock-names"]?.strings == ["uartclk", "apb_pclk"])
    let clock = try #require(tree["/rtc@9010000"])
    #expect(clock["compatible"]?.strings == ["arm,pl031", "arm,primecell"])
    #expect(clock["reg"]?.cells == [0, 0x0901_0000, 0, 0x1000])
    #expect(clock["interrupts"]?.cells == [0, 2, 4])
    #expect(clock["clock-names"]?.strings == ["apb_pclk"])
    let handles = [uart, clock].flatMap { $0["clocks"]?.cells ?? [] }
    #expect(handles.count == 3)
    for handle in handles {
      let source = try #require(tree.node(phandle: handle))
      #expect(source["compatible"]?.string == "fixed-clock")
      #expect(source["clock-frequency"]?.u32 == 24_000_000)
    }
  }

  @Test func performanceMonitorsAreThereWhereTheCPUsHaveThem() throws {
    #expect(tree["/pmu"] == nil)
    let monitors = try #require(VirtTree(memorySize: 1 << 20, cpus: [0], hasPerformanceMonitors: true).tree["/pmu"])
    #expect(monitors["compatible"]?.string == "arm,armv8-pmuv3")
    #expect(monitors["interrupts"]?.cells == [1, 7, 4])
  }

  @Test func cpus() throws {
    let cpus = try #require(tree["/cpus"])
    #expect(cpus.addressCells == 1)
    #expect(cpus.sizeCells == 0)
    #expect(cpus.children.map(\.name) == ["cpu@0", "cpu@1", "cpu@100"])
    #expect(cpus.children.map { $0["reg"]?.u32 } == [0, 1, 0x100])
    #expect(cpus.children.allSatisfy { $0["enable-method"]?.string == "psci" })
    #expect(tree["/psci"]?["compatible"]?.strings == ["arm,psci-1.0", "arm,psci-0.2"])
    #expect(tree["/psci"]?["method"]?.string == "hvc")
  }

  /// Bits of MPIDR_EL1 that are no affinity (RES1, U, MT) stay out of `reg`, and Aff3 takes a cell of its own.
  @Test func wideAffinities() throws {
    let cpus = try #require(VirtTree(memorySize: 1 << 20, cpus: [0x8000_0000, 0x01_C100_0203]).tree["/cpus"])
    #expect(cpus.addressCells == 2)
    #expect(cpus.children.map(\.name) == ["cpu@0", "cpu@100000203"])
    #expect(cpus.children.map { $0["reg"]?.cells } == [[0, 0], [1, 0x203]])
  }

  @Test func gicV3() throws {
    let gic = try #require(tree["/interrupt-controller@8000000"])
    #expect(gic["compatible"]?.string == "arm,gic-v3")
    #expect(gic["reg"]?.cells == [0, 0x0800_0000, 0, 0x1_0000, 0, 0x080A_0000, 0, 0x6_0000])
    #expect(gic["#interrupt-cells"]?.u32 == 3)
    #expect(gic["#redistributor-regions"]?.u32 == 1)
    #expect(gic["interrupt-controller"] == .empty)
    #expect(tree.root["interrupt-parent"]?.u32 == gic.phandle)
    #expect(tree["/timer"]?["interrupts"]?.cells == [1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4])
  }

  @Test func gicV2() throws {
    let tree = VirtTree(memorySize: 1 << 20, cpus: [0, 1, 2], gic: .v2).tree
    let gic = try #require(tree["/interrupt-controller@8000000"])
    #expect(gic["compatible"]?.string == "arm,cortex-a15-gic")
    #expect(gic["reg"]?.cells == [0, 0x0800_0000, 0, 0x1_0000, 0, 0x0801_0000, 0, 0x1_0000])
    #expect(tree["/timer"]?["interrupts"]?.cells == [13, 14, 11, 10].flatMap { [1, $0, 0x704] })
  }

  @Test func windowsDoNotOverlap() {
    let windows =
      [
        VirtMemoryMap.distributor, VirtMemoryMap.cpuInterface,
        VirtMemoryMap.redistributors(cpuCount: VirtMemoryMap.redistributorCapacity), VirtMemoryMap.uart,
        VirtMemoryMap.clock,
      ] + (0..<VirtMemoryMap.transportCount).map { VirtMemoryMap.transport($0) }
    for (window, next) in zip(windows, windows.dropFirst()) {
      #expect(window.start.wrapping(by: window.count) <= next.start)
    }
    #expect(VirtMemoryMap.redistributorCapacity == 123)
    #expect(VirtMemoryMap.transport(31).start.rawValue == 0x0A00_3E00)
    #expect(VirtInterrupt.transport(31) == 47)
  }

  // MARK: The device tree compiler

  private static let compiler = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    .map { "\($0)/dtc" }.first { FileManager.default.isExecutableFile(atPath: $0) }

  /// dtc checks more of the bindings than this suite does; it has nothing to say about the tree, and reads what was meant.
  @Test(
    .enabled(if: compiler != nil, "the device tree compiler is not here: Debian's package is device-tree-compiler"),
    arguments: [
      VirtTree(memorySize: 512 << 20, cpus: [0]), VirtTree(memorySize: 8 << 30, cpus: [0, 1], gic: .v2),
      VirtTree(memorySize: 1 << 40, cpus: (0..<123).map { ($0 / 16) << 8 | $0 % 16 }, settings: settings),
      VirtTree(memorySize: 1 << 30, cpus: [0, 1 << 32]),
    ])
  func compilerHasNothingToSay(facts: VirtTree) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "hvgdb-virt-\(UUID().uuidString).dtb")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(facts.tree.blob()).write(to: file)
    let process = Process()
    process.executableURL = URL(filePath: try #require(Self.compiler))
    process.arguments = ["-I", "dtb", "-O", "dtb", file.path]
    let (output, complaints) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = complaints
    try process.run()
    let compiled = try output.fileHandleForReading.readToEnd() ?? Data()
    let words = String(decoding: try complaints.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(words == "")
    #expect(try DeviceTree(blob: Array(compiled)) == facts.tree)
  }
}
