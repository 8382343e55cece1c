import Bits
import Testing

@testable import ARM64

@Suite("Exception syndromes") struct ExceptionSyndromeTests {
  @Test("syndromes that kernels print and KVM reports, in words")
  func words() {
    let expected: [(UInt64, String)] = [
      // A null pointer read by the kernel, and a write.
      (0x9600_0004, "data abort: read, translation fault, level 0"),
      (0x9600_0044, "data abort: write, translation fault, level 0"),
      (0x9600_0046, "data abort: write, translation fault, level 2"),
      (0x9600_004f, "data abort: write, permission fault, level 3"),
      (0x9600_0021, "data abort: read, alignment fault"),
      (0x9600_0410, "data abort: read, synchronous external abort, FAR not valid"),
      (0x9200_0047, "data abort from a lower exception level: write, translation fault, level 3"),
      // A store of W1 to a device, by stage 2: what KVM has for an MMIO exit.
      (
        0x9381_0046,
        "data abort from a lower exception level: write of W1, 4 bytes, translation fault, level 2"
      ),
      (
        0x93a3_c007,
        "data abort from a lower exception level: read to X3, 4 bytes signed, ordered, translation fault, level 3"
      ),
      (0x931f_0006, "data abort from a lower exception level: read to WZR, 1 byte, translation fault, level 2"),
      (0x9600_00c4, "data abort: write, translation fault, level 0, on the stage 1 walk"),
      (0x9600_0144, "data abort: cache maintenance, translation fault, level 0"),
      (0x8600_000e, "instruction abort: permission fault, level 2"),
      (0x8200_0007, "instruction abort from a lower exception level: translation fault, level 3"),
      (0x5600_0000, "SVC: immediate 0x0"),
      (0x5a00_0000, "HVC: immediate 0x0"),
      (0x5e00_1234, "SMC: immediate 0x1234"),
      (0xf200_0800, "BRK: immediate 0x800"),
      (0xcb00_0022, "software step from a lower exception level"),
      (0xcf00_0062, "software step: of a load-exclusive"),
      (0xd200_0062, "watchpoint from a lower exception level: write"),
      (0xd606_0022, "watchpoint: read, watchpoint 1"),
      (0xc200_0022, "breakpoint from a lower exception level"),
      // MRS X5, CNTVCT_EL0, and MSR SCTLR_EL1, X0.
      (0x6234_f8a0 | 1, "trapped MSR, MRS or system instruction: MRS X5, CNTVCT_EL0"),
      (0x6230_0400, "trapped MSR, MRS or system instruction: MSR SCTLR_EL1, X0"),
      (0x6230_07e1, "trapped MSR, MRS or system instruction: MRS XZR, SCTLR_EL1"),
      // DC CIVAC, X2 is SYS #3, C7, C14, #1.
      (0x6212_dc5c, "trapped MSR, MRS or system instruction: SYS #3, C7, C14, #1, X2"),
      (0x0600_0000, "trapped WFI or WFE: WFI"),
      (0x0600_0001, "trapped WFI or WFE: WFE"),
      (0x0200_0000, "unknown reason, such as an undefined instruction"),
      (0x3a00_0000, "illegal execution state"),
      (0x8a00_0000, "misaligned PC"),
      (0x9a00_0000, "misaligned SP"),
      (0x1fe0_0000, "trapped access to SVE, Advanced SIMD or floating point"),
      (0xb280_0013, "floating-point exception: IO, DZ, IX"),
      (0xbe00_0000, "SError"),
      (0xbf00_0000, "SError: implementation defined"),
      (0xbe00_0811, "SError: restartable"),
      (0x3600_0001, "branch target exception: BTYPE 1"),
      (0x6c00_0000, "trapped TSTART"),
      (0xfc00_0000, "reserved exception class 0x3f"),
    ]
    for (syndrome, words) in expected {
      #expect(ExceptionSyndrome(rawValue: syndrome).description == words, "0x\(String(syndrome, radix: 16))")
    }
  }

  @Test("typed access to an MMIO exit's load")
  func dataAbort() throws {
    guard case .dataAbort(let abort) = ExceptionSyndrome(rawValue: 0x93ec_8006).detail else {
      Issue.record("no data abort")
      return
    }
    let access = try #require(abort.access)
    #expect(access.byteCount == 8 && access.register == 12 && access.is64Bit && access.isSigned && !access.isOrdered)
    #expect(!abort.isWrite && abort.hasAddress)
    #expect(abort.status == FaultStatus(.translation, level: 2))
    #expect(DataAbort(0x46).access == nil)
  }

  @Test("typed access to the class, the length of the instruction and a trapped register")
  func typed() throws {
    let syndrome = ExceptionSyndrome(rawValue: 0x6230_0400)
    #expect(syndrome.exceptionClass == .systemRegister)
    #expect(syndrome.isLongInstruction)
    #expect(!ExceptionSyndrome(rawValue: 0x4400_0001).isLongInstruction)
    guard case .systemRegister(let access) = syndrome.detail else {
      Issue.record("no access to a system register")
      return
    }
    #expect(access.register == .sctlrEL1 && !access.isRead && access.generalRegister == 0)
    #expect(ExceptionSyndrome(rawValue: 0xf200_f000).detail == .immediate(0xf000))
  }

  @Test("fault status codes as the manual lists them")
  func faultStatus() {
    let expected: [(UInt8, FaultStatus.Kind, Int?)] = [
      (0b000000, .addressSize, 0), (0b000011, .addressSize, 3), (0b000100, .translation, 0),
      (0b000111, .translation, 3), (0b001000, .accessFlag, 0), (0b001011, .accessFlag, 3),
      (0b001100, .permission, 0), (0b001111, .permission, 3), (0b010000, .externalAbort, nil),
      (0b010001, .tagCheck, nil), (0b010011, .externalAbortOnWalk, -1), (0b010100, .externalAbortOnWalk, 0),
      (0b010111, .externalAbortOnWalk, 3), (0b011000, .parity, nil), (0b011011, .parityOnWalk, -1),
      (0b011100, .parityOnWalk, 0), (0b011111, .parityOnWalk, 3), (0b100001, .alignment, nil),
      (0b100010, .debug, nil), (0b100011, .granuleProtectionOnWalk, -1), (0b100100, .granuleProtectionOnWalk, 0),
      (0b100111, .granuleProtectionOnWalk, 3), (0b101000, .granuleProtection, nil), (0b101001, .addressSize, -1),
      (0b101011, .translation, -1), (0b110000, .tlbConflict, nil), (0b110001, .unsupportedAtomicUpdate, nil),
      (0b110100, .lockdown, nil), (0b110101, .unsupportedExclusive, nil),
    ]
    for (code, kind, level) in expected {
      let status = FaultStatus(rawValue: code)
      #expect(status.kind == kind && status.level == level, "\(code)")
      #expect(FaultStatus(kind, level: level) == status)
    }
    // 4 levels of 7 kinds, 5 at level -1, 10 without a level.
    #expect((UInt8(0)..<64).count { FaultStatus(rawValue: $0).kind != nil } == 4 * 7 + 5 + 10)
    #expect(FaultStatus(rawValue: 0x3f).description == "reserved fault status 0x3f")
    #expect(FaultStatus(.alignment, level: 1) == nil && FaultStatus(.translation) == nil)
    #expect(FaultStatus(.translation, level: 4) == nil && FaultStatus(.translation, level: -2) == nil)
    #expect(FaultStatus(.permission, level: -1) == nil)
  }

  @Test("every class has words of its own, and every syndrome has words")
  func everything() {
    #expect(Set(ExceptionClass.allCases.map(\.description)).count == ExceptionClass.allCases.count)
    var generator = SystemRandomNumberGenerator()
    for code in UInt64(0)..<64 {
      for _ in 0..<200 {
        let syndrome = ExceptionSyndrome(rawValue: code << 26 | generator.next() & 0xff_ffff_03ff_ffff)
        #expect(syndrome.description.hasPrefix(syndrome.exceptionClass?.description ?? "reserved"))
      }
    }
  }

  @Test("PAR_EL1 of a translation that failed, and of one that did not")
  func par() {
    let failed = PAR(rawValue: 0x80f)
    #expect(failed.isFault && failed.faultStatus == FaultStatus(.translation, level: 3))
    let done = PAR(rawValue: 0xff00_0000_4120_1b80)
    #expect(!done.isFault && done.physicalPage == GuestPhysical(0x4120_1000))
    #expect(done.attributes.description == "Normal WB RA WA")
  }
}
