import Architecture
import Bits
import CPUEngine
import Glibc
import Host
import Testing

@testable import SoftEngine

@Suite("Where a run's end meets something else")
struct CornerTests {
  @Test("an alarm rings while all CPUs wait for what never comes", arguments: [1, 3])
  func alarm(cpuCount: Int) throws {
    HostThread.blockSignals()
    let machine = try TestMachine(cpuCount: cpuCount)
    // WFI
    machine.put([0xD503_207F, 0xD503_207F])
    let clock = machine.machine.makeClock()
    let hasRung = Flag()
    let its = machine.machine
    clock.setAlarm(clock.now + 3_000_000) {
      hasRung.set()
      its.softCPUs[0].kick()
    }
    while !hasRung.isSet {
      guard case .interrupted = try its.run(Array(repeating: true, count: cpuCount)).exit else {
        Issue.record("a guest that waits came to something")
        return
      }
    }
    #expect(clock.now >= SoftClock.powerOn + 3_000_000)
  }

  @Test("a store to the instruction where a step ends and a breakpoint is leaves the breakpoint there")
  func breakpointUnderStop() throws {
    HostThread.blockSignals()
    let machine = try TestMachine()
    // STR W0, [X1] to the next word, which becomes ADD X3, X3, #1.
    machine.put([0xB900_0020, 0xD503_201F, 0xF900_0040])
    machine[x: 0] = 0x9100_0463
    machine[x: 1] = TestMachine.code + 4
    machine[x: 2] = BusyGuest.doorbell
    let cpu = machine.machine.cpus[0]
    var control = DebugControl()
    control.breakpoints = [GuestVirtual(TestMachine.code + 4)]
    control.singleStep = true
    try cpu.setDebug(control)
    guard case .debug(let step) = try machine.machine.runToExit([true]).exit else {
      Issue.record("the step did not end")
      return
    }
    #expect(step.isSingleStep && step.programCounter == GuestVirtual(TestMachine.code + 4))
    control.singleStep = false
    try cpu.setDebug(control)
    guard case .debug(let hit) = try machine.machine.runToExit([true]).exit else {
      Issue.record("the breakpoint was not hit")
      return
    }
    #expect(hit.breakpoint == 0)
    try cpu.setDebug(.none)
    guard case .mmio = try machine.machine.runToExit([true]).exit else {
      Issue.record("the guest did not go on")
      return
    }
    #expect(machine[x: 3] == 1)
  }

  @Test("an exception that was met is met again after the state was put back")
  func caughtAgain() throws {
    HostThread.blockSignals()
    let machine = try TestMachine()
    machine.put([0xD400_0001])
    var control = DebugControl()
    control.exceptions.classes = [0x15]
    try machine.machine.cpus[0].setDebug(control)
    let state = machine.machine.state
    for _ in 0..<2 {
      machine.machine.state = state
      guard case .debug(let event) = try machine.machine.runToExit([true]).exit else {
        Issue.record("the exception was not met")
        return
      }
      #expect(event.exception != nil)
    }
  }

  @Test("a CPU that waits goes on where a debugger sends it")
  func sentFromWait() throws {
    HostThread.blockSignals()
    let machine = try TestMachine()
    machine.put([0xD503_207F])
    machine.put([0xF900_0040], at: TestMachine.code + 0x100)
    machine[x: 2] = BusyGuest.doorbell
    let cpu = machine.machine.cpus[0]
    machine.core.context.pointee.state.wait = .interrupt
    let counter = machine.machine.registers.programCounter
    try cpu.setValue(TestMachine.code + 0x100, of: counter)
    guard case .mmio = try machine.machine.runToExit([true]).exit else {
      Issue.record("the CPU still waits")
      return
    }
  }

  @Test("a CPU runs on where others alone, or nobody, had something to do before")
  func idleBefore() throws {
    HostThread.blockSignals()
    let machine = try TestMachine(cpuCount: 2)
    machine.put([0xD503_207F])
    machine.put([0xF900_0040], at: TestMachine.code + 0x100)
    machine[x: 2] = BusyGuest.doorbell
    let its = machine.machine
    let cpu = its.softCPUs[0]
    // CPU 0 waits for ever, and CPU 1 is off.
    for isRunning in [[true, true], [false, true], [false, true]] {
      HostThread.start("kick") {
        usleep(2000)
        cpu.kick()
      }
      _ = try its.run(isRunning)
    }
    try cpu.setValue(TestMachine.code + 0x100, of: its.registers.programCounter)
    guard case .mmio = try its.runToExit([true, false]).exit else {
      Issue.record("the CPU did not go on")
      return
    }
  }

  @Test("a step from a wait that nothing ends goes on") func stepFromWait() throws {
    HostThread.blockSignals()
    let machine = try TestMachine()
    machine.put([0xD503_207F, 0xD503_201F])
    let cpu = machine.machine.softCPUs[0]
    var control = DebugControl()
    control.singleStep = true
    control.blocksInterrupts = true
    try cpu.setDebug(control)
    for offset in [4, 8] as [UInt64] {
      guard case .debug(let event) = try machine.machine.runToExit([true]).exit else {
        Issue.record("the step did not end")
        return
      }
      #expect(event.isSingleStep && event.programCounter == GuestVirtual(TestMachine.code + offset))
    }
  }
}
