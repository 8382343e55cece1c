public import Architecture
public import Bits

/// Where a kernel's parts stand in the bytes that it is read from, and which addresses they are linked to.
///
/// The bytes may be those of an unpacked file, or of the guest's memory once the loader has filled it: offsets count
/// from the first of them either way.
public struct KernelLayout: Sendable, Equatable {
  /// One stretch of a kernel.
  public struct Segment: Sendable, Equatable {
    /// Where it starts in the bytes.
    public let offset: Int
    /// How many bytes of it are there.
    public let count: Int
    /// Its length in memory, with the zeros behind its bytes.
    public let memoryCount: UInt64
    /// The address that it is linked to; nil where nothing states it.
    ///
    /// Kernels are linked to the upper half of the address space: an address in the lower half, such as the physical one
    /// of an arm64 Image or the 0 of x86-64's per-CPU template, says nothing and becomes nil.
    public let virtual: GuestVirtual?

    /// Describes a stretch of a kernel.
    ///
    /// - Parameters:
    ///   - offset: where it starts in the bytes.
    ///   - count: how many bytes of it are there.
    ///   - memoryCount: its length in memory.
    ///   - virtual: the address that it is linked to, as far as its file says.
    public init(offset: Int, count: Int, memoryCount: UInt64, virtual: GuestVirtual?) {
      self.offset = offset
      self.count = count
      self.memoryCount = memoryCount
      self.virtual = virtual.flatMap { $0.isInUpperHalf ? $0 : nil }
    }
  }

  /// The architecture of its code.
  public let architecture: GuestArchitecture
  /// Its parts.
  public let segments: [Segment]

  /// Puts a layout together.
  public init(architecture: GuestArchitecture, segments: [Segment]) {
    self.architecture = architecture
    self.segments = segments
  }

  /// The layout of an arm64 Image, which states no address.
  ///
  /// - Parameters:
  ///   - count: the length of the file.
  ///   - memoryCount: its header's `image_size`.
  /// - Returns: the layout.
  public static func arm64Image(count: Int, memoryCount: UInt64) -> KernelLayout {
    KernelLayout(
      architecture: .arm64, segments: [Segment(offset: 0, count: count, memoryCount: memoryCount, virtual: nil)])
  }

  /// The addresses of the segments whose own are known, from the lowest to the highest; nil where none is, or where they
  /// run over the end of the address space.
  var linkRange: Range<GuestVirtual>? {
    let ranges = segments.compactMap { segment in
      segment.virtual.flatMap { start in start.advanced(by: segment.memoryCount).map { start..<$0 } }
    }
    guard let start = ranges.map(\.lowerBound).min(), let end = ranges.map(\.upperBound).max() else { return nil }
    return start..<end
  }

  /// The layout with a segment's address filled in.
  func linking(_ number: Int, to address: GuestVirtual) -> KernelLayout {
    var segments = segments
    let segment = segments[number]
    segments[number] = Segment(
      offset: segment.offset, count: segment.count, memoryCount: segment.memoryCount, virtual: address)
    return KernelLayout(architecture: architecture, segments: segments)
  }
}
