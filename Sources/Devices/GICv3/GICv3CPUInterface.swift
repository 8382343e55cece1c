internal import Bits

extension GICv3 {
  /// The state of a CPU interface, which decides when a pending interrupt is signalled (IHI 0069H, section 4.8).
  struct CPUInterface: Equatable, Sendable {
    /// The bits of ICC_CTLR_EL1 that can be written.
    struct Control: OptionSet, Sendable {
      let rawValue: UInt8
      /// CBPR: ICC_BPR0_EL1 is for both groups.
      static let commonBinaryPoint = Control(rawValue: 1 << 0)
      /// EOImode: the end of an interrupt drops the priority only, and ICC_DIR_EL1 deactivates.
      static let separateDeactivation = Control(rawValue: 1 << 1)
      static let all: Control = [.commonBinaryPoint, .separateDeactivation]
    }

    /// ICC_AP0R0_EL1 and ICC_AP1R0_EL1: bit n is set while an interrupt of group priority 8n is active.
    struct ActivePriorities: Equatable, Sendable {
      var group0: UInt32 = 0
      var group1: UInt32 = 0

      subscript(group: Group) -> UInt32 {
        get { group == .zero ? group0 : group1 }
        set { if group == .zero { group0 = newValue } else { group1 = newValue } }
      }
    }

    /// The running priority of a CPU that handles no interrupt.
    private static let idlePriority: UInt8 = 0xFF
    /// ICC_BPR0_EL1 and ICC_BPR1_EL1 have three bits; with five bits of priority they are never less than this.
    private static let binaryPoints0: ClosedRange<UInt8> = 2...7
    private static let binaryPoints1: ClosedRange<UInt8> = 3...7

    private var control: Control = []
    private(set) var enabledGroups: Groups = []
    private var priorityMask: UInt8 = 0
    private var binaryPoint0 = binaryPoints0.lowerBound
    private var ownBinaryPoint1 = binaryPoints1.lowerBound
    private var activePriorities = ActivePriorities()

    /// Whether an end of interrupt deactivates too.
    var deactivatesAtEnd: Bool { !control.contains(.separateDeactivation) }

    // MARK: Priorities

    /// Whether an interrupt is signalled: above the mask, and above all that is active.
    func signals(_ interrupt: PendingInterrupt) -> Bool {
      interrupt.priority < priorityMask && groupPriority(of: interrupt) < runningPriority
    }

    /// Makes the priority of an interrupt active.
    mutating func activate(_ interrupt: PendingInterrupt) {
      activePriorities[interrupt.group][bit: Int(groupPriority(of: interrupt) >> 3)] = true
    }

    /// Drops the highest active priority; false where it is not one of that group.
    mutating func dropPriority(of group: Group) -> Bool {
      let active = activePriorities.group0 | activePriorities.group1
      let highest = active & (~active &+ 1)
      guard activePriorities[group] & highest != 0 else { return false }
      activePriorities[group] &= ~highest
      return true
    }

    /// ICC_RPR_EL1.
    private var runningPriority: UInt8 {
      let active = activePriorities.group0 | activePriorities.group1
      return active == 0 ? Self.idlePriority : UInt8(active.trailingZeroBitCount) << 3
    }

    /// The part of a priority that decides about preemption: bits 7 to n + 1 for ICC_BPR0_EL1, 7 to n for ICC_BPR1_EL1.
    private func groupPriority(of interrupt: PendingInterrupt) -> UInt8 {
      let isByBinaryPoint0 = interrupt.group == .zero || control.contains(.commonBinaryPoint)
      return interrupt.priority & .max << (isByBinaryPoint0 ? binaryPoint0 + 1 : ownBinaryPoint1)
    }

    /// ICC_BPR1_EL1, which follows the other where that is for both groups.
    private var binaryPoint1: UInt8 {
      control.contains(.commonBinaryPoint)
        ? min(binaryPoint0 + 1, Self.binaryPoints1.upperBound) : ownBinaryPoint1
    }

    // MARK: Registers

    /// ICC_CTLR_EL1: five bits of priority (PRIbits), affinities of four levels (A3V); INTIDs have 16 bits.
    private var controlValue: UInt64 {
      var value = UInt64(control.rawValue)
      value[bits: 8...10] = 5 - 1
      value[bit: 15] = true
      return value
    }

    /// A register that shows state and nothing else; nil for any other.
    func value(of register: CPUInterfaceRegister) -> UInt64? {
      switch register {
      case .priorityMask: UInt64(priorityMask)
      case .runningPriority: UInt64(runningPriority)
      case .binaryPoint0: UInt64(binaryPoint0)
      case .binaryPoint1: UInt64(binaryPoint1)
      case .control: controlValue
      case .systemRegisterEnable: 0b111  // SRE, DFB and DIB: there are system registers only, and no bypass.
      case .groupEnable0: enabledGroups.contains(.zero) ? 1 : 0
      case .groupEnable1: enabledGroups.contains(.one) ? 1 : 0
      case .activePriorities0: UInt64(activePriorities.group0)
      case .activePriorities1: UInt64(activePriorities.group1)
      default: nil
      }
    }

    /// Sets a register that holds state; false for any other.
    mutating func set(_ register: CPUInterfaceRegister, to value: UInt64) -> Bool {
      switch register {
      case .priorityMask: priorityMask = UInt8(truncatingIfNeeded: value) & priorityBits
      case .binaryPoint0: binaryPoint0 = Self.binaryPoint(value, in: Self.binaryPoints0)
      case .binaryPoint1 where control.contains(.commonBinaryPoint): break
      case .binaryPoint1: ownBinaryPoint1 = Self.binaryPoint(value, in: Self.binaryPoints1)
      case .control: control = Control(rawValue: UInt8(truncatingIfNeeded: value)).intersection(.all)
      case .systemRegisterEnable: break
      case .groupEnable0: enable(.zero, value)
      case .groupEnable1: enable(.one, value)
      case .activePriorities0: activePriorities.group0 = UInt32(truncatingIfNeeded: value)
      case .activePriorities1: activePriorities.group1 = UInt32(truncatingIfNeeded: value)
      default: return false
      }
      return true
    }

    private static func binaryPoint(_ value: UInt64, in range: ClosedRange<UInt8>) -> UInt8 {
      max(UInt8(value[bits: 0...2]), range.lowerBound)
    }

    /// ICC_IGRPEN0_EL1 or ICC_IGRPEN1_EL1.
    private mutating func enable(_ group: Groups, _ value: UInt64) {
      if value[bit: 0] { enabledGroups.insert(group) } else { enabledGroups.remove(group) }
    }
  }
}
