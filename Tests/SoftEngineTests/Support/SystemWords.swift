import ARM64
import Devices
import Testing

@testable import SoftEngine

/// Words of the system level.
enum SystemWord {
  static let eret: UInt32 = 0xd69f_03e0
  static let nop: UInt32 = 0xd503_201f
  static let wfe: UInt32 = 0xd503_205f
  static let wfi: UInt32 = 0xd503_207f
  static let sev: UInt32 = 0xd503_209f
  static let isb: UInt32 = 0xd503_3fdf

  static func mrs(_ rt: UInt32, _ register: SystemRegister) -> UInt32 {
    0xd520_0000 | UInt32(register.rawValue) << 5 | rt
  }

  static func msr(_ register: SystemRegister, _ rt: UInt32) -> UInt32 {
    0xd500_0000 | UInt32(register.rawValue) << 5 | rt
  }

  /// SYS, by the operands of its assembly.
  static func sys(_ op1: UInt8, _ crn: UInt8, _ crm: UInt8, _ op2: UInt8, _ rt: UInt32) -> UInt32 {
    msr(SystemRegister(op0: 1, op1: op1, crn: crn, crm: crm, op2: op2), rt)
  }

  static func svc(_ number: UInt32) -> UInt32 { 0xd400_0001 | number << 5 }
  static func hvc(_ number: UInt32) -> UInt32 { 0xd400_0002 | number << 5 }
  static func brk(_ number: UInt32) -> UInt32 { 0xd420_0000 | number << 5 }
  /// LDR Xt, [Xn].
  static func ldr(_ rt: UInt32, _ rn: UInt32) -> UInt32 { 0xf940_0000 | rn << 5 | rt }
  /// STR Xt, [Xn].
  static func str(_ rt: UInt32, _ rn: UInt32) -> UInt32 { 0xf900_0000 | rn << 5 | rt }
  /// LDTR Xt, [Xn].
  static func ldtr(_ rt: UInt32, _ rn: UInt32) -> UInt32 { 0xf840_0800 | rn << 5 | rt }

  /// A register of the table, by its name.
  static func register(_ name: String) throws -> SystemRegister { try #require(SystemRegister(named: name)) }
}

extension TestMachine {
  /// The system registers that storage keeps, by their places.
  var system: SystemState {
    get { core.context.pointee.state.system }
    set {
      core.context.pointee.state.system = newValue
      core.noteStateChange()
    }
  }

  /// The class in ESR_EL1.
  var exceptionClass: ExceptionClass? { ExceptionSyndrome(rawValue: system.esr).exceptionClass }

  /// What an exception's vector is at: at the start of RAM, where nothing else is.
  func setVectors() { system.vbar = Self.ram }

  /// A machine whose vectors are set.
  static func withVectors() throws -> TestMachine {
    let machine = try TestMachine()
    machine.setVectors()
    return machine
  }

  /// Has an SGI or PPI be signalled to the first CPU, whatever PSTATE masks.
  func enablePrivateInterrupt(_ number: UInt32) {
    // GICR_ISENABLER0, GICD_CTLR's groups, ICC_PMR and ICC_IGRPEN1.
    _ = machine.interruptController.write(1 << UInt64(number), to: .redistributors, at: 0x1_0100, size: 4)
    _ = machine.interruptController.write(3, to: .distributor, at: 0, size: 4)
    _ = machine.interruptController.write(0xff, to: .priorityMask, of: 0)
    _ = machine.interruptController.write(1, to: .groupEnable1, of: 0)
    machine.updateInterrupts()
  }

  /// Goes on at EL0, at an address.
  func enterEL0(at address: UInt64 = TestMachine.code) {
    core.pstate = 0
    pc = address
  }
}
