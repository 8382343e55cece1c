import Bits
import CPUEngine
import Glibc
import GuestMemory
import Host
import Synchronization
import Testing

@testable import Machine

/// A loader that notes what it does, and whose slow part does what the test says.
private final class SlowLoader: BootLoader {
  typealias Work = @Sendable (_ round: Int, GuestRAM) throws(MachineError) -> Void

  private let state = Mutex<[String]>([])
  private let nextCommandLine = Mutex<[UInt8]?>(nil)
  private let work: Work?
  var commandLine: [UInt8]? {
    get { nextCommandLine.withLock { $0 } }
    set { nextCommandLine.withLock { $0 = newValue } }
  }
  var events: [String] { state.withLock { $0 } }

  init(_ work: Work?) { self.work = work }

  func prepare(_ machine: any VirtualMachine) throws(MachineError) -> (@Sendable () throws(MachineError) -> Void)? {
    let round = state.withLock { events in
      events.append("prepare")
      return events.count { $0 == "prepare" }
    }
    guard let work else { return nil }
    let memory = machine.memory
    return { [self] () throws(MachineError) in
      try work(round, memory)
      state.withLock { $0.append("work") }
    }
  }
}

@Suite("A machine and its loader") struct MachineTests {
  private static func make(
    _ loader: any BootLoader, _ virtualMachine: MockVirtualMachine, board: MockBoard = MockBoard()
  ) throws(MachineError) -> Machine {
    try Machine(virtualMachine, board: board, console: Console(), loader: loader)
  }

  @Test("the kernel comes in the background, and who needs it waits")
  func background() async throws {
    try await onControlThread {
      let virtualMachine = try MockVirtualMachine(memorySize: 1 << 20)
      let mayLoad = Flag()
      let loader = SlowLoader { _, memory in
        mayLoad.wait()
        memory.store(UInt8(1), at: GuestPhysical(0))
      }
      let machine = try Self.make(loader, virtualMachine)
      #expect(loader.events == ["prepare"])
      try machine.checkLoading()
      mayLoad.set()
      try machine.finishLoading()
      #expect(virtualMachine.memory.load(at: GuestPhysical(0), as: UInt8.self) == 1)
      #expect(loader.events == ["prepare", "work"])
    }
  }

  @Test("a reset waits for a kernel that is still coming, and loads it anew")
  func resetWhileLoading() async throws {
    try await onControlThread {
      let virtualMachine = try MockVirtualMachine(memorySize: 1 << 20)
      let board = MockBoard()
      let loader = SlowLoader { round, memory in
        usleep(30_000)
        memory.store(UInt8(round), at: GuestPhysical(UInt64(round) * 16))
      }
      let machine = try Self.make(loader, virtualMachine, board: board)
      try machine.reset()
      try machine.finishLoading()
      #expect(loader.events == ["prepare", "work", "prepare", "work"])
      #expect(virtualMachine.memory.load(at: GuestPhysical(16), as: UInt8.self) == 0)
      #expect(virtualMachine.memory.load(at: GuestPhysical(32), as: UInt8.self) == 2)
      #expect(virtualMachine.resetCount.load(ordering: .relaxed) == 1)
      #expect(board.resetCount.load(ordering: .relaxed) == 1)
    }
  }

  @Test("a kernel that cannot be unpacked is told to who waits, and calls the control thread")
  func failure() async throws {
    try await onControlThread {
      let loader = SlowLoader { _, _ throws(MachineError) in throw MachineError("corrupt") }
      let machine = try Self.make(loader, try MockVirtualMachine(memorySize: 1 << 20))
      HostThread.waitForSignal()
      #expect(throws: MachineError("corrupt")) { try machine.checkLoading() }
      #expect(throws: MachineError("corrupt")) { try machine.finishLoading() }
      #expect(throws: MachineError("corrupt")) { try machine.reset() }
      #expect(loader.events == ["prepare"])
    }
  }

  @Test("a kernel that does not fit makes no machine")
  func refusal() throws {
    final class Refusal: BootLoader {
      var commandLine: [UInt8]? {
        get { nil }
        set {}
      }
      func prepare(
        _ machine: any VirtualMachine
      ) throws(MachineError) -> (@Sendable () throws(MachineError) -> Void)? { throw MachineError("too large") }
    }
    #expect(throws: MachineError("too large")) {
      _ = try Self.make(Refusal(), try MockVirtualMachine(memorySize: 1 << 20))
    }
  }

  @Test("a reset forgets the stops that nobody was told")
  func forgottenReports() async throws {
    try await onControlThread {
      let virtualMachine = try MockVirtualMachine(cpuCount: 2, memorySize: 1 << 20)
      let machine = try Self.make(SlowLoader(nil), virtualMachine)
      let cpus = virtualMachine.mocks
      cpus[1].behaviour = { _ throws(EngineError) in
        while cpus[0].runCount == 0 {}
        return .failure(.tripleFault)
      }
      cpus[0].behaviour = { _ throws(EngineError) in
        while cpus[1].runCount == 0 {}
        return .failure(.reportedCrash)
      }
      #expect(try machine.runControl.run([.run, .run]) { false }.cpu == 0)
      try machine.reset()
      #expect(machine.runControl.takePendingReport(for: [.run, .run]) == nil)
    }
  }

  /// Something that one thread waits for and another one does.
  private final class Flag: Sendable {
    private let isSet = Atomic<Bool>(false)
    func set() { isSet.store(true, ordering: .sequentiallyConsistent) }
    func wait() { while !isSet.load(ordering: .sequentiallyConsistent) { usleep(1_000) } }
  }
}
