extension GICv3 {
  /// What an access to a register with a field for each interrupt is about.
  ///
  /// The distributor and SGI_base have these registers at the same offsets (IHI 0069H, sections 12.8 and 12.10).
  struct InterruptFields {
    /// The registers, GICD_IGROUPR to GICD_NSACR; the value is the offset of the first.
    enum Kind: UInt64, CaseIterable {
      case group = 0x080
      case setEnable = 0x100
      case clearEnable = 0x180
      case setPending = 0x200
      case clearPending = 0x280
      case setActive = 0x300
      case clearActive = 0x380
      case priority = 0x400
      /// GICD_ITARGETSR, of GICv2 alone.
      case target = 0x800
      case configuration = 0xC00
      /// GICD_IGRPMODR and, below, GICD_NSACR: zero where there is one security state.
      case groupModifier = 0xD00
      case accessControl = 0xE00

      private static let ascending = allCases

      /// The registers that have `offset`; nil where it is none of theirs.
      init?(containing offset: UInt64) {
        guard let kind = Self.ascending.last(where: { $0.rawValue <= offset }),
          offset - kind.rawValue < UInt64(1024 * kind.width / 8)
        else { return nil }
        self = kind
      }

      /// How many bits an interrupt has.
      var width: Int {
        switch self {
        case .priority, .target: 8
        case .configuration, .accessControl: 2
        default: 1
        }
      }
    }

    let kind: Kind
    /// The INTIDs whose fields are accessed, all in one block.
    let interrupts: Range<Int>

    /// Tells what an access is about; nil where it is to other registers, or of another size.
    ///
    /// - Parameters:
    ///   - offset: in bytes from the start of the distributor or of SGI_base.
    ///   - size: in bytes; 4, or 1 where an interrupt has a whole byte.
    init?(at offset: UInt64, size: Int) {
      guard let kind = Kind(containing: offset), size == 4 || size == 1 && kind.width == 8,
        offset.isMultiple(of: UInt64(size))
      else { return nil }
      self.kind = kind
      let first = Int(offset - kind.rawValue) * 8 / kind.width
      interrupts = first..<first + size * 8 / kind.width
    }

    /// The block that has the interrupts; 0 is that of SGIs and PPIs.
    var block: Int { interrupts.lowerBound / 32 }

    /// The interrupts by their place in the block.
    var indices: Range<Int> {
      let first = interrupts.lowerBound % 32
      return first..<first + interrupts.count
    }
  }
}
