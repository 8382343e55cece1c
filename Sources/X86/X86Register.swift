/// One register of an x86-64 CPU, as the manuals name it.
public enum X86Register: Hashable, Sendable {
  case general(General)
  case rip
  case rflags
  /// The visible part of a segment register.
  case selector(Segment)
  /// The base in a segment register's hidden part.
  case base(Segment)
  /// The limit in a segment register's hidden part, in bytes: granularity is applied.
  case limit(Segment)
  /// The access rights in a segment register's hidden part, in the format of `X86SegmentAttributes`.
  case attributes(Segment)
  case tableBase(DescriptorTable)
  case tableLimit(DescriptorTable)
  /// CR0, CR2, CR3, CR4 or CR8.
  case control(Int)
  /// XCR0.
  case extendedControl0
  /// IA32_EFER.
  case efer
  /// IA32_APIC_BASE.
  case apicBase
  /// A model-specific register by its number.
  case msr(UInt32)
  /// DR0 to DR3, DR6 or DR7.
  case debug(Int)
  /// ST(0) to ST(7), 80 bits each.
  case x87(Int)
  case x87Control(X87Control)
  /// XMM0 to XMM15, 128 bits each.
  case xmm(Int)
  case mxcsr
  /// The high 128 bits of YMM0 to YMM15.
  case ymmHigh(Int)

  /// The general-purpose registers in GDB's order, which is not the order of their encodings.
  public enum General: Int, CaseIterable, Sendable {
    case rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15
  }

  /// The segment registers, the task register and the LDT register among them.
  public enum Segment: String, CaseIterable, Sendable {
    case cs, ss, ds, es, fs, gs, tr, ldtr
  }

  /// The registers that locate a descriptor table.
  public enum DescriptorTable: String, CaseIterable, Sendable {
    case gdtr, idtr
  }

  /// The control and status part of the x87 FPU, as GDB names it.
  public enum X87Control: String, CaseIterable, Sendable {
    case fctrl, fstat, ftag, fiseg, fioff, foseg, fooff, fop
  }
}
