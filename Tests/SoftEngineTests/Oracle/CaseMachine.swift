import ARM64
import Bits
import CPUEngine
import Foundation
import GuestMemory
import Testing

@testable import SoftEngine

/// A software CPU that executes cases at EL0, each to its first exception.
final class CaseMachine {
  /// Why a case came to no result.
  struct Failure: Error {
    let reason: String
  }

  private let machine: SoftMachine
  private let core: SoftCore
  /// The state that cases begin in.
  private let base: CPUState
  /// The scratch page.
  private let scratch: UnsafeMutableRawPointer
  /// What the scratch page held as the case in hand began.
  private var memoryBefore = CaseState.memory

  /// Where exceptions from EL0 go.
  private static let vector = Page.vectors.address + 0x400

  init() throws {
    let memory = try GuestRAM(Page.allCases.map { (GuestPhysical($0.address), UInt64(CaseState.pageSize)) })
    machine = try SoftMachine(memory: memory, options: .init(cpuCount: 1))
    core = try #require(machine.cores.first)
    scratch = try #require(memory.bytes(at: GuestPhysical(Page.scratch.address))?.baseAddress)
    Page.store(in: memory)
    for (index, word) in CaseState.memory.enumerated() {
      scratch.storeBytes(of: word, toByteOffset: 8 * index, as: UInt64.self)
    }

    var control = DebugControl()
    control.breakpoints = [GuestVirtual(Self.vector)]
    try #require(machine.softCPUs.first).setDebug(control)
    base = Self.baseState(from: core.state)
    // The translation registers of all cases; putting only a case's own state in place keeps the translations.
    core.state = base
  }

  private static func baseState(from reset: CPUState) -> CPUState {
    var state = reset
    state.mode = 0  // EL0
    state.pc = CaseState.code
    for (number, value) in CaseState.general.enumerated() { state.x[number] = value }
    state.x[Int(RegisterNumber.sp)] = CaseState.stackPointer
    for (number, value) in CaseState.vectors.enumerated() { state.v[number] = SIMD2(value) }
    state.system.tpidrEL0 = CaseState.threadPointer
    state.system.vbar = Page.vectors.address
    state.system.ttbr0 = Page.level1.address
    state.system.mair = 0xff  // attribute 0: write-back
    state.system.tcr = Control.tcr
    state.system.sctlr = Control.sctlr
    state.system.cpacr = 3 << 20  // FPEN: no traps
    return state
  }

  /// Executes a case, which leaves nothing behind but decoded instructions and translations.
  func execute(_ example: OracleCase) throws -> OracleResult {
    var before = base
    for input in example.inputs { apply(input, to: &before) }
    store(example.words)
    core.context.pointee.state = before
    core.needsAttention = true
    try run()
    return try result(example, before, core.context.pointee.state)
  }

  /// Puts the words at the start of the code page, and zeros to the next multiple of eight of them.
  private func store(_ words: [UInt32]) {
    var code = words
    code.append(contentsOf: repeatElement(0, count: 16 - words.count % 8))
    code.withUnsafeBytes { machine.patchMemory(at: GuestPhysical(CaseState.code), from: $0) }
  }

  private func apply(_ input: StateValue, to state: inout CPUState) {
    let value = UInt64(truncatingIfNeeded: input.value)
    switch input.part {
    case .general(let number): state.x[number] = value
    case .stackPointer: state.x[Int(RegisterNumber.sp)] = value
    case .flags:
      (state.n, state.z, state.c, state.overflow) = (value[bit: 31], value[bit: 30], value[bit: 29], value[bit: 28])
    case .fpcr: state.fpcr = value
    case .fpsr: state.fpsr = value
    case .threadPointer: state.system.tpidrEL0 = value
    case .vector(let number): state.v[number] = SIMD2(input.value)
    case .memory(let offset):
      memoryBefore[offset / 8] = value
      scratch.storeBytes(of: value, toByteOffset: offset, as: UInt64.self)
    case .programCounter, .faultAddress: break
    }
  }

  /// Runs to the vector.
  private func run() throws {
    // Branches go forward, or round a few times; what takes longer never ends.
    let exit = core.run(1 << 20)
    guard exit == .breakpoint, core.context.pointee.state.pc == Self.vector else {
      throw Failure(reason: "no exception: \(exit)")
    }
  }

  // MARK: The result

  private func result(_ example: OracleCase, _ before: CPUState, _ after: CPUState) throws -> OracleResult {
    var values: [StateValue] = []
    func compare(_ part: StatePart, _ new: UInt64, _ old: UInt64) {
      if new != old { values.append(StateValue(part, UInt128(new))) }
    }
    for number in 0..<31 { compare(.general(number), after.x[number], before.x[number]) }
    compare(.stackPointer, after.spEL0, before.x[Int(RegisterNumber.sp)])
    compare(.programCounter, after.system.elr &- CaseState.code, UInt64(4 * example.words.count))
    compare(.flags, after.system.spsr & 0xf000_0000, before.pstate & 0xf000_0000)
    compare(.fpcr, after.fpcr, before.fpcr)
    compare(.fpsr, after.fpsr, before.fpsr)
    compare(.threadPointer, after.system.tpidrEL0, before.system.tpidrEL0)
    let outcome = try outcome(after.system.esr)
    if outcome == .abort || outcome == .alignment {
      values.append(StateValue(.faultAddress, UInt128(after.system.far)))
    }
    for number in 0..<32 where after.v[number] != before.v[number] {
      values.append(StateValue(.vector(number), UInt128(after.v[number])))
    }
    takeMemory(into: &values)
    return OracleResult(outcome: outcome, values: values)
  }

  /// Compares the scratch page, and puts back what it holds at first.
  private func takeMemory(into values: inout [StateValue]) {
    guard memcmp(scratch, CaseState.memory, CaseState.pageSize) != 0 || memoryBefore != CaseState.memory else {
      return
    }
    for (index, old) in memoryBefore.enumerated() {
      let word = scratch.load(fromByteOffset: 8 * index, as: UInt64.self)
      if word != old { values.append(StateValue(.memory(8 * index), UInt128(word))) }
      let first = CaseState.memory[index]
      if word != first { scratch.storeBytes(of: first, toByteOffset: 8 * index, as: UInt64.self) }
      if old != first { memoryBefore[index] = first }
    }
  }

  /// What Linux makes of an exception.
  private func outcome(_ syndrome: UInt64) throws -> OracleOutcome {
    switch ExceptionClass(rawValue: UInt8(syndrome[bits: 26...31])) {
    case .unknown, .systemRegister: .undefined
    case .brk64: .breakpoint
    case .dataAbortLower where syndrome[bits: 0...5] == 0b100001: .alignment
    case .dataAbortLower, .instructionAbortLower: .abort
    case .pcAlignment, .spAlignment: .alignment
    default: throw Failure(reason: "an exception with the syndrome \(String(syndrome, radix: 16))")
    }
  }
}

extension SIMD2<UInt64> {
  fileprivate init(_ value: UInt128) {
    self.init(UInt64(truncatingIfNeeded: value), UInt64(truncatingIfNeeded: value >> 64))
  }
}

extension UInt128 {
  fileprivate init(_ vector: SIMD2<UInt64>) { self = UInt128(vector.y) << 64 | UInt128(vector.x) }
}
