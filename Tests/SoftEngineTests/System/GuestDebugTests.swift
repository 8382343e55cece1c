import ARM64
import Bits
import CPUEngine
import Testing

@testable import SoftEngine

/// The guest's own breakpoints, watchpoints and steps.
@Suite struct GuestDebugTests {
  /// Lets debug exceptions be taken from EL0: no lock, MDE.
  private func enableDebug(_ machine: TestMachine) {
    machine.system.isOSLocked = false
    machine.system.mdscr |= 1 << 15
  }

  @Test func theGuestsBreakpointsHitWhereTheyAreFor() throws {
    let machine = try TestMachine.withVectors()
    machine.put([UInt32](repeating: SystemWord.nop, count: 8))
    machine.system.dbgbvr[2] = TestMachine.code + 8
    // EL0, all four bytes.
    machine.system.dbgbcr[2] = 0b10 << 1 | 0xf << 5 | 1
    enableDebug(machine)
    machine.pc = TestMachine.code
    _ = machine.core.run(4)
    #expect(machine.pc == TestMachine.code + 16)
    machine.enterEL0()
    _ = machine.core.run(3)
    #expect(machine.pc == TestMachine.ram + 0x400)
    #expect(machine.system.esr == 0xc200_0022)
    #expect(machine.system.elr == TestMachine.code + 8)
  }

  @Test func theGuestsWatchpointsHitWhatTheyAreFor() throws {
    let machine = try TestMachine.withVectors()
    machine.system.dbgwvr[1] = TestMachine.data
    // Stores of EL0 to the upper half of the doubleword.
    machine.system.dbgwcr[1] = 0xf0 << 5 | 0b10 << 3 | 0b10 << 1 | 1
    enableDebug(machine)
    machine[x: 1] = TestMachine.data
    machine.enterEL0()
    machine.execute(SystemWord.ldr(0, 1))
    #expect(machine.pc == TestMachine.code + 4)
    machine.execute(SystemWord.str(0, 1))
    #expect(machine.system.esr == 0xd200_0062)
    #expect(machine.system.far == TestMachine.data + 4)
    #expect(machine.system.elr == TestMachine.code + 4)
  }

  /// Has the CPU before an ERET that steps the code's first instruction at EL0.
  private func step(_ machine: TestMachine) {
    enableDebug(machine)
    machine.system.mdscr |= 1
    machine.system.spsr = 1 << 21
    machine.system.elr = TestMachine.code
    machine.pc = TestMachine.data
    machine.put([SystemWord.eret], at: TestMachine.data)
  }

  @Test func aSoftwareStepExecutesOneInstruction() throws {
    let machine = try TestMachine.withVectors()
    machine.put([SystemWord.nop, SystemWord.nop, SystemWord.svc(0)])
    step(machine)
    // ERET, the instruction, and the exception.
    _ = machine.core.run(3)
    #expect(machine.pc == TestMachine.ram + 0x400)
    #expect(machine.system.esr == 0xcb00_0022)
    #expect(machine.system.elr == TestMachine.code + 4)
    #expect(machine.system.spsr == 0)
    // With SS clear the exception comes before an instruction does.
    machine.system.elr = TestMachine.code
    machine.pc = TestMachine.data
    _ = machine.core.run(2)
    #expect(machine.system.esr == 0xca00_0022)
    #expect(machine.system.elr == TestMachine.code)
    // A call is taken as such, and its return address is the one behind it.
    machine.system.spsr = 1 << 21
    machine.system.elr = TestMachine.code + 8
    machine.pc = TestMachine.data
    _ = machine.core.run(3)
    #expect(machine.exceptionClass == .svc64)
    #expect(machine.system.spsr == 0)
    #expect(machine.system.elr == TestMachine.code + 12)
  }

  @Test func aSteppedExceptionIsMetByADebuggerFirst() throws {
    let machine = try TestMachine.withVectors()
    machine.put([SystemWord.nop, SystemWord.nop])
    step(machine)
    var control = DebugControl()
    control.exceptions.classes = [ExceptionClass.softwareStepLower.rawValue]
    machine.core.debug.control = control
    #expect(machine.core.run(10) == .caught)
    #expect(machine.pc == TestMachine.code + 4)
    #expect(machine.core.debug.caught?.exception.kind == .synchronous(syndrome: 0xcb00_0022, address: 0))
    // Going on takes it.
    _ = machine.core.run(1)
    #expect(machine.pc == TestMachine.ram + 0x400)
    #expect(machine.system.esr == 0xcb00_0022)
  }

  @Test("an unprivileged access is EL0's to the guest's watchpoints", arguments: [0b10, 0b01] as [UInt64])
  func unprivileged(levels: UInt64) throws {
    let machine = try TestMachine.withVectors()
    machine.system.dbgwvr[1] = TestMachine.data
    machine.system.dbgwcr[1] = 0xff << 5 | 0b11 << 3 | levels << 1 | 1
    enableDebug(machine)
    // KDE
    machine.system.mdscr |= 1 << 13
    machine.core.pstate = 0x1c5
    machine[x: 1] = TestMachine.data
    machine.execute(SystemWord.ldtr(0, 1))
    #expect((machine.pc != TestMachine.code + 4) == (levels == 0b10))
  }

  @Test("a watchpoint on the upper word of a doubleword, by a pointer with a tag") func upperWord() throws {
    let machine = try TestMachine.withVectors()
    machine.system.dbgwvr[1] = TestMachine.data + 4
    machine.system.dbgwcr[1] = 0x0f << 5 | 0b11 << 3 | 0b11 << 1 | 1
    enableDebug(machine)
    machine.system.mdscr |= 1 << 13
    // TBI0
    machine.system.tcr |= 1 << 37
    machine.core.noteStateChange()
    machine.core.pstate = 0x1c5
    machine[x: 1] = TestMachine.data | 0x5a << 56
    machine.execute(SystemWord.ldr(0, 1))
    #expect(machine.exceptionClass == .watchpointSame)
    #expect(machine.system.far == TestMachine.data + 4 | 0x5a << 56)
  }

  // MARK: Contexts

  /// E, BAS, and EL0.
  private static let enabled: UInt64 = 0xf << 5 | 0b10 << 1 | 1

  @Test("a breakpoint or watchpoint that is linked to a context is hit there alone", arguments: [true, false])
  func linked(isWatchpoint: Bool) throws {
    let machine = try TestMachine.withVectors()
    machine.put([SystemWord.nop, SystemWord.str(0, 1), SystemWord.nop])
    machine[x: 1] = TestMachine.data
    if isWatchpoint {
      machine.system.dbgwvr[0] = TestMachine.data
      machine.system.dbgwcr[0] = 1 << 20 | 5 << 16 | 0xff << 5 | 0b10 << 3 | 0b10 << 1 | 1
    } else {
      machine.system.dbgbvr[0] = TestMachine.code + 4
      machine.system.dbgbcr[0] = 0b0001 << 20 | 5 << 16 | Self.enabled
    }
    machine.system.dbgbvr[5] = 0x1234_5677
    machine.system.dbgbcr[5] = 0b0011 << 20 | Self.enabled
    enableDebug(machine)
    machine.enterEL0()
    machine.system.contextidr = 0x1234_5678
    _ = machine.core.run(3)
    #expect(machine.pc == TestMachine.code + 12)

    machine.pc = TestMachine.code
    machine.system.contextidr = 0x1234_5677
    _ = machine.core.run(2)
    #expect(machine.exceptionClass == (isWatchpoint ? .watchpointLower : .breakpointLower))
    #expect(machine.system.elr == TestMachine.code + 4)

    // One that is linked to what compares no context is never hit.
    for control in [0, 0b0010 << 20 | Self.enabled, 0b0011 << 20] {
      machine.system.dbgbcr[5] = control
      machine.core.noteGuestDebugChange()
      #expect(machine.core.debug.guest.breakpoints.isEmpty && machine.core.debug.guest.watchpoints.isEmpty)
    }
    machine.system.dbgbcr[3] = 0b0011 << 20 | Self.enabled
    machine.system.dbgbcr[0][bits: 16...19] = 3
    machine.system.dbgwcr[0][bits: 16...19] = 3
    machine.core.noteGuestDebugChange()
    #expect(machine.core.debug.guest.breakpoints.isEmpty && machine.core.debug.guest.watchpoints.isEmpty)
  }

  @Test func aBreakpointOnAContextIsHitByItsFirstInstruction() throws {
    let machine = try TestMachine.withVectors()
    machine.put([UInt32](repeating: SystemWord.nop, count: 4) + [SystemWord.svc(0)])
    machine.system.dbgbvr[4] = 7
    machine.system.dbgbcr[4] = 0b0010 << 20 | Self.enabled
    enableDebug(machine)
    // Not at EL1, and not in another context.
    machine.system.contextidr = 7
    machine.pc = TestMachine.code
    _ = machine.core.run(2)
    #expect(machine.pc == TestMachine.code + 8)
    machine.enterEL0()
    machine.system.contextidr = 6
    _ = machine.core.run(2)
    #expect(machine.pc == TestMachine.code + 8)
    machine.system.contextidr = 7
    _ = machine.core.run(1)
    #expect(machine.exceptionClass == .breakpointLower)
    #expect(machine.system.elr == TestMachine.code + 8)
    // Those below the last two compare none.
    machine.system.dbgbcr[4] = 0
    machine.system.dbgbcr[3] = 0b0010 << 20 | Self.enabled
    machine.core.noteGuestDebugChange()
    #expect(machine.core.debug.guest.contexts.isEmpty)
  }
}
