// TO BE REPLACED by the system level: translation, system registers, timers, the interrupt controller, firmware calls.
import ARM64
import Bits
import CPUEngine
import GuestMemory

enum SystemRegisterFile {
  /// The system registers that a debugger is shown.
  static let readable: [SystemRegister] = [.sctlrEL1, .ttbr0EL1, .ttbr1EL1, .tcrEL1, .vbarEL1]
}

extension SoftCore {
  func reset() {
    context.pointee.state = CPUState()
    context.pointee.state.isOn = index == 0
    access.finish()
    noteTranslationChange()
  }

  /// The translation registers, or what the tables hold, changed.
  func noteTranslationChange() {
    tables.clear()
    needsAttention = true
  }

  /// Where an access of a regime goes; nil where it faults, which is raised.
  func translate(_ address: UInt64, _ access: Access, _ regime: TranslationTables.Regime) -> PageMapping? {
    PageMapping(physical: address & ~0xfff, isDevice: false, isReadable: true, isWritable: true)
  }

  func translateForDebugger(_ address: UInt64) -> UInt64? { address }
  func fetchWord(_ address: UInt64) -> UInt32? { memory.load(at: GuestPhysical(address)) }
  func peek(_ register: SystemRegister) -> UInt64? { nil }
  func poke(_ register: SystemRegister, _ value: UInt64) -> Bool { false }

  /// The time at which a timer's output changes next.
  var nextTimer: UInt64? { nil }
  func fireTimers() {}

  /// Whether the CPU has something to do before a time; then, if it waits, it waits no more.
  func wakes(before end: UInt64) -> Bool {
    if context.pointee.state.wait == .none { return true }
    if irq || fiq {
      context.pointee.state.wait = .none
      return true
    }
    return false
  }

  /// Lets time go by.
  func idle(until end: UInt64) {
    let time = context.pointee.state.time
    guard time < end else { return }
    context.pointee.state.idleTime &+= end &- time
    context.pointee.state.time = end
  }
}

extension SoftMachine {
  func performInternally(_ request: BoardAccess.Request, by core: SoftCore) -> UInt64? { nil }
  func setSharedInterrupt(_ line: UInt32, _ isHigh: Bool) {}
  func performFirmwareCall(of core: SoftCore) -> SystemEvent? { nil }
}

extension DecodeTable {
  static let system: [InstructionPattern] = []
}
