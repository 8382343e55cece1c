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
      // The leaves that describe what is masked: XSAVE's areas, processor trace, and the tiles of AMX.
      for function: UInt32 in [0xd, 0x14, 0x1d, 0x1e] { table.replace(function, with: []) }
      for feature in CPUIDFeature.needingHypercalls { table[feature] = false }
    }
    setTopology(of: UInt32(truncatingIfNeeded: cpu), in: &table)
    return table
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
  /// The features whose instructions KVM's emulator does not have (Linux, arch/x86/kvm/emulate.c: the opcode tables).
  ///
  /// What it has stays, MOVBE, RDPID, CLFLUSHOPT, PREFETCHW, SMEP and UMIP among it; so do RDRAND and RDSEED, which the hosts
  /// that emulate ring 0 run by themselves. SSE and SSE2 lack most of their instructions too, but 64-bit code cannot do without
  /// the two.
  static let missingInEmulator: [CPUIDFeature] =
    missingInKernelCode + missingVectors + missingStateComponents + missingAMD

  /// What a kernel's own code uses as soon as CPUID shows it.
  private static let missingInKernelCode = [
    // CMPXCHG16B is an emulation failure: the allocator falls back to a lock.
    CPUIDFeature("CX16", 1, .ecx, 13),
    // MONITOR and MWAIT in the idle loop.
    CPUIDFeature("MONITOR", 1, .ecx, 3),
    // POPCNT in hweight().
    CPUIDFeature("POPCNT", 1, .ecx, 23),
    // With it on, the paranoid entries find the CPU's number by LSL.
    CPUIDFeature("FSGSBASE", 7, .ebx, 0),
    // ANDN, SHLX and more are VEX-coded; TZCNT runs, but as BSF.
    CPUIDFeature("BMI1", 7, .ebx, 3), CPUIDFeature("BMI2", 7, .ebx, 8),
    // LZCNT runs, but as BSR.
    CPUIDFeature("LZCNT", 0x8000_0001, .ecx, 5),
    // XBEGIN and XTEST.
    CPUIDFeature("HLE", 7, .ebx, 4), CPUIDFeature("RTM", 7, .ebx, 11),
    CPUIDFeature("INVPCID", 7, .ebx, 10),
    // ADCX and ADOX in the crypto library.
    CPUIDFeature("ADX", 7, .ebx, 19),
    // STAC and CLAC.
    CPUIDFeature("SMAP", 7, .ebx, 20),
    // CLWB in copies to persistent memory.
    CPUIDFeature("CLWB", 7, .ebx, 24),
    // CR4.LA57 is refused by a KVM without hardware to walk five levels.
    CPUIDFeature("LA57", 7, .ecx, 16),
    // UMONITOR and UMWAIT.
    CPUIDFeature("WAITPKG", 7, .ecx, 5),
    CPUIDFeature("MOVDIRI", 7, .ecx, 27), CPUIDFeature("MOVDIR64B", 7, .ecx, 28), CPUIDFeature("ENQCMD", 7, .ecx, 29),
    // CLUI, STUI and SENDUIPI.
    CPUIDFeature("UINTR", 7, .edx, 5),
    // PCONFIG.
    CPUIDFeature("PCONFIG", 7, .edx, 18),
    // ERETS, ERETU and LKGS.
    CPUIDFeature("FRED", 7, 1, .eax, 17), CPUIDFeature("LKGS", 7, 1, .eax, 18),
    // RDTSCP in sched_clock() and the vDSO's kernel side.
    CPUIDFeature("RDTSCP", 0x8000_0001, .edx, 27),
  ]

  /// Vector instructions that the kernel's crypto, checksum and RAID code picks by CPUID.
  private static let missingVectors = [
    CPUIDFeature("SSE3", 1, .ecx, 0), CPUIDFeature("PCLMULQDQ", 1, .ecx, 1), CPUIDFeature("SSSE3", 1, .ecx, 9),
    CPUIDFeature("SSE4.1", 1, .ecx, 19), CPUIDFeature("SSE4.2", 1, .ecx, 20), CPUIDFeature("AES", 1, .ecx, 25),
    CPUIDFeature("SHA", 7, .ebx, 29), CPUIDFeature("GFNI", 7, .ecx, 8),
  ]

  /// XSAVE and XGETBV, and every feature whose registers only XSAVE saves.
  private static let missingStateComponents = [
    CPUIDFeature("XSAVE", 1, .ecx, 26), CPUIDFeature("OSXSAVE", 1, .ecx, 27), .avx,
    CPUIDFeature("FMA", 1, .ecx, 12), CPUIDFeature("F16C", 1, .ecx, 29),
    CPUIDFeature("AVX2", 7, .ebx, 5), CPUIDFeature("MPX", 7, .ebx, 14),
    CPUIDFeature("AVX512F", 7, .ebx, 16), CPUIDFeature("AVX512DQ", 7, .ebx, 17),
    CPUIDFeature("AVX512_IFMA", 7, .ebx, 21), CPUIDFeature("AVX512PF", 7, .ebx, 26),
    CPUIDFeature("AVX512ER", 7, .ebx, 27), CPUIDFeature("AVX512CD", 7, .ebx, 28),
    CPUIDFeature("AVX512BW", 7, .ebx, 30), CPUIDFeature("AVX512VL", 7, .ebx, 31),
    CPUIDFeature("AVX512_VBMI", 7, .ecx, 1), CPUIDFeature("AVX512_VBMI2", 7, .ecx, 6),
    CPUIDFeature("VAES", 7, .ecx, 9), CPUIDFeature("VPCLMULQDQ", 7, .ecx, 10),
    CPUIDFeature("AVX512_VNNI", 7, .ecx, 11), CPUIDFeature("AVX512_BITALG", 7, .ecx, 12),
    CPUIDFeature("AVX512_VPOPCNTDQ", 7, .ecx, 14),
    CPUIDFeature("AVX512_4VNNIW", 7, .edx, 2), CPUIDFeature("AVX512_4FMAPS", 7, .edx, 3),
    CPUIDFeature("AVX512_VP2INTERSECT", 7, .edx, 8), CPUIDFeature("AVX512_FP16", 7, .edx, 23),
    CPUIDFeature("SHA512", 7, 1, .eax, 0), CPUIDFeature("SM3", 7, 1, .eax, 1), CPUIDFeature("SM4", 7, 1, .eax, 2),
    CPUIDFeature("AVX_VNNI", 7, 1, .eax, 4), CPUIDFeature("AVX512_BF16", 7, 1, .eax, 5),
    CPUIDFeature("AVX_IFMA", 7, 1, .eax, 23), CPUIDFeature("AVX_VNNI_INT8", 7, 1, .edx, 4),
    CPUIDFeature("AVX_NE_CONVERT", 7, 1, .edx, 5), CPUIDFeature("AVX_VNNI_INT16", 7, 1, .edx, 10),
    CPUIDFeature("AVX10", 7, 1, .edx, 19),
    CPUIDFeature("AMX_BF16", 7, .edx, 22), CPUIDFeature("AMX_TILE", 7, .edx, 24), CPUIDFeature("AMX_INT8", 7, .edx, 25),
    CPUIDFeature("AMX_FP16", 7, 1, .eax, 21), CPUIDFeature("AMX_COMPLEX", 7, 1, .edx, 8),
    // RDPKRU and WRPKRU; PKS keeps its register to itself, but is of the same family.
    CPUIDFeature("PKU", 7, .ecx, 3), CPUIDFeature("OSPKE", 7, .ecx, 4), CPUIDFeature("PKS", 7, .ecx, 31),
    // RDSSP and its family; the kernel switches both halves of CET on by XSAVES' supervisor state.
    CPUIDFeature("SHSTK", 7, .ecx, 7), CPUIDFeature("IBT", 7, .edx, 20), CPUIDFeature("CET_SSS", 7, 1, .edx, 18),
  ]

  /// What only AMD has, or has under leaves of its own.
  private static let missingAMD = [
    CPUIDFeature("SSE4A", 0x8000_0001, .ecx, 6), CPUIDFeature("XOP", 0x8000_0001, .ecx, 11),
    CPUIDFeature("LWP", 0x8000_0001, .ecx, 15), CPUIDFeature("FMA4", 0x8000_0001, .ecx, 16),
    CPUIDFeature("TBM", 0x8000_0001, .ecx, 21), CPUIDFeature("MONITORX", 0x8000_0001, .ecx, 29),
    CPUIDFeature("3DNOWEXT", 0x8000_0001, .edx, 30), CPUIDFeature("3DNOW", 0x8000_0001, .edx, 31),
    CPUIDFeature("CLZERO", 0x8000_0008, .ebx, 0), CPUIDFeature("INVLPGB", 0x8000_0008, .ebx, 3),
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
