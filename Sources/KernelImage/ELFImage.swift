import Architecture
import Bits

/// What an ELF kernel's header and program headers say (System V ABI, "Object Files"; psABI of each architecture).
struct ELFImage: Sendable {
  static let magic: [UInt8] = [0x7f, 0x45, 0x4c, 0x46]
  /// How much of the image's start is looked at: linkers put the program headers right behind the header.
  static let headCount = 1 << 16

  let architecture: GuestArchitecture
  /// Whether the addresses below count from the multiple of 2 MiB that the kernel is put at: an arm64 kernel runs
  /// wherever it is, and states its virtual addresses where the physical ones belong.
  let isRelocatable: Bool
  /// Where the kernel is entered, as a physical address.
  let entry: GuestPhysical
  /// What PT_LOAD says, in the order of the bytes in the file.
  let segments: [KernelSegment]
  /// The bytes of the notes in the file, in ascending order.
  let notes: [Range<Int>]

  /// Reads the headers.
  ///
  /// - Parameters:
  ///   - head: the image's first bytes, `headCount` of them where it has as many.
  ///   - count: the image's length, or the most that it can be.
  /// - Throws: `KernelImageError` where it is not an executable of a known architecture whose segments can be loaded.
  init(head: [UInt8], count: Int) throws(KernelImageError) {
    let header = try ELFHeader(head)
    architecture = try header.loadableArchitecture()
    var loaded: [ProgramHeader] = []
    var notes: [Range<Int>] = []
    for index in 0..<header.programHeaderCount {
      let program = try ProgramHeader(head, at: header.programHeaderOffset(index), index: index)
      switch program.type {
      case .load where !program.isEmpty: loaded.append(program)
      case .note: if let range = program.noteRange(imageCount: count) { notes.append(range) }
      case .interpreter: throw KernelImageError("this is a program that runs under Linux, not a kernel")
      default: break
      }
    }
    let linkBase = architecture == .arm64 ? Self.linkBase(of: loaded) : nil
    isRelocatable = linkBase != nil
    var segments: [KernelSegment] = []
    for program in loaded { segments.append(try program.segment(imageCount: count, linkBase: linkBase ?? 0)) }
    self.segments = try Self.inFileOrder(segments)
    self.notes = notes.sorted { $0.lowerBound < $1.lowerBound }
    entry = try Self.physicalEntry(header.entry, in: segments, isVirtual: isRelocatable)
  }

  /// The multiple of 2 MiB that a kernel is linked to in virtual addresses; nil where it has physical ones.
  private static func linkBase(of programs: [ProgramHeader]) -> UInt64? {
    guard let lowest = programs.map(\.physical).min(), lowest >= KernelSegment.addressLimit else { return nil }
    return GuestVirtual(lowest).alignedDown(to: 2 << 20).rawValue
  }

  /// Sorts the segments for reading in one pass, which works only where none takes another's bytes or memory.
  private static func inFileOrder(_ segments: [KernelSegment]) throws(KernelImageError) -> [KernelSegment] {
    guard !segments.isEmpty else {
      throw KernelImageError("the ELF file has no segment to load: it is not a linked kernel")
    }
    let byAddress = segments.sorted { $0.physical < $1.physical }
    for (lower, upper) in zip(byAddress, byAddress.dropFirst())
    where lower.physicalRange.upperBound > upper.physical {
      throw KernelImageError(
        "the ELF segments at \(lower.physical) and \(upper.physical) overlap in memory: the file is corrupt")
    }
    let byOffset = segments.sorted { $0.fileOffset < $1.fileOffset }
    // A segment of zeros alone has an offset too, but one that means nothing.
    let copied = byOffset.filter { $0.fileCount > 0 }
    for (lower, upper) in zip(copied, copied.dropFirst()) where lower.fileRange.upperBound > upper.fileOffset {
      throw KernelImageError(
        "the ELF segments at \(lower.physical) and \(upper.physical) share bytes of the file: it is corrupt")
    }
    return byOffset
  }

  /// The physical address of the entry point; vmlinux for x86-64 states it so, other kernels by their virtual address.
  private static func physicalEntry(
    _ entry: UInt64, in segments: [KernelSegment], isVirtual: Bool
  ) throws(KernelImageError) -> GuestPhysical {
    // Physical first: the virtual addresses of a kernel's per-CPU segment start at 0 and hide nothing this way.
    let physical = GuestPhysical(entry)
    if !isVirtual, segments.contains(where: { $0.physicalRange.contains(physical) }) { return physical }
    guard let segment = segments.first(where: { entry &- $0.virtual.rawValue < $0.memoryCount }) else {
      throw KernelImageError("the ELF entry point \(hex(entry)) lies in none of its segments: the file is corrupt")
    }
    return segment.physical.wrapping(by: entry &- segment.virtual.rawValue)
  }
}

/// The ELF header of a 64-bit little-endian file.
private struct ELFHeader {
  /// `e_type`.
  private enum FileType: UInt16 {
    case relocatable = 1
    case executable = 2
    case shared = 3
    case core = 4
  }

  /// `EM_X86_64` and `EM_AARCH64`.
  private static let machines: [UInt16: GuestArchitecture] = [62: .x86_64, 183: .arm64]

  private let type: UInt16
  private let machine: UInt16
  let entry: UInt64
  let programHeaderCount: Int
  private let programHeaders: UInt64

  init(_ head: [UInt8]) throws(KernelImageError) {
    guard let fileClass: UInt8 = head.littleEndian(at: 4), let byteOrder: UInt8 = head.littleEndian(at: 5),
      let type: UInt16 = head.littleEndian(at: 16), let machine: UInt16 = head.littleEndian(at: 18)
    else { throw KernelImageError("the ELF file ends inside its header: it was cut short") }
    guard byteOrder == 1 else {
      throw KernelImageError("this is a big-endian ELF file where a little-endian kernel is needed")
    }
    guard fileClass == 2 else {
      throw KernelImageError(
        "this is a 32-bit ELF file for \(Self.name(ofMachine: machine)) where a 64-bit kernel is needed")
    }
    guard let entry: UInt64 = head.littleEndian(at: 24), let programHeaders: UInt64 = head.littleEndian(at: 32),
      let entrySize: UInt16 = head.littleEndian(at: 54), let count: UInt16 = head.littleEndian(at: 56)
    else { throw KernelImageError("the ELF file ends inside its header: it was cut short") }
    guard count == 0 || entrySize == ProgramHeader.size else {
      throw KernelImageError(
        "the ELF header states program headers of \(entrySize) bytes, which have \(ProgramHeader.size): it is corrupt")
    }
    self.type = type
    self.machine = machine
    self.entry = entry
    self.programHeaders = programHeaders
    programHeaderCount = Int(count)
  }

  /// Where a program header stands in the image; past every head where the header states something absurd.
  func programHeaderOffset(_ index: Int) -> Int { Int(min(programHeaders, 1 << 32)) + index * ProgramHeader.size }

  /// The architecture, if this is an executable of one that can be loaded.
  func loadableArchitecture() throws(KernelImageError) -> GuestArchitecture {
    guard let architecture = Self.machines[machine] else {
      throw KernelImageError(
        "this is an ELF file for \(Self.name(ofMachine: machine)) where a kernel for x86-64 or arm64 is needed")
    }
    switch FileType(rawValue: type) {
    case .executable: return architecture
    // An arm64 kernel relocates itself, and so is linked as a shared library is.
    case .shared where architecture == .arm64: return architecture
    case .relocatable:
      throw KernelImageError("this is an ELF object file or kernel module where a linked kernel is needed")
    case .shared:
      throw KernelImageError(
        "this is an ELF shared library or position-independent program where a kernel linked to fixed addresses is needed"
      )
    case .core: throw KernelImageError("this is a core dump where a kernel is needed")
    case nil: throw KernelImageError("the ELF header states the unknown type \(type) where 2, executable, is needed")
    }
  }

  /// The processor that an `e_machine` value stands for.
  private static func name(ofMachine machine: UInt16) -> String {
    switch machine {
    case 3: "Intel 80386"
    case 8: "MIPS"
    case 20: "PowerPC"
    case 21: "64-bit PowerPC"
    case 22: "IBM S/390"
    case 40: "32-bit Arm"
    case 62: "x86-64"
    case 183: "arm64"
    case 243: "RISC-V"
    case 258: "LoongArch"
    default: "the machine numbered \(machine)"
    }
  }
}

/// One program header of a 64-bit ELF file.
private struct ProgramHeader {
  /// `p_type`.
  enum Kind: UInt32 {
    case load = 1
    case interpreter = 3
    case note = 4
  }

  static let size = 56

  private let index: Int
  /// Nil for the types that loading does not concern.
  let type: Kind?
  private let fileOffset: UInt64
  private let virtual: UInt64
  let physical: UInt64
  private let fileCount: UInt64
  private let memoryCount: UInt64

  /// Whether there is nothing to load.
  var isEmpty: Bool { fileCount == 0 && memoryCount == 0 }

  init(_ head: [UInt8], at offset: Int, index: Int) throws(KernelImageError) {
    guard offset <= head.count - Self.size, let type: UInt32 = head.littleEndian(at: offset),
      let fileOffset: UInt64 = head.littleEndian(at: offset + 8),
      let virtual: UInt64 = head.littleEndian(at: offset + 16),
      let physical: UInt64 = head.littleEndian(at: offset + 24),
      let fileCount: UInt64 = head.littleEndian(at: offset + 32),
      let memoryCount: UInt64 = head.littleEndian(at: offset + 40)
    else {
      throw KernelImageError(
        "ELF program header \(index) at offset \(hex(offset)) lies outside of the file's first \(head.count) bytes")
    }
    self.index = index
    self.type = Kind(rawValue: type)
    self.fileOffset = fileOffset
    self.virtual = virtual
    self.physical = physical
    self.fileCount = fileCount
    self.memoryCount = memoryCount
  }

  /// What it loads, its physical address counted from `linkBase`.
  func segment(imageCount: Int, linkBase: UInt64) throws(KernelImageError) -> KernelSegment {
    guard fileCount <= memoryCount else {
      throw KernelImageError(
        "ELF segment \(index) has \(hex(fileCount)) bytes in the file but \(hex(memoryCount)) in memory: it is corrupt")
    }
    guard
      let segment = KernelSegment(
        physical: physical &- linkBase, virtual: virtual, memoryCount: memoryCount, fileOffset: fileOffset,
        fileCount: fileCount)
    else {
      throw KernelImageError(
        "ELF segment \(index) of \(hex(memoryCount)) bytes at \(hex(physical)) is past any machine's memory: it is corrupt"
      )
    }
    guard fileCount == 0 || segment.fileRange.upperBound <= imageCount else {
      throw KernelImageError(
        "ELF segment \(index) ends at offset \(hex(segment.fileRange.upperBound)) of an image of \(hex(imageCount)) bytes:"
          + " it was cut short")
    }
    return segment
  }

  /// The notes' bytes; nil where they are too many to be notes or lie outside, since no load depends on them.
  func noteRange(imageCount: Int) -> Range<Int>? {
    guard fileCount > 0, fileCount <= 1 << 20, let start = Int(exactly: fileOffset),
      let count = Int(exactly: fileCount), count <= imageCount, start <= imageCount - count
    else { return nil }
    return start..<start + count
  }
}
