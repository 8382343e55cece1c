import Bits

/// What the CPUID instruction answers to one leaf and subleaf.
public struct CPUIDEntry: Sendable, Hashable {
  /// The leaf, which the instruction takes in EAX.
  public var function: UInt32
  /// The subleaf, which it takes in ECX; 0 where the leaf has none.
  public var index: UInt32
  /// KVM's flags; bit 0 says that the subleaf counts.
  public var flags: UInt32
  /// The answer in EAX.
  public var eax: UInt32
  /// The answer in EBX.
  public var ebx: UInt32
  /// The answer in ECX.
  public var ecx: UInt32
  /// The answer in EDX.
  public var edx: UInt32

  /// Makes an entry; registers that are not given answer 0.
  public init(
    function: UInt32, index: UInt32 = 0, flags: UInt32 = 0, eax: UInt32 = 0, ebx: UInt32 = 0, ecx: UInt32 = 0,
    edx: UInt32 = 0
  ) {
    self.function = function
    self.index = index
    self.flags = flags
    self.eax = eax
    self.ebx = ebx
    self.ecx = ecx
    self.edx = edx
  }

  /// The flag that the subleaf counts (`KVM_CPUID_FLAG_SIGNIFCANT_INDEX`).
  public static let significantIndex: UInt32 = 1

  /// The answer in one register.
  public subscript(register: CPUIDRegister) -> UInt32 {
    get {
      switch register {
      case .eax: eax
      case .ebx: ebx
      case .ecx: ecx
      case .edx: edx
      }
    }
    set {
      switch register {
      case .eax: eax = newValue
      case .ebx: ebx = newValue
      case .ecx: ecx = newValue
      case .edx: edx = newValue
      }
    }
  }
}

/// A register that CPUID answers in.
public enum CPUIDRegister: String, Sendable, CaseIterable {
  case eax, ebx, ecx, edx
}

/// A feature that one bit of CPUID stands for.
public struct CPUIDFeature: Sendable, Hashable {
  /// The manual's name.
  public let name: String
  /// The leaf.
  public let function: UInt32
  /// The subleaf.
  public let index: UInt32
  /// The register of the answer.
  public let register: CPUIDRegister
  /// The bit, 0 to 31.
  public let bit: Int

  init(_ name: String, _ function: UInt32, _ register: CPUIDRegister, _ bit: Int) {
    self.init(name, function, 0, register, bit)
  }

  init(_ name: String, _ function: UInt32, _ index: UInt32, _ register: CPUIDRegister, _ bit: Int) {
    self.name = name
    self.function = function
    self.index = index
    self.register = register
    self.bit = bit
  }

  static let htt = CPUIDFeature("HTT", 1, .edx, 28)
  static let cmpLegacy = CPUIDFeature("CMP_LEGACY", 0x8000_0001, .ecx, 1)
  static let tscDeadline = CPUIDFeature("TSC_DEADLINE", 1, .ecx, 24)
  static let avx = CPUIDFeature("AVX", 1, .ecx, 28)
  static let hypervisor = CPUIDFeature("HYPERVISOR", 1, .ecx, 31)
  static let page1GB = CPUIDFeature("PAGE1GB", 0x8000_0001, .edx, 26)
}

/// All that a CPU answers to CPUID.
public struct CPUIDTable: Sendable, Equatable {
  /// The answers, as KVM takes them.
  public var entries: [CPUIDEntry]

  /// Takes a list of answers.
  public init(_ entries: [CPUIDEntry]) { self.entries = entries }

  /// The answer to a leaf and subleaf, or nil where there is none.
  public subscript(function: UInt32, index: UInt32 = 0) -> CPUIDEntry? {
    entries.first { $0.function == function && $0.index == index }
  }

  /// Whether the CPU says that it has a feature; setting it in a leaf that is not there does nothing.
  public subscript(feature: CPUIDFeature) -> Bool {
    get { self[feature.function, feature.index]?[feature.register][bit: feature.bit] ?? false }
    set {
      update(feature.function, feature.index) { $0[feature.register][bit: feature.bit] = newValue }
    }
  }

  /// Whether the YMM registers are there.
  public var hasAVX: Bool { self[.avx] }

  /// Whether pages of 1 GiB are there.
  public var hasGigabytePages: Bool { self[.page1GB] }

  /// MAXPHYADDR; without the leaf that tells it, 36 (SDM volume 3, section 4.1.4).
  public var maxPhysicalAddressBits: Int {
    guard let size = self[0x8000_0008]?.eax[bits: 0...7], size != 0 else { return 36 }
    return Int(size)
  }

  /// The vendor's twelve letters.
  public var vendor: String {
    guard let leaf = self[0] else { return "" }
    var bytes: [UInt8] = []
    for word in [leaf.ebx, leaf.edx, leaf.ecx] { bytes.appendLittleEndian(word) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Changes the entries of a leaf, of one subleaf or of all.
  mutating func update(_ function: UInt32, _ index: UInt32? = nil, _ change: (inout CPUIDEntry) -> Void) {
    for position in entries.indices
    where entries[position].function == function && (index ?? entries[position].index) == entries[position].index {
      change(&entries[position])
    }
  }

  /// Puts entries in place of all those of a leaf.
  mutating func replace(_ function: UInt32, with replacement: [CPUIDEntry]) {
    entries.removeAll { $0.function == function }
    entries += replacement
  }
}
