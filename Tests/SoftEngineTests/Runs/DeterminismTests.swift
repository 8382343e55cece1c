import CPUEngine
import Host
import Testing

@testable import SoftEngine

@Suite("A run of the software CPU")
struct DeterminismTests {
  @Test("the same guest gives the same digest twice, and after a reset", arguments: [1, 2, 5])
  func twice(cpuCount: Int) throws {
    let guest = try BusyGuest(cpuCount: cpuCount)
    let first = try guest.runToEnd()
    #expect(guest.sum == UInt64(cpuCount) * 3000)
    #expect(guest.machine.cores.allSatisfy { $0.state.x[18] > 5 }, "a CPU was not interrupted")
    #expect(try BusyGuest(cpuCount: cpuCount).runToEnd() == first)
    try guest.machine.reset()
    try guest.start()
    #expect(try guest.runToEnd() == first)
    #expect(try BusyGuest(cpuCount: cpuCount, rounds: 3001).runToEnd() != first)
  }

  @Test("kicks from another thread, whenever they come, change nothing", arguments: [1, 3])
  func kicks(cpuCount: Int) throws {
    let quiet = try BusyGuest(cpuCount: cpuCount).runToEnd()
    let guest = try BusyGuest(cpuCount: cpuCount)
    let machine = guest.machine
    let isOver = Flag()
    let isDone = Flag()
    HostThread.start("kicks") {
      while !isOver.isSet {
        machine.kick()
        for _ in 0..<Int.random(in: 0..<2000) where isOver.isSet { break }
      }
      isDone.set()
    }
    let disturbed = try guest.runToEnd()
    isOver.set()
    while !isDone.isSet {}
    #expect(disturbed == quiet)
  }

  @Test("steps, breakpoints and looks at registers change nothing")
  func debugging() throws {
    let quiet = try BusyGuest(cpuCount: 2).runToEnd()
    let guest = try BusyGuest(cpuCount: 2)
    _ = try guest.runToRing()
    var control = DebugControl()
    control.singleStep = true
    for cpu in guest.machine.cpus { try cpu.setDebug(control) }
    for _ in 0..<5000 {
      guard case .debug(let event) = try guest.machine.runToExit([true, true]).exit, event.isSingleStep else {
        Issue.record("a step did not end as one")
        return
      }
    }
    for cpu in guest.machine.cpus { try cpu.setDebug(.none) }
    _ = try guest.runToRing()
    #expect(try guest.digest == quiet)
  }

  @Test("without a wish for one there is no digest")
  func untraced() throws {
    #expect(try TestMachine().machine.trace == nil)
  }
}

@Suite("The state of a software machine")
struct StateTests {
  @Test(
    "put back in the middle of a run, in the same machine and in another, it leads to the same end",
    arguments: [1, 2, 4])
  func restored(cpuCount: Int) throws {
    let guest = try BusyGuest(cpuCount: cpuCount)
    _ = try guest.runToRing()
    let (state, memory) = (guest.machine.state, guest.memory)
    _ = try guest.runToRing()
    let end = try guest.digest
    #expect(guest.machine.state != state)

    guest.memory = memory
    guest.machine.state = state
    #expect(guest.machine.state == state)
    _ = try guest.runToRing()
    #expect(try guest.digest == end)

    let other = try BusyGuest(cpuCount: cpuCount)
    other.memory = memory
    other.machine.state = state
    #expect(other.machine.state == state)
    _ = try other.runToRing()
    #expect(try other.digest == end)
  }

  @Test("every word of the system registers is told apart, and there is no padding between them")
  func systemRegisters() {
    let registers = [Mirror(reflecting: SystemState()), Mirror(reflecting: PMU()), Mirror(reflecting: TimerState())]
    for (name, value) in registers.flatMap(\.children) {
      let isWords =
        value is UInt64 || value is TimerState || value is PMU || value is InlineArray<6, UInt64>
        || value is InlineArray<4, UInt64>
      #expect(isWords, "\(name ?? "a register") is no word of 64 bits")
    }
    let plain = CPUState()
    var digest = RunDigest()
    digest.mix(plain)
    for word in 0..<MemoryLayout<SystemState>.size / 8 {
      var changed = plain
      withUnsafeMutableBytes(of: &changed.system) { $0[8 * word] ^= 1 }
      #expect(changed != plain)
      var other = RunDigest()
      other.mix(changed)
      #expect(other != digest)
    }
  }

  @Test("an access that waits for its answer is put back with it")
  func pendingAccess() throws {
    let machine = try TestMachine()
    // LDP X0, X1, [X2]
    machine.put([0xA940_0440])
    machine[x: 2] = BusyGuest.doorbell
    HostThread.blockSignals()
    func answer(_ value: UInt8) throws {
      guard case .mmio(let access) = try machine.machine.runToExit([true]).exit else {
        Issue.record("the load made no access")
        return
      }
      access.data.initializeMemory(as: UInt8.self, repeating: value)
    }
    try answer(1)
    try answer(2)
    let state = machine.machine.state
    for _ in 0..<2 {
      machine.machine.state = state
      guard case .interrupted = try machine.machine.softCPUs[0].settle() else {
        Issue.record("the load made a third access")
        return
      }
      #expect(machine[x: 0] == 0x0101_0101_0101_0101)
      #expect(machine[x: 1] == 0x0202_0202_0202_0202)
      #expect(machine.pc == TestMachine.code + 4)
    }
  }
}
