import Architecture
import Bits
import CPUEngine
import Host
import Machine
import Synchronization

/// A CPU whose every run plays the next scene of a script, and that keeps what it was asked for.
final class ScriptedCPU: VirtualCPU, ModelSpecificRegisters, @unchecked Sendable {
  // SAFETY: (@unchecked Sendable) used by one thread at a time, as the protocol has it; `calls` alone is shared.

  /// What a run does to the guest, and how it ends.
  typealias Scene = (ScriptedCPU) -> Exit

  /// A run as it began.
  struct Run {
    let control: DebugControl
    /// The physical addresses where a breakpoint instruction stood in the code page.
    let instructions: [UInt64]
  }

  private struct Calls {
    var runner: HostThread?
    var isKicked = false
  }

  let index: Int
  var activity = CPUActivity.running
  /// What waits to be played.
  private(set) var script: [Scene] = []
  /// Whether the CPU runs until it is called back when the script is over; otherwise that is an error.
  var isPatient = false
  private(set) var runs: [Run] = []
  private(set) var reflected: [DebugEvent] = []
  /// Where an event that is reflected brings the CPU; nil where it stays until it runs.
  var handler: UInt64?
  var modelSpecific: [UInt32: UInt64] = [:]
  /// The registers that can be neither read nor set.
  var refused: Set<String> = []

  private let table: RegisterTable
  private let placed: () -> [UInt64]
  private var values: [RegisterIndex: [UInt8]] = [:]
  private var control = DebugControl.none
  private let calls = Mutex(Calls())

  init(index: Int, table: RegisterTable, placed: @escaping () -> [UInt64]) {
    self.index = index
    self.table = table
    self.placed = placed
  }

  // MARK: What a test does

  func play(_ scene: @escaping Scene) { script.append(scene) }

  /// A single step that leads to an address.
  func step(to address: UInt64, _ effect: @escaping () -> Void = {}) {
    play { cpu in
      effect()
      cpu.programCounter = address
      return .debug(DebugEvent(programCounter: GuestVirtual(address), isSingleStep: true))
    }
  }

  /// The guest comes to a debug register's breakpoint.
  func meetBreakpoint(at address: UInt64) {
    play { cpu in
      cpu.programCounter = address
      return .debug(
        DebugEvent(
          programCounter: GuestVirtual(address),
          breakpoint: cpu.control.breakpoints.firstIndex(of: GuestVirtual(address))))
    }
  }

  /// The guest comes to a breakpoint instruction.
  func meetInstruction(at address: UInt64, _ effect: @escaping () -> Void = {}) {
    play { cpu in
      effect()
      cpu.programCounter = address
      return .debug(DebugEvent(programCounter: GuestVirtual(address), isSoftwareBreakpoint: true))
    }
  }

  /// The guest comes to an access that a debug register watches.
  func meetWatchpoint(_ number: Int, at address: UInt64) {
    play { cpu in
      cpu.programCounter = address
      return .debug(DebugEvent(programCounter: GuestVirtual(address), watchpoint: number))
    }
  }

  /// The guest is about to take an exception.
  func meetException(_ exception: CaughtException, at address: UInt64) {
    play { cpu in
      cpu.programCounter = address
      return .debug(DebugEvent(programCounter: GuestVirtual(address), exception: exception))
    }
  }

  var programCounter: UInt64 {
    get { self[table.programCounter] }
    set { self[table.programCounter] = newValue }
  }

  /// A register's value by its name.
  subscript(name: String) -> UInt64 {
    get { table.index(named: name).map { self[$0] } ?? 0 }
    set { if let index = table.index(named: name) { self[index] = newValue } }
  }

  private subscript(index: RegisterIndex) -> UInt64 {
    get { values[index]?.littleEndian(at: 0) ?? 0 }
    set { values[index] = withUnsafeBytes(of: newValue.littleEndian) { Array($0) } }
  }

  // MARK: VirtualCPU

  func run() throws(EngineError) -> Exit {
    let isKicked = calls.withLock { calls in
      defer { calls.isKicked = false }
      calls.runner = .current
      return calls.isKicked
    }
    if isKicked {
      HostThread.discardSignal()
      return .interrupted
    }
    if !script.isEmpty {
      runs.append(Run(control: control, instructions: placed()))
      return script.removeFirst()(self)
    }
    guard isPatient else { throw EngineError("the script is over") }
    HostThread.waitForSignal()
    calls.withLock { $0.isKicked = false }
    return .interrupted
  }

  func settle() throws(EngineError) -> Exit { .interrupted }

  func kick() {
    let runner = calls.withLock { calls in
      calls.isKicked = true
      return calls.runner
    }
    runner?.signal()
  }

  func setDebug(_ control: DebugControl) throws(EngineError) { self.control = control }

  func readRegister(_ index: RegisterIndex, into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) {
    let description = try description(of: index)
    let value = values[index] ?? []
    for position in 0..<min(description.byteCount, buffer.count) {
      buffer[position] = value.indices.contains(position) ? value[position] : 0
    }
  }

  func writeRegister(_ index: RegisterIndex, from bytes: UnsafeRawBufferPointer) throws(EngineError) {
    values[index] = Array(bytes.prefix(try description(of: index).byteCount))
  }

  private func description(of index: RegisterIndex) throws(EngineError) -> RegisterDescription {
    guard let description = table[index], !refused.contains(description.name) else {
      throw EngineError("no such register")
    }
    return description
  }

  func setValues(_ values: [(RegisterIndex, UInt64)]) throws(EngineError) {
    for (index, value) in values { try setValue(value, of: index) }
  }

  func reflect(_ event: DebugEvent) throws(EngineError) -> GuestVirtual? {
    reflected.append(event)
    if let handler { programCounter = handler }
    return handler.map { GuestVirtual($0) }
  }

  func translate(_ address: GuestVirtual) throws(EngineError) -> GuestPhysical? { nil }

  // MARK: ModelSpecificRegisters

  func readMSR(_ index: UInt32) throws(EngineError) -> UInt64 {
    guard let value = modelSpecific[index] else { throw EngineError("the CPU has no such MSR") }
    return value
  }

  func writeMSR(_ index: UInt32, _ value: UInt64) throws(EngineError) {
    guard modelSpecific[index] != nil else { throw EngineError("the CPU has no such MSR") }
    modelSpecific[index] = value
  }
}
