public import Bits

/// How many breakpoints and watchpoints a CPU's debug hardware holds (Arm ARM, D19.2, `ID_AA64DFR0_EL1`).
public struct DebugRegisterCounts: Sendable, Equatable {
  /// Breakpoints, 1 to 16.
  public let breakpoints: Int
  /// Watchpoints, 1 to 16.
  public let watchpoints: Int
  /// Breakpoints that can compare a context, which are the last ones.
  public let contextAware: Int

  /// Makes it of its parts.
  public init(breakpoints: Int, watchpoints: Int, contextAware: Int = 0) {
    self.breakpoints = breakpoints
    self.watchpoints = watchpoints
    self.contextAware = contextAware
  }
}

/// DBGBVR, DBGBCR, DBGWVR and DBGWCR: what the debug hardware looks for (Arm ARM, sections D2.9 and D2.10).
///
/// The arrays have the layout of KVM's `kvm_guest_debug_arch`.
public struct ARM64DebugRegisters: Sendable, Equatable {
  /// How many registers of each sort the architecture has at most.
  public static let maxCount = 16

  /// DBGBVR0_EL1 and on: addresses of instructions.
  public private(set) var breakpointValues = [UInt64](repeating: 0, count: maxCount)
  /// DBGBCR0_EL1 and on.
  public private(set) var breakpointControls = [UInt64](repeating: 0, count: maxCount)
  /// DBGWVR0_EL1 and on: addresses of data.
  public private(set) var watchpointValues = [UInt64](repeating: 0, count: maxCount)
  /// DBGWCR0_EL1 and on.
  public private(set) var watchpointControls = [UInt64](repeating: 0, count: maxCount)

  /// Encodes breakpoints and watchpoints, the first of each in register 0.
  ///
  /// Nil for more than `counts`, and for a breakpoint at an address that is not a multiple of 4.
  public init?(breakpoints: [GuestVirtual], watchpoints: [Watchpoint], counts: DebugRegisterCounts) {
    guard breakpoints.count <= min(counts.breakpoints, Self.maxCount),
      watchpoints.count <= min(counts.watchpoints, Self.maxCount),
      breakpoints.allSatisfy({ $0.offset(in: 4) == 0 })
    else { return nil }
    for (number, breakpoint) in breakpoints.enumerated() {
      breakpointValues[number] = breakpoint.rawValue
      breakpointControls[number] = DBGBCR.addressMatch.rawValue
    }
    for (number, watchpoint) in watchpoints.enumerated() {
      watchpointValues[number] = watchpoint.value
      watchpointControls[number] = watchpoint.control.rawValue
    }
  }
}

// MARK: - Watchpoints

extension ARM64DebugRegisters {
  /// A watchpoint that one pair of registers can hold.
  public struct Watchpoint: Sendable, Hashable {
    /// The accesses that hit it, by their encoding in LSC.
    public enum Access: UInt8, Sendable, CaseIterable {
      case load = 1
      case store = 2
      case loadStore = 3

      /// Whether stores hit it, or loads.
      func includes(stores: Bool) -> Bool { rawValue & (stores ? Self.store : .load).rawValue != 0 }
    }

    /// The first byte watched, without a tag: DBGWVR wants copies of bit 55 in the top byte, whatever a pointer has there.
    public let address: GuestVirtual
    /// How many bytes: 1 to 8 inside an aligned doubleword, or a power of two up to 2 GiB at a multiple of itself.
    public let length: Int
    /// The accesses that hit it.
    public let access: Access

    /// Makes a watchpoint; nil where the hardware cannot hold it.
    ///
    /// - Parameters:
    ///   - address: the first byte, as a pointer has it.
    ///   - length: in bytes.
    ///   - access: the accesses that hit it.
    public init?(_ address: GuestVirtual, length: Int, access: Access) {
      let address = address.withoutTag
      let offset = address.offset(in: 8)
      let isInDoubleword = (1...8).contains(length) && offset + UInt64(length) <= 8
      guard isInDoubleword || Self.isRange(length, at: address) else { return nil }
      self.address = address
      self.length = length
      self.access = access
    }

    /// The watchpoint that a pair of registers holds; nil where it is not enabled, or its fields make no sense.
    ///
    /// - Parameters:
    ///   - value: DBGWVR.
    ///   - control: DBGWCR.
    public init?(value: UInt64, control: DBGWCR) {
      guard control.isEnabled, let access = control.access else { return nil }
      // From the upper word of a doubleword on there are four bytes to select.
      let bytes = value[bit: 2] ? control.byteSelect & 0xf : control.byteSelect
      if control.mask != 0 {
        // 1 and 2 are reserved (Arm ARM, D19.3, `DBGWCR<n>_EL1`).
        guard bytes == 0xff, control.mask > 2 else { return nil }
        self.init(GuestVirtual(value), length: 1 << control.mask, access: access)
      } else {
        let first = bytes.trailingZeroBitCount
        let count = bytes.nonzeroBitCount
        guard bytes != 0, bytes == UInt64.lowMask(count) << UInt64(first), value & 3 == 0 else { return nil }
        self.init(GuestVirtual(value &+ UInt64(first)), length: count, access: access)
      }
    }

    /// What DBGWVR holds for it.
    var value: UInt64 { address.alignedDown(to: 8).rawValue }

    /// What DBGWCR holds for it: enabled, for accesses of EL1 and EL0.
    var control: DBGWCR {
      var control = DBGWCR(rawValue: 0)
      control.isEnabled = true
      control.privilegeControl = 0b11
      control.access = access
      if length > 8 {
        control.mask = length.trailingZeroBitCount
        control.byteSelect = 0xff
      } else {
        control.byteSelect = UInt64.lowMask(length) << address.offset(in: 8)
      }
      return control
    }

    /// How far an address is from the bytes watched, 0 for one of them.
    func distance(to accessed: GuestVirtual) -> UInt64 {
      if accessed < address { return address.rawValue - accessed.rawValue }
      let offset = accessed.rawValue - address.rawValue
      return offset < UInt64(length) ? 0 : offset - UInt64(length) + 1
    }

    /// Whether MASK can express a range: powers of two from 8 bytes to 2 GiB, aligned to themselves.
    private static func isRange(_ length: Int, at address: GuestVirtual) -> Bool {
      length >= 8 && length <= maxLength && length.nonzeroBitCount == 1 && address.offset(in: UInt64(length)) == 0
    }

    /// The longest range of one watchpoint: MASK is 31.
    fileprivate static let maxLength = 1 << 31
  }

  /// Splits a range of data into as few pieces that one watchpoint each can hold as cover exactly it.
  ///
  /// - Parameters:
  ///   - address: the first byte.
  ///   - count: how many bytes, any number.
  ///   - limit: how many pieces there may be.
  /// - Returns: the pieces in ascending order; nil where the range is empty, wraps, or takes more pieces than that.
  public static func pieces(
    at address: GuestVirtual, count: UInt64, limit: Int
  ) -> [(address: GuestVirtual, length: Int)]? {
    // The last byte may be the address space's last, so that the end need not be an address.
    guard count > 0, address.advanced(by: count - 1) != nil else { return nil }
    var pieces: [(address: GuestVirtual, length: Int)] = []
    var next = address
    var left = count
    while left > 0 {
      guard pieces.count < limit else { return nil }
      let offset = next.offset(in: 8)
      let length: UInt64
      if offset != 0 || left < 8 {
        length = min(left, 8 - offset)
      } else {
        // The largest power of two that fits and that the address is a multiple of.
        let exponent = min(next.rawValue.trailingZeroBitCount, 63 - left.leadingZeroBitCount, 31)
        length = 1 << UInt64(exponent)
      }
      pieces.append((address: next, length: Int(length)))
      next = next.wrapping(by: length)
      left -= length
    }
    return pieces
  }

  /// Which of some watchpoints was hit, by what the CPU reports of it.
  ///
  /// The address is the lowest one of an access, or of a block of cache or of a vector, that hit one; it can lie before
  /// the bytes watched, so that the nearest watchpoint is taken (Arm ARM, section D2.10).
  ///
  /// - Parameters:
  ///   - syndrome: ESR_ELx.
  ///   - accessed: FAR_ELx.
  ///   - watchpoints: those that the registers hold.
  /// - Returns: its position; nil where there are none.
  public static func hit(
    _ syndrome: WatchpointSyndrome, at accessed: GuestVirtual, among watchpoints: [Watchpoint]
  ) -> Int? {
    if let number = syndrome.number, watchpoints.indices.contains(number) { return number }
    let candidates = watchpoints.indices.filter { watchpoints[$0].access.includes(stores: syndrome.isWrite) }
    guard syndrome.hasAddress else { return candidates.first }
    let place = accessed.withoutTag
    return candidates.min { watchpoints[$0].distance(to: place) < watchpoints[$1].distance(to: place) }
  }
}

extension GuestVirtual {
  /// The address with copies of bit 55 in the top byte, where a pointer may have a tag (Arm ARM, section D8.9).
  public var withoutTag: GuestVirtual {
    var value = rawValue
    value[bits: 56...63] = value[bit: 55] ? 0xff : 0
    return GuestVirtual(value)
  }
}
