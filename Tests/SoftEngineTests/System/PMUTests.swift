import ARM64
import Bits
import CPUEngine
import Testing

@testable import SoftEngine

/// The performance monitors: what is counted, when counters overflow, and who may have them.
@Suite struct PMUTests {
  private static let interrupt: UInt32 = 23
  private static let nops = [UInt32](repeating: SystemWord.nop, count: 4000)

  private let control = "pmcr_el0"

  /// A machine whose counters count, with the events that are given in counters 0 and on.
  private func machine(_ events: PMUEvent..., filter: UInt64 = 0) throws -> TestMachine {
    let machine = try TestMachine()
    machine.setVectors()
    machine.put(Self.nops)
    for (number, event) in events.enumerated() {
      try set("pmevtyper\(number)_el0", event.rawValue | filter, of: machine)
    }
    try set("pmccfiltr_el0", filter, of: machine)
    try set("pmcntenset_el0", 1 << 31 | UInt64.lowMask(events.count), of: machine)
    try set(control, 1, of: machine)
    return machine
  }

  private func set(_ name: String, _ value: UInt64, of machine: TestMachine) throws {
    #expect(machine.core.poke(try SystemWord.register(name), value), "\(name)")
  }

  private func value(_ name: String, of machine: TestMachine) throws -> UInt64 {
    try #require(machine.core.peek(try SystemWord.register(name)), "\(name)")
  }

  @Test func anInstructionReadsWhatCameBeforeIt() throws {
    let machine = try TestMachine()
    (machine[x: 1], machine[x: 2]) = (1, 1 << 31)
    let cycles = try SystemWord.register("pmccntr_el0")
    // It is the write that enables the counter which counts first.
    machine.execute(
      SystemWord.msr(try SystemWord.register(control), 1), SystemWord.msr(try SystemWord.register("pmcntenset_el0"), 2),
      SystemWord.nop, SystemWord.nop, SystemWord.mrs(3, cycles), SystemWord.mrs(4, cycles))
    #expect(machine[x: 3] == 3)
    #expect(machine[x: 4] == 4)
    // A disabled one stands.
    try set("pmcntenclr_el0", 1 << 31, of: machine)
    machine.execute(SystemWord.nop, SystemWord.mrs(5, cycles))
    #expect(machine[x: 5] == 5)
  }

  @Test func exceptionsAreCyclesButNoInstructions() throws {
    let machine = try machine(.instructionRetired, .cycle, .exceptionTaken, .exceptionReturn)
    machine.put([SystemWord.nop, SystemWord.eret], at: TestMachine.ram + 0x400)
    machine.enterEL0()
    machine.put([SystemWord.svc(0)], at: TestMachine.code + 8)
    _ = machine.core.run(10)
    // Two instructions, SVC, its exception, the handler's two, and four more.
    #expect(machine.pc == TestMachine.code + 7 * 4)
    #expect(try value("pmevcntr0_el0", of: machine) == 9)
    #expect(try value("pmevcntr1_el0", of: machine) == 10)
    #expect(try value("pmccntr_el0", of: machine) == 10)
    #expect(try value("pmevcntr2_el0", of: machine) == 1)
    #expect(try value("pmevcntr3_el0", of: machine) == 1)
  }

  @Test(arguments: [(filter: UInt64(1) << 31, instructions: 7, cycles: 7, taken: 1), (1 << 30, 2, 3, 0)])
  func filtersTellTheLevelsApart(filter: UInt64, instructions: UInt64, cycles: UInt64, taken: UInt64) throws {
    let machine = try machine(.instructionRetired, .exceptionTaken, filter: filter)
    machine.put([SystemWord.nop, SystemWord.eret], at: TestMachine.ram + 0x400)
    machine.enterEL0()
    machine.put([SystemWord.svc(0)], at: TestMachine.code + 8)
    _ = machine.core.run(10)
    #expect(try value("pmevcntr0_el0", of: machine) == instructions)
    #expect(try value("pmccntr_el0", of: machine) == cycles)
    // An exception is counted where it came from.
    #expect(try value("pmevcntr1_el0", of: machine) == taken)
  }

  @Test(arguments: ["pmevcntr0_el0", "pmccntr_el0"])
  func anOverflowInterruptsAtItsInstruction(_ counter: String) throws {
    let machine = try machine(.instructionRetired)
    let bit: UInt64 = counter == "pmccntr_el0" ? 1 << 31 : 1
    machine.enablePrivateInterrupt(Self.interrupt)
    machine.core.pstate &= ~0x80
    try set("pmintenset_el1", bit, of: machine)
    try set(counter, UInt64(bitPattern: -3000), of: machine)
    _ = machine.core.run(2999)
    #expect(try value("pmovsset_el0", of: machine) == 0)
    _ = machine.core.run(1)
    #expect(try value(counter, of: machine) == 0)
    #expect(machine.pc == TestMachine.code + 3000 * 4)
    #expect(try value("pmovsset_el0", of: machine) == bit)
    _ = machine.core.run(1)
    #expect(machine.pc == TestMachine.ram + 0x280)
    #expect(machine.system.elr == TestMachine.code + 3000 * 4)
    machine.execute(SystemWord.mrs(2, try SystemWord.register("icc_iar1_el1")))
    #expect(machine[x: 2] == UInt64(Self.interrupt))
    // The level goes as the flag is cleared.
    machine[x: 1] = bit
    machine.execute(SystemWord.msr(try SystemWord.register("pmovsclr_el0"), 1))
    machine.execute(SystemWord.msr(try SystemWord.register("icc_eoir1_el1"), 2))
    #expect(!machine.core.irq)
    #expect(machine.system.pmu.output == 0)
  }

  @Test func anOverflowInterruptsNobodyUntilItIsWanted() throws {
    let machine = try machine(.cycle)
    machine.enablePrivateInterrupt(Self.interrupt)
    try set("pmevcntr0_el0", 0xffff_ffff, of: machine)
    _ = machine.core.run(10)
    #expect(try value("pmovsclr_el0", of: machine) == 1)
    #expect(!machine.core.irq)
    try set("pmintenset_el1", 1, of: machine)
    #expect(machine.core.irq)
    try set(control, 0, of: machine)
    #expect(!machine.core.irq)
  }

  @Test func aChainCountsOverflows() throws {
    let machine = try machine(.instructionRetired, .chain, .softwareIncrement, .chain)
    try set("pmevcntr0_el0", 0xffff_fff0, of: machine)
    try set("pmevcntr1_el0", 0xffff_ffff, of: machine)
    _ = machine.core.run(20)
    #expect(try value("pmevcntr0_el0", of: machine) == 4)
    #expect(try value("pmevcntr1_el0", of: machine) == 0)
    #expect(try value("pmovsset_el0", of: machine) == 0b11)
    #expect(try value("pmevcntr3_el0", of: machine) == 0)
    try set("pmevcntr2_el0", 0xffff_ffff, of: machine)
    machine[x: 1] = 0b111
    let increment = try SystemWord.register("pmswinc_el0")
    machine.execute(SystemWord.msr(increment, 1), SystemWord.msr(increment, 1))
    #expect(try value("pmevcntr2_el0", of: machine) == 1)
    #expect(try value("pmevcntr3_el0", of: machine) == 1)
  }

  @Test func idleTimeIsNoCycle() throws {
    let machine = try machine(.cycle)
    machine.put([SystemWord.wfi])
    try set("pmevcntr0_el0", 0xffff_ffff - 9, of: machine)
    #expect(machine.core.run(5) == .wait)
    #expect(!machine.core.wakes(before: 1 << 40))
    #expect(try value("pmccntr_el0", of: machine) == 1)
    machine.core.context.pointee.state.wait = .none
    _ = machine.core.run(8)
    #expect(try value("pmovsset_el0", of: machine) == 0)
    _ = machine.core.run(2)
    #expect(try value("pmovsset_el0", of: machine) == 1)
    #expect(try value("pmccntr_el0", of: machine) == 11)
  }

  @Test func whatIsSelectedHasASecondName() throws {
    let machine = try machine(.cycle)
    let (type, count) = (try SystemWord.register("pmxevtyper_el0"), try SystemWord.register("pmxevcntr_el0"))
    machine[x: 1] = ~0
    machine[x: 2] = 5
    machine.execute(
      SystemWord.msr(try SystemWord.register("pmselr_el0"), 2), SystemWord.msr(type, 1), SystemWord.msr(count, 1),
      SystemWord.mrs(3, type), SystemWord.mrs(4, count))
    #expect(machine[x: 3] == 0xc000_03ff)
    #expect(machine[x: 4] == 0xffff_ffff)
    #expect(try value("pmevtyper5_el0", of: machine) == 0xc000_03ff)
    #expect(try value("pmevcntr5_el0", of: machine) == 0xffff_ffff)
    // 31 is the cycle counter's filter; what is not there is nothing.
    for (selected, itsType) in [(31, 0xc000_0000), (6, 0)] as [(UInt64, UInt64)] {
      machine[x: 2] = selected
      machine.execute(
        SystemWord.msr(try SystemWord.register("pmselr_el0"), 2), SystemWord.msr(type, 1), SystemWord.msr(count, 1),
        SystemWord.mrs(3, type), SystemWord.mrs(4, count))
      #expect(machine[x: 3] == itsType)
      #expect(machine[x: 4] == 0)
    }
  }

  @Test func theControlRegisterTellsAndResets() throws {
    let machine = try machine(.cycle)
    _ = machine.core.run(10)
    #expect(try value(control, of: machine) == 6 << 11 | 1 << 6 | 1)
    try set(control, 0b011, of: machine)
    #expect(try value("pmevcntr0_el0", of: machine) == 0)
    #expect(try value("pmccntr_el0", of: machine) == 10)
    try set(control, 0b101, of: machine)
    #expect(try value("pmccntr_el0", of: machine) == 0)
    #expect(try value("pmceid0_el0", of: machine) == 1 << 0x1e | 1 << 0x11 | 0b111 << 8 | 1)
    #expect(try value("id_aa64dfr0_el1", of: machine) >> 8 & 0xf == 1)
    for name in ["pmevcntr6_el0", "pmevtyper30_el0", "pmmir_el1"] {
      #expect(machine.core.peek(try SystemWord.register(name)) == nil, "\(name)")
    }
  }

  /// Bits of PMUSERENR_EL0: EN, SW, CR and ER.
  private static let users: [(name: String, read: UInt64?, write: UInt64?)] = [
    ("pmcr_el0", 0b0001, 0b0001), ("pmcntenset_el0", 0b0001, 0b0001), ("pmovsclr_el0", 0b0001, 0b0001),
    ("pmswinc_el0", nil, 0b0011), ("pmselr_el0", 0b1001, 0b1001), ("pmceid0_el0", 0b0001, nil),
    ("pmccntr_el0", 0b0101, 0b0001), ("pmevcntr3_el0", 0b1001, 0b0001), ("pmxevcntr_el0", 0b1001, 0b0001),
    ("pmevtyper3_el0", 0b0001, 0b0001), ("pmccfiltr_el0", 0b0001, 0b0001), ("pmuserenr_el0", 0b1_0000, nil),
    ("pmintenset_el1", nil, nil),
  ]

  @Test(arguments: users)
  func el0HasWhatItIsGiven(name: String, read: UInt64?, write: UInt64?) throws {
    let register = try SystemWord.register(name)
    for (word, gate) in [(SystemWord.mrs(5, register), read), (SystemWord.msr(register, 5), write)] {
      for allowed in 0..<16 as Range<UInt64> {
        let machine = try TestMachine()
        machine.setVectors()
        machine.system.pmu.userAccess = allowed
        machine.enterEL0()
        machine.execute(word)
        switch gate {
        case nil: #expect(machine.exceptionClass == .unknown)
        // Open always.
        case 0b1_0000: #expect(machine.pc == TestMachine.code + 4)
        case let bits? where bits & allowed != 0: #expect(machine.pc == TestMachine.code + 4)
        default: #expect(machine.exceptionClass == .systemRegister)
        }
      }
    }
  }

  @Test func theStateHasTheCounters() throws {
    let machine = try machine(.instructionRetired, .cycle)
    try set("pmevcntr0_el0", 0xffff_ff00, of: machine)
    _ = machine.core.run(100)
    let state = machine.machine.state
    _ = machine.core.run(300)
    let expected = machine.core.state
    #expect(try value("pmovsset_el0", of: machine) == 1)

    // A look at the counters leaves them as they were.
    machine.machine.state = state
    for _ in 0..<300 {
      _ = machine.core.run(1)
      _ = try value("pmccntr_el0", of: machine)
    }
    #expect(machine.core.state == expected)
    let other = try TestMachine()
    other.put(Self.nops)
    other.setVectors()
    other.machine.state = state
    _ = other.core.run(300)
    #expect(other.core.state == expected)
  }
}
