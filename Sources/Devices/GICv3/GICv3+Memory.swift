internal import Bits

extension GICv3 {
  /// The ranges of memory in which it has registers.
  public enum Region: Sendable {
    /// GICD, `distributorCount` bytes.
    case distributor
    /// GICR of every CPU, one behind the other, `redistributorCount` bytes each.
    case redistributors
  }

  /// Reads a register, which has no effect on anything.
  ///
  /// - Parameters:
  ///   - region: where the register is.
  ///   - offset: in bytes from the start of the region.
  ///   - size: of the access, in bytes.
  /// - Returns: Its value; nil where there is no register, or none for an access of that size.
  public func read(_ region: Region, at offset: UInt64, size: Int) -> UInt64? {
    switch region {
    case .distributor: return readDistributor(at: offset, size: size)
    case .redistributors:
      guard let place = RedistributorPlace(offset, among: cpus) else { return nil }
      return readRedistributor(place, size: size)
    }
  }

  /// Writes a register.
  ///
  /// - Parameters:
  ///   - value: What is written; reserved bits are not kept.
  ///   - region: where the register is.
  ///   - offset: in bytes from the start of the region.
  ///   - size: of the access, in bytes.
  /// - Returns: False where there is no register, or none for an access of that size.
  public mutating func write(_ value: UInt64, to region: Region, at offset: UInt64, size: Int) -> Bool {
    switch region {
    case .distributor: return writeDistributor(value, at: offset, size: size)
    case .redistributors:
      guard let place = RedistributorPlace(offset, among: cpus) else { return false }
      return writeRedistributor(value, to: place, size: size)
    }
  }

  /// The bits of a 64-bit register that an access takes: the whole of it, or a half.
  struct WideAccess {
    /// The offset of the register.
    let register: UInt64
    let bits: ClosedRange<Int>

    /// Takes the access apart; nil where its size or alignment is another.
    init?(at offset: UInt64, size: Int) {
      guard size == 4 || size == 8, offset.isMultiple(of: UInt64(size)) else { return nil }
      let half = Int(offset % 8)
      register = offset - UInt64(half)
      bits = half * 8...(half + size) * 8 - 1
    }
  }

  /// What distributor and redistributors are identified by.
  struct Identification {
    /// GICD_IIDR and GICR_IIDR: Arm, as the implementer of the architecture; no product of it.
    static let implementer: UInt64 = 0x43B
    static let distributor = Identification(part: 0x92)
    static let redistributor = Identification(part: 0x93)

    /// The registers from the first on: PIDR4 to PIDR7, PIDR0 to PIDR3 and CIDR0 to CIDR3.
    private let bytes: [UInt8]

    private static let first: UInt64 = 0xFFD0

    /// Architecture version 3 is in bits 7:4 of PIDR2; the rest is CoreSight's scheme.
    private init(part: UInt8) {
      bytes = [0x44, 0, 0, 0, part, 0xB4, 0x3B, 0, 0x0D, 0xF0, 0x05, 0xB1]
    }

    /// The register at `offset`; nil where that is none of them.
    func value(at offset: UInt64) -> UInt64? {
      guard offset >= Self.first, offset.isMultiple(of: 4) else { return nil }
      let index = Int((offset - Self.first) / 4)
      return bytes.indices.contains(index) ? UInt64(bytes[index]) : nil
    }
  }
}
