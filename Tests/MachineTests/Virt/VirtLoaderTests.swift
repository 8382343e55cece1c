import ARM64
import Architecture
import Bits
import CPUEngine
import DeviceTree
import Foundation
import GuestMemory
import KernelImage
import Testing

@testable import Machine

/// An arm64 machine of one mock CPU.
private final class MockARM64Machine: VirtualMachine {
  static let registerFile = ARM64RegisterFile(systemRegisters: [])

  let architecture = GuestArchitecture.arm64
  let registers = MockARM64Machine.registerFile.table
  let capabilities = EngineCapabilities(
    debugRegisters: .separate(breakpoints: 4, watchpoints: 4), blocksInterruptsWhileStepping: true,
    watchpointsFire: true, reportsSoftwareBreakpoints: true)
  let memory: GuestRAM
  let cpus: [any VirtualCPU] = [MockCPU(index: 0)]

  init(memorySize: UInt64) throws { memory = try GuestRAM([(start: VirtMemoryMap.ram, count: memorySize)]) }

  func setInterruptLine(_ line: UInt32, asserted: Bool) throws(EngineError) {}
  func reset() throws(EngineError) {}
}

@Suite("Loading a kernel into the virt board") struct VirtLoaderTests {
  @Test("a new command line is in the device tree from the next reset on")
  func commandLine() async throws {
    try await onControlThread {
      let file = FileManager.default.temporaryDirectory.appending(path: "hvgdb-virt-\(UUID().uuidString)")
      try Data([UInt8](repeating: 0x1f, count: 64)).write(to: file)
      defer { try? FileManager.default.removeItem(at: file) }
      let kernel = try KernelImage(reading: KernelFile(path: file.path), asRawAt: .arm64(entry: nil))
      let memorySize: UInt64 = 64 << 20
      var tree = VirtTree(memorySize: memorySize, cpus: [0]).tree
      tree.apply(DeviceTree.BootSettings(commandLine: Array("the tree's own".utf8)))
      let virtualMachine = try MockARM64Machine(memorySize: memorySize)
      let loader = VirtLoader(
        VirtLoader.Options(kernel: kernel, memorySize: memorySize, deviceTree: tree),
        registerFile: MockARM64Machine.registerFile)
      let machine = try Machine(virtualMachine, board: MockBoard(), console: Console(), loader: loader)
      func commandLine() throws -> String? {
        try DeviceTree(blob: try #require(loader.placedTree).blob)["/chosen"]?["bootargs"]?.string
      }
      #expect(machine.commandLine == nil)
      #expect(try commandLine() == "the tree's own")
      machine.commandLine = Array("console=ttyAMA0 quiet".utf8)
      #expect(try commandLine() == "the tree's own")
      try machine.reset()
      #expect(try commandLine() == "console=ttyAMA0 quiet")
      machine.commandLine = nil
      try machine.reset()
      #expect(try commandLine() == "the tree's own")
    }
  }
}
