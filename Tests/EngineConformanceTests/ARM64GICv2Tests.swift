#if arch(arm64)
  import ARM64
  import Bits
  import CPUEngine
  import GuestMemory
  import Host
  import KVMEngine
  import Machine
  import Testing

  /// What a host without a GICv3 gives its guests: `machine.sh --gic 2` is one.
  @Suite("GICv2", .enabled(if: GICv2Guest.isThere, "this host's KVM gives guests a GICv3"))
  struct ARM64GICv2Tests {
    @Test("an interrupt comes by the distributor and the CPU interface")
    func interrupt() throws {
      let guest = try GICv2Guest()
      guest.store(
        [
          0xD2A1_0001,  // mov x1, #0x8000000 (the distributor)
          0xD2A1_0022,  // mov x2, #0x8010000 (the CPU interface)
          0xD280_0023,  // mov x3, #1
          0xD280_0404,  // mov x4, #0x20
          0xD280_1FE6,  // mov x6, #0xff
          0xB900_0023,  // str w3, [x1] (GICD_CTLR)
          0xB901_0424,  // str w4, [x1, #0x104] (GICD_ISENABLER1)
          0x3920_9423,  // strb w3, [x1, #0x825] (GICD_ITARGETSR of 37)
          0xB900_0446,  // str w6, [x2, #4] (GICC_PMR)
          0xB900_0043,  // str w3, [x2] (GICC_CTLR)
          0xD503_42FF,  // msr daifclr, #2
          0x1400_0000,  // b to itself
        ], at: GICv2Guest.entry)
      guest.store(
        [
          0xB940_0C47,  // ldr w7, [x2, #12] (GICC_IAR)
          0xF900_02C7,  // str x7, [x22]
        ], at: GICv2Guest.interruptVector)
      try guest.machine.setInterruptLine(5, asserted: true)
      #expect(try guest.rung() == 37)
    }

    @Test("a reset takes back groups and software-generated interrupts")
    func reset() throws {
      let guest = try GICv2Guest()
      let look: [UInt32] = [
        0xB94F_2027,  // ldr w7, [x1, #0xf20] (GICD_SPENDSGIR0)
        0xF900_02C7,  // str x7, [x22]
        0xB940_8427,  // ldr w7, [x1, #0x84] (GICD_IGROUPR1)
        0xF900_02C7,  // str x7, [x22]
      ]
      let base: [UInt32] = [0xD2A1_0001]  // mov x1, #0x8000000 (the distributor)
      guest.store(base + look, at: GICv2Guest.entry)
      let powerOn = [try guest.rung(), try guest.rung()]

      guest.store(
        base + [
          0x5280_0068,  // mov w8, #3
          0x72A0_4008,  // movk w8, #0x200, lsl #16 (number 3, to this CPU)
          0xD280_0404,  // mov x4, #0x20
          0xB90F_0028,  // str w8, [x1, #0xf00] (GICD_SGIR)
          0xB900_8424,  // str w4, [x1, #0x84] (GICD_IGROUPR1)
        ] + look, at: GICv2Guest.entry)
      try guest.enter()
      #expect(try [guest.rung(), guest.rung()] == [0x0100_0000, 0x20])

      try guest.machine.reset()
      guest.store(base + look, at: GICv2Guest.entry)
      try guest.enter()
      #expect(try [guest.rung(), guest.rung()] == powerOn)
    }
  }

  /// A guest of a machine with a GICv2, as the `virt` board has it.
  private final class GICv2Guest {
    static let entry = GuestPhysical(0x4008_0000)
    private static let vectors = GuestPhysical(0x4010_0000)
    /// Where EL1h takes IRQs.
    static let interruptVector = vectors.wrapping(by: 0x280)
    private static let doorbell: UInt64 = 0x1000_0000

    static let isThere = (try? machine())?.gicVersion == .v2

    let machine: KVMARM64Machine

    init() throws {
      // The calling thread will run the CPU.
      HostThread.blockSignals()
      machine = try Self.machine()
      try enter()
    }

    private static func machine() throws -> KVMARM64Machine { try KVMARM64Fixture.machine(on: KVMHost(), cpuCount: 1) }

    /// Puts the CPU at the entry.
    func enter() throws {
      let values: [(ARM64Register, UInt64)] = [
        (.pstate, PSTATE.kernelEntry.rawValue), (.pc, Self.entry.rawValue), (.general(22), Self.doorbell),
        (.system(.vbarEL1), Self.vectors.rawValue),
      ]
      for (register, value) in values {
        try machine.cpus[0].setValue(value, of: try #require(machine.registerFile.index(of: register)))
      }
    }

    func store(_ code: [UInt32], at address: GuestPhysical) {
      for (number, instruction) in code.enumerated() {
        var bytes: [UInt8] = []
        bytes.appendLittleEndian(instruction)
        bytes.withUnsafeBytes { machine.patchMemory(at: address.wrapping(by: 4 * UInt64(number)), from: $0) }
      }
    }

    /// Runs until the guest rings, and returns what it stored.
    func rung() throws -> UInt64 {
      for _ in 0..<100_000 {
        let exit = try machine.cpus[0].run()
        if case .interrupted = exit { continue }
        guard case .mmio(let access) = exit, access.isWrite, access.address == Self.doorbell else {
          throw UnexpectedExit(exit)
        }
        return try #require(UnsafeRawBufferPointer(access.data).littleEndian(at: 0, as: UInt64.self))
      }
      throw EngineError("the guest does not ring")
    }
  }
#endif
