import Architecture
public import Bits

extension KernelImage {
  /// Where RAM starts on the `virt` board, to which an arm64 kernel is loaded unless another address is given.
  public static let virtRAMStart = GuestPhysical(0x4000_0000)

  /// An arm64 kernel's header; nil for other kernels, and for arm64 kernels that are not packed as an Image.
  public var arm64Header: ARM64ImageHeader? {
    if case .arm64(let image, _) = content { image.header } else { nil }
  }
}

extension KernelImage.RawPlacement {
  /// Places arm64 code that has no header: half a MiB past the start of RAM, where the first kernels went.
  ///
  /// - Parameters:
  ///   - ramStart: where the guest's RAM starts.
  ///   - entry: where the code is entered; nil for its first byte.
  /// - Returns: the placement.
  public static func arm64(
    ramStart: GuestPhysical = KernelImage.virtRAMStart, entry: GuestPhysical? = nil
  ) -> KernelImage.RawPlacement {
    let address = ramStart.wrapping(by: 0x8_0000)
    return KernelImage.RawPlacement(architecture: .arm64, address: address, entry: entry ?? address)
  }
}

extension KernelLoad {
  /// Plans an Image at the first place in RAM that its header allows.
  init(_ image: ARM64Image, payload: Payload, ramStart: GuestPhysical) throws(KernelImageError) {
    let base = ARM64Placement.kernelBase(ramStart: ramStart)
    let header = image.header
    guard let start = base.advanced(by: header.textOffset),
      let segment = KernelSegment(
        physical: start.rawValue, virtual: start.rawValue, memoryCount: image.memoryCount, fileOffset: 0,
        fileCount: UInt64(image.count))
    else {
      throw KernelImageError(
        "the arm64 Image states a text_offset of \(hex(header.textOffset)) and an image_size of \(hex(header.imageSize)),"
          + " which is past any machine's memory: the file is corrupt")
    }
    // The memory in front of the kernel is its own as well: early kernels put their first page tables there.
    self.init(
      bootProtocol: .linuxARM64, entry: start, segments: [segment],
      workspace: [base..<segment.physicalRange.upperBound], payload: payload)
  }

  /// Plans an ELF kernel: by the physical addresses that it states, or relative to RAM where it states none.
  init(arm64 image: ELFImage, payload: Payload, ramStart: GuestPhysical) throws(KernelImageError) {
    guard image.isRelocatable else {
      self.init(bootProtocol: .linuxARM64, entry: image.entry, segments: image.segments, payload: payload)
      return
    }
    let base = ARM64Placement.kernelBase(ramStart: ramStart)
    let segments = image.segments.compactMap { $0.moved(by: base.rawValue) }
    guard segments.count == image.segments.count else {
      throw KernelImageError("the ELF segments do not fit behind \(base), where the guest's RAM starts")
    }
    // The page tables at the kernel's end are in no segment; the header that the Image is made of counts them in.
    let lowest = image.segments.min { $0.physical < $1.physical }
    let size = try lowest.flatMap { lowest throws(KernelImageError) in
      try payload.imageHeader(at: lowest).map { lowest.physical.rawValue &+ $0.imageSize }
    }
    let workspace = size.flatMap { base.advanced(by: $0) }.map { [base..<$0] }
    self.init(
      bootProtocol: .linuxARM64, entry: image.entry.wrapping(by: base.rawValue), segments: segments,
      workspace: workspace ?? [], payload: payload)
  }
}

extension Payload {
  /// The Image header that an arm64 kernel's first segment starts with; nil where it is another program.
  fileprivate func imageHeader(at segment: KernelSegment) throws(KernelImageError) -> ARM64ImageHeader? {
    var reader = try open()
    try reader.advance(to: segment.fileOffset)
    return ARM64ImageHeader(head: try reader.bytes(min(segment.fileCount, 64)))
  }
}
