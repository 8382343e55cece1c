import Architecture
import Bits
import Testing

@testable import ARM64

@Suite("Boot contract") struct BootContractTests {
  @Test("a kernel is entered at EL1h with DAIF masked, x0 at the device tree and x1 to x3 clear")
  func entry() {
    let settings = ARM64BootProtocol.registers(
      entry: GuestPhysical(0x4020_0000), deviceTree: GuestPhysical(0x4a00_0000))
    let expected: [(ARM64Register, UInt64)] = [
      (.general(0), 0x4a00_0000), (.general(1), 0), (.general(2), 0), (.general(3), 0), (.pc, 0x4020_0000),
      (.pstate, 0x3c5),
    ]
    #expect(settings.map(\.register) == expected.map(\.0))
    #expect(settings.map(\.value) == expected.map(\.1))
    let state = PSTATE.kernelEntry
    #expect(state.mode == .el1h && state.exceptionLevel == .el1)
    #expect(state.masksDebug && state.masksSError && state.masksIRQ && state.masksFIQ && !state.softwareStep)
    #expect(state.description == "EL1h, DAIF masked")
    #expect(state.summary == "SP EL=1 F I A D")
  }

  @Test("PSTATE's modes, masks and levels")
  func pstate() {
    let expected: [(UInt64, PSTATE.Mode, ExceptionLevel, String)] = [
      (0x6000_0000, .el0t, .el0, "EL0t"), (0x4, .el1t, .el1, "EL1t"), (0x85, .el1h, .el1, "EL1h, I masked"),
      (0x9, .el2h, .el2, "EL2h"), (0xd, .el3h, .el3, "EL3h"), (0x10, .user, .el0, "AArch32 User"),
      (0x1d3, .supervisor, .el1, "AArch32 Supervisor, AIF masked"), (0x1a, .hypervisor, .el2, "AArch32 Hyp"),
      // Bit 9 of an AArch32 state is its endianness.
      (0x210, .user, .el0, "AArch32 User"),
    ]
    for (value, mode, level, words) in expected {
      let state = PSTATE(rawValue: value)
      #expect(state.mode == mode && state.exceptionLevel == level && state.description == words)
    }
    #expect(PSTATE(rawValue: 0x2).mode == nil && PSTATE(rawValue: 0x2).description == "reserved mode 0x2")
    #expect(PSTATE.Mode.allCases.filter(\.usesOwnStackPointer) == [.el1h, .el2h, .el3h])
  }

  @Test("the step's masks are set and given back, and nothing else changes")
  func masks() {
    var state = PSTATE(rawValue: 0xf000_0000_6000_1005)
    state.masksIRQ = true
    state.masksFIQ = true
    state.masksSError = true
    state.masksDebug = true
    state.softwareStep = true
    #expect(state.rawValue == 0xf000_0000_6020_13c5)
    state.masksIRQ = false
    state.masksFIQ = false
    state.masksSError = false
    state.masksDebug = false
    state.softwareStep = false
    #expect(state.rawValue == 0xf000_0000_6000_1005)
    state.mode = .el0t
    #expect(state.rawValue == 0xf000_0000_6000_1000)
  }

  @Test("affinities of CPUs as KVM gives them")
  func affinity() {
    let expected: [(Int, UInt64)] = [
      (0, 0x8000_0000), (1, 0x8000_0001), (15, 0x8000_000f), (16, 0x8000_0100), (255, 0x8000_0f0f),
      (4095, 0x8000_ff0f), (4096, 0x8001_0000), (-1, 0x80ff_ff0f),
    ]
    for (index, value) in expected {
      #expect(MPIDR(cpuIndex: index).rawValue == value, "\(index)")
      #expect(MPIDR(cpuIndex: index).affinity == value & 0xff_ffff)
    }
    #expect(MPIDR(rawValue: 0xffff_ffff_ffff_ffff).affinity == 0xff_00ff_ffff)
  }

  @Test("PSCI's function ids, with 32-bit and with 64-bit arguments")
  func psci() {
    let expected: [(UInt32, PSCI)] = [
      (0x8400_0000, .version), (0x8400_0001, .cpuSuspend), (0xc400_0001, .cpuSuspend), (0x8400_0002, .cpuOff),
      (0xc400_0003, .cpuOn), (0xc400_0004, .affinityInfo), (0x8400_0006, .migrateInfoType),
      (0x8400_0008, .systemOff), (0x8400_0009, .systemReset), (0x8400_000a, .features),
      (0xc400_000e, .systemSuspend), (0x8400_0012, .systemReset2), (0xc400_0012, .systemReset2),
      (0x8400_0013, .memProtect),
    ]
    for (id, call) in expected { #expect(PSCI(functionID: id) == call) }
    for id: UInt32 in [0xc400_0000, 0xc400_0002, 0xc400_0008, 0x8400_0015, 0x8600_0000, 0, .max, 0x0400_0008] {
      #expect(PSCI(functionID: id) == nil, "\(id)")
    }
    #expect(PSCI.cpuOn.wideFunctionID == 0xc400_0003 && PSCI.systemOff.wideFunctionID == nil)
    #expect(PSCI.Status.notSupported.registerValue == 0xffff_ffff_ffff_ffff)
    #expect(PSCI.Status.alreadyOn.registerValue == 0xffff_ffff_ffff_fffc)
    #expect(PSCI.Status.invalidAddress.rawValue == -9)
  }

  @Test("pointers that Linux signs, with 48 and with 52 bits of address")
  func pointerMasks() {
    // TBI0, TBID0 as Linux has them with pointer authentication, T0SZ and T1SZ of 16.
    let tcr48 = TCR(rawValue: 16 | 16 << 16 | 1 << 37 | 1 << 51)
    let pac48 = PointerAuthentication(tcr: tcr48)
    // What Linux tells user space's debuggers by NT_ARM_PAC_MASK.
    #expect(pac48.value(.data) == 0x007f_0000_0000_0000)
    #expect(pac48.value(.code) == 0xff7f_0000_0000_0000)
    #expect(pac48.value(.dataHigh) == 0xff7f_0000_0000_0000)
    #expect(PointerAuthentication(tcr: TCR(rawValue: 12 | 12 << 16)).value(.codeHigh) == 0xff70_0000_0000_0000)
    #expect(PointerAuthentication(tcr: TCR(rawValue: 0)).value(.data) == 0xff00_0000_0000_0000)
    #expect(pac48.strip(0xd5b9_8000_0801_2345).rawValue == 0xffff_8000_0801_2345)
    #expect(pac48.strip(0x5a3f_aaaa_bbbb_cccc).rawValue == 0xaaaa_bbbb_cccc)
    #expect(pac48.strip(0xffff_8000_0801_2345).rawValue == 0xffff_8000_0801_2345)
    #expect(pac48.strip(0x1234).rawValue == 0x1234)
  }

  @Test("cache lines, features and granules of a Cortex-A57's ID registers")
  func identification() {
    let ctr = CTR(rawValue: 0x8444_c004)
    #expect(ctr.dataLineSize == 64 && ctr.instructionLineSize == 64)
    let mmfr0 = IDAA64MMFR0(rawValue: 0x1124)
    #expect(mmfr0.physicalAddressBits == 44)
    #expect(mmfr0.supports(.size4K) && !mmfr0.supports(.size16K) && mmfr0.supports(.size64K))
    #expect(!TranslationGranule.allCases.contains { mmfr0.hasLargeDescriptors($0) })
    #expect(!IDAA64PFR0(rawValue: 0x2222).hasSVE && IDAA64PFR0(rawValue: 0x2222).hasAArch32)
    #expect(IDAA64PFR0(rawValue: 0x1_0011_1111).hasSVE)
    #expect(MIDR(rawValue: 0x411f_d070).summary == "PartNum=0xd07 Architecture=0xf Variant=1 Implementer=0x41")
  }
}
