#if arch(x86_64)
  import Architecture
  import Bits
  import CPUEngine
  import GuestMemory
  import KVMEngine
  import Testing
  import X86

  @testable import HVGDBCommand

  /// Our own page walk beside KVM's (KVM_TRANSLATE), over the same tables.
  @Suite("x86-64 translation, ours and KVM's", .needsX86Engine)
  struct X86TranslationTests {
    private static let present: UInt64 = 0x3
    private static let largePage: UInt64 = 0x83
    private static let root: UInt64 = 0x4_0000

    /// Tables below `root`, and where they map what.
    private struct Map {
      var entries: [(address: UInt64, value: UInt64)]
      var byteCount = 8
      /// Addresses that are mapped.
      let mapped: [UInt64]
      /// Addresses that are not.
      let unmapped: [UInt64]
    }

    @Test("4-level paging: pages of 4 KiB and 2 MiB in both halves")
    func level4() throws {
      try compare(
        Map(
          entries: [
            (Self.root, Self.root + 0x1000 | Self.present),
            (Self.root + 0x800, Self.root + 0x1000 | Self.present),  // the first of the upper half
            (Self.root + 0x1000, Self.root + 0x2000 | Self.present),
            (Self.root + 0x2000, Self.root + 0x3000 | Self.present),
            (Self.root + 0x2008, 0x20_0000 | Self.largePage),
            (Self.root + 0x3000, 0x10_0000 | Self.present),
            (Self.root + 0x3010, 0x12_3000 | Self.present),
            (Self.root + 0x3FF8, 0x3F_F000 | Self.present),
          ],
          mapped: [
            0, 0x123, 0x2ABC, 0x1F_FFFF, 0x20_0000, 0x3F_FFFF, 0xFFFF_8000_0000_2FFF, 0xFFFF_8000_0020_0008,
          ],
          unmapped: [0x1000, 0x3000, 0x40_0000, 0x8000_0000_0000 - 1, 0xFFFF_8000_0000_1000, 0xFFFF_FFFF_FFFF_F000])
      ) { _ in [] }
    }

    @Test("PAE paging: pages of 4 KiB and 2 MiB", .needsLegacyPaging)
    func pae() throws {
      try compare(
        Map(
          entries: [
            // Of a PDPT entry only the present bit and the address may be set.
            (Self.root, Self.root + 0x1000 | 1),
            (Self.root + 0x18, Self.root + 0x1000 | 1),
            (Self.root + 0x1000, Self.root + 0x2000 | Self.present),
            (Self.root + 0x1008, 0x20_0000 | Self.largePage),
            (Self.root + 0x2008, 0x12_3000 | Self.present),
          ],
          mapped: [0x1000, 0x1FFF, 0x20_0000, 0x3A_BCDE, 0xC000_1004, 0xC020_0000],
          unmapped: [0, 0x2000, 0x4000_0000, 0xFFFF_F000])
      ) { guest in
        try guest.protectedMode(cr4: CR4.physicalAddressExtension.rawValue)
      }
    }

    @Test("32-bit paging: pages of 4 KiB and 4 MiB", .needsLegacyPaging)
    func bits32() throws {
      try compare(
        Map(
          entries: [
            (Self.root, Self.root + 0x1000 | Self.present),
            (Self.root + 4, Self.largePage),
            (Self.root + 0xFFC, Self.root + 0x1000 | Self.present),
            (Self.root + 0x1004, 0x12_3000 | Self.present),
          ],
          byteCount: 4,
          mapped: [0x1000, 0x1FFF, 0x40_0000, 0x7F_FFFF, 0xFFC0_1234],
          unmapped: [0, 0x2000, 0x80_0000, 0xFFFF_F000])
      ) { guest in
        try guest.protectedMode(cr4: CR4.pageSizeExtensions.rawValue)
      }
    }

    @Test("no paging: every address is its own")
    func none() throws {
      try compare(Map(entries: [], mapped: [0, 0x1234, 0x3F_FFFF, 0xFFFF_FFF0], unmapped: [])) { guest in
        try guest.protectedMode(cr4: 0).map { $0.0 == .control(0) ? ($0.0, $0.1 & ~CR0.paging.rawValue) : $0 }
      }
    }

    /// Builds the tables, has the CPU use them, and asks both walks.
    private func compare(_ map: Map, mode: (X86Guest) throws -> [(X86Register, UInt64)]) throws {
      let guest = try X86Guest()
      let memory = guest.machine.memory
      for (address, value) in map.entries {
        let isStored =
          map.byteCount == 8
          ? memory.store(value, at: GuestPhysical(address))
          : memory.store(UInt32(truncatingIfNeeded: value), at: GuestPhysical(address))
        try #require(isStored)
      }
      try guest.set([(.control(3), Self.root)] + mode(guest))
      let context = X86TranslationContext(
        cr0: try guest[.control(0)], cr3: try guest[.control(3)], cr4: try guest[.control(4)], efer: try guest[.efer],
        maxPhysicalAddressBits: guest.machine.cpuid[0].maxPhysicalAddressBits,
        hasGigabytePages: guest.machine.cpuid[0].hasGigabytePages)
      for address in map.mapped.map(GuestVirtual.init(_:)) {
        let own = try #require(translate(address, context, memory), "\(address) is mapped")
        #expect(try guest.cpu.translate(address) == own, "\(address)")
      }
      for address in map.unmapped.map(GuestVirtual.init(_:)) {
        #expect(translate(address, context, memory) == nil, "\(address)")
        #expect(try guest.cpu.translate(address) == nil, "\(address)")
      }
    }

    private func translate(
      _ address: GuestVirtual, _ context: X86TranslationContext, _ memory: GuestRAM
    ) -> GuestPhysical? {
      try? context.translate(address) { entry, count in
        count == 8 ? memory.load(at: entry, as: UInt64.self) : memory.load(at: entry, as: UInt32.self).map(UInt64.init)
      }.physical
    }
  }

  extension X86Guest {
    /// The registers of 32-bit protected mode with paging.
    fileprivate func protectedMode(cr4: UInt64) throws -> [(X86Register, UInt64)] {
      let code = X86SegmentAttributes(type: 0xB, [.codeOrData, .present, .big, .granularity])
      return [(.control(0), try self[.control(0)]), (.control(4), cr4), (.efer, 0), (.attributes(.cs), code.rawValue)]
    }
  }

  extension Trait where Self == ConditionTrait {
    /// Skips a test where the host's KVM has paging in long mode alone, as one that emulates ring 0 may.
    fileprivate static var needsLegacyPaging: Self {
      .enabled("this host's KVM has no paging outside long mode") {
        let guest = try X86Guest()
        guest.machine.memory.store(UInt64(0x4_1001), at: GuestPhysical(0x4_0000))
        try guest.set([(.control(3), 0x4_0000)] + guest.protectedMode(cr4: CR4.physicalAddressExtension.rawValue))
        return try CR0(rawValue: guest[.control(0)]).contains(.paging)
      }
    }
  }
#endif
