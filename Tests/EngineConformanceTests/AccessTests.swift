import Bits
import CPUEngine
import Testing

@testable import HVGDBCommand

@Suite("Device accesses")
struct AccessTests {
  private static let sizes = [1, 2, 4, 8]

  @Test("stores of every size bring their bytes, and loads take theirs", arguments: Engines.all)
  func everySize(engine: any EngineFixture) throws {
    let session = try engine.session(.accessingDevice)
    let stored: UInt64 = 0x8877_6655_4433_2211
    try session.cpu.setValue(stored, of: session.kit.counter)
    for (index, size) in Self.sizes.enumerated() {
      let access = try session.access()
      #expect(access.isWrite && access.count == 1 && access.size == size)
      #expect(access.address == session.kit.doorbell.rawValue + UInt64(8 * index))
      #expect(Array(access.data) == (0..<size).map { UInt8(truncatingIfNeeded: stored >> UInt64(8 * $0)) })
    }
    for (index, size) in Self.sizes.enumerated() {
      let access = try session.access()
      #expect(!access.isWrite && access.count == 1 && access.size == size)
      #expect(access.address == session.kit.doorbell.rawValue + UInt64(8 * (4 + index)))
      for offset in 0..<size { access.data[offset] = UInt8(0x90 + offset) }
      // The load is complete only when it is settled.
      guard case .interrupted = try session.cpu.settle() else {
        Issue.record("a load of \(size) bytes takes more than one access")
        return
      }
      #expect(try session.value == 0x9796_9594_9392_9190 & UInt64.lowMask(8 * size))
      #expect(try session.programCounter == session.address(5 + index))
    }
  }

  @Test("settling executes nothing but the access", arguments: Engines.all)
  func settle(engine: any EngineFixture) throws {
    let session = try engine.session(.accessingDevice)
    _ = try session.access()
    for _ in 0..<3 {
      guard case .interrupted = try session.cpu.settle() else {
        Issue.record("settling went on to another access")
        return
      }
      #expect(try session.programCounter == session.address(1))
    }
    let next = try session.access()
    #expect(next.address == session.kit.doorbell.rawValue + 8)
  }

  @Test("settling a CPU that waits for nothing changes nothing", arguments: Engines.all)
  func settleIdle(engine: any EngineFixture) throws {
    let session = try engine.session(.counting)
    for _ in 0..<3 { _ = try session.stepped() }
    _ = try session.cpu.settle()
    #expect(try session.programCounter == session.address(3))
    #expect(try session.counter == 1)
    #expect(try session.stepped().programCounter == session.address(4))
  }
}

@Suite("Exceptions and interrupts")
struct ExceptionTests {
  @Test("an undefined instruction goes to the guest's handler", arguments: Engines.all)
  func undefined(engine: any EngineFixture) throws {
    let session = try engine.session(.undefinedInstruction)
    #expect(try session.rung() == session.kit.handlerMark)
    // The handler returns to the instruction, which is as undefined as before.
    #expect(try session.rung() == 2 * session.kit.handlerMark)
  }

  @Test("an interrupt line reaches the handler, which returns to the loop", arguments: Engines.all)
  func line(engine: any EngineFixture) throws {
    let session = try engine.session(.interruptible)
    let loop = session.program.instructions.indices.map(session.address)
    _ = try session.event(.breakpoints([session.address(0)]))
    try session.machine.setInterruptLine(session.kit.interruptLine, asserted: true)
    try session.cpu.setDebug(.none)
    #expect(try session.rung() >= session.kit.handlerMark)
    try session.machine.setInterruptLine(session.kit.interruptLine, asserted: false)
    _ = try session.cpu.settle()
    #expect(try !loop.contains(session.programCounter))
    #expect(try loop.contains(session.stepped().programCounter))
  }

  @Test("a line that is raised from another thread calls the guest", arguments: Engines.all)
  func lineFromElsewhere(engine: any EngineFixture) throws {
    let session = try engine.session(.interruptible)
    _ = try session.event(.breakpoints([session.address(0)]))
    try session.cpu.setDebug(.none)
    let machine = session.machine
    let line = session.kit.interruptLine
    inBackground {
      pause(microseconds: 5000)
      try? machine.setInterruptLine(line, asserted: true)
    }
    #expect(try session.rung() >= session.kit.handlerMark)
  }
}
