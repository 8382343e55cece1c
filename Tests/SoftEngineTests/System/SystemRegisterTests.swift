import ARM64
import Bits
import Testing

@testable import SoftEngine

/// MRS, MSR and the table behind them.
@Suite struct SystemRegisterTests {
  @Test func everyReadableRegisterCanBePeekedAndPutBack() throws {
    let machine = try TestMachine()
    #expect(SystemRegisterFile.readable.count > 100)
    // What is written to DBGCLAIMCLR_EL1 is what it clears.
    for register in SystemRegisterFile.readable where register.name != "dbgclaimclr_el1" {
      let value = try #require(machine.core.peek(register))
      #expect(machine.core.poke(register, value), "\(register)")
      #expect(machine.core.peek(register) == value, "\(register)")
    }
  }

  @Test func noTwoDefinitionsAreOfOneRegister() {
    let registers = SystemRegisterFile.definitions.map(\.register)
    #expect(Set(registers).count == registers.count)
  }

  @Test func whatIsStoredIsReadBack() throws {
    for definition in SystemRegisterFile.definitions where definition.user != .debuggerOnly {
      guard case .place(_, let writable, let fixed) = definition.value else { continue }
      let machine = try TestMachine()
      machine.setVectors()
      // Not what would turn on the MMU or steps.
      let value: UInt64 = 0xa5a5_5a5a_c3c3_3c3c & ~1
      machine[x: 0] = value
      machine.execute(SystemWord.msr(definition.register, 0), SystemWord.mrs(1, definition.register))
      #expect(machine[x: 1] == value & writable | fixed | machine[x: 1] & ~writable, "\(definition.register)")
      #expect(machine.core.peek(definition.register) == machine[x: 1])
    }
  }

  @Test func unknownRegistersAreUndefined() throws {
    for name in ["s3_0_c15_c0_0", "hcr_el2", "zcr_el1", "apiakeylo_el1", "rndr", "sp_el1"] {
      let machine = try TestMachine()
      machine.setVectors()
      machine.execute(SystemWord.mrs(0, try SystemWord.register(name)))
      #expect(machine.pc == TestMachine.ram + 0x200)
      #expect(machine.system.esr == 0x200_0000)
      #expect(machine.system.elr == TestMachine.code)
    }
  }

  @Test func readOnlyRegistersCannotBeWritten() throws {
    for name in ["midr_el1", "id_aa64pfr0_el1", "cntvct_el0", "currentel", "icc_iar1_el1", "ctr_el0"] {
      let machine = try TestMachine()
      machine.setVectors()
      machine.execute(SystemWord.msr(try SystemWord.register(name), 0))
      #expect(machine.exceptionClass == .unknown, "\(name)")
    }
  }

  @Test func undefinedIDRegistersReadZero() throws {
    let machine = try TestMachine()
    machine[x: 0] = ~0
    machine.execute(SystemWord.mrs(0, try SystemWord.register("id_aa64zfr0_el1")))
    #expect(machine[x: 0] == 0)
    machine.execute(SystemWord.mrs(0, .idAA64ISAR0EL1))
    // AES with PMULL, SHA1, SHA256, CRC32, LSE, RDM and the dot product.
    #expect(machine[x: 0] == 0x0000_1000_1021_1120)
  }

  @Test func el0HasWhatItIsGiven() throws {
    let cases: [(name: String, allow: (inout SystemState) -> Void)] = [
      ("ctr_el0", { $0.sctlr |= 1 << 15 }), ("cntvct_el0", { $0.cntkctl |= 2 }), ("cntfrq_el0", { $0.cntkctl |= 1 }),
      ("daif", { $0.sctlr |= 1 << 9 }), ("cntv_ctl_el0", { $0.cntkctl |= 1 << 8 }),
    ]
    for (name, allow) in cases {
      let machine = try TestMachine()
      machine.setVectors()
      let register = try SystemWord.register(name)
      machine.enterEL0()
      machine.execute(SystemWord.mrs(5, register))
      let syndrome = ExceptionSyndrome(rawValue: machine.system.esr)
      #expect(machine.pc == TestMachine.ram + 0x400, "\(name)")
      guard case .systemRegister(let access) = syndrome.detail else {
        Issue.record("\(name): \(syndrome)")
        continue
      }
      #expect(access.register == register)
      #expect(access.isRead)
      #expect(access.generalRegister == 5)
      allow(&machine.system)
      machine.enterEL0()
      machine.execute(SystemWord.mrs(5, register))
      #expect(machine.pc == TestMachine.code + 4, "\(name)")
    }
  }

  @Test func registersOfEL1AreUndefinedAtEL0() throws {
    for name in ["sctlr_el1", "tpidr_el1", "elr_el1", "sp_el0", "midr_el1", "icc_pmr_el1"] {
      let machine = try TestMachine()
      machine.setVectors()
      machine.enterEL0()
      machine.execute(SystemWord.mrs(5, try SystemWord.register(name)))
      #expect(machine.exceptionClass == .unknown, "\(name)")
    }
  }

  @Test func theStackPointersAreWhereTheModeSays() throws {
    let machine = try TestMachine()
    machine.setVectors()
    machine[x: 0] = 0x1000
    machine[x: 31] = 0x2000
    // SPSel, #0 makes SP_EL0 the stack pointer, which then has no other name.
    machine.execute(SystemWord.msr(.spEL0, 0), 0xd500_40bf)
    #expect(machine[x: 31] == 0x1000)
    #expect(machine.core.peek(.spEL0) == 0x1000)
    #expect(machine.core.peek(.spEL1) == 0x2000)
    machine.execute(SystemWord.mrs(1, .spEL0))
    #expect(machine.exceptionClass == .unknown)
    #expect(machine.pc == TestMachine.ram)
    #expect(machine[x: 31] == 0x2000)
  }

  @Test func masksAndFlagsAreThoseOfPSTATE() throws {
    let machine = try TestMachine()
    let daif = try SystemWord.register("daif")
    // DAIFClr, #0xf; DAIFSet, #2.
    machine.execute(0xd503_4fff, 0xd503_42df, SystemWord.mrs(0, daif))
    #expect(machine[x: 0] == 0x80)
    machine[x: 1] = ~0
    machine.execute(SystemWord.msr(daif, 1), SystemWord.mrs(0, daif))
    #expect(machine[x: 0] == 0x3c0)
    machine[x: 1] = 0xa000_0000
    machine.execute(SystemWord.msr(try SystemWord.register("nzcv"), 1))
    #expect(machine.nzcv == 0b1010)
  }

  @Test func vectorRegistersAreTrappedUntilTheyAreEnabled() throws {
    let machine = try TestMachine()
    machine.setVectors()
    machine.execute(SystemWord.mrs(0, try SystemWord.register("fpcr")))
    #expect(machine.exceptionClass == .vectorAccess)
    machine.pc = TestMachine.code
    machine[x: 1] = 3 << 20
    machine[x: 2] = ~0
    machine.execute(
      SystemWord.msr(.cpacrEL1, 1), SystemWord.msr(try SystemWord.register("fpcr"), 2),
      SystemWord.mrs(0, try SystemWord.register("fpcr")))
    #expect(machine[x: 0] == 0x07c8_0000)
  }

  @Test func aDebuggerDoesNotGiveEL0ItsOwnStackPointer() throws {
    let machine = try TestMachine()
    let spsel = try SystemWord.register("spsel")
    #expect(machine.core.poke(spsel, 0))
    #expect(machine.core.peek(spsel) == 0)
    machine.core.pstate = 0
    #expect(!machine.core.poke(spsel, 1))
    #expect(machine.core.peek(spsel) == 0)
    #expect(machine.core.pstate == 0)
  }
}
