internal import Bits

// The small values that the parts of the GICv3 exchange.

extension GICv3 {
  /// An interrupt's group.
  enum Group: Sendable {
    case zero
    case one
  }

  /// A set of groups, as GICD_CTLR has it in its low bits.
  struct Groups: OptionSet, Sendable {
    let rawValue: UInt8
    static let zero = Groups(rawValue: 1 << 0)
    static let one = Groups(rawValue: 1 << 1)
    static let all: Groups = [.zero, .one]

    func contains(_ group: Group) -> Bool { contains(group == .zero ? Groups.zero : .one) }
  }

  /// The five bits of a priority that there are, at the top of the field; the lower the number, the higher the priority.
  static let priorityBits: UInt8 = 0b1111_1000

  /// An interrupt that a CPU interface is presented with.
  struct PendingInterrupt: Equatable, Sendable {
    /// Its INTID.
    let id: Int
    let priority: UInt8
    let group: Group
  }

  /// Which CPU: Aff3 in bits 39:32, Aff2 to Aff0 in bits 23:0, as MPIDR_EL1 and GICD_IROUTER have it.
  struct Affinity: Equatable, Sendable {
    let rawValue: UInt64

    /// Takes the fields out of a register's value.
    init(_ value: UInt64) { rawValue = value & 0xFF_00FF_FFFF }

    /// All four fields side by side, as GICR_TYPER has them.
    var packed: UInt64 { rawValue[bits: 32...39] << 24 | rawValue[bits: 0...23] }
  }

  /// GICD_IROUTER: where an SPI goes (IHI 0069H, section 12.9).
  struct Route: Equatable, Sendable {
    /// Where that leads.
    enum Destination: Equatable, Sendable {
      case cpu(Int)
      case any
      /// No CPU has that affinity.
      case nowhere
    }

    /// Without the bits that are reserved.
    let rawValue: UInt64
    let destination: Destination

    private static let anyBit = 31

    init(rawValue: UInt64, among cpus: [CPU]) {
      let affinity = Affinity(rawValue)
      var value = affinity.rawValue
      value[bit: Self.anyBit] = rawValue[bit: Self.anyBit]
      self.rawValue = value
      destination =
        if value[bit: Self.anyBit] {
          .any
        } else if let cpu = cpus.firstIndex(where: { $0.affinity == affinity }) {
          .cpu(cpu)
        } else {
          .nowhere
        }
    }
  }

  /// ICC_SGI1R_EL1, ICC_SGI0R_EL1 and ICC_ASGI1R_EL1; there is no range selector, as ICC_CTLR_EL1.RSS says
  /// (IHI 0069H, section 12.2).
  struct SGIRequest {
    private let rawValue: UInt64

    init(_ value: UInt64) { rawValue = value }

    /// The INTID, 0 to 15.
    var interrupt: Int { Int(rawValue[bits: 24...27]) }

    /// IRM: the SGI is for every CPU but the sender; otherwise for those of the list.
    var isForAllOthers: Bool { rawValue[bit: 40] }

    /// Whether the target list has a CPU.
    func targets(_ affinity: Affinity) -> Bool {
      var cluster: UInt64 = 0
      cluster[bits: 8...15] = rawValue[bits: 16...23]
      cluster[bits: 16...23] = rawValue[bits: 32...39]
      cluster[bits: 32...39] = rawValue[bits: 48...55]
      let position = affinity.rawValue[bits: 0...7]
      return affinity.rawValue & ~0xFF == cluster && position < 16 && rawValue[bit: Int(position)]
    }
  }
}
