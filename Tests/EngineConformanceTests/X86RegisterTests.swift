// The guest of an x86-64 host's KVM is of that architecture.
#if arch(x86_64)
  import Architecture
  import Bits
  import CPUEngine
  import KVMEngine
  import Testing
  import X86

  @testable import HVGDBCommand

  /// Registers that only x86-64 has, by its own names.
  @Suite("x86-64 registers", .needsX86Engine)
  struct X86RegisterTests {
    private let guest: X86Guest

    init() throws { guest = try X86Guest() }

    @Test("general registers and the flags hold what they are given")
    func general() throws {
      for register in X86Register.General.allCases {
        try guest.set(.general(register), 0xA5A5_0000_5A5A_0000 | UInt64(register.rawValue))
      }
      for register in X86Register.General.allCases {
        #expect(try guest[.general(register)] == 0xA5A5_0000_5A5A_0000 | UInt64(register.rawValue))
      }
      // CF, PF, AF, ZF, SF, DF, OF and ID.
      try guest.set(.rflags, 0x20_0CD7)
      #expect(try guest[.rflags] == 0x20_0CD7)
    }

    @Test("segments hold selector, base, limit and access rights")
    func segments() throws {
      let bases: [X86Register.Segment] = [.fs, .gs]
      for (number, segment) in bases.enumerated() {
        try guest.set(.selector(segment), UInt64(0x18 + 8 * number))
        try guest.set(.base(segment), 0xFFFF_8000_1234_0000 + UInt64(number))
        try guest.set(.limit(segment), 0x000F_0FFF + UInt64(number) << 12)
      }
      for (number, segment) in bases.enumerated() {
        #expect(try guest[.selector(segment)] == UInt64(0x18 + 8 * number))
        #expect(try guest[.base(segment)] == 0xFFFF_8000_1234_0000 + UInt64(number))
        #expect(try guest[.limit(segment)] == 0x000F_0FFF + UInt64(number) << 12)
      }
      let readOnlyData = X86SegmentAttributes(
        type: 0x1, privilegeLevel: 3, [.codeOrData, .present, .big, .granularity])
      try guest.set(.attributes(.es), readOnlyData.rawValue)
      #expect(try guest[.attributes(.es)] == readOnlyData.rawValue)
      for table in X86Register.DescriptorTable.allCases {
        try guest.set(.tableBase(table), 0xFFFF_C000_0000_1000)
        try guest.set(.tableLimit(table), 0x7F)
        #expect(try guest[.tableBase(table)] == 0xFFFF_C000_0000_1000)
        #expect(try guest[.tableLimit(table)] == 0x7F)
      }
    }

    @Test("control and debug registers hold what they are given")
    func control() throws {
      let expected: [(X86Register, UInt64)] = [
        (.control(2), 0xFFFF_9000_DEAD_B000), (.control(3), 0x9000 | 0x18), (.control(8), 0xB),
        // PAE, PGE, OSFXSR and OSXMMEXCPT.
        (.control(4), 0x6A0),
        (.debug(0), 0x1111), (.debug(1), 0x2222), (.debug(2), 0x3333), (.debug(3), 0xFFFF_8000_0000_4444),
        // B1 and BS; G0 and a 4-byte write condition in the first.
        (.debug(6), 0xFFFF_4FF2), (.debug(7), 0xD_0402),
      ]
      for (register, value) in expected { try guest.set(register, value) }
      for (register, value) in expected { #expect(try guest[register] == value, "\(register)") }
    }

    @Test("model-specific registers hold what they are given, and by number too")
    func modelSpecific() throws {
      let expected: [(MSR, UInt64)] = [
        (.star, 0x0023_0010_0000_0000), (.lstar, 0xFFFF_FFFF_8100_0000), (.cstar, 0xFFFF_FFFF_8100_1000),
        (.sfmask, 0x4_7700), (.kernelGSBase, 0xFFFF_8880_0000_0000), (.sysenterCS, 0x10),
        (.sysenterESP, 0xFFFF_FE00_0000_2000), (.sysenterEIP, 0xFFFF_FFFF_8100_2000), (.pat, 0x0407_0506_0007_0106),
      ]
      for (msr, value) in expected { try guest.set(.msr(msr.rawValue), value) }
      let numbered = try #require(guest.cpu as? any ModelSpecificRegisters)
      for (msr, value) in expected {
        #expect(try guest[.msr(msr.rawValue)] == value, "\(msr)")
        #expect(try numbered.readMSR(msr.rawValue) == value, "\(msr)")
      }
      try numbered.writeMSR(MSR.lstar.rawValue, 0x1000)
      #expect(try guest[.msr(MSR.lstar.rawValue)] == 0x1000)
      // IA32_FS_BASE is the base of fs.
      try numbered.writeMSR(0xC000_0100, 0x7F00_0000_1000)
      #expect(try guest[.base(.fs)] == 0x7F00_0000_1000)
      #expect(throws: EngineError.self) { try numbered.readMSR(0xDEAD_0000) }
    }

    @Test("the x87, SSE and AVX registers hold what they are given")
    func vectors() throws {
      let wide: [X86Register] =
        (0..<8).map { .x87($0) } + (0..<16).map { .xmm($0) }
        + (guest.machine.cpuid[0].hasAVX ? (0..<16).map { .ymmHigh($0) } : [])
      func pattern(_ number: Int, count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: 7 * $0 + number) }
      }
      for (number, register) in wide.enumerated() {
        let index = try guest.index(register)
        let count = try #require(guest.machine.registers[index]).byteCount
        try #require(guest.session.set(index, to: pattern(number, count: count)))
      }
      for (number, register) in wide.enumerated() {
        let value = guest.session.bytes(of: try guest.index(register))
        #expect(value == pattern(number, count: value?.count ?? 0), "\(register)")
      }
      for (register, value) in [(X86Register.mxcsr, UInt64(0x1F92)), (.x87Control(.fctrl), 0x0F7A)] {
        try guest.set(register, value)
        #expect(try guest[register] == value, "\(register)")
      }
      // ST0 zero, ST1 valid, the others empty.
      try guest.set(.x87Control(.ftag), 0xFFF1)
      #expect(guest.session.set(try guest.index(.x87(0)), to: Array(repeating: 0, count: 10)))
      #expect(guest.session.set(try guest.index(.x87(1)), to: [0, 0, 0, 0, 0, 0, 0, 0x80, 0xFF, 0x3F]))
      #expect(try guest[.x87Control(.ftag)] == 0xFFF1)
    }

    @Test("long mode is left and entered only as one")
    func modes() throws {
      let longMode: [(X86Register, UInt64)] = try [.control(0), .control(3), .control(4), .efer].map {
        ($0, try guest[$0])
      }
      let segment: [X86Register] = [.selector(.cs), .base(.cs), .limit(.cs), .attributes(.cs)]
      let longCode = try segment.map { ($0, try guest[$0]) }
      // Paging off while long mode is active is no state of a CPU.
      #expect(throws: EngineError.self) { try guest.set(.efer, 0) }

      // Real mode, as after INIT but in the low megabyte: the same counting loop, decoded as 16-bit code.
      let realCode: [UInt64] = [0, 0, 0xFFFF, 0x9B]
      try guest.set(
        [(.control(0), CR0.extensionType.rawValue), (.control(4), 0), (.efer, 0), (.rip, 0x8000)]
          + Array(zip(segment, realCode)))
      guest.write([0x43, 0xEB, 0xFD], at: 0x8000)  // inc bx; jmp back
      #expect(try guest.session.stepped().programCounter == GuestVirtual(0x8001))
      #expect(try guest[.general(.rbx)] == 1)
      #expect(try guest[.control(0)] & CR0.paging.rawValue == 0)

      try guest.set(longMode + longCode + [(.rip, guest.session.address(0).rawValue)])
      #expect(try guest.session.stepped().programCounter == guest.session.address(1))
      #expect(try guest[.general(.rbx)] == 2)
      #expect(try guest[.efer] & EFER.longModeActive.rawValue != 0)
    }

    @Test("a selector that is set in real mode brings its base")
    func realModeSelector() throws {
      let machine = guest.machine
      try machine.reset()
      try guest.set(.selector(.ds), 0x1234)
      #expect(try guest[.base(.ds)] == 0x1_2340)
    }

    @Test("an MSR among values that are set as one takes none of them away")
    func mixed() throws {
      try guest.set([(.control(2), 0x1234_5000), (.msr(MSR.lstar.rawValue), 0x4000), (.control(8), 5)])
      #expect(try guest[.control(2)] == 0x1234_5000)
      #expect(try guest[.msr(MSR.lstar.rawValue)] == 0x4000)
      #expect(try guest[.control(8)] == 5)
    }

    @Test("special registers of which one is refused are not set in part")
    func refused() throws {
      let before = guest.session.snapshot()
      #expect(throws: EngineError.self) {
        try guest.set([(.control(2), 0x1234_5000), (.efer, 0)])
      }
      #expect(try guest[.control(2)] == 0)
      #expect(before[try guest.index(.efer)] == guest.session.bytes(of: try guest.index(.efer)))
    }
  }
#endif
