import ARM64
import Bits
import CPUEngine
import Host
import Testing

@testable import SoftEngine

@Suite("Exceptions that a debugger wants to see")
struct CaughtExceptionTests {
  /// STR X0, [X2]: with X2 at the doorbell it ends a run.
  private static let ring: UInt32 = 0xF900_0040
  private static let vectors = TestMachine.code + 0x1000
  /// From EL1 with SP_EL1.
  private static let synchronous = vectors + 0x200

  private static func machine(_ word: UInt32) throws -> TestMachine {
    HostThread.blockSignals()
    let machine = try TestMachine()
    machine.put([word, ring])
    machine.put([ring], at: synchronous)
    machine.put([ring], at: synchronous + 0x80)
    machine.core.context.pointee.state.system.vbar = vectors
    machine[x: 1] = TestMachine.data + 1
    machine[x: 2] = BusyGuest.doorbell
    return machine
  }

  private static let words: [(word: UInt32, exceptionClass: ExceptionClass, returnsTo: UInt64)] = [
    (0xD400_0021, .svc64, TestMachine.code + 4),
    (0x0000_0000, .unknown, TestMachine.code),
    (0xD420_0000, .brk64, TestMachine.code),
    // LDR X0, [X1], misaligned with the MMU off
    (0xF940_0020, .dataAbortSame, TestMachine.code),
  ]

  @Test("stop the CPU before they are taken, with nothing changed; going on takes them", arguments: words)
  func synchronous(word: UInt32, exceptionClass: ExceptionClass, returnsTo: UInt64) throws {
    let machine = try Self.machine(word)
    let before = machine.core.state
    var control = DebugControl()
    // The filter has the classes as from a lower level.
    control.exceptions.classes = [
      exceptionClass == .dataAbortSame ? ExceptionClass.dataAbortLower.rawValue : exceptionClass.rawValue
    ]
    try machine.machine.cpus[0].setDebug(control)
    guard case .debug(let event) = try machine.machine.runToExit([true]).exit,
      case .synchronous(let syndrome, _) = event.exception?.kind
    else {
      Issue.record("the exception was not met")
      return
    }
    #expect(event.programCounter.rawValue == TestMachine.code)
    #expect(ExceptionSyndrome(rawValue: syndrome).exceptionClass == exceptionClass)
    #expect(machine.core.state == before)

    guard case .mmio = try machine.machine.runToExit([true]).exit else {
      Issue.record("the exception was not taken")
      return
    }
    #expect(machine.pc == Self.synchronous)
    #expect(machine.core.state.system.elr == returnsTo)
  }

  @Test("are taken where nobody wants to see them", arguments: words)
  func unwanted(word: UInt32, exceptionClass: ExceptionClass, returnsTo: UInt64) throws {
    let machine = try Self.machine(word)
    var control = DebugControl()
    control.exceptions.classes = [ExceptionClass.illegalState.rawValue]
    control.exceptions.interrupts = true
    try machine.machine.cpus[0].setDebug(control)
    guard case .mmio = try machine.machine.runToExit([true]).exit else {
      Issue.record("the exception was not taken")
      return
    }
    #expect(machine.pc == Self.synchronous)
    #expect(machine.core.state.system.elr == returnsTo)
  }

  @Test("can be interrupts", arguments: [true, false])
  func interrupt(isWanted: Bool) throws {
    // NOP
    let machine = try Self.machine(0xD503_201F)
    machine.core.pstate = 0x345
    machine.core.irq = true
    var control = DebugControl()
    control.exceptions.interrupts = isWanted
    try machine.machine.cpus[0].setDebug(control)
    if isWanted {
      guard case .debug(let event) = try machine.machine.runToExit([true]).exit else {
        Issue.record("the interrupt was not met")
        return
      }
      #expect(event.exception == CaughtException(kind: .irq))
      #expect(machine.pc == TestMachine.code)
    }
    guard case .mmio = try machine.machine.runToExit([true]).exit else {
      Issue.record("the interrupt was not taken")
      return
    }
    #expect(machine.pc == Self.synchronous + 0x80)
    #expect(machine.core.state.system.elr == TestMachine.code)
  }
}
