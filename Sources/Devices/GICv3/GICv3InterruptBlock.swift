internal import Bits

extension GICv3 {
  /// 32 interrupts side by side, whose INTIDs differ in their low five bits; a word has a bit for each of them.
  struct InterruptBlock: Equatable, Sendable {
    /// Those that there are.
    private let implemented: UInt32
    /// Those whose trigger can be chosen.
    private let configurable: UInt32
    /// Those in Group 1; the others are in Group 0.
    private var group1: UInt32
    private var enabled: UInt32
    /// Those that an edge, a register or an SGI made pending, until they are acknowledged or cleared.
    private var latched: UInt32 = 0
    /// Those whose input is high.
    private var lines: UInt32 = 0
    private var active: UInt32 = 0
    /// Those that are edge-triggered; the others are level-sensitive.
    private var edgeTriggered: UInt32
    private var priorities = SIMD32<UInt8>(repeating: 0)

    private static let sgis: UInt32 = 0xFFFF

    private init(implemented: UInt32, sgis: UInt32) {
      self.implemented = implemented
      configurable = implemented & ~sgis
      group1 = implemented
      enabled = sgis
      edgeTriggered = sgis
    }

    /// The SGIs and PPIs of a CPU.
    static let `private` = InterruptBlock(implemented: .max, sgis: sgis)

    /// SPIs, the first `count` of them, or all 32 where that is more.
    static func shared(count: Int) -> InterruptBlock { InterruptBlock(implemented: .lowMask(count), sgis: 0) }

    // MARK: State

    /// A level-sensitive interrupt is pending as long as its line is high, and by what was latched.
    private var pending: UInt32 { latched | lines & ~edgeTriggered }

    /// The group of interrupt `index`, 0 to 31 here and below.
    func group(of index: Int) -> Group { group1[bit: index] ? .one : .zero }

    /// Sets the line of an interrupt; false where it was so already.
    mutating func setLine(_ index: Int, to isHigh: Bool) -> Bool {
      guard lines[bit: index] != isHigh else { return false }
      lines[bit: index] = isHigh
      if isHigh, edgeTriggered[bit: index] { latched[bit: index] = true }
      return true
    }

    mutating func makePending(_ index: Int) { latched[bit: index] = true }

    mutating func acknowledge(_ index: Int) {
      active[bit: index] = true
      latched[bit: index] = false
    }

    mutating func deactivate(_ index: Int) { active[bit: index] = false }

    /// The interrupt that comes first among those that can be presented to a CPU: enabled, pending and not active.
    ///
    /// - Parameters:
    ///   - groups: the groups that are let through.
    ///   - first: the INTID of the block's first interrupt.
    ///   - isRouted: whether an interrupt goes to that CPU.
    /// - Returns: the one of the highest priority, then of the lowest INTID; nil where there is none.
    func highestPending(in groups: Groups, from first: Int, where isRouted: (Int) -> Bool) -> PendingInterrupt? {
      var candidates = pending & enabled & ~active
      if !groups.contains(.one) { candidates &= ~group1 }
      if !groups.contains(.zero) { candidates &= group1 }
      var highest: PendingInterrupt?
      while candidates != 0 {
        let index = candidates.trailingZeroBitCount
        candidates[bit: index] = false
        guard priorities[index] < highest?.priority ?? .max, isRouted(index) else { continue }
        highest = PendingInterrupt(id: first + index, priority: priorities[index], group: group(of: index))
      }
      return highest
    }

    // MARK: Registers

    /// Reads fields of the registers that every interrupt has.
    func read(_ fields: InterruptFields) -> UInt32 {
      let indices = fields.indices
      return switch fields.kind {
      case .group: group1
      case .setEnable, .clearEnable: enabled
      case .setPending, .clearPending: pending
      case .setActive, .clearActive: active
      case .priority: indices.reversed().reduce(0) { $0 << 8 | UInt32(priorities[$1]) }
      case .configuration: indices.reversed().reduce(0) { $0 << 2 | (edgeTriggered[bit: $1] ? 0b10 : 0) }
      case .target, .groupModifier, .accessControl: 0
      }
    }

    /// Writes fields of the registers that every interrupt has.
    mutating func write(_ value: UInt32, to fields: InterruptFields) {
      let bits = value & implemented
      switch fields.kind {
      case .group: group1 = bits
      case .setEnable: enabled |= bits
      case .clearEnable: enabled &= ~bits
      case .setPending: latched |= bits
      case .clearPending: latched &= ~bits
      case .setActive: active |= bits
      case .clearActive: active &= ~bits
      case .priority:
        for (position, index) in fields.indices.enumerated() where implemented[bit: index] {
          priorities[index] = UInt8(truncatingIfNeeded: value >> (8 * position)) & priorityBits
        }
      case .configuration:
        for (position, index) in fields.indices.enumerated() where configurable[bit: index] {
          edgeTriggered[bit: index] = value[bit: 2 * position + 1]
        }
      case .target, .groupModifier, .accessControl: break
      }
    }
  }
}
