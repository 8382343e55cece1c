public import Bits

/// What a CPU and its memory hold when a kernel is entered, beyond the kernel itself.
public struct BootState: Sendable {
  /// Bytes with the address that they are to be stored at.
  public struct Blob: Sendable, Equatable {
    /// Where they go.
    public let address: GuestPhysical
    /// The bytes.
    public let bytes: [UInt8]

    /// The addresses that they take.
    public var range: Range<GuestPhysical> { address..<address.wrapping(by: UInt64(bytes.count)) }

    /// Puts bytes at an address.
    public init(_ address: GuestPhysical, _ bytes: [UInt8]) {
      self.address = address
      self.bytes = bytes
    }
  }

  /// A register and its value.
  public struct Setting: Sendable, Equatable {
    /// The register.
    public let register: X86Register
    /// What it holds.
    public let value: UInt64

    /// Sets a register to a value.
    public init(_ register: X86Register, _ value: UInt64) {
      self.register = register
      self.value = value
    }
  }

  /// What memory holds; no two overlap.
  public var blobs: [Blob]
  /// The registers that differ from their values after reset, for the CPU that boots.
  public var registers: [Setting]

  /// Puts memory and registers together.
  public init(blobs: [Blob], registers: [Setting]) {
    self.blobs = blobs
    self.registers = registers
  }
}

/// What a loader hands to a kernel, whichever protocol it is entered by.
public struct BootRequest: Sendable, Equatable {
  /// The command line, without a NUL; the kernel takes bytes, not characters.
  public var commandLine: [UInt8]
  /// Where the initial RAM disk was put.
  public var initialRAMDisk: Range<GuestPhysical>?
  /// The machine's RAM in bytes, a multiple of 4096.
  public var memorySize: UInt64
  /// Where the ACPI tables' root pointer was put.
  public var rsdp: GuestPhysical?

  /// Puts a request together.
  ///
  /// - Parameters:
  ///   - commandLine: the command line, without a NUL.
  ///   - initialRAMDisk: where the initial RAM disk was put.
  ///   - memorySize: the machine's RAM in bytes, a multiple of 4096.
  ///   - rsdp: where the ACPI tables' root pointer was put.
  public init(
    commandLine: [UInt8] = [], initialRAMDisk: Range<GuestPhysical>? = nil, memorySize: UInt64,
    rsdp: GuestPhysical? = nil
  ) {
    self.commandLine = commandLine
    self.initialRAMDisk = initialRAMDisk
    self.memorySize = memorySize
    self.rsdp = rsdp
  }

  /// The command line as it stands in memory.
  ///
  /// - Parameter limit: how many bytes the kernel takes, NUL not counted.
  /// - Returns: the bytes at their address.
  /// - Throws: where the line is too long, or holds a NUL that would end it early.
  func commandLineBlob(limit: Int) throws(BootError) -> BootState.Blob {
    let limit = min(limit, PCMemoryLayout.commandLineCapacity - 1)
    guard commandLine.count <= limit else {
      throw BootError("the command line has \(commandLine.count) bytes, and this kernel takes \(limit) at most")
    }
    guard !commandLine.contains(0) else {
      throw BootError("the command line has a NUL inside, where the kernel would take it to end")
    }
    return BootState.Blob(PCMemoryLayout.commandLine, commandLine + [0])
  }
}

/// Why a kernel cannot be entered as asked.
public struct BootError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence without a full stop that says what is wrong and what would be right.
  public let description: String
  /// Says why.
  public init(_ description: String) { self.description = description }
}

// MARK: - Segments

/// The GDT that kernels are entered with, at the selectors that Linux's boot protocol names.
enum BootSegments {
  /// `__BOOT_CS`.
  static let codeSelector: UInt16 = 0x10
  /// `__BOOT_DS`.
  static let dataSelector: UInt16 = 0x18

  private static let flat: X86SegmentAttributes = [.codeOrData, .present, .granularity]
  /// Execute and read, accessed, 64-bit.
  static let code64 = X86SegmentAttributes(type: 0xb, flat.union(.long))
  /// Execute and read, accessed, 32-bit.
  static let code32 = X86SegmentAttributes(type: 0xb, flat.union(.big))
  /// Read and write, accessed, 32-bit.
  static let data = X86SegmentAttributes(type: 0x3, flat.union(.big))
  /// A busy TSS, which both VMX and SVM want in TR, whether or not the kernel uses it.
  static let task = X86SegmentAttributes(type: 0xb, .present)

  /// The table: two empty slots, code and data.
  static func table(code: X86SegmentAttributes) -> BootState.Blob {
    var bytes: [UInt8] = []
    for descriptor: SegmentDescriptor? in [nil, nil, SegmentDescriptor(flat: code), SegmentDescriptor(flat: data)] {
      bytes.appendLittleEndian(descriptor?.encoded ?? 0)
    }
    return BootState.Blob(PCMemoryLayout.globalDescriptorTable, bytes)
  }

  /// The segment registers, GDTR and IDTR that go with the table.
  static func registers(code: X86SegmentAttributes) -> [BootState.Setting] {
    var settings: [BootState.Setting] = [
      BootState.Setting(.tableBase(.gdtr), PCMemoryLayout.globalDescriptorTable.rawValue),
      BootState.Setting(.tableLimit(.gdtr), UInt64(table(code: code).bytes.count - 1)),
      BootState.Setting(.tableBase(.idtr), 0),
      BootState.Setting(.tableLimit(.idtr), 0),
    ]
    func set(
      _ segment: X86Register.Segment, _ selector: UInt16, limit: UInt64, _ attributes: X86SegmentAttributes
    ) {
      settings.append(BootState.Setting(.selector(segment), UInt64(selector)))
      settings.append(BootState.Setting(.base(segment), 0))
      settings.append(BootState.Setting(.limit(segment), limit))
      settings.append(BootState.Setting(.attributes(segment), attributes.rawValue))
    }
    set(.cs, codeSelector, limit: 0xffff_ffff, code)
    for segment in [X86Register.Segment.ss, .ds, .es, .fs, .gs] {
      set(segment, dataSelector, limit: 0xffff_ffff, data)
    }
    // The limit of the smallest 32-bit TSS (SDM volume 3, section 8.2.1).
    set(.tr, 0, limit: 0x67, task)
    set(.ldtr, 0, limit: 0, .unusable)
    return settings
  }
}
