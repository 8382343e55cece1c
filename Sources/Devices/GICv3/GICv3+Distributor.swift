internal import Bits

// The distributor's registers (IHI 0069H, section 12.9).

extension GICv3 {
  /// Where each register is that has no field for each interrupt, in bytes.
  private enum DistributorRegister: UInt64 {
    case control = 0x000
    case type = 0x004
    case implementer = 0x008
    /// GICD_TYPER2, of GICv4.1 alone.
    case type2 = 0x00C
    /// GICD_STATUSR, which nothing is reported in.
    case status = 0x010
    /// GICD_SGIR, of GICv2 alone.
    case softwareGenerated = 0xF00
  }

  /// GICD_CPENDSGIR and GICD_SPENDSGIR, of GICv2 alone.
  private static let pendingSGIs: Range<UInt64> = 0xF10..<0xF30
  /// GICD_IROUTER of the first SPI.
  private static let firstRoute = 0x6000 + 8 * UInt64(firstSPI)

  /// GICD_CTLR: affinity routing (bit 4) and a single security state (bit 6) cannot be turned off.
  private var distributorControl: UInt64 {
    var value = UInt64(enabledGroups.rawValue)
    value[bit: 4] = true
    value[bit: 6] = true
    return value
  }

  /// GICD_TYPER: INTIDs of ten bits, and affinities of four levels (bit 24).
  private var distributorType: UInt64 {
    var value: UInt64 = 0
    value[bits: 0...4] = UInt64(spis.count)
    value[bits: 19...23] = 10 - 1
    value[bit: 24] = true
    return value
  }

  func readDistributor(at offset: UInt64, size: Int) -> UInt64? {
    if let fields = InterruptFields(at: offset, size: size) {
      // Those of SGIs and PPIs are in the redistributors.
      if fields.block == 0 { return 0 }
      return spis.indices.contains(fields.block - 1) ? UInt64(spis[fields.block - 1].read(fields)) : nil
    }
    if let (spi, bits) = routeAccess(at: offset, size: size) { return routes[spi].rawValue[bits: bits] }
    guard size == 4 else { return nil }
    return switch DistributorRegister(rawValue: offset) {
    case .control: distributorControl
    case .type: distributorType
    case .implementer: Identification.implementer
    case .type2, .status, .softwareGenerated: 0
    case nil where Self.pendingSGIs ~= offset && offset.isMultiple(of: 4): 0
    case nil: Identification.distributor.value(at: offset)
    }
  }

  mutating func writeDistributor(_ value: UInt64, at offset: UInt64, size: Int) -> Bool {
    if let fields = InterruptFields(at: offset, size: size), spis.indices.contains(fields.block - 1) {
      spis[fields.block - 1].write(UInt32(truncatingIfNeeded: value), to: fields)
    } else if let (spi, bits) = routeAccess(at: offset, size: size) {
      var route = routes[spi].rawValue
      route[bits: bits] = value
      routes[spi] = Route(rawValue: route, among: cpus)
    } else if size == 4, DistributorRegister(rawValue: offset) == .control {
      enabledGroups = Groups(rawValue: UInt8(truncatingIfNeeded: value)).intersection(.all)
    } else {
      return readDistributor(at: offset, size: size) != nil  // Read-only.
    }
    updateAll()
    return true
  }

  /// The SPI, and the bits of its GICD_IROUTER, that an access takes; nil where it is to none.
  private func routeAccess(at offset: UInt64, size: Int) -> (spi: Int, bits: ClosedRange<Int>)? {
    guard let access = WideAccess(at: offset, size: size), access.register >= Self.firstRoute else { return nil }
    let spi = (access.register - Self.firstRoute) / 8
    return spi < UInt64(routes.count) ? (Int(spi), access.bits) : nil
  }
}
