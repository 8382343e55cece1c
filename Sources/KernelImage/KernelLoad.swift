import Architecture
public import Bits

/// What a kernel expects to find where it is entered.
public enum BootProtocol: Sendable, Equatable, CustomStringConvertible {
  /// Linux's 64-bit boot protocol for x86 (Documentation/arch/x86/boot.rst, "64-bit Boot Protocol").
  case linux64
  /// Xen's PVH boot protocol, in 32-bit mode (Xen, docs/misc/pvh.pandoc).
  case pvh
  /// Linux's boot protocol for arm64, with the device tree's address in x0 (Documentation/arch/arm64/booting.rst).
  case linuxARM64
  /// None: the code is entered as it is, in the state that its architecture's Linux protocol has.
  case bare

  /// The protocol in the words of a report.
  public var description: String {
    switch self {
    case .linux64: "Linux's 64-bit boot protocol"
    case .pvh: "the PVH boot protocol"
    case .linuxARM64: "Linux's boot protocol for arm64"
    case .bare: "none"
    }
  }
}

/// How a kernel goes into a guest's memory: all of it known before a byte is copied.
public struct KernelLoad: Sendable {
  /// What the kernel expects at its entry.
  public let bootProtocol: BootProtocol
  /// Where the kernel is entered.
  public let entry: GuestPhysical
  /// What is copied, in the order of the bytes in the image.
  public let segments: [KernelSegment]
  /// The setup header of a bzImage, which `boot_params` takes up; nil for other kernels.
  public let setupHeader: SetupHeader?
  /// The stretches of memory that the kernel takes; each has to be RAM.
  public let memory: [Range<GuestPhysical>]

  private let payload: Payload

  init(
    bootProtocol: BootProtocol, entry: GuestPhysical, segments: [KernelSegment], setupHeader: SetupHeader? = nil,
    workspace: [Range<GuestPhysical>] = [], payload: Payload
  ) {
    self.bootProtocol = bootProtocol
    self.entry = entry
    self.segments = segments
    self.setupHeader = setupHeader
    self.memory = segments.map(\.physicalRange) + workspace
    self.payload = payload
  }

  /// From the lowest address that the kernel takes to the end of the highest.
  public var physicalRange: Range<GuestPhysical> {
    let start = memory.map(\.lowerBound).min() ?? entry
    return start..<(memory.map(\.upperBound).max() ?? start)
  }

  /// From the first byte that is loaded to the end of the last, zeroed data among them.
  public var imageRange: Range<GuestPhysical> {
    let ranges = segments.map(\.physicalRange)
    let start = ranges.map(\.lowerBound).min() ?? entry
    return start..<(ranges.map(\.upperBound).max() ?? start)
  }

  /// Checks that the kernel fits a guest's memory.
  ///
  /// - Parameter regions: the guest's RAM.
  /// - Throws: `KernelImageError` that says what does not fit.
  public func check(fits regions: [Range<GuestPhysical>]) throws(KernelImageError) {
    for needed in memory where !regions.contains(where: { $0.contains(needed) }) {
      let ranges = regions.map { "from \($0.lowerBound) to \($0.upperBound)" }.joined(separator: " and ")
      // More memory is added behind what is there: it does nothing for a kernel that starts elsewhere.
      let isCut = regions.contains { $0.contains(needed.lowerBound) || $0.upperBound == needed.lowerBound }
      throw KernelImageError(
        "the kernel takes the guest's memory from \(needed.lowerBound) to \(needed.upperBound), but RAM is \(ranges):"
          + (isCut ? " give the guest more by --memory" : " load the kernel there"))
    }
  }

  /// Checks that the kernel leaves memory alone that holds something else when it is entered.
  ///
  /// - Parameter taken: that memory.
  /// - Throws: `KernelImageError` that says where the two meet.
  public func check(clearOf taken: [Range<GuestPhysical>]) throws(KernelImageError) {
    for needed in memory {
      guard let other = taken.first(where: { $0.overlaps(needed) }) else { continue }
      throw KernelImageError(
        "the kernel takes the guest's memory from \(needed.lowerBound) to \(needed.upperBound), but what it is handed"
          + " at its entry stands from \(other.lowerBound) to \(other.upperBound): load it from 0x100000 up")
    }
  }

  /// Unpacks the kernel straight into the guest's memory: the slow part, for a thread of its own.
  ///
  /// Memory behind a segment's bytes is left as it is, and so has to be zero before.
  ///
  /// - Parameter memory: gives the host's bytes of the guest's memory at an address, at least as many as it is asked
  ///   for, or nil where not as many are there; they stay valid until this function returns.
  /// - Throws: `KernelImageError` where the image is corrupt or cannot be read; part of it is then in the memory.
  public func copy(
    into memory: (_ address: GuestPhysical, _ count: Int) -> UnsafeMutableRawBufferPointer?
  ) throws(KernelImageError) {
    var reader = try payload.open()
    for segment in segments where segment.fileCount > 0 {
      guard let bytes = memory(segment.physical, segment.fileCount), bytes.count >= segment.fileCount else {
        throw KernelImageError(
          "the guest has no memory for the \(segment.fileCount) bytes of the kernel at \(segment.physical)")
      }
      try reader.advance(to: segment.fileOffset)
      try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes.prefix(segment.fileCount)))
    }
    try reader.finish()
  }
}

extension KernelImage {
  /// Plans how the kernel is loaded; reads no more of its payload than the headers of the ELF file in it.
  ///
  /// - Parameters:
  ///   - throughDecompressor: whether a bzImage is loaded as a boot loader does, so that it unpacks itself; otherwise
  ///     the kernel in it is unpacked here and entered directly.
  ///   - ramStart: where the guest's RAM starts, which an arm64 kernel is placed by; others state their addresses.
  /// - Returns: where all of it goes.
  /// - Throws: `KernelImageError` where the kernel cannot be loaded that way.
  public func load(
    throughDecompressor: Bool = false, ramStart: GuestPhysical = virtRAMStart
  ) throws(KernelImageError) -> KernelLoad {
    switch content {
    case .bzImage(let header, _) where throughDecompressor: return try decompressorLoad(header)
    case .bzImage(let header, let payload?): return try directLoad(header, payload)
    case .bzImage(let header, nil):
      throw KernelImageError(
        "boot protocol \(header.versionNumber) does not say where the packed kernel is; 2.08 does (Linux 2.6.26)")
    case _ where throughDecompressor:
      throw KernelImageError("only a bzImage has a decompressor to go through, and this is \(kind.withArticle)")
    case .vmlinux(let image, let payload):
      switch image.architecture {
      case .x86_64:
        let (bootProtocol, entry) = Self.entry(of: image, try payload.notes(of: image))
        return KernelLoad(bootProtocol: bootProtocol, entry: entry, segments: image.segments, payload: payload)
      case .arm64: return try KernelLoad(arm64: image, payload: payload, ramStart: ramStart)
      }
    case .arm64(let image, let payload): return try KernelLoad(image, payload: payload, ramStart: ramStart)
    case .raw(let placement, let payload): return try rawLoad(placement, payload)
    }
  }

  private func directLoad(_ header: SetupHeader, _ payload: Payload) throws(KernelImageError) -> KernelLoad {
    let image = try Self.packedImage(payload)
    return KernelLoad(
      bootProtocol: .linux64, entry: image.entry, segments: image.segments, setupHeader: header, payload: payload)
  }

  /// How an ELF kernel is entered: Linux, which has a PVH entry as well, by its own protocol.
  private static func entry(of image: ELFImage, _ notes: KernelNotes) -> (BootProtocol, GuestPhysical) {
    guard image.architecture == .x86_64, let pvhEntry = notes.pvhEntry, !notes.isLinux else {
      return (.linux64, image.entry)
    }
    return (.pvh, pvhEntry)
  }

  /// The headers of the ELF file that a bzImage's payload unpacks to.
  static func packedImage(_ payload: Payload) throws(KernelImageError) -> ELFImage {
    let head = try payload.prefix(ELFImage.headCount)
    guard head.starts(with: ELFImage.magic) else {
      throw KernelImageError("the bzImage's payload unpacks to no ELF file: it is corrupt")
    }
    do throws(KernelImageError) {
      return try ELFImage(head: head, count: payload.unpackedLimit)
    } catch {
      throw error.inside("bzImage's payload")
    }
  }

  private func decompressorLoad(_ header: SetupHeader) throws(KernelImageError) -> KernelLoad {
    guard header.extendedLoadFlags?.contains(.kernel64) == true else {
      throw KernelImageError(
        "the bzImage has no 64-bit entry point (XLF_KERNEL_64): it is a 32-bit kernel or older than Linux 3.8")
    }
    let count = min(file.count - header.setupCount, header.protectedModeCount ?? .max)
    // A kernel that is not relocatable is loaded at 1 MiB, and moves itself to where it runs.
    let preferred = header.preferredAddress ?? 0x10_0000
    let address = header.isRelocatable ? preferred : 0x10_0000
    guard let part = file.slice(at: header.setupCount, count: count),
      let segment = KernelSegment(
        physical: address, virtual: address, memoryCount: UInt64(count), fileOffset: 0, fileCount: UInt64(count)),
      let workspace = KernelSegment(
        physical: preferred, virtual: preferred, memoryCount: max(UInt64(header.initialCount ?? 0), UInt64(count)),
        fileOffset: 0, fileCount: 0)
    else {
      throw KernelImageError(
        "the setup header's load address \(hex(preferred)) is past any machine's memory: it is corrupt")
    }
    return KernelLoad(
      bootProtocol: .linux64, entry: segment.physical.wrapping(by: 0x200), segments: [segment], setupHeader: header,
      workspace: [workspace.physicalRange], payload: Payload(slice: part, compression: nil, unpackedCount: count))
  }

  private func rawLoad(_ placement: RawPlacement, _ payload: Payload) throws(KernelImageError) -> KernelLoad {
    let address = placement.address.rawValue
    guard
      let segment = KernelSegment(
        physical: address, virtual: address, memoryCount: UInt64(file.count), fileOffset: 0,
        fileCount: UInt64(file.count))
    else { throw KernelImageError("the load address \(placement.address) is past any machine's memory") }
    return KernelLoad(bootProtocol: .bare, entry: placement.entry, segments: [segment], payload: payload)
  }
}

extension Range {
  fileprivate func contains(_ other: Range) -> Bool {
    lowerBound <= other.lowerBound && other.upperBound <= upperBound
  }
}
