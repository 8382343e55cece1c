import ARM64
import Bits
import CPUEngine
import Testing

@testable import HVGDBCommand

/// What only arm64 does: calls of the firmware, pairs, EL0.
@Suite("arm64 execution")
struct ARM64ExecutionTests {
  private static let hypervisorCall: UInt32 = 0xD400_0002  // hvc #0

  @Test(
    "PSCI switches the machine off and resets it", arguments: Engines.arm64,
    [(0x8400_0008, true), (0x8400_0009, false)] as [(function: UInt64, isPowerOff: Bool)])
  func end(engine: any EngineFixture, call: (function: UInt64, isPowerOff: Bool)) throws {
    let guest = try ARM64Guest(on: engine, [Self.hypervisorCall])
    try guest.set(.general(0), call.function)
    guard case .system(let event) = try guest.session.exit() else {
      Issue.record("the call did not come back as an event")
      return
    }
    #expect(event == (call.isPowerOff ? .powerOff : .reset))
  }

  @Test("PSCI turns another CPU on, which starts at its entry with its context", arguments: Engines.arm64)
  func secondCPU(engine: any EngineFixture) throws {
    let guest = try ARM64Guest(
      on: engine,
      [
        Self.hypervisorCall,
        0xF900_02C0,  // str x0, [x22]
        0x1400_0000,  // b to itself
        0xD2A2_0001,  // mov x1, #0x10000000
        0xF900_0020,  // str x0, [x1]
      ], cpuCount: 2)
    let second = guest.machine.cpus[1]
    #expect(second.activity == .waitingForStartup)
    for (number, value) in [0xC400_0003, guest.machine.affinities[1], guest.address(3).rawValue, 0x77].enumerated() {
      try guest.set(.general(number), value)
    }
    #expect(try guest.session.rung() == 0)
    #expect(second.activity == .running)

    let deadline = Deadline(seconds: 20, for: second)
    while !deadline.hasPassed {
      let exit = try second.run()
      if case .interrupted = exit { continue }
      guard case .mmio(let access) = exit else { throw UnexpectedExit(exit) }
      #expect(access.isWrite && access.address == guest.session.kit.doorbell.rawValue)
      #expect(UnsafeRawBufferPointer(access.data).littleEndian(at: 0, as: UInt64.self) == 0x77)
      return
    }
    Issue.record("the second CPU did not run")
  }

  @Test("a reset leaves nothing of what a system register was set to", arguments: Engines.arm64)
  func resetSystemRegisters(engine: any EngineFixture) throws {
    let guest = try ARM64Guest(on: engine)
    let fresh = try engine.machine(cpuCount: 1)
    let registers = guest.machine.registerFile.registers.compactMap { register in
      if case .system(let register) = register { register } else { nil }
    }
    var changed = 0
    for register in registers {
      let value = try guest[.system(register)]
      // Not all of them can be set, nor all bits.
      if (try? guest.set(.system(register), ~value)) != nil, try guest[.system(register)] != value { changed += 1 }
    }
    #expect(changed > 30)
    try guest.machine.reset()
    for register in registers where !engine.countingRegisters.contains(register.name) {
      let index = try guest.index(.system(register))
      let powerOn = try fresh.cpus[0].value(of: index)
      #expect(try guest.cpu.value(of: index) == powerOn, "\(register)")
    }
    #expect(try guest[.system(.cntvctEL0)] < 1 << 60)
  }

  @Test(
    "a load of a pair is two accesses; where the hardware does not describe it, a failure with its address",
    arguments: Engines.arm64)
  func loadPair(engine: any EngineFixture) throws {
    let guest = try ARM64Guest(on: engine, [0xA940_06C0])  // ldp x0, x1, [x22]
    let doorbell = guest.session.kit.doorbell
    guard engine.describesEveryAccess else {
      guard case .failure(.undecodedAccess(let address, _)) = try guest.session.exit() else {
        Issue.record("the access did not fail")
        return
      }
      #expect(address == doorbell)
      #expect(try guest.session.programCounter == guest.address(0))
      return
    }
    for number in 0..<2 {
      let access = try guest.session.access()
      #expect(!access.isWrite && access.size == 8 && access.address == doorbell.rawValue + 8 * UInt64(number))
      access.data.initializeMemory(as: UInt8.self, repeating: UInt8(0x11 * (number + 1)))
      #expect(try guest.session.programCounter == guest.address(0))
    }
    guard case .interrupted = try guest.cpu.settle() else {
      Issue.record("a load of a pair takes more than two accesses")
      return
    }
    #expect(try guest.session.programCounter == guest.address(1))
    #expect(try guest[.general(0)] == 0x1111_1111_1111_1111)
    #expect(try guest[.general(1)] == 0x2222_2222_2222_2222)
  }

  @Test(
    "a step of the guest's own BRK ends at the first instruction of its handler",
    arguments: Engines.arm64,
    GuestPrivilege.allCases.flatMap { privilege in [true, false].map { (privilege, $0) } })
  func breakpointInstruction(
    engine: any EngineFixture, step: (privilege: GuestPrivilege, blocksInterrupts: Bool)
  ) throws {
    let guest = try ARM64Guest(on: engine, [0xD420_0540], privilege: step.privilege)  // brk #0x2a
    let unmasked: UInt64 = step.privilege == .user ? 0x300 : 0x305
    try guest.set(.pstate, unmasked)
    let vector = ExceptionVector(from: PSTATE(rawValue: unmasked))
    let handler = GuestVirtual(try guest[.system(.vbarEL1)]).wrapping(by: vector.offset)
    let event = try guest.session.stepped(blockingInterrupts: step.blocksInterrupts)
    #expect(event == DebugEvent(programCounter: handler, isSingleStep: true))
    #expect(try guest.session.programCounter == handler)
    #expect(try guest[.system(.elrEL1)] == guest.address(0).rawValue)
    #expect(try guest[.system(.spsrEL1)] == unmasked)
    #expect(try guest[.system(.esrEL1)] == 0xF200_002A)
    #expect(try guest[.pstate] & 0x3CF == 0x3C5)
  }

  @Test("a breakpoint register leaves the guest's own BRK to the guest", arguments: Engines.arm64)
  func breakpointInstructionBesideRegister(engine: any EngineFixture) throws {
    let guest = try ARM64Guest(on: engine, [0xD420_0540])
    let vector = ExceptionVector(from: .kernelEntry)
    let behind = GuestVirtual(try guest[.system(.vbarEL1)]).wrapping(by: vector.offset + 4)
    let event = try guest.session.event(.breakpoints([behind]))
    #expect(event == DebugEvent(programCounter: behind, breakpoint: 0))
    #expect(try guest[.system(.elrEL1)] == guest.address(0).rawValue)
  }

  @Test("a step that keeps interrupts away leaves no trace in the masks that the guest sees", arguments: Engines.arm64)
  func masks(engine: any EngineFixture) throws {
    let guest = try ARM64Guest(
      on: engine,
      [
        0xD503_42FF,  // msr daifclr, #2
        0xD53B_4229,  // mrs x9, daif
        0xD503_42DF,  // msr daifset, #2
        0xD53B_422A,  // mrs x10, daif
      ])
    for number in 1...4 {
      #expect(try guest.session.stepped(blockingInterrupts: true).programCounter == guest.address(number))
    }
    #expect(try guest[.general(9)] == 0x340)
    #expect(try guest[.general(10)] == 0x3C0)
    #expect(try guest[.pstate] == PSTATE.kernelEntry.rawValue)
  }

  @Test("steps and breakpoints at EL0", arguments: Engines.arm64)
  func userMode(engine: any EngineFixture) throws {
    let guest = try ARM64Guest(on: engine, privilege: .user)
    let session = guest.session
    for index in 1...50 { try #require(try session.stepped().programCounter == session.address(index)) }
    let target = session.address(3)
    #expect(try session.event(.breakpoints([target])) == DebugEvent(programCounter: target, breakpoint: 0))
    #expect(PSTATE(rawValue: try guest[.pstate]).exceptionLevel == .el0)
  }

  @Test(
    "a watchpoint of any length and alignment in 8 bytes sees a store to all of them",
    arguments: Engines.arm64.flatMap { engine in GuestPrivilege.allCases.map { (engine, $0) } },
    [(0, 1), (3, 1), (7, 1), (1, 2), (2, 5), (1, 7), (0, 8)] as [(offset: UInt64, length: Int)])
  func watchpoint(
    guest: (engine: any EngineFixture, privilege: GuestPrivilege), place: (offset: UInt64, length: Int)
  ) throws {
    let guest = try ARM64Guest(on: guest.engine, role: .accessingMemory, privilege: guest.privilege)
    var control = DebugControl()
    control.watchpoints = [
      HardwareWatchpoint(
        address: guest.session.kit.data.wrapping(by: place.offset), length: place.length, access: .write)
    ]
    let event = try guest.session.event(control)
    #expect(event.watchpoint == 0)
    // The store is not executed yet.
    #expect(event.programCounter == guest.address(0))
  }

  @Test("of watchpoints on the same bytes the one of the access is told", arguments: Engines.arm64)
  func watchpointsByAccess(engine: any EngineFixture) throws {
    let guest = try ARM64Guest(on: engine, role: .accessingMemory)
    var control = DebugControl()
    control.watchpoints = [HardwareWatchpoint.Access.read, .write].map {
      HardwareWatchpoint(address: guest.session.kit.data, length: 16, access: $0)
    }
    let store = try guest.session.event(control)
    #expect(store.watchpoint == 1 && store.programCounter == guest.address(0))
    for _ in 0..<2 { _ = try guest.session.stepped() }
    let load = try guest.session.event(control)
    #expect(load.watchpoint == 0 && load.programCounter == guest.address(2))
  }

  @Test("the stack pointer that a state selects is set apart from the other one", arguments: Engines.arm64)
  func stackPointers(engine: any EngineFixture) throws {
    let guest = try ARM64Guest(on: engine)
    try guest.set(.pstate, PSTATE.kernelEntry.rawValue & ~1)  // EL1t
    try guest.set(.sp, 0x1000)
    try guest.set(.pstate, PSTATE.kernelEntry.rawValue)
    try guest.set(.sp, 0x2000)
    #expect(try guest[.system(.spEL0)] == 0x1000)
    #expect(try guest[.system(.spEL1)] == 0x2000)
  }

  @Test("what follows from other registers can be set to what it is, and to nothing else", arguments: Engines.arm64)
  func derivedRegisters(engine: any EngineFixture) throws {
    let guest = try ARM64Guest(on: engine)
    let masks = ARM64Register.PointerMask.allCases.map(ARM64Register.pointerMask)
    for register in [.vg] + masks where guest.machine.registerFile.index(of: register) != nil {
      let value = try guest[register]
      try guest.set(register, value)
      #expect(throws: EngineError.self) { try guest.set(register, value ^ 1) }
    }
  }
}
