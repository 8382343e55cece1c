import ARM64
import Architecture
import Bits
import CPUEngine
import GDBRemote
import GuestMemory
import Machine
import Synchronization
import Testing

@testable import Debugger

/// A debugger over scripted arm64 CPUs at EL1 with the MMU on, in granules of 4 KiB and addresses of 39 bits.
///
/// RAM is the 4 MiB from 0x4000_0000 on. The lower half has pages where a test maps them; `code` is mapped from the
/// start. The upper half is one block of 2 MiB.
final class ARM64Fixture: ClientFixture {
  static let ram = GuestPhysical(0x4000_0000)
  /// The page in which the breakpoints of the tests stand, and its place.
  static let code: UInt64 = 0x8000
  static let codePlace: UInt64 = 0x4000_8000
  /// The kernel's block and its place.
  static let kernel: UInt64 = 0xffff_ff80_0000_0000
  static let kernelPlace: UInt64 = 0x4020_0000
  /// BRK #0.
  static let brk: UInt32 = 0xd420_0000

  private static let lowerTables: [UInt64] = [0x4000_1000, 0x4000_2000, 0x4000_3000]
  private static let upperTables: [UInt64] = [0x4000_4000, 0x4000_5000]

  static let systemRegisters: [SystemRegister] = [
    .sctlrEL1, .tcrEL1, .ttbr0EL1, .ttbr1EL1, .mairEL1, .esrEL1, .elrEL1, .spsrEL1, .farEL1, .tpidrEL0,
    .idAA64MMFR0EL1, .idAA64MMFR1EL1, .idAA64MMFR2EL1, SystemRegister(op0: 3, op1: 3, crn: 15, crm: 2, op2: 7),
  ]

  let debugger: Debugger
  let machine: Machine
  let virtualMachine: ScriptedMachine
  let cpus: [ScriptedCPU]
  let memory: GuestRAM
  private(set) var announcements: [String] = []

  var cpu: ScriptedCPU { cpus[0] }

  init(
    cpuCount: Int = 1, watchpointsFire: Bool = true, systemRegisters: [SystemRegister] = ARM64Fixture.systemRegisters,
    deviceTree: GuestPhysical? = nil
  ) throws {
    let memory = try GuestRAM([(start: Self.ram, count: 4 << 20)])
    self.memory = memory
    virtualMachine = ScriptedMachine(
      .arm64, registers: ARM64RegisterFile(systemRegisters: systemRegisters).table,
      capabilities: EngineCapabilities(
        debugRegisters: .separate(breakpoints: 2, watchpoints: 4), blocksInterruptsWhileStepping: true,
        watchpointsFire: watchpointsFire, reportsSoftwareBreakpoints: true),
      memory: memory, cpuCount: cpuCount
    ) {
      stride(from: Self.codePlace, to: Self.codePlace + 4096, by: 4)
        .filter { memory.load(at: GuestPhysical($0)) == Self.brk }
    }
    cpus = virtualMachine.scripted
    machine = try Machine(
      virtualMachine, board: ExitBoard(), console: Console(), loader: TableLoader(deviceTreeAddress: deviceTree))
    debugger = Debugger(machine)
    debugger.announce = { [unowned self] in announcements.append($0) }
    debugger.beginSession()
  }

  /// Maps one page of the first 2 MiB of virtual addresses; `attributes` are the descriptor's bits beside the address.
  ///
  /// The default is accessed, inner-shareable, writable to EL1 alone and never executable.
  static func map(_ virtual: UInt64, to physical: UInt64, attributes: UInt64 = 3 << 53 | 0x700, in memory: GuestRAM) {
    memory.store(physical | attributes | 3, at: GuestPhysical(lowerTables[2] + virtual / 4096 * 8))
  }

  func map(_ virtual: UInt64, to physical: UInt64, attributes: UInt64 = 3 << 53 | 0x700) {
    Self.map(virtual, to: physical, attributes: attributes, in: memory)
  }

  func word(_ physical: UInt64) -> UInt32? { memory.load(at: GuestPhysical(physical)) }
  func store(_ word: UInt32, at physical: UInt64) { memory.store(word, at: GuestPhysical(physical)) }

  /// Puts the tables in place and the CPUs at EL1 before the code.
  private final class TableLoader: BootLoader {
    private let nextCommandLine = Mutex<[UInt8]?>(Array("console=ttyS0".utf8))
    var commandLine: [UInt8]? {
      get { nextCommandLine.withLock { $0 } }
      set { nextCommandLine.withLock { $0 = newValue } }
    }
    let deviceTreeAddress: GuestPhysical?

    init(deviceTreeAddress: GuestPhysical?) { self.deviceTreeAddress = deviceTreeAddress }

    func prepare(
      _ machine: any VirtualMachine
    ) throws(MachineError) -> (@Sendable () throws(MachineError) -> Void)? {
      for tables in [lowerTables, upperTables] {
        for (table, next) in zip(tables, tables.dropFirst()) {
          machine.memory.store(next | 3, at: GuestPhysical(table))
        }
      }
      machine.memory.store(kernelPlace | 0x701, at: GuestPhysical(upperTables[1]))
      map(code, to: codePlace, attributes: 0x700, in: machine.memory)
      for case let cpu as ScriptedCPU in machine.cpus {
        cpu["id_aa64mmfr0_el1"] = 0x10_0006
        cpu["id_aa64mmfr2_el1"] = 0x1000_0000
        cpu["tcr_el1"] = 25 | 25 << 16 | 2 << 30 | 1 << 32
        cpu["ttbr0_el1"] = lowerTables[0]
        cpu["ttbr1_el1"] = upperTables[0]
        cpu["mair_el1"] = 0xff
        cpu["sctlr_el1"] = 1
        cpu["cpsr"] = 0x3c5
        cpu.programCounter = code
      }
      return nil
    }
  }
}
