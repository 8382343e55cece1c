import Bits
import Testing

@testable import X86

@Suite("CPUID filter") struct CPUIDFilterTests {
  /// A host that has every feature.
  private func supported(vendor: [UInt32] = [0x756e_6547, 0x6c65_746e, 0x4965_6e69]) -> [CPUIDEntry] {
    [
      CPUIDEntry(function: 0, eax: 0x20, ebx: vendor[0], ecx: vendor[1], edx: vendor[2]),
      CPUIDEntry(function: 1, eax: 0xc06f2, ebx: 0x55aa_0800, ecx: ~0, edx: ~0),
      CPUIDEntry(function: 4, index: 0, flags: 1, eax: 0x0400_4121, ebx: 0x02c0_003f),
      CPUIDEntry(function: 4, index: 3, flags: 1, eax: 0x0400_4163, ebx: 0x04c0_003f),
      CPUIDEntry(function: 4, index: 4, flags: 1),
      CPUIDEntry(function: 7, index: 0, flags: 1, eax: 2, ebx: ~0, ecx: ~0, edx: ~0),
      CPUIDEntry(function: 7, index: 1, flags: 1, eax: ~0, ebx: ~0, ecx: ~0, edx: ~0),
      CPUIDEntry(function: 0xb, index: 0, flags: 1),
      CPUIDEntry(function: 0xd, index: 0, flags: 1, eax: 7),
      CPUIDEntry(function: 0x1f, index: 0, flags: 1),
      CPUIDEntry(function: 0x8000_0001, ecx: ~0, edx: ~0),
      CPUIDEntry(function: 0x8000_0008, eax: 0x3930, ebx: ~0, ecx: 0x7777),
      CPUIDEntry(function: 0x8000_001e, eax: 0x99),
      CPUIDEntry(function: 0x4000_0000, eax: 0x4000_0001, ebx: 0x4b4d_564b, ecx: 0x564b_4d56, edx: 0x4d),
      CPUIDEntry(function: 0x4000_0001, eax: 0x0103_7eff),
    ]
  }

  private func table(
    _ cpuCount: Int, cpu: Int = 0, emulated: Bool = false, from entries: [CPUIDEntry]? = nil
  ) -> CPUIDTable {
    CPUIDFilter(cpuCount: cpuCount, emulatesKernelMode: emulated, hasTSCDeadlineTimer: true)
      .table(from: entries ?? supported(), cpu: cpu)
  }

  @Test("a CPU's topology: its APIC id in leaves 1 and 0BH, cores and no threads")
  func topology() throws {
    let table = table(3, cpu: 2)
    let features = try #require(table[1])
    #expect(features.ebx == 0x0204_0800)
    #expect(features.edx[bit: 28])
    let threads = try #require(table[0xb, 0])
    #expect((threads.eax, threads.ebx, threads.ecx, threads.edx) == (0, 1, 0x100, 2))
    let cores = try #require(table[0xb, 1])
    #expect((cores.eax, cores.ebx, cores.ecx, cores.edx) == (2, 3, 0x201, 2))
    let end = try #require(table[0xb, 2])
    #expect((end.eax, end.ebx, end.ecx, end.edx) == (0, 0, 2, 2))
    #expect(table.entries.filter { $0.function == 0xb }.allSatisfy { $0.flags == CPUIDEntry.significantIndex })
    #expect(table[0x1f] == nil)
    #expect(table[4, 0]?.eax == 0x0800_0121)
    #expect(table[4, 3]?.eax == 0x0800_8163)
    #expect(table[4, 4]?.eax == 0)
  }

  @Test("one CPU is no multiprocessor", arguments: [1, 0])
  func uniprocessor(cpuCount: Int) throws {
    let table = table(cpuCount)
    #expect(try #require(table[1]).edx[bit: 28] == false)
    #expect(table[1]?.ebx == 0x0001_0800)
    #expect(table[0xb, 1]?.eax == 0)
  }

  @Test("AMD's own topology leaves, and nobody else's")
  func amd() throws {
    let entries = supported(vendor: [0x6874_7541, 0x444d_4163, 0x6974_6e65])
    let table = table(4, cpu: 3, from: entries)
    #expect(table.vendor == "AuthenticAMD")
    #expect(table[0x8000_0008]?.ecx == 0x2703)
    #expect(table[0x8000_001e]?.eax == 3)
    #expect(table[.cmpLegacy])
    #expect(self.table(4, cpu: 3)[0x8000_001e]?.eax == 0x99)
  }

  @Test("on hardware every feature stays, and the hypervisor shows")
  func hardware() throws {
    let table = table(2)
    #expect(table[1]?.ecx == ~0)
    #expect(table[7]?.ebx == ~0 && table[7]?.ecx == ~0 && table[7]?.edx == ~0)
    #expect(table[0xd] != nil)
    #expect(table[0x4000_0001]?.eax == 0x0103_7eff)
    #expect(table.hasAVX && table.hasGigabytePages && table.maxPhysicalAddressBits == 0x30)
    let plain = CPUIDFilter(cpuCount: 1, emulatesKernelMode: false, hasTSCDeadlineTimer: false)
      .table(from: [CPUIDEntry(function: 1)], cpu: 0)
    #expect(plain[.hypervisor] && !plain[.tscDeadline] && !plain.hasAVX)
    #expect(plain.maxPhysicalAddressBits == 36)
    #expect(plain[0xb] == nil)
  }

  @Test("where ring 0 is emulated, what the emulator lacks is not shown")
  func emulated() throws {
    let table = table(2, emulated: true)
    for feature in CPUIDFeature.missingInEmulator + CPUIDFeature.needingHypercalls {
      #expect(!table[feature], "\(feature.name)")
    }
    #expect(!table.hasAVX)
    #expect(table[0xd] == nil)
    // What a 64-bit kernel cannot do without, and what the emulator has.
    let kept: [CPUIDFeature] = [
      CPUIDFeature("FPU", 1, .edx, 0), CPUIDFeature("TSC", 1, .edx, 4), CPUIDFeature("CX8", 1, .edx, 8),
      CPUIDFeature("PGE", 1, .edx, 13), CPUIDFeature("CMOV", 1, .edx, 15), CPUIDFeature("PAT", 1, .edx, 16),
      CPUIDFeature("CLFLUSH", 1, .edx, 19), CPUIDFeature("FXSR", 1, .edx, 24), CPUIDFeature("SSE2", 1, .edx, 26),
      CPUIDFeature("X2APIC", 1, .ecx, 21), CPUIDFeature("MOVBE", 1, .ecx, 22), CPUIDFeature("RDRAND", 1, .ecx, 30),
      CPUIDFeature("SMEP", 7, .ebx, 7), CPUIDFeature("ERMS", 7, .ebx, 9), CPUIDFeature("CLFLUSHOPT", 7, .ebx, 23),
      CPUIDFeature("UMIP", 7, .ecx, 2), CPUIDFeature("RDPID", 7, .ecx, 22), CPUIDFeature("SERIALIZE", 7, .edx, 14),
      CPUIDFeature("SPEC_CTRL", 7, .edx, 26), CPUIDFeature("SSBD", 7, .edx, 31),
      CPUIDFeature("SYSCALL", 0x8000_0001, .edx, 11), CPUIDFeature("NX", 0x8000_0001, .edx, 20),
      CPUIDFeature("LM", 0x8000_0001, .edx, 29), CPUIDFeature("LAHF", 0x8000_0001, .ecx, 0),
      CPUIDFeature("KVM_FEATURE_CLOCKSOURCE", 0x4000_0001, .eax, 0),
      CPUIDFeature("KVM_FEATURE_CLOCKSOURCE2", 0x4000_0001, .eax, 3),
      CPUIDFeature("KVM_FEATURE_CLOCKSOURCE_STABLE", 0x4000_0001, .eax, 24),
      .hypervisor, .tscDeadline,
    ]
    for feature in kept { #expect(table[feature], "\(feature.name)") }
  }

  @Test("each feature is listed once")
  func unique() {
    let features = CPUIDFeature.missingInEmulator + CPUIDFeature.needingHypercalls
    #expect(Set(features.map(\.name)).count == features.count)
    let places = features.map { CPUIDFeature("", $0.function, $0.index, $0.register, $0.bit) }
    #expect(Set(places).count == features.count)
  }

  @Test("an empty list stays harmless")
  func empty() {
    #expect(table(64, cpu: 63, emulated: true, from: []).entries.isEmpty)
  }
}
