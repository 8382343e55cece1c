import ARM64
public import Architecture
public import Bits
public import CPUEngine

/// A CPU of a `SoftMachine`.
public final class SoftCPU: VirtualCPU, @unchecked Sendable {
  // SAFETY: (@unchecked Sendable) one thread at a time runs the CPU or looks at it, as `VirtualCPU` demands.

  /// Its position in `VirtualMachine.cpus`.
  public let index: Int
  let core: SoftCore
  private unowned let machine: SoftMachine
  /// Where an access finds its answer.
  private let accessData = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)

  init(_ core: SoftCore, of machine: SoftMachine) {
    self.core = core
    self.machine = machine
    index = core.index
  }

  deinit { accessData.deallocate() }

  /// What the CPU does: it runs, waits for an interrupt or an event, or was not turned on.
  public var activity: CPUActivity {
    let state = core.context.pointee.state
    if !state.isOn { return .waitingForStartup }
    return state.wait == .none || state.wait == .turn ? .running : .halted
  }

  /// Runs this CPU alone until something is to be done.
  public func run() throws(EngineError) -> Exit {
    try machine.run(machine.cpus.map { $0.index == index }).exit
  }

  /// Ends a run of the machine, now or the next time.
  public func kick() { machine.kick() }

  /// Completes the instruction at hand with the board's answers.
  public func settle() throws(EngineError) -> Exit {
    guard core.access.isUnderWay else { return .interrupted }
    takeAnswer()
    return exit(of: core.run(1)) ?? .interrupted
  }

  /// Sets what the CPU stops at from the next run on.
  public func setDebug(_ control: DebugControl) throws(EngineError) {
    guard control != core.debug.control else { return }
    let isSameCode = control.breakpoints == core.debug.control.breakpoints
    let isSameData = control.watchpoints == core.debug.control.watchpoints
    core.debug.control = control
    // The tables are filled anew with what has no breakpoints and watchpoints.
    if !isSameCode { machine.rearmBreakpoints() }
    if !isSameData { core.tables.clear() }
  }

  /// Runs until the round ends; nil where nothing is to be done but to go on.
  func advance(until end: UInt64) -> Exit? {
    takeAnswer()
    if core.debug.control.singleStep {
      core.context.pointee.state.wait = .none
      core.masksInterrupts = core.debug.control.blocksInterrupts
      defer { core.masksInterrupts = false }
      if let exit = exit(of: core.run(1)) { return exit }
      return .debug(DebugEvent(programCounter: GuestVirtual(core.context.pointee.state.pc), isSingleStep: true))
    }
    let time = core.context.pointee.state.time
    let stop = min(end, core.nextTimer ?? .max)
    guard stop > time else {
      core.fireTimers()
      return nil
    }
    return exit(of: core.run(Int(clamping: stop &- time)))
  }

  private func takeAnswer() {
    guard let request = core.access.pending else { return }
    core.access.answer(answer & UInt64.lowMask(8 * request.size))
  }

  /// The bytes that the board answers with, the first one lowest.
  var answer: UInt64 {
    get { UInt64(littleEndian: accessData.load(as: UInt64.self)) }
    set { accessData.storeBytes(of: newValue.littleEndian, as: UInt64.self) }
  }

  /// What the machine is to be told of a run's end.
  private func exit(of exit: RunExit) -> Exit? {
    let pc = GuestVirtual(core.context.pointee.state.pc)
    switch exit {
    case .limit, .exception, .jump, .attention, .wait: return nil
    case .breakpoint:
      return .debug(
        DebugEvent(programCounter: pc, breakpoint: core.debug.control.breakpoints.firstIndex(of: pc)))
    case .softwareBreakpoint:
      return .debug(DebugEvent(programCounter: pc, isSoftwareBreakpoint: true))
    case .caught:
      return .debug(DebugEvent(programCounter: pc, exception: core.debug.caught?.exception))
    case .watchpoint:
      return .debug(
        DebugEvent(
          programCounter: pc, watchpoint: core.debug.hit?.watchpoint,
          accessedAddress: core.debug.hit.map { GuestVirtual($0.address) }))
    case .access:
      guard let request = core.access.pending else { return nil }
      let data = UnsafeMutableRawBufferPointer(rebasing: accessData[..<min(request.size, accessData.count)])
      answer = request.value
      return .mmio(
        BusAccess(address: request.address, size: request.size, count: 1, isWrite: request.isWrite, data: data))
    case .firmware: return machine.performFirmwareCall(of: core).map { .system($0) }
    }
  }

  /// Takes the exception of a breakpoint instruction that is not the debugger's.
  public func reflect(_ event: DebugEvent) throws(EngineError) -> GuestVirtual? {
    core.reflect(event)
    return GuestVirtual(core.context.pointee.state.pc)
  }

  /// Translates an address by the CPU's own walk.
  public func translate(_ address: GuestVirtual) throws(EngineError) -> GuestPhysical? {
    core.translateForDebugger(address.rawValue).map { GuestPhysical($0) }
  }

  // MARK: Registers

  /// Writes a register's value to the start of `buffer`.
  public func readRegister(_ index: RegisterIndex, into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) {
    guard let description = machine.registerFile.table[index], buffer.count >= description.byteCount else {
      throw EngineError("a buffer of \(buffer.count) bytes does not fit register \(index.rawValue)")
    }
    let register = machine.registerFile.registers[index.rawValue]
    var value: (UInt64, UInt64) = (0, 0)
    if case .vector(let number) = register {
      let vector = core.context.pointee.state.v[number]
      value = (vector.x.littleEndian, vector.y.littleEndian)
    } else {
      value.0 = try integer(register).littleEndian
    }
    withUnsafeBytes(of: value) { bytes in
      let count = min(bytes.count, description.byteCount)
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
    }
  }

  /// Sets a register.
  public func writeRegister(_ index: RegisterIndex, from bytes: UnsafeRawBufferPointer) throws(EngineError) {
    guard let description = machine.registerFile.table[index], bytes.count >= description.byteCount else {
      throw EngineError("a value of \(bytes.count) bytes does not fit register \(index.rawValue)")
    }
    let register = machine.registerFile.registers[index.rawValue]
    var value: (UInt64, UInt64) = (0, 0)
    withUnsafeMutableBytes(of: &value) { target in
      target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<min(16, description.byteCount)]))
    }
    if case .vector(let number) = register {
      core.context.pointee.state.v[number] = SIMD2(UInt64(littleEndian: value.0), UInt64(littleEndian: value.1))
    } else {
      try setInteger(register, UInt64(littleEndian: value.0))
    }
  }

  /// Sets registers one after another.
  public func setValues(_ values: [(RegisterIndex, UInt64)]) throws(EngineError) {
    for (index, value) in values { try setValue(value, of: index) }
  }

  private func integer(_ register: ARM64Register) throws(EngineError) -> UInt64 {
    let state = core.context.pointee.state
    switch register {
    case .general(let number): return state.x[number]
    case .sp: return state.x[Int(RegisterNumber.sp)]
    case .pc: return state.pc
    case .pstate: return state.pstate
    case .fpsr: return state.fpsr
    case .fpcr: return state.fpcr
    case .system(let register):
      guard let value = core.peek(register) else { throw EngineError("this CPU has no readable \(register)") }
      return value
    case .vg, .pointerMask, .vector, .scalableVector, .predicate, .ffr:
      throw EngineError("this CPU has no register \(register)")
    }
  }

  private func setInteger(_ register: ARM64Register, _ value: UInt64) throws(EngineError) {
    switch register {
    case .general(let number): core.context.pointee.state.x[number] = value
    case .sp: core.context.pointee.state.x[Int(RegisterNumber.sp)] = value
    case .pc:
      core.context.pointee.state.pc = value
      // A wait may end at any time; one at another instruction is none.
      core.context.pointee.state.wait = .none
    case .pstate:
      if core.context.pointee.state.system.pmu.isCounting { core.setPMU(at: core.context.pointee.state.time) }
      defer { core.notePMUChange() }
      guard [.el0t, .el1t, .el1h].contains(PSTATE(rawValue: value).mode) else {
        throw EngineError("this CPU has EL0t, EL1t and EL1h alone")
      }
      core.pstate = value & SoftCore.stateBits
    case .fpsr: core.context.pointee.state.fpsr = value & SystemRegisterFile.fpsrWritable
    case .fpcr: core.context.pointee.state.fpcr = value & SystemRegisterFile.fpcrWritable
    case .system(let register):
      guard core.poke(register, value) else { throw EngineError("\(register) of this CPU cannot be set") }
    case .vg, .pointerMask, .vector, .scalableVector, .predicate, .ffr:
      throw EngineError("this CPU has no register \(register)")
    }
  }
}
