import Bits

/// Makes what a guest's CPUs answer to CPUID out of what the host's KVM supports.
public struct CPUIDFilter: Sendable {
  /// How many CPUs the guest has: cores of one package, one thread each.
  public let cpuCount: Int
  /// Whether ring 0 runs in KVM's instruction emulator, which lacks many instructions.
  public let emulatesKernelMode: Bool
  /// Whether the local APIC's timer can count to a TSC value (`KVM_CAP_TSC_DEADLINE_TIMER`).
  public let hasTSCDeadlineTimer: Bool

  /// Makes a filter.
  ///
  /// - Parameters:
  ///   - cpuCount: how many CPUs the guest has; at least 1.
  ///   - emulatesKernelMode: whether ring 0 runs in KVM's instruction emulator.
  ///   - hasTSCDeadlineTimer: whether the local APIC's timer can count to a TSC value.
  public init(cpuCount: Int, emulatesKernelMode: Bool, hasTSCDeadlineTimer: Bool) {
    self.cpuCount = max(cpuCount, 1)
    self.emulatesKernelMode = emulatesKernelMode
    self.hasTSCDeadlineTimer = hasTSCDeadlineTimer
  }

  /// The answers of one CPU.
  ///
  /// - Parameters:
  ///   - supported: KVM's answer to `KVM_GET_SUPPORTED_CPUID`.
  ///   - cpu: the CPU's index, which is its APIC id too.
  /// - Returns: the answers to set by `KVM_SET_CPUID2`.
  public func table(from supported: [CPUIDEntry], cpu: Int) -> CPUIDTable {
    var table = CPUIDTable(supported)
    table[.hypervisor] = true
    table[.tscDeadline] = hasTSCDeadlineTimer
    if emulatesKernelMode {
      for feature in CPUIDFeature.missingInEmulator { table[feature] = false }
      endBasicLeaves(in: &table)
      for feature in CPUIDFeature.needingHypercalls { table[feature] = false }
    }
    setTopology(of: UInt32(truncatingIfNeeded: cpu), in: &table)
    return table
  }
}

// MARK: - Where ring 0 is emulated

extension CPUIDFilter {
  /// The last basic leaf that a guest is told of where ring 0 is emulated: the topology's.
  ///
  /// It is below XSAVE's leaf 0DH, and a kernel does not use XSAVE without that leaf, whatever leaf 1 says.
  private static let lastEmulatedLeaf: UInt32 = 0xb

  /// Takes out leaf 7, and all leaves past the last.
  ///
  /// A host that runs ring 3 without hardware virtualization cannot hide the CPU's features there and answers with them in
  /// ring 0 too, in leaf 7 and in part of leaf 1, whatever bits it is given; only a leaf that is not there stays away.
  /// Leaf 7 has SMAP, INVPCID, FSGSBASE, LA57 and more that do not work in its ring 0, and nothing that a kernel needs.
  private func endBasicLeaves(in table: inout CPUIDTable) {
    table.update(0) { $0.eax = min($0.eax, Self.lastEmulatedLeaf) }
    table.entries.removeAll { $0.function == 7 || (Self.lastEmulatedLeaf + 1..<0x4000_0000).contains($0.function) }
  }
}

// MARK: - Topology

extension CPUIDFilter {
  /// How many bits of an APIC id number the cores.
  private var coreBits: UInt32 {
    UInt32(truncatingIfNeeded: Int.bitWidth - (cpuCount - 1).leadingZeroBitCount)
  }

  /// Makes the CPU the core number `apicID` of a package (SDM volume 3, section 9.9; APM volume 3, appendix E).
  private func setTopology(of apicID: UInt32, in table: inout CPUIDTable) {
    let count = UInt32(truncatingIfNeeded: cpuCount)
    table[.htt] = cpuCount > 1
    table.update(1) { leaf in
      leaf.ebx[bits: 16...23] = min(1 << coreBits, 255)
      leaf.ebx[bits: 24...31] = apicID
    }
    table.update(4) { cache in
      guard cache.eax[bits: 0...4] != 0 else { return }
      cache.eax[bits: 26...31] = min(count, 64) &- 1
      // The caches below the third level are each core's own.
      cache.eax[bits: 14...25] = cache.eax[bits: 5...7] >= 3 ? count &- 1 : 0
    }
    setExtendedTopology(of: apicID, in: &table)
    if ["AuthenticAMD", "HygonGenuine"].contains(table.vendor) {
      table[.cmpLegacy] = cpuCount > 1
      table.update(0x8000_0008) { leaf in
        leaf.ecx[bits: 0...7] = count &- 1
        leaf.ecx[bits: 12...15] = coreBits
      }
      table.update(0x8000_001e) { leaf in
        leaf.eax = apicID
        leaf.ebx = apicID & 0xff
        leaf.ecx = 0
      }
    }
  }

  /// Leaf 0BH, with a level of threads and one of cores.
  ///
  /// Leaf 1FH would only repeat it and is taken out.
  private func setExtendedTopology(of apicID: UInt32, in table: inout CPUIDTable) {
    table.replace(0x1f, with: [])
    guard let highest = table[0]?.eax, highest >= 0xb else { return }
    let levels: [(type: UInt32, shift: UInt32, count: UInt32)] = [
      (type: 1, shift: 0, count: 1),
      (type: 2, shift: coreBits, count: UInt32(truncatingIfNeeded: cpuCount)),
      (type: 0, shift: 0, count: 0),
    ]
    table.replace(
      0xb,
      with: levels.enumerated().map { number, level in
        let index = UInt32(truncatingIfNeeded: number)
        return CPUIDEntry(
          function: 0xb, index: index, flags: CPUIDEntry.significantIndex, eax: level.shift, ebx: level.count,
          ecx: level.type << 8 | index, edx: apicID)
      })
  }
}

// MARK: - What KVM's emulator lacks

extension CPUIDFeature {
  /// The features of leaf 1 and of the extended leaves whose instructions KVM's emulator does not have.
  ///
  /// (Linux, arch/x86/kvm/emulate.c: the opcode tables.) What it has stays, MOVBE and PREFETCHW among it; so does RDRAND,
  /// which the hosts that emulate ring 0 run by themselves. SSE and SSE2 lack most of their instructions too, but 64-bit code
  /// cannot do without the two.
  static let missingInEmulator = [
    // The allocator then takes a lock.
    CPUIDFeature("CX16", 1, .ecx, 13),
    // The idle loop then halts.
    CPUIDFeature("MONITOR", 1, .ecx, 3), CPUIDFeature("MONITORX", 0x8000_0001, .ecx, 29),
    // For hweight(), which has a function in its place.
    CPUIDFeature("POPCNT", 1, .ecx, 23),
    // LZCNT runs, but as BSR.
    CPUIDFeature("LZCNT", 0x8000_0001, .ecx, 5),
    // For the ordered reading of the TSC, which LFENCE does as well.
    CPUIDFeature("RDTSCP", 0x8000_0001, .edx, 27),
    // For clearing pages and TLBs.
    CPUIDFeature("CLZERO", 0x8000_0008, .ebx, 0), CPUIDFeature("INVLPGB", 0x8000_0008, .ebx, 3),
    // Vectors, for the kernel's crypto, checksums and RAID.
    CPUIDFeature("SSE3", 1, .ecx, 0), CPUIDFeature("PCLMULQDQ", 1, .ecx, 1), CPUIDFeature("SSSE3", 1, .ecx, 9),
    CPUIDFeature("SSE4.1", 1, .ecx, 19), CPUIDFeature("SSE4.2", 1, .ecx, 20), CPUIDFeature("AES", 1, .ecx, 25),
    CPUIDFeature("SSE4A", 0x8000_0001, .ecx, 6), CPUIDFeature("3DNOWEXT", 0x8000_0001, .edx, 30),
    CPUIDFeature("3DNOW", 0x8000_0001, .edx, 31),
    // XSAVE, and what has registers that only XSAVE saves.
    CPUIDFeature("XSAVE", 1, .ecx, 26), CPUIDFeature("OSXSAVE", 1, .ecx, 27), .avx, CPUIDFeature("FMA", 1, .ecx, 12),
    CPUIDFeature("F16C", 1, .ecx, 29), CPUIDFeature("XOP", 0x8000_0001, .ecx, 11),
    CPUIDFeature("LWP", 0x8000_0001, .ecx, 15), CPUIDFeature("FMA4", 0x8000_0001, .ecx, 16),
    CPUIDFeature("TBM", 0x8000_0001, .ecx, 21),
  ]

  /// KVM's paravirtual features that call it by VMCALL or VMMCALL, which such a host never completes.
  ///
  /// Its clock and what else works by memory and MSRs stays (Linux, Documentation/virt/kvm/x86/cpuid.rst).
  static let needingHypercalls = [
    CPUIDFeature("KVM_FEATURE_MMU_OP", 0x4000_0001, .eax, 2),
    CPUIDFeature("KVM_FEATURE_PV_UNHALT", 0x4000_0001, .eax, 7),
    CPUIDFeature("KVM_FEATURE_PV_SEND_IPI", 0x4000_0001, .eax, 11),
    CPUIDFeature("KVM_FEATURE_PV_SCHED_YIELD", 0x4000_0001, .eax, 13),
    CPUIDFeature("KVM_FEATURE_HC_MAP_GPA_RANGE", 0x4000_0001, .eax, 16),
    CPUIDFeature("KVM_FEATURE_MIGRATION_CONTROL", 0x4000_0001, .eax, 17),
  ]
}
