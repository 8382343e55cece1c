internal import Bits

// The redistributors' registers (IHI 0069H, section 12.11).

extension GICv3 {
  /// A place in the redistributors' registers.
  struct RedistributorPlace {
    /// The frames of each.
    enum Frame {
      /// RD_base.
      case control
      /// SGI_base.
      case interrupts
    }

    private static let frameCount = redistributorCount / 2

    let cpu: Int
    let frame: Frame
    /// In bytes from the start of the frame.
    let offset: UInt64

    /// Finds the place at an offset from the first redistributor; nil behind the last one.
    init?(_ offset: UInt64, among cpus: [CPU]) {
      let (cpu, offset) = offset.quotientAndRemainder(dividingBy: redistributorCount)
      guard cpu < UInt64(cpus.count) else { return nil }
      self.cpu = Int(cpu)
      frame = offset < Self.frameCount ? .control : .interrupts
      self.offset = offset % Self.frameCount
    }
  }

  /// Where each register of RD_base is, in bytes.
  private enum ControlRegister: UInt64 {
    case control = 0x000
    case implementer = 0x004
    case type = 0x008
    /// GICR_STATUSR, which nothing is reported in.
    case status = 0x010
    /// GICR_WAKER: neither ProcessorSleep nor ChildrenAsleep, as there is no power to manage.
    case waker = 0x014
  }

  func readRedistributor(_ place: RedistributorPlace, size: Int) -> UInt64? {
    switch place.frame {
    case .control: readControlFrame(place, size: size)
    case .interrupts: privateFields(place, size: size).map { UInt64(cpus[place.cpu].interrupts.read($0)) }
    }
  }

  mutating func writeRedistributor(_ value: UInt64, to place: RedistributorPlace, size: Int) -> Bool {
    switch place.frame {
    case .control:
      return readControlFrame(place, size: size) != nil  // Read-only, all of it.
    case .interrupts:
      guard let fields = privateFields(place, size: size) else { return false }
      cpus[place.cpu].interrupts.write(UInt32(truncatingIfNeeded: value), to: fields)
      update(place.cpu)
      return true
    }
  }

  private func readControlFrame(_ place: RedistributorPlace, size: Int) -> UInt64? {
    if let access = WideAccess(at: place.offset, size: size), access.register == ControlRegister.type.rawValue {
      return redistributorType(of: place.cpu)[bits: access.bits]
    }
    guard size == 4 else { return nil }
    return switch ControlRegister(rawValue: place.offset) {
    case .control, .status, .waker: 0
    case .implementer: Identification.implementer
    case .type, nil: Identification.redistributor.value(at: place.offset)
    }
  }

  /// GICR_TYPER: who it belongs to, and whether it is the last one.
  private func redistributorType(of cpu: Int) -> UInt64 {
    var value: UInt64 = 0
    value[bit: 4] = cpu == cpus.count - 1
    value[bits: 8...23] = UInt64(cpu)
    value[bits: 32...63] = cpus[cpu].affinity.packed
    return value
  }

  /// The fields of SGIs and PPIs that an access to SGI_base takes.
  private func privateFields(_ place: RedistributorPlace, size: Int) -> InterruptFields? {
    guard let fields = InterruptFields(at: place.offset, size: size), fields.block == 0, fields.kind != .target
    else { return nil }
    return fields
  }
}
