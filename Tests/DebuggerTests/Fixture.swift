import Architecture
import Bits
import CPUEngine
import Devices
import GDBRemote
import GuestMemory
import KernelSymbols
import Machine
import Synchronization
import Testing
import X86

@testable import Debugger

/// A debugger over scripted CPUs in long mode, whose page tables a test fills.
///
/// RAM is at 0 to 1 MiB and at 2 to 3 MiB, with a hole between. The first MiB of virtual addresses is mapped page by
/// page; `code` is mapped to itself from the start.
final class Fixture: ClientFixture {
  /// The page in which the breakpoints of the tests stand.
  static let code: UInt64 = 0x8000
  static let entry: UInt64 = 0x8000
  private static let tables: [UInt64] = [0x1000, 0x2000, 0x3000, 0x4000]

  let machine: Machine
  let debugger: Debugger
  let cpus: [ScriptedCPU]
  let memory: GuestRAM
  private(set) var announcements: [String] = []

  var cpu: ScriptedCPU { cpus[0] }

  init(
    cpuCount: Int = 1, watchpointsFire: Bool = true, cpuid: [CPUIDTable] = [], kernel: LoadedKernel? = nil,
    symbols: KernelSymbolTable? = nil
  ) throws {
    let memory = try GuestRAM([
      (start: GuestPhysical(0), count: 1 << 20), (start: GuestPhysical(2 << 20), count: 1 << 20),
    ])
    self.memory = memory
    let virtualMachine = ScriptedMachine(
      .x86_64, registers: X86RegisterFile(hasAVX: false).table,
      capabilities: EngineCapabilities(
        debugRegisters: .shared(count: 4), blocksInterruptsWhileStepping: true, watchpointsFire: watchpointsFire,
        reportsSoftwareBreakpoints: true),
      memory: memory, cpuCount: cpuCount
    ) {
      (Self.code..<Self.code + 4096).filter { memory.load(at: GuestPhysical($0)) == UInt8(0xCC) }
    }
    cpus = virtualMachine.scripted
    machine = try Machine(
      virtualMachine, board: ExitBoard(), console: Console(), loader: TableLoader(kernel), cpuid: cpuid)
    debugger = Debugger(machine, symbols.map { KernelSymbolFile(kernel, $0) } ?? KernelSymbolFile(kernel))
    debugger.announce = { [unowned self] in announcements.append($0) }
    debugger.beginSession()
  }

  /// Maps one page of the first 2 MiB of virtual addresses.
  static func map(_ virtual: UInt64, to physical: UInt64, in memory: GuestRAM) {
    memory.store(physical | 7, at: GuestPhysical(tables[3] + virtual / 4096 * 8))
  }

  /// Maps what is mapped at the start of the virtual addresses from another multiple of 512 GiB on as well.
  func mapLowAddresses(at virtual: UInt64) {
    memory.store(Self.tables[1] | 7, at: GuestPhysical(Self.tables[0] + (virtual >> 39 & 0x1FF) * 8))
  }

  func map(_ virtual: UInt64, to physical: UInt64) { Self.map(virtual, to: physical, in: memory) }

  func byte(_ physical: UInt64) -> UInt8? { memory.load(at: GuestPhysical(physical)) }

  /// Puts the first tables in place and CPU 0 into long mode at the entry.
  private final class TableLoader: BootLoader {
    let kernel: LoadedKernel?
    private let nextCommandLine = Mutex<[UInt8]?>(Array("console=ttyS0".utf8))
    var commandLine: [UInt8]? {
      get { nextCommandLine.withLock { $0 } }
      set { nextCommandLine.withLock { $0 = newValue } }
    }

    init(_ kernel: LoadedKernel?) { self.kernel = kernel }

    func prepare(
      _ machine: any VirtualMachine
    ) throws(MachineError) -> (@Sendable () throws(MachineError) -> Void)? {
      // Only the lower half is mapped.
      for entry in 1..<UInt64(512) { machine.memory.store(UInt64(0), at: GuestPhysical(tables[0] + entry * 8)) }
      for (table, next) in zip(tables, tables.dropFirst()) {
        machine.memory.store(next | 7, at: GuestPhysical(table))
      }
      Fixture.map(code, to: code, in: machine.memory)
      for case let cpu as ScriptedCPU in machine.cpus {
        cpu["cr0"] = 0x8000_0001
        cpu["cr3"] = tables[0]
        cpu["cr4"] = 1 << 5
        cpu["efer"] = 0x500
        cpu["cs_attr"] = 0xA09B
        cpu["rip"] = entry
      }
      return nil
    }
  }
}

/// A debugger with a client that uses it.
protocol ClientFixture {
  var debugger: Debugger { get }
}

extension ClientFixture {
  /// Goes on as `request` wants until a stop; nobody interrupts.
  func resume(_ actions: ResumeRequest.Clause...) throws -> StopEvent {
    try debugger.resume(ResumeRequest(actions), attention: { false })
  }

  func proceed() throws -> StopEvent { try resume(.init(.resume)) }

  func insert(_ kind: BreakpointKind, at addresses: UInt64..., length: UInt64 = 1) throws(TargetError) {
    for address in addresses {
      try debugger.insertBreakpoint(kind, at: address, length: length, of: ThreadID(1))
    }
  }

  func remove(_ kind: BreakpointKind, at address: UInt64, length: UInt64 = 1) throws(TargetError) {
    try debugger.removeBreakpoint(kind, at: address, length: length, of: ThreadID(1))
  }

  func read(_ address: UInt64, _ count: Int) throws(TargetError) -> [UInt8] {
    var buffer = [UInt8](repeating: 0xEE, count: count)
    var outcome: Result<Int, TargetError> = .success(0)
    buffer.withUnsafeMutableBytes { bytes in
      do throws(TargetError) {
        outcome = .success(try debugger.readMemory(at: address, of: ThreadID(1), into: bytes))
      } catch { outcome = .failure(error) }
    }
    return Array(buffer.prefix(try outcome.get()))
  }

  func write(_ address: UInt64, _ bytes: [UInt8]) throws(TargetError) {
    var outcome: Result<Void, TargetError> = .success(())
    bytes.withUnsafeBytes { bytes in
      do throws(TargetError) {
        try debugger.writeMemory(at: address, of: ThreadID(1), from: bytes)
      } catch { outcome = .failure(error) }
    }
    try outcome.get()
  }

  /// Sets a register of CPU 0 as the client does.
  func set(_ name: String, to value: UInt64) throws {
    let index = try #require(debugger.registers.index(named: name))
    try withUnsafeBytes(of: value.littleEndian) { bytes in
      try debugger.writeRegister(index, of: ThreadID(1), from: bytes)
    }
  }

  func monitor(_ command: String) throws(TargetError) -> String {
    try debugger.monitor(command, of: ThreadID(1)).text
  }
}

/// A virtual machine of scripted CPUs.
final class ScriptedMachine: VirtualMachine {
  let architecture: GuestArchitecture
  let registers: RegisterTable
  let capabilities: EngineCapabilities
  let memory: GuestRAM
  let scripted: [ScriptedCPU]
  var cpus: [any VirtualCPU] { scripted }
  /// The memory that the CPUs were told of, in order.
  var patches: [Range<UInt64>] { told.withLock { $0 } }
  private let told = Mutex<[Range<UInt64>]>([])

  /// Makes the machine; `placed` tells the physical addresses where a breakpoint instruction stands.
  init(
    _ architecture: GuestArchitecture, registers: RegisterTable, capabilities: EngineCapabilities, memory: GuestRAM,
    cpuCount: Int, placed: @escaping () -> [UInt64]
  ) {
    self.architecture = architecture
    self.registers = registers
    self.capabilities = capabilities
    self.memory = memory
    scripted = (0..<cpuCount).map { ScriptedCPU(index: $0, table: registers, placed: placed) }
  }

  func setInterruptLine(_ line: UInt32, asserted: Bool) throws(EngineError) {}
  func reset() throws(EngineError) {}
  func synchronizeMemory(at address: GuestPhysical, count: Int) {
    told.withLock { $0.append(address.rawValue..<address.rawValue + UInt64(count)) }
  }
}

/// A strict board with nothing on it but a port by which the guest ends itself.
final class ExitBoard: Board {
  let name = "exit"

  func port(_ access: BusAccess) -> StopReport.Cause? {
    access.data.first.map { .request(.exit(status: UInt32($0))) }
  }
  func mmio(_ access: BusAccess) -> StopReport.Cause? {
    .unmapped(
      UnmappedAccess(address: GuestPhysical(access.address), size: access.size, isWrite: access.isWrite))
  }
  func reset() {}
  func type(_ bytes: [UInt8]) {}
}
