import Architecture
import Bits
import Testing

@testable import X86

@Suite("Modes and typed registers") struct X86ModeTests {
  private let code64 = X86SegmentAttributes(type: 0xb, [.codeOrData, .present, .long])
  private let code32 = X86SegmentAttributes(type: 0xb, [.codeOrData, .present, .big])
  private let code16 = X86SegmentAttributes(type: 0xb, [.codeOrData, .present])

  @Test("the mode follows CR0, EFER, RFLAGS and the code segment")
  func modes() {
    func mode(
      _ cr0: CR0, _ efer: EFER, _ codeSegment: X86SegmentAttributes, rflags: RFLAGS = []
    ) -> X86Mode {
      X86Mode(cr0: cr0, efer: efer, rflags: rflags, codeSegment: codeSegment)
    }
    #expect(mode([], [], code16) == .real)
    #expect(mode([], [], code32) == .real)
    #expect(mode(.protectionEnable, [], code16) == .protected16)
    #expect(mode(.protectionEnable, .longModeEnable, code32) == .protected32)
    #expect(mode(.protectionEnable, [], code32, rflags: .virtual8086) == .virtual8086)
    #expect(mode([.protectionEnable, .paging], .longModeActive, code32) == .compatibility32)
    #expect(mode([.protectionEnable, .paging], .longModeActive, code16) == .compatibility16)
    #expect(mode([.protectionEnable, .paging], .longModeActive, code64) == .long)
    #expect(X86Mode.allCases.map(\.addressBits) == [16, 16, 16, 32, 16, 32, 64])
  }

  @Test("ring and mode in words")
  func words() {
    let ring3 = X86SegmentAttributes(type: 3, privilegeLevel: 3, [.codeOrData, .present])
    let ring0 = X86SegmentAttributes(type: 3, [.codeOrData, .present])
    #expect(X86Mode.long.description(stackSegment: ring0) == "ring 0, long mode")
    #expect(X86Mode.compatibility32.description(stackSegment: ring3) == "ring 3, 32-bit compatibility mode")
    #expect(X86Mode.real.description(stackSegment: ring0) == "real mode")
    #expect(X86Mode.virtual8086.description(stackSegment: ring0) == "ring 3, virtual-8086 mode")
  }

  @Test("linear addresses: bases outside long mode, fs and gs inside it")
  func linearAddresses() {
    #expect(X86Mode.real.linearAddress(0xfff0, in: .cs, base: 0xffff_0000) == GuestVirtual(0xffff_fff0))
    #expect(X86Mode.real.linearAddress(0xffff, in: .ds, base: 0xffff0) == GuestVirtual(0x10_ffef))
    #expect(X86Mode.protected32.linearAddress(0xffff_ffff, in: .ds, base: 2) == GuestVirtual(1))
    #expect(X86Mode.compatibility32.linearAddress(0x10, in: .ds, base: 0x1000) == GuestVirtual(0x1010))
    #expect(X86Mode.long.linearAddress(0x10, in: .ds, base: 0x1000) == GuestVirtual(0x10))
    #expect(X86Mode.long.linearAddress(.max, in: .gs, base: 0x1000) == GuestVirtual(0xfff))
    #expect(X86Mode.long.linearAddress(0x28, in: .fs, base: 0xffff_8880_0000_0000).rawValue == 0xffff_8880_0000_0028)
  }

  @Test("named bits stand where the manual has them")
  func namedBits() {
    #expect(CR0(rawValue: 0x8005_0033).summary == "PE MP ET NE WP AM PG")
    #expect(
      CR4(rawValue: 0x37_16f0).summary == "PSE PAE MCE PGE OSFXSR OSXMMEXCPT LA57 FSGSBASE PCIDE OSXSAVE SMEP SMAP")
    #expect(EFER(rawValue: 0xd01).summary == "SCE LME LMA NXE")
    #expect(RFLAGS(rawValue: 0x3246).summary == "PF ZF IF IOPL=3")
    #expect(DR6(rawValue: 0xffff_4ff1).summary == "B0 BLD BS RTM")
    #expect(APICBase(rawValue: 0xfee0_0900).summary == "BSP EN BASE=0xfee00")
    #expect(MXCSR(rawValue: 0x1f80).summary == "IM DM ZM OM UM PM")
    #expect(X86SegmentAttributes(rawValue: 0xa09b).summary == "TYPE=0xb S P L G")
    let attributes = X86SegmentAttributes(type: 3, privilegeLevel: 3, [.codeOrData, .present, .big, .granularity])
    #expect(attributes.rawValue == 0xc0f3)
    #expect(attributes.type == 3 && attributes.privilegeLevel == 3)
  }

  @Test("fields of a register do not overlap and ascend")
  func fieldsAreDisjoint() {
    func check<Bits: NamedBits>(_ type: Bits.Type) {
      var next = 0
      for field in type.fields {
        #expect(field.bits.lowerBound >= next && field.bits.upperBound < 64, "\(type) \(field.name)")
        next = field.bits.upperBound + 1
      }
      #expect(Set(type.fields.map(\.name)).count == type.fields.count)
    }
    check(RFLAGS.self)
    check(CR0.self)
    check(CR3.self)
    check(CR4.self)
    check(EFER.self)
    check(XCR0.self)
    check(APICBase.self)
    check(MXCSR.self)
    check(DR6.self)
    check(DR7.self)
    check(X86SegmentAttributes.self)
  }

  @Test("exceptions by their vectors")
  func exceptions() {
    #expect(X86Exception(rawValue: 14)?.mnemonic == "#PF")
    #expect(X86Exception(rawValue: 15) == nil)
    #expect(Set(X86Exception.allCases.map(\.mnemonic)).count == X86Exception.allCases.count)
  }
}
