public import Bits

/// Why guest memory could not be had.
public struct GuestMemoryError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence that says what is wrong and what would be right.
  public let description: String
  /// Makes an error of a sentence.
  public init(_ description: String) { self.description = description }
}

/// The guest's memory: regions of RAM on its physical bus, mapped into this process.
///
/// Each access is checked against the regions; none traps, whatever the address. The bytes are shared with running CPUs:
/// what a read sees while the guest writes is any of the values that were there.
public final class GuestRAM: @unchecked Sendable {
  // SAFETY: (@unchecked Sendable) the regions never change; their bytes are the guest's, shared by nature.

  /// A stretch of RAM.
  public struct Region: Sendable {
    /// Where it starts on the guest's physical bus.
    public let start: GuestPhysical
    /// Its length in bytes.
    public let count: UInt64
    /// The host's address of its first byte.
    public let host: UInt
  }

  /// The regions in ascending order; they do not overlap.
  public let regions: [Region]
  private let mappings: [Mapping]

  /// Makes RAM that reads zero and takes host memory only where it is touched.
  ///
  /// - Parameter ranges: start and length of each region, multiples of 4096, in ascending order without overlap.
  /// - Throws: `GuestMemoryError` where a range is malformed or the host has no address space left.
  public init(_ ranges: [(start: GuestPhysical, count: UInt64)]) throws(GuestMemoryError) {
    var regions: [Region] = []
    var mappings: [Mapping] = []
    var end: UInt64 = 0
    for range in ranges {
      let (next, overflow) = range.start.rawValue.addingReportingOverflow(range.count)
      guard range.count > 0, !overflow, range.start.rawValue >= end, range.start.offset(in: 4096) == 0,
        range.count % 4096 == 0, let count = Int(exactly: range.count)
      else {
        throw GuestMemoryError(
          "a memory region of \(range.count) bytes at \(range.start) is not whole pages above the one before it")
      }
      end = next
      let mapping = try Mapping(count: count)
      regions.append(Region(start: range.start, count: range.count, host: UInt(bitPattern: mapping.base)))
      mappings.append(mapping)
    }
    self.regions = regions
    self.mappings = mappings
  }

  /// The host's bytes from a physical address to the end of its region, or nil where no RAM is.
  @inlinable
  public func bytes(at address: GuestPhysical) -> UnsafeMutableRawBufferPointer? {
    for region in regions {
      let offset = address.rawValue &- region.start.rawValue
      if offset < region.count {
        // SAFETY: the offset lies inside the region, whose mapping lives as long as this object.
        return UnsafeMutableRawBufferPointer(
          start: UnsafeMutableRawPointer(bitPattern: region.host + UInt(offset)), count: Int(region.count - offset))
      }
    }
    return nil
  }

  /// Copies memory out, up to the end of the RAM that is there without a gap.
  ///
  /// - Returns: how many bytes were copied; 0 where no RAM is at `address`.
  @inlinable
  public func read(at address: GuestPhysical, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    var done = 0
    while done < buffer.count, let next = address.advanced(by: UInt64(done)), let source = bytes(at: next) {
      let count = min(source.count, buffer.count - done)
      UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<count]))
      done += count
    }
    return done
  }

  /// Copies memory in, up to the end of the RAM that is there without a gap.
  ///
  /// - Returns: how many bytes were copied; 0 where no RAM is at `address`.
  @inlinable
  @discardableResult
  public func write(at address: GuestPhysical, from buffer: UnsafeRawBufferPointer) -> Int {
    var done = 0
    while done < buffer.count, let next = address.advanced(by: UInt64(done)), let target = bytes(at: next) {
      let count = min(target.count, buffer.count - done)
      UnsafeMutableRawBufferPointer(rebasing: target[..<count])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[done..<done + count]))
      done += count
    }
    return done
  }

  /// The little-endian integer at a physical address, or nil where it does not lie in RAM.
  @inlinable
  public func load<Value: FixedWidthInteger & BitwiseCopyable>(
    at address: GuestPhysical, as type: Value.Type = Value.self
  ) -> Value? {
    guard let bytes = bytes(at: address) else { return nil }
    return UnsafeRawBufferPointer(bytes).littleEndian(at: 0, as: type)
  }

  /// The little-endian integer of 4 or 8 bytes at a physical address, as page tables have them, or nil where it does not
  /// lie in RAM.
  public func loadInteger(at address: GuestPhysical, _ byteCount: Int) -> UInt64? {
    switch byteCount {
    case 4: load(at: address, as: UInt32.self).map { UInt64($0) }
    case 8: load(at: address, as: UInt64.self)
    default: nil
    }
  }

  /// Stores a little-endian integer; false, and nothing stored, where it does not lie in RAM.
  @inlinable
  @discardableResult
  public func store<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at address: GuestPhysical) -> Bool {
    bytes(at: address)?.storeLittleEndian(value, at: 0) ?? false
  }

  /// Makes all of it read zero again and gives the host its memory back.
  public func clear() throws(GuestMemoryError) {
    for mapping in mappings { try mapping.clear() }
  }
}
