import Architecture
import Bits
import CPUEngine
import Testing

@testable import HVGDBCommand

@Suite("Registers")
struct RegisterTests {
  @Test("every register can be read, written back and read again", arguments: Engines.all)
  func writeBack(engine: any EngineFixture) throws {
    let session = try engine.session(.counting)
    for _ in 0..<3 { _ = try session.stepped() }
    var told = 0
    for (index, register) in session.registers {
      guard let value = session.bytes(of: index) else {
        #expect(engine.optionalRegisters.contains(register.name), "\(register.name) cannot be read")
        continue
      }
      told += 1
      guard session.set(index, to: value) else {
        #expect(engine.optionalRegisters.contains(register.name), "\(register.name) cannot be written")
        continue
      }
      if !engine.countingRegisters.contains(register.name) {
        #expect(session.bytes(of: index) == value, "\(register.name)")
      }
    }
    #expect(told > session.registers.count / 2)
    #expect(try session.stepped().programCounter == session.address(4))
  }

  @Test("all registers put back make the guest run as before", arguments: Engines.all)
  func snapshot(engine: any EngineFixture) throws {
    let session = try engine.session(.counting)
    for _ in 0..<7 { _ = try session.stepped() }
    let snapshot = session.snapshot()
    let first = try trace(session)

    try scramble(session)
    try snapshot.restore(to: session.cpu) { index in
      session.machine.registers[index].map { engine.optionalRegisters.contains($0.name) } ?? true
    }
    let restored = session.snapshot()
    for (index, register) in session.registers where !engine.countingRegisters.contains(register.name) {
      #expect(restored[index] == snapshot[index], "\(register.name)")
    }
    #expect(try trace(session) == first)
  }

  @Test("a register past the table and a buffer that is too short are refused", arguments: Engines.all)
  func refused(engine: any EngineFixture) throws {
    let session = try engine.session(.counting)
    let past = RegisterIndex(session.machine.registers.registers.count)
    #expect(throws: EngineError.self) { try session.cpu.value(of: past) }
    #expect(throws: EngineError.self) { try session.cpu.value(of: RegisterIndex(-1)) }
    #expect(throws: EngineError.self) { try session.cpu.setValue(0, of: past) }
    let short = [UInt8](repeating: 0, count: 3)
    #expect(throws: EngineError.self) {
      try short.withUnsafeBytes { try session.cpu.writeRegister(session.kit.counter, from: $0) }
    }
  }

  @Test("after a reset every register is what it was after power-on", arguments: Engines.all)
  func reset(engine: any EngineFixture) throws {
    let fresh = try engine.machine(cpuCount: 2)
    let powerOn = fresh.cpus.map { Snapshot(of: $0, registers: fresh.registers) }
    let activity = fresh.cpus.map(\.activity)

    let session = try engine.session(.accessingDevice, cpuCount: 2)
    let machine = session.machine
    for _ in 0..<2 { _ = try session.access() }
    try scramble(session)
    try machine.reset()
    for (cpu, expected) in zip(machine.cpus, powerOn) {
      let actual = Snapshot(of: cpu, registers: machine.registers)
      for (index, register) in session.registers where !engine.countingRegisters.contains(register.name) {
        #expect(actual[index] == expected[index], "\(register.name) of CPU \(cpu.index)")
      }
    }
    #expect(machine.cpus.map(\.activity) == activity)
  }

  @Test("a machine that was reset runs a guest again", arguments: Engines.all)
  func runAfterReset(engine: any EngineFixture) throws {
    let session = try engine.session(.accessingDevice)
    for _ in 0..<3 {
      // In the middle of a load, whose answer must not end up in the new guest's registers.
      for _ in 0..<5 { _ = try session.access() }
      try session.machine.reset()
      _ = try session.kit.load(.accessingDevice, into: session.machine, on: session.cpu, privilege: .kernel)
      #expect(try session.value == 0)
    }
    #expect(try session.access().address == session.kit.doorbell.rawValue)
  }

  /// Where the program counter and the counter go in the next steps.
  private func trace(_ session: GuestSession) throws -> [[UInt64]] {
    try (0..<40).map { _ in [try session.stepped().programCounter.rawValue, try session.counter] }
  }

  /// Changes what every architecture has.
  private func scramble(_ session: GuestSession) throws {
    let registers = session.machine.registers
    for index in [session.kit.counter, session.kit.value, session.kit.pointer, registers.stackPointer] {
      try session.cpu.setValue(0x1234_5678_9ABC, of: index)
    }
    try session.cpu.setValue(session.address(2).rawValue, of: registers.programCounter)
  }
}
