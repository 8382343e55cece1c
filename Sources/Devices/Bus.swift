/// Which device answers at which address: I/O ports, or physical addresses without memory.
///
/// Lookups allocate nothing and take a number of steps that grows with the logarithm of the number of ranges.
public struct Bus<Device: Sendable>: Sendable {
  /// Where an address leads.
  public struct Location: Sendable {
    /// The device that answers.
    public let device: Device
    /// The distance in bytes from the start of the device's range.
    public let offset: UInt64
    /// How many bytes of the range follow from here on, 1 or more.
    public let remaining: UInt64
  }

  private struct Attachment {
    let device: Device
    let first: UInt64
    let last: UInt64
  }

  /// In ascending order, without overlap.
  private var attachments: [Attachment] = []

  /// Makes a bus with nothing on it.
  public init() {}

  /// Puts a device on the bus.
  ///
  /// - Parameters:
  ///   - device: What lookups in the range answer.
  ///   - start: The first address of its range.
  ///   - count: The length of the range in bytes, 1 or more.
  /// - Throws: `BusError` where the range is empty, passes the end of the address space or overlaps another.
  public mutating func attach(_ device: Device, at start: UInt64, count: UInt64) throws(BusError) {
    let (last, overflow) = start.addingReportingOverflow(count &- 1)
    guard count > 0, !overflow else { throw .notARange(start: start, count: count) }
    let position = self.position(of: start)
    if position > 0, attachments[position - 1].last >= start {
      throw .overlap(start: start, count: count)
    }
    if position < attachments.count, attachments[position].first <= last {
      throw .overlap(start: start, count: count)
    }
    attachments.insert(Attachment(device: device, first: start, last: last), at: position)
  }

  /// Every device with its addresses, in ascending order.
  public var devices: [(device: Device, addresses: ClosedRange<UInt64>)] {
    attachments.map { ($0.device, $0.first...$0.last) }
  }

  /// The device at an address, or nil where none answers.
  public subscript(address: UInt64) -> Location? {
    // The only range that can hold the address is the last one that starts at it or below.
    let position = address == .max ? attachments.count : self.position(of: address + 1)
    guard position > 0 else { return nil }
    let attachment = attachments[position - 1]
    guard address <= attachment.last else { return nil }
    return Location(
      device: attachment.device, offset: address - attachment.first,
      remaining: (attachment.last - address).addingReportingOverflow(1).partialValue)
  }

  /// How many ranges start below `address`: the place where a range that starts there would stand.
  private func position(of address: UInt64) -> Int {
    var low = 0
    var high = attachments.count
    while low < high {
      let middle = (low + high) / 2
      if attachments[middle].first < address { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// Why a device cannot be put on a bus.
public enum BusError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The range is empty or passes the end of the address space.
  case notARange(start: UInt64, count: UInt64)
  /// Another device answers in that range already.
  case overlap(start: UInt64, count: UInt64)

  /// One sentence that names the range and says what is wrong with it.
  public var description: String {
    switch self {
    case .notARange(let start, let count):
      "\(count) bytes from 0x\(String(start, radix: 16)) are not a range of addresses"
    case .overlap(let start, let count):
      "another device answers in the \(count) bytes from 0x\(String(start, radix: 16))"
    }
  }
}
