import Architecture
import Bits
import CPUEngine
import Foundation
import GuestMemory
import KernelImage
import Testing
import X86

@testable import Machine

/// A file of the test's own, which is gone when the test lets go of it.
private final class TemporaryFile {
  let url = FileManager.default.temporaryDirectory.appending(path: "hvgdb-machine-\(UUID().uuidString)")
  init(_ bytes: [UInt8]) throws { try Data(bytes).write(to: url) }
  deinit { try? FileManager.default.removeItem(at: url) }
}

@Suite("Loading a kernel into the pc board") struct PCLoaderTests {
  private static let loadAddress: UInt64 = 0x100_0000
  private static let code = (0..<5_000).map { UInt8(truncatingIfNeeded: $0 * 7) }

  /// An ELF kernel of one segment, entered 16 bytes past its start, with zeros behind its bytes.
  private static func kernel(memoryCount: UInt64 = 0x4000, at loadAddress: UInt64 = loadAddress) -> [UInt8] {
    var image = [UInt8](repeating: 0, count: 0x1000)
    func set(_ value: some FixedWidthInteger & BitwiseCopyable, at offset: Int) {
      image.withUnsafeMutableBytes { _ = $0.storeLittleEndian(value, at: offset) }
    }
    image.replaceSubrange(0..<7, with: [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1])
    set(UInt16(2), at: 16)
    set(UInt16(62), at: 18)
    set(loadAddress + 16, at: 24)
    set(UInt64(64), at: 32)
    set(UInt16(56), at: 54)
    set(UInt16(1), at: 56)
    let segment: [UInt64] = [
      0x5_0000_0001, 0x1000, 0xffff_ffff_8000_0000 + loadAddress, loadAddress, UInt64(code.count), memoryCount,
    ]
    for (position, value) in segment.enumerated() { set(value, at: 64 + position * 8) }
    return image + code
  }

  /// A machine with the kernel and, if any, an initial RAM disk in it.
  private static func machine(
    memorySize: UInt64 = 64 << 20, kernel: [UInt8] = kernel(), disk: TemporaryFile? = nil, commandLine: [UInt8] = [],
    meanwhile: () throws -> Void = {}
  ) throws -> (Machine, MockVirtualMachine) {
    let file = try TemporaryFile(kernel)
    let options = PCLoader.Options(
      kernel: try KernelImage(reading: KernelFile(path: file.url.path)),
      initialRAMDisk: try disk.map { try InitialRAMDisk(path: $0.url.path) }, commandLine: commandLine,
      memorySize: memorySize)
    try meanwhile()
    let virtualMachine = try MockVirtualMachine(memorySize: memorySize)
    let loader = PCLoader(options, registerFile: MockVirtualMachine.registerFile)
    return (
      try Machine(virtualMachine, board: MockBoard(), console: Console(), loader: loader), virtualMachine
    )
  }

  private static func bytes(_ memory: GuestRAM, _ address: UInt64, _ count: Int) -> [UInt8] {
    var buffer = [UInt8](repeating: 0xEE, count: count)
    _ = buffer.withUnsafeMutableBytes { memory.read(at: GuestPhysical(address), into: $0) }
    return buffer
  }

  @Test("the kernel is where it wants to be, and CPU 0 at its entry by the boot protocol")
  func kernel() async throws {
    try await onControlThread {
      let (machine, virtualMachine) = try Self.machine(commandLine: Array("console=ttyS0".utf8))
      // All but the kernel is there at once.
      #expect(virtualMachine.value(of: .rip) == Self.loadAddress + 16)
      #expect(virtualMachine.value(of: .general(.rsi)) == 0x7000)
      #expect(virtualMachine.value(of: .control(0)).map { $0 & 0x8000_0001 } == 0x8000_0001)
      #expect(virtualMachine.value(of: .efer).map { $0 & 0x500 } == 0x500)
      let memory = virtualMachine.memory
      let commandLine = try #require(memory.load(at: GuestPhysical(0x7228), as: UInt32.self))
      #expect(Self.bytes(memory, UInt64(commandLine), 14) == Array("console=ttyS0\0".utf8))
      #expect(memory.load(at: GuestPhysical(0x7218), as: UInt64.self) == 0)
      #expect(try #require(memory.load(at: GuestPhysical(0x71E8), as: UInt8.self)) >= 4)
      // The identity map leads to the kernel.
      let context = X86TranslationContext(
        cr0: try #require(virtualMachine.value(of: .control(0))),
        cr3: try #require(virtualMachine.value(of: .control(3))),
        cr4: try #require(virtualMachine.value(of: .control(4))), efer: try #require(virtualMachine.value(of: .efer)))
      let translation = try context.translate(
        GuestVirtual(Self.loadAddress), readPhysical: memory.loadInteger(at:_:))
      #expect(translation.physical == GuestPhysical(Self.loadAddress))

      try machine.finishLoading()
      #expect(Self.bytes(memory, Self.loadAddress, Self.code.count) == Self.code)
      #expect(Self.bytes(memory, Self.loadAddress + UInt64(Self.code.count), 16) == [UInt8](repeating: 0, count: 16))
    }
  }

  @Test("a kernel that overwrote itself is whole again after a reset")
  func reset() async throws {
    try await onControlThread {
      let (machine, virtualMachine) = try Self.machine()
      try machine.finishLoading()
      virtualMachine.memory.store(UInt64.max, at: GuestPhysical(Self.loadAddress))
      virtualMachine.memory.store(UInt64.max, at: GuestPhysical(Self.loadAddress + 0x3000))
      try machine.reset()
      try machine.finishLoading()
      #expect(Self.bytes(virtualMachine.memory, Self.loadAddress, Self.code.count) == Self.code)
      #expect(virtualMachine.memory.load(at: GuestPhysical(Self.loadAddress + 0x3000), as: UInt64.self) == 0)
    }
  }

  @Test("the initial RAM disk is at the top of memory, at a page's border")
  func initialRAMDisk() async throws {
    try await onControlThread {
      let content = (0..<10_001).map { UInt8(truncatingIfNeeded: $0 / 5) }
      let (machine, virtualMachine) = try Self.machine(disk: try TemporaryFile(content))
      let memory = virtualMachine.memory
      let start = try #require(memory.load(at: GuestPhysical(0x7218), as: UInt32.self))
      #expect(memory.load(at: GuestPhysical(0x721C), as: UInt32.self) == 10_001)
      #expect(UInt64(start) == (64 << 20) - 0x3000)
      try machine.finishLoading()
      #expect(Self.bytes(memory, UInt64(start), content.count) == content)
    }
  }

  /// What does not fit, and a word of the sentence that says it.
  private static let misfits: [(name: String, memorySize: UInt64, kernelCount: UInt64, diskCount: Int, word: String)] =
    [
      ("kernel", 16 << 20, 0x4000, 0, "--memory"),
      ("kernel's zeros", 32 << 20, 17 << 20, 0, "--memory"),
      ("disk", 32 << 20, 0x4000, 16 << 20, "initial RAM disk"),
      ("disk, larger than memory", 18 << 20, 0x4000, 20 << 20, "--memory"),
    ]

  @Test("what does not fit is said in one sentence", arguments: misfits.indices)
  func misfit(number: Int) throws {
    let misfit = Self.misfits[number]
    let disk = try misfit.diskCount == 0 ? nil : TemporaryFile([UInt8](repeating: 1, count: misfit.diskCount))
    let error = #expect(throws: MachineError.self, "\(misfit.name)") {
      _ = try Self.machine(
        memorySize: misfit.memorySize, kernel: Self.kernel(memoryCount: misfit.kernelCount), disk: disk)
    }
    #expect(error?.description.contains(misfit.word) == true, "\(misfit.name): \(String(describing: error))")
    #expect(error?.description.contains("\n") == false)
  }

  /// Where raw code would meet the zero page, the page tables and the ACPI tables; and where it just does not.
  @Test("a kernel that would lie over what it is handed is refused", arguments: [0x7000, 0x9000, 0xe_0000, 0x1_0000])
  func overlap(address: UInt64) throws {
    let fits = address == 0x1_0000
    do {
      _ = try Self.machine(kernel: Self.kernel(memoryCount: UInt64(Self.code.count), at: address))
      #expect(fits)
    } catch let error as MachineError {
      #expect(!fits)
      #expect(error.description.contains("0x100000"))
    }
  }

  @Test("a command line that the kernel would not take whole is refused")
  func commandLine() throws {
    for line in [[UInt8](repeating: 0x61, count: 1 << 16), Array("a\0b".utf8)] {
      let error = #expect(throws: MachineError.self) { _ = try Self.machine(commandLine: line) }
      #expect(error?.description.contains("command line") == true)
    }
  }

  @Test("a new command line is the kernel's from the next reset on; one that is refused can be taken back")
  func nextCommandLine() async throws {
    try await onControlThread {
      let (machine, virtualMachine) = try Self.machine(commandLine: Array("at first".utf8))
      func commandLine() throws -> [UInt8] {
        let place = try #require(virtualMachine.memory.load(at: GuestPhysical(0x7228), as: UInt32.self))
        return Array(Self.bytes(virtualMachine.memory, UInt64(place), 64).prefix { $0 != 0 })
      }
      #expect(machine.commandLine == Array("at first".utf8))
      machine.commandLine = Array("console=ttyS0".utf8)
      #expect(try commandLine() == Array("at first".utf8))
      try machine.reset()
      #expect(try commandLine() == Array("console=ttyS0".utf8))
      machine.commandLine = [UInt8](repeating: 0x61, count: 1 << 16)
      #expect(throws: MachineError.self) { try machine.reset() }
      machine.commandLine = nil
      try machine.reset()
      #expect(try commandLine().isEmpty)
    }
  }

  @Test("a disk that became shorter is noticed while it is read")
  func cutDisk() async throws {
    try await onControlThread {
      let disk = try TemporaryFile([UInt8](repeating: 1, count: 8_192))
      let (machine, _) = try Self.machine(disk: disk) { #expect(truncate(disk.url.path, 100) == 0) }
      let error = #expect(throws: MachineError.self) { try machine.finishLoading() }
      #expect(error?.description.contains("cut short") == true)
    }
  }
}
