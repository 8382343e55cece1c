import Architecture
import Bits
import CPUEngine
import Devices
import GuestMemory
import Host
import Synchronization
import X86

@testable import Machine

/// A CPU that does what the test says, and that kicks and signals call back as they do KVM's.
final class MockCPU: VirtualCPU, @unchecked Sendable {
  // SAFETY: (@unchecked Sendable) what is not in `state` is set before the CPU runs.
  private struct State {
    var script: [Exit] = []
    var settling: [Exit] = []
    var runner: HostThread?
    var isKicked = false
    var runCount = 0
    var settleCount = 0
    var values: [RegisterIndex: UInt64] = [:]
  }

  let index: Int
  let activity = CPUActivity.running
  private let state = Mutex(State())
  /// Asked when the script is over; without an exit the CPU runs until it is called back.
  var behaviour: @Sendable (MockCPU) throws(EngineError) -> Exit? = { _ in nil }

  init(index: Int) { self.index = index }

  /// Adds exits that `run` returns one by one.
  func play(_ exits: Exit...) { state.withLock { $0.script += exits } }
  /// Adds exits that `settle` returns one by one before it is done.
  func playSettling(_ exits: Exit...) { state.withLock { $0.settling += exits } }
  var runCount: Int { state.withLock { $0.runCount } }
  var settleCount: Int { state.withLock { $0.settleCount } }
  var values: [RegisterIndex: UInt64] { state.withLock { $0.values } }

  func run() throws(EngineError) -> Exit {
    let (isKicked, exit) = state.withLock { state -> (Bool, Exit?) in
      state.runCount += 1
      state.runner = .current
      defer { state.isKicked = false }
      guard !state.isKicked else { return (true, nil) }
      return (false, state.script.isEmpty ? nil : state.script.removeFirst())
    }
    if isKicked {
      HostThread.discardSignal()
      return .interrupted
    }
    if let exit { return exit }
    if let exit = try behaviour(self) { return exit }
    // The guest runs: only a signal ends that, and one that has come already ends it at once.
    HostThread.waitForSignal()
    state.withLock { $0.isKicked = false }
    return .interrupted
  }

  func settle() throws(EngineError) -> Exit {
    state.withLock {
      $0.settleCount += 1
      return $0.settling.isEmpty ? .interrupted : $0.settling.removeFirst()
    }
  }

  func kick() {
    let runner = state.withLock { state in
      state.isKicked = true
      return state.runner
    }
    runner?.signal()
  }

  func setDebug(_ control: DebugControl) throws(EngineError) {}
  func readRegister(_ index: RegisterIndex, into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) {
    buffer.storeLittleEndian(values[index] ?? 0, at: 0)
  }
  func writeRegister(_ index: RegisterIndex, from bytes: UnsafeRawBufferPointer) throws(EngineError) {
    state.withLock { $0.values[index] = bytes.littleEndian(at: 0) }
  }
  func setValues(_ values: [(RegisterIndex, UInt64)]) throws(EngineError) {
    state.withLock { for (index, value) in values { $0.values[index] = value } }
  }
  func reflect(_ event: DebugEvent) throws(EngineError) -> GuestVirtual? { nil }
  func translate(_ address: GuestVirtual) throws(EngineError) -> GuestPhysical? { nil }
}

// SAFETY: an exit's buffer is used by the thread of the CPU that it was handed to.
extension Exit: @unchecked Sendable {}

/// A virtual machine of mock CPUs.
final class MockVirtualMachine: VirtualMachine {
  static let registerFile = X86RegisterFile(hasAVX: false)

  let architecture = GuestArchitecture.x86_64
  let registers = MockVirtualMachine.registerFile.table
  let capabilities = EngineCapabilities(
    debugRegisters: .shared(count: 4), blocksInterruptsWhileStepping: true, watchpointsFire: true,
    reportsSoftwareBreakpoints: true)
  let memory: GuestRAM
  let mocks: [MockCPU]
  var cpus: [any VirtualCPU] { mocks }
  let resetCount = Atomic<Int>(0)

  init(cpuCount: Int = 1, memorySize: UInt64 = 64 << 20) throws {
    memory = try GuestRAM(PCMemoryLayout.ram(memorySize: memorySize))
    mocks = (0..<cpuCount).map { MockCPU(index: $0) }
  }

  func setInterruptLine(_ line: UInt32, asserted: Bool) throws(EngineError) {}
  func reset() throws(EngineError) { resetCount.add(1, ordering: .relaxed) }

  /// The value that CPU 0's register was set to.
  func value(of register: X86Register) -> UInt64? {
    Self.registerFile.index(of: register).flatMap { mocks[0].values[$0] }
  }
}

/// A board at whose ports and addresses the machine stops for the cause that the test chose, and which counts.
final class MockBoard: Board {
  let name = "mock"
  let accessCount = Atomic<Int>(0)
  let resetCount = Atomic<Int>(0)
  /// Why an access stops the machine.
  let causes: [UInt64: StopReport.Cause]

  init(_ causes: [UInt64: StopReport.Cause] = [:]) { self.causes = causes }

  func port(_ access: BusAccess) -> StopReport.Cause? {
    accessCount.add(1, ordering: .relaxed)
    return causes[access.address]
  }
  func mmio(_ access: BusAccess) -> StopReport.Cause? { port(access) }
  func reset() { resetCount.add(1, ordering: .relaxed) }
  func type(_ bytes: [UInt8]) {}
}

/// An access with a buffer of its own, which lives for as long as the test process.
func access(_ address: UInt64, _ bytes: [UInt8], size: Int = 1, isWrite: Bool = true) -> BusAccess {
  let data = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
  data.copyBytes(from: bytes)
  return BusAccess(
    address: address, size: size, count: size == 0 ? 0 : bytes.count / size, isWrite: isWrite, data: data)
}
