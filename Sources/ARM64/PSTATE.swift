public import Architecture
import Bits

/// The process state, in the format of an SPSR and of GDB's `cpsr` (Arm ARM, sections D1.4 and C5.2, `SPSR_EL1`).
public struct PSTATE: ARM64RegisterFields {
  /// The register's bits.
  public var rawValue: UInt64
  /// Takes the register's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// What a kernel is entered with: EL1h with debug exceptions, SErrors, IRQs and FIQs masked.
  public static let kernelEntry = PSTATE(rawValue: 0x3c5)

  /// What runs, and by which stack pointer; nil for a reserved encoding.
  public var mode: Mode? {
    get { Mode(rawValue: UInt8(truncatingIfNeeded: rawValue[bits: 0...4])) }
    set { if let newValue { rawValue[bits: 0...4] = UInt64(newValue.rawValue) } }
  }
  /// nRW: AArch32.
  public var isAArch32: Bool { rawValue[bit: 4] }
  /// F: FIQs are masked.
  public var masksFIQ: Bool {
    get { rawValue[bit: 6] }
    set { rawValue[bit: 6] = newValue }
  }
  /// I: IRQs are masked.
  public var masksIRQ: Bool {
    get { rawValue[bit: 7] }
    set { rawValue[bit: 7] = newValue }
  }
  /// A: SErrors are masked.
  public var masksSError: Bool {
    get { rawValue[bit: 8] }
    set { rawValue[bit: 8] = newValue }
  }
  /// D: watchpoint, breakpoint and software-step exceptions are masked (AArch64 only).
  public var masksDebug: Bool {
    get { rawValue[bit: 9] }
    set { rawValue[bit: 9] = newValue }
  }
  /// IL: the next instruction raises an illegal execution state exception.
  public var isIllegal: Bool { rawValue[bit: 20] }
  /// SS: the next instruction is stepped and not yet executed.
  public var softwareStep: Bool {
    get { rawValue[bit: 21] }
    set { rawValue[bit: 21] = newValue }
  }

  /// The exception level; of AArch32's modes, the one that the mode belongs to where EL3 is AArch64.
  public var exceptionLevel: ExceptionLevel { mode?.exceptionLevel ?? .el0 }

  /// The mode in words, such as `EL1h`, with the masks that are set, such as `DAIF`.
  public var description: String {
    let masks = [(masksDebug && !isAArch32, "D"), (masksSError, "A"), (masksIRQ, "I"), (masksFIQ, "F")]
      .filter(\.0).map(\.1).joined()
    let name = mode?.description ?? "reserved mode \(hexadecimal(rawValue[bits: 0...4]))"
    return masks.isEmpty ? name : "\(name), \(masks) masked"
  }

  /// The named bits, by the names that GDB gives them.
  public static var fields: [RegisterField] {
    [
      RegisterField("SP", 0), RegisterField("EL", 2...3), RegisterField("nRW", 4), RegisterField("F", 6),
      RegisterField("I", 7), RegisterField("A", 8), RegisterField("D", 9), RegisterField("BTYPE", 10...11),
      RegisterField("SSBS", 12), RegisterField("ALLINT", 13), RegisterField("IL", 20), RegisterField("SS", 21),
      RegisterField("PAN", 22), RegisterField("UAO", 23), RegisterField("DIT", 24), RegisterField("TCO", 25),
      RegisterField("V", 28), RegisterField("C", 29), RegisterField("Z", 30), RegisterField("N", 31),
    ]
  }
}

extension PSTATE: CustomStringConvertible {}

extension PSTATE {
  /// The field M of an SPSR, with its bit 4: execution state, exception level and choice of stack pointer.
  public enum Mode: UInt8, Sendable, CaseIterable, CustomStringConvertible {
    case el0t = 0b00000
    case el1t = 0b00100
    case el1h = 0b00101
    case el2t = 0b01000
    case el2h = 0b01001
    case el3t = 0b01100
    case el3h = 0b01101
    case user = 0b10000
    case fiq = 0b10001
    case irq = 0b10010
    case supervisor = 0b10011
    case monitor = 0b10110
    case abort = 0b10111
    case hypervisor = 0b11010
    case undefined = 0b11011
    case system = 0b11111

    /// The exception level that it runs at.
    public var exceptionLevel: ExceptionLevel {
      switch self {
      case .el0t, .user: .el0
      case .el1t, .el1h, .fiq, .irq, .supervisor, .abort, .undefined, .system: .el1
      case .el2t, .el2h, .hypervisor: .el2
      case .el3t, .el3h, .monitor: .el3
      }
    }

    /// Whether SP is the exception level's own stack pointer (`h`), and not SP_EL0 (`t`); never so in AArch32.
    public var usesOwnStackPointer: Bool { rawValue & 0b10001 == 1 }

    /// The mode as the manual writes it, such as `EL1h`, or `AArch32 Supervisor`.
    public var description: String {
      switch self {
      case .el0t: "EL0t"
      case .el1t: "EL1t"
      case .el1h: "EL1h"
      case .el2t: "EL2t"
      case .el2h: "EL2h"
      case .el3t: "EL3t"
      case .el3h: "EL3h"
      case .user: "AArch32 User"
      case .fiq: "AArch32 FIQ"
      case .irq: "AArch32 IRQ"
      case .supervisor: "AArch32 Supervisor"
      case .monitor: "AArch32 Monitor"
      case .abort: "AArch32 Abort"
      case .hypervisor: "AArch32 Hyp"
      case .undefined: "AArch32 Undefined"
      case .system: "AArch32 System"
      }
    }
  }
}
