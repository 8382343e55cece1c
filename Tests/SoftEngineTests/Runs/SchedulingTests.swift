import ARM64
import CPUEngine
import GuestMemory
import Host
import Synchronization
import Testing

@testable import SoftEngine

@Suite("Turns of the software CPUs")
struct SchedulingTests {
  private static let addOne: UInt32 = 0x9100_0400  // add x0, x0, #1
  private static let back: UInt32 = 0x17FF_FFFF  // b to the instruction before
  private static let branchToItself: UInt32 = 0x1400_0000
  private static let waitForInterrupt: UInt32 = 0xD503_207F
  private static let waitForEvent: UInt32 = 0xD503_205F
  private static let yield: UInt32 = 0xD503_203F
  private static let sendEvent: UInt32 = 0xD503_209F
  private static let ring: UInt32 = 0xF900_0120  // str x0, [x9], with the doorbell in X9

  /// A machine whose CPUs are all on, each at code of its own.
  private func machine(_ programs: [[UInt32]]) throws -> TestMachine {
    HostThread.blockSignals()
    let machine = try TestMachine(cpuCount: programs.count)
    for (index, program) in programs.enumerated() {
      let start = TestMachine.code + 0x1000 * UInt64(index)
      machine.put(program, at: start)
      let context = machine.machine.cores[index].context
      context.pointee.state.pc = start
      context.pointee.state.isOn = true
      context.pointee.state.x[9] = BusyGuest.doorbell
    }
    return machine
  }

  private func run(_ machine: TestMachine) throws -> Int {
    let (cpu, exit) = try machine.machine.runToExit(machine.machine.cores.map { _ in true })
    guard case .mmio = exit else { throw EngineError("CPU \(cpu) came back by \(exit)") }
    return cpu
  }

  @Test("each CPU executes a round, then the next one does")
  func rounds() throws {
    let ringing = [Self.addOne, 0xF140_401F, 0x54FF_FFC3, Self.ring]  // cmp x0, #16 << 12; b.lo
    let machine = try machine([[Self.addOne, Self.back], [Self.addOne, Self.back], ringing])
    #expect(try run(machine) == 2)
    let counts = machine.machine.cores.map { $0.state.x[0] }
    // CPU 2 takes three instructions for each count; the others had their turn in its last round, too.
    #expect(counts[2] == 0x1_0000)
    #expect(counts[0] == counts[1])
    let rounds = 3 * counts[2] / SoftMachine.round + 1
    let most = rounds * SoftMachine.round / 2
    #expect((most - 1...most + 1).contains(counts[0]))
  }

  @Test("CPUs that do not run stay as they are, and do not hold up the others")
  func onlySome() throws {
    let machine = try machine([[Self.ring], [Self.addOne, Self.addOne, Self.ring]])
    #expect(try machine.machine.runToExit([false, true]).cpu == 1)
    #expect(machine.pc == TestMachine.code)
    #expect(machine.machine.cores[1].state.x[0] == 2)
  }

  @Test("WFE waits for an event that another CPU sends by SEV, and SEV before it lets it pass")
  func events() throws {
    let machine = try machine([
      [Self.waitForEvent, Self.ring],
      [UInt32](repeating: Self.addOne, count: 50) + [Self.sendEvent, Self.waitForEvent, Self.branchToItself],
    ])
    #expect(try run(machine) == 0)
    #expect(machine.machine.cores[1].state.x[0] == 50)
    // The one slept for the rest of its round; the other's own event let it pass.
    #expect(machine.machine.cores[0].state.idleTime == SoftMachine.round - 1)
    #expect(machine.machine.cores[1].state.idleTime == 0)
    #expect(machine.machine.cores[1].state.pc == TestMachine.code + 0x1000 + 4 * 52)
  }

  @Test("YIELD ends a turn where there is another CPU, and is nothing where there is none")
  func yielding() throws {
    let yielding = [Self.yield, Self.addOne, 0xF100_101F, 0x54FF_FFA3, Self.ring]  // cmp x0, #4; b.lo
    let machine = try machine([yielding, [Self.addOne, Self.back]])
    #expect(try run(machine) == 0)
    let (first, second) = (machine.machine.cores[0].state, machine.machine.cores[1].state)
    #expect(machine.machine.cpus[0].activity == .running)
    // Each of the four was in a round of its own, all of which but the few instructions went to the other CPU.
    #expect(first.time == 4 * SoftMachine.round + 3)
    #expect(first.time - first.idleTime == 16)
    #expect(second.time == 4 * SoftMachine.round && second.idleTime == 0)

    let alone = try self.machine([yielding, [Self.branchToItself]])
    alone.machine.cores[1].context.pointee.state.isOn = false
    #expect(try run(alone) == 0)
    #expect(alone.machine.cores[0].state.time == 16)
  }

  @Test("a CPU turns itself off by PSCI, is seen to be off, and is turned on again")
  func turnedOff() throws {
    let call: UInt32 = 0xD400_0002  // hvc #0
    let machine = try machine([[Self.waitForEvent, call, Self.ring, call, Self.ring], [call]])
    let (first, second) = (machine.machine.cores[0], machine.machine.cores[1])
    let affinity = machine.machine.affinities[1]
    func setArguments(of core: SoftCore, _ values: UInt64...) {
      for (number, value) in values.enumerated() { core.context.pointee.state.x[number] = value }
    }
    setArguments(of: second, UInt64(PSCI.cpuOff.rawValue))
    setArguments(of: first, UInt64(PSCI.affinityInfo.rawValue), affinity, 0)
    #expect(try run(machine) == 0)
    #expect(first.state.x[0] == PSCI.AffinityState.off.rawValue)
    #expect(machine.machine.cpus[1].activity == .waitingForStartup)

    let entry = TestMachine.code + 0x1800
    setArguments(of: first, UInt64(PSCI.cpuOn.rawValue), affinity, entry, 7)
    #expect(try run(machine) == 0)
    #expect(first.state.x[0] == 0)
    #expect(machine.machine.cpus[1].activity == .running)
    #expect(second.state.pc == entry && second.state.x[0] == 7)
  }

  @Test("with nothing to do a machine waits for what comes from outside, and a kick ends the wait")
  func wait() throws {
    let machine = try machine([[Self.waitForInterrupt, Self.branchToItself]])
    let its = machine.machine
    let isKicked = Flag()
    HostThread.start("kick") {
      _ = HostThread.waitForSignal(until: HostClock.monotonic.now &+ 20_000_000)
      isKicked.set()
      its.softCPUs[0].kick()
    }
    while !isKicked.isSet {
      guard case .interrupted = try its.run([true]).exit else {
        Issue.record("the wait ended by something else than the kick")
        return
      }
    }
    #expect(its.cpus[0].activity == .halted)
    #expect(machine.pc == TestMachine.code + 4)
  }

  @Test("what is typed enters between turns, with the time at which it did")
  func typing() throws {
    let machine = try machine([[Self.addOne, Self.ring, Self.addOne, Self.ring]])
    let received = Received()
    machine.machine.connectConsole { received.append($0) }
    machine.machine.type(Array("ab".utf8))
    #expect(try run(machine) == 0)
    machine.machine.type(Array("c".utf8))
    #expect(received.bytes == Array("ab".utf8))
    #expect(try run(machine) == 0)
    #expect(received.bytes == Array("abc".utf8))
    #expect(machine.machine.typings.map(\.bytes) == [Array("ab".utf8), Array("c".utf8)])
    // The second came in the middle of the store, which was not executed yet.
    #expect(machine.machine.typings.map(\.time) == [0, 1])
    #expect(machine.machine.typings.map(\.accessCount) == [0, 1])
  }

  private final class Received: Sendable {
    private let all = Mutex<[UInt8]>([])
    var bytes: [UInt8] { all.withLock { $0 } }
    func append(_ bytes: [UInt8]) { all.withLock { $0 += bytes } }
  }
}
