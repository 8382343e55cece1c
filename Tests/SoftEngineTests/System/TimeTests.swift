import ARM64
import Bits
import CPUEngine
import Devices
import Testing

@testable import SoftEngine

/// The counter, the timers, the interrupts that they raise, and waiting for them.
@Suite struct TimeTests {
  private static let virtualTimer: UInt32 = 27

  /// How many instructions the counter counts once in.
  private func tick(_ machine: TestMachine) -> UInt64 {
    machine.machine.options.instructionsPerSecond / SoftMachine.counterFrequency
  }

  /// A machine that takes interrupts of its virtual timer.
  private func machine() throws -> TestMachine {
    let machine = try TestMachine()
    machine.setVectors()
    machine.enablePrivateInterrupt(Self.virtualTimer)
    return machine
  }

  @Test func theCounterFollowsTheInstructions() throws {
    let machine = try machine()
    let tick = tick(machine)
    for (time, count) in [(0, 0), (tick - 1, 0), (tick, 1), (62_500_000 * tick, 62_500_000)] {
      #expect(machine.machine.counter(at: time) == count)
    }
    for count: UInt64 in [0, 1, 2, 62_500_000, 1 << 40] {
      let time = try #require(machine.machine.time(ofCounter: count))
      #expect(machine.machine.counter(at: time) == count)
      #expect(time == 0 || machine.machine.counter(at: time - 1) == count - 1)
    }
    #expect(machine.machine.time(ofCounter: .max) == nil)
    machine.put([UInt32](repeating: SystemWord.nop, count: 100))
    machine.put([SystemWord.mrs(0, .cntvctEL0)], at: TestMachine.code + 4 * 64)
    _ = machine.core.run(100)
    #expect(machine[x: 0] == 64 / tick)
  }

  @Test func aTimersInterruptComesAtItsInstruction() throws {
    let machine = try machine()
    let control = try SystemWord.register("cntv_ctl_el0")
    machine.put([UInt32](repeating: SystemWord.nop, count: 5000))
    machine.put([SystemWord.msr(.cntvCvalEL0, 0), SystemWord.msr(control, 1), 0xd503_42ff])
    machine[x: 0] = 100
    machine[x: 1] = 1
    // The interrupt is taken before the instruction at which the counter comes to 100, and counts as one.
    let count = 100 * tick(machine)
    _ = machine.core.run(Int(count))
    #expect(machine.core.peek(control) == 0b101)
    _ = machine.core.run(1)
    #expect(machine.pc == TestMachine.ram + 0x280)
    #expect(machine.system.elr == TestMachine.code + count * 4)
    // ICC_IAR1_EL1 tells which it was; with IMASK it goes away.
    machine.execute(SystemWord.mrs(2, try SystemWord.register("icc_iar1_el1")))
    #expect(machine[x: 2] == 27)
    machine[x: 1] = 0b11
    machine.execute(SystemWord.msr(control, 1), SystemWord.mrs(3, control))
    #expect(machine[x: 3] == 0b111)
    machine.execute(SystemWord.msr(try SystemWord.register("icc_eoir1_el1"), 2))
    #expect(!machine.core.irq)
  }

  @Test func theDownCounterIsTheDistance() throws {
    let machine = try machine()
    let value = try SystemWord.register("cntv_tval_el0")
    machine.core.context.pointee.state.time = 1000 * tick(machine)
    machine[x: 0] = UInt64(bitPattern: -10)
    machine.execute(SystemWord.msr(value, 0), SystemWord.mrs(1, value))
    #expect(machine[x: 1] == 0xffff_fff6)
    #expect(machine.core.peek(.cntvCvalEL0) == 990)
  }

  @Test func waitingSkipsToTheTimer() throws {
    let machine = try machine()
    machine.put([SystemWord.wfi, SystemWord.nop])
    #expect(machine.core.run(10) == .wait)
    #expect(machine.core.context.pointee.state.wait == .interrupt)
    machine.core.setTimer(.virtual, at: 1) { $0 = TimerState(control: 1, compareValue: 1000) }
    let tick = tick(machine)
    #expect(!machine.core.wakes(before: 500 * tick))
    #expect(machine.core.context.pointee.state.time == 500 * tick)
    #expect(machine.core.wakes(before: 2000 * tick))
    #expect(machine.core.context.pointee.state.time == 1000 * tick)
    #expect(machine.core.context.pointee.state.idleTime == 1000 * tick - 1)
    // PSTATE masks it, so that the CPU only wakes up.
    _ = machine.core.run(1)
    #expect(machine.pc == TestMachine.code + 8)
  }

  @Test func eventsEndTheWaitForThem() throws {
    let machine = try machine()
    machine.put([SystemWord.sev, SystemWord.wfe, SystemWord.wfe, SystemWord.nop])
    #expect(machine.core.run(10) == .wait)
    #expect(machine.pc == TestMachine.code + 12)
    #expect(machine.core.wakes(before: 1 << 20))
    #expect(machine.core.context.pointee.state.wait == .none)
  }

  @Test(arguments: [(bit: 3, falls: false, at: 8), (3, true, 16), (4, false, 16), (0, false, 1), (0, true, 2)])
  func theEventStreamEndsAWait(bit: UInt64, falls: Bool, at counter: UInt64) throws {
    let machine = try machine()
    machine.system.cntkctl = 1 << 2 | (falls ? 1 << 3 : 0) | bit << 4
    machine.put([SystemWord.wfe, SystemWord.nop])
    #expect(machine.core.run(10) == .wait)
    #expect(machine.core.wakes(before: 1 << 20))
    #expect(machine.core.context.pointee.state.time == counter * tick(machine))
    #expect(machine.core.context.pointee.state.wait == .none)
    // The next event is a period later.
    #expect(machine.core.nextStreamEvent == (counter + 2 << bit) * tick(machine))
  }

  @Test func waitingIsTrappedAtEL0WhereEL1SaysSo() throws {
    let machine = try machine()
    machine.system.sctlr &= ~(1 << 16)
    machine.enterEL0()
    machine.execute(SystemWord.wfi)
    #expect(machine.system.esr == 0x07e0_0000 | 1 << 24)
    #expect(machine.core.context.pointee.state.wait == .none)
  }

  @Test("a wait ends when the second timer is due, whatever the first one does", arguments: [true, false])
  func secondTimer(hasFirst: Bool) throws {
    let machine = try TestMachine()
    machine.setVectors()
    machine.enablePrivateInterrupt(GenericTimer.physical.rawValue)
    machine.system.virtualTimer.compareValue = 100
    machine.system.virtualTimer.control = hasFirst ? 1 : 0
    machine.system.physicalTimer.compareValue = 200
    machine.system.physicalTimer.control = 1
    machine.core.fireTimers()
    machine.put([SystemWord.wfi])
    #expect(machine.core.run(10) == .wait)
    #expect(machine.core.wakes(before: 1 << 20))
    #expect(machine.core.context.pointee.state.time == 200 * tick(machine))
  }

  @Test("ISTATUS goes with the counter that the CPU reads, and a debugger's look changes neither")
  func conditionAndCounter() throws {
    let machine = try TestMachine(cpuCount: 2)
    let other = machine.machine.cores[1]
    other.context.pointee.state.system.virtualTimer.compareValue = 1000
    other.context.pointee.state.system.virtualTimer.control = 1
    let (control, value) = (try SystemWord.register("cntv_ctl_el0"), try SystemWord.register("cntv_tval_el0"))
    #expect(other.peek(control) == 1)
    // CPU 0 is further on in the round, and reads the counter.
    _ = machine.core.readCounter(at: 16_000)
    let latest = machine.machine.latestCounter
    #expect(other.readCounter(at: 0) >= 1000)
    #expect(other.peek(control) == 0b101)
    #expect(other.peek(value).map { Int32(truncatingIfNeeded: $0) <= 0 } == true)
    #expect(machine.machine.latestCounter == latest)
  }
}
