import ARM64
import Bits
import CPUEngine
import Testing

@testable import SoftEngine

/// Exceptions that instructions ask for, and the way back.
@Suite struct ExceptionTests {
  @Test func aCallOfTheSupervisorComesBackBehindItself() throws {
    let machine = try TestMachine.withVectors()
    machine.enterEL0()
    machine[x: 31] = 0x1230
    machine.put([SystemWord.eret], at: TestMachine.ram + 0x400)
    machine.put([SystemWord.svc(0x1234), SystemWord.nop])
    // The exception counts too.
    _ = machine.core.run(2)
    #expect(machine.pc == TestMachine.ram + 0x400)
    #expect(machine.system.esr == 0x5600_1234)
    #expect(machine.system.elr == TestMachine.code + 4)
    #expect(machine.system.spsr == 0)
    #expect(machine.core.pstate & 0x3cf == 0x3c5)
    _ = machine.core.run(2)
    #expect(machine.pc == TestMachine.code + 8)
    #expect(machine.core.pstate & 0xf == 0)
    #expect(machine[x: 31] == 0x1230)
  }

  @Test func breakpointInstructionsAreTheGuestsUnlessADebuggerWantsThem() throws {
    let machine = try TestMachine.withVectors()
    machine.execute(SystemWord.brk(0x55))
    #expect(machine.system.esr == 0xf200_0055)
    #expect(machine.system.elr == TestMachine.code)
    machine.pc = TestMachine.code
    machine.core.debug.control.trapsSoftwareBreakpoints = true
    #expect(machine.core.run(1) == .softwareBreakpoint)
    #expect(machine.pc == TestMachine.code)
  }

  @Test func whatIsNotThereIsUndefined() throws {
    // SMC, HLT, DCPS1, UDF, TLBI ALLE2, and HVC at EL0.
    for word: UInt32 in [0xd400_0003, 0xd440_0000, 0xd4a0_0001, 0, 0xd50c_871f] {
      let machine = try TestMachine.withVectors()
      machine.execute(word)
      #expect(machine.system.esr == 0x200_0000)
      #expect(machine.system.elr == TestMachine.code)
    }
    let machine = try TestMachine.withVectors()
    machine.enterEL0()
    machine.execute(SystemWord.hvc(0))
    #expect(machine.exceptionClass == .unknown)
  }

  @Test func illegalReturnsSetIL() throws {
    // AArch32, EL2h, a reserved mode and EL0h.
    for saved: UInt64 in [0x10, 0x9, 0x2, 0x1] {
      let machine = try TestMachine.withVectors()
      machine.system.spsr = saved | 0x8000_0000
      machine.system.elr = TestMachine.data
      machine.execute(SystemWord.eret)
      #expect(machine.pc == TestMachine.data)
      #expect(machine.core.pstate == 0x8010_0005)
      _ = machine.core.run(1)
      #expect(machine.exceptionClass == .illegalState)
      #expect(machine.system.elr == TestMachine.data)
      #expect(machine.core.pstate & 1 << 20 == 0)
    }
  }

  @Test func returnsOpenTheMonitor() throws {
    let machine = try TestMachine.withVectors()
    machine.core.context.pointee.state.exclusiveSize = 8
    machine.system.spsr = 5
    machine.execute(SystemWord.eret)
    #expect(machine.core.context.pointee.state.exclusiveSize == 0)
  }
}
