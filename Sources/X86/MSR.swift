/// The model-specific registers that matter to somebody who debugs a kernel (SDM volume 4, chapter 2).
///
/// Those that have a case of their own in `X86Register` (EFER, FS.base, GS.base, APIC_BASE) are not among them.
public enum MSR: UInt32, CaseIterable, Sendable {
  case tsc = 0x10
  case featureControl = 0x3a
  case tscAdjust = 0x3b
  case specCtrl = 0x48
  case archCapabilities = 0x10a
  case sysenterCS = 0x174
  case sysenterESP = 0x175
  case sysenterEIP = 0x176
  case mcgCap = 0x179
  case mcgStatus = 0x17a
  case miscEnable = 0x1a0
  case debugctl = 0x1d9
  case pat = 0x277
  case mtrrDefType = 0x2ff
  case tscDeadline = 0x6e0
  case xss = 0xda0
  /// Where KVM's guest has its wall clock (Documentation/virt/kvm/x86/msr.rst).
  case kvmWallClock = 0x4b56_4d00
  /// Where KVM's guest has this CPU's time, with bit 0 as the enable bit.
  case kvmSystemTime = 0x4b56_4d01
  case star = 0xc000_0081
  case lstar = 0xc000_0082
  case cstar = 0xc000_0083
  case sfmask = 0xc000_0084
  /// What SWAPGS exchanges with GS.base.
  case kernelGSBase = 0xc000_0102
  case tscAux = 0xc000_0103

  /// Its name in lower case: the manual's without `IA32_`, or QEMU's where gdb's users know that one (`k_gs_base`).
  public var name: String {
    switch self {
    case .tsc: "tsc"
    case .featureControl: "feature_control"
    case .tscAdjust: "tsc_adjust"
    case .specCtrl: "spec_ctrl"
    case .archCapabilities: "arch_capabilities"
    case .sysenterCS: "sysenter_cs"
    case .sysenterESP: "sysenter_esp"
    case .sysenterEIP: "sysenter_eip"
    case .mcgCap: "mcg_cap"
    case .mcgStatus: "mcg_status"
    case .miscEnable: "misc_enable"
    case .debugctl: "debugctl"
    case .pat: "pat"
    case .mtrrDefType: "mtrr_def_type"
    case .tscDeadline: "tsc_deadline"
    case .xss: "xss"
    case .kvmWallClock: "kvm_wall_clock"
    case .kvmSystemTime: "kvm_system_time"
    case .star: "star"
    case .lstar: "lstar"
    case .cstar: "cstar"
    case .sfmask: "sfmask"
    case .kernelGSBase: "k_gs_base"
    case .tscAux: "tsc_aux"
    }
  }

  /// The type that GDB shows it by: an address gets its symbol.
  var gdbType: String {
    switch self {
    case .lstar, .cstar, .sysenterEIP: "code_ptr"
    case .sysenterESP, .kernelGSBase: "data_ptr"
    default: "int64"
    }
  }
}
