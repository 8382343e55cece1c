import Architecture

/// The numbers of the ELF format that are read or written here (System V ABI, "Object Files"; psABI of each architecture).
enum ELF {
  /// `0x7f`, `ELF`.
  static let magic: UInt32 = 0x464c_457f
  static let class64: UInt8 = 2
  static let littleEndian: UInt8 = 1
  static let currentVersion: UInt8 = 1
  static let headerSize = 64
  static let programHeaderSize = 56
  static let sectionHeaderSize = 64
  static let symbolSize = 24
  /// `ET_EXEC`.
  static let executable: UInt16 = 2
  /// `SHN_ABS`.
  static let absolute: UInt16 = 0xfff1
  /// `PN_XNUM`: the number of program headers stands elsewhere.
  static let manyProgramHeaders: UInt16 = 0xffff

  /// `sh_type`.
  enum SectionType: UInt32 {
    case null = 0
    case symbols = 2
    case strings = 3
    case note = 7
    case noBits = 8
  }

  /// `p_type`.
  enum SegmentType: UInt32 {
    case load = 1
    case note = 4
  }

  /// `sh_flags`.
  struct SectionFlags: OptionSet {
    let rawValue: UInt64
    static let write = SectionFlags(rawValue: 1)
    static let allocate = SectionFlags(rawValue: 2)
    static let execute = SectionFlags(rawValue: 4)
  }

  /// The type of a symbol, the low half of `st_info`.
  enum SymbolType: UInt8 {
    case none = 0
    case object = 1
    case function = 2
  }

  /// The binding of a symbol, the high half of `st_info`.
  enum Binding: UInt8 {
    case local = 0
    case global = 1
    case weak = 2
  }

  /// `e_machine`.
  static func machine(_ architecture: GuestArchitecture) -> UInt16 {
    switch architecture {
    case .x86_64: 62
    case .arm64: 183
    }
  }

  /// The architecture that an `e_machine` stands for; nil for those that are no guest's.
  static func architecture(_ machine: UInt16) -> GuestArchitecture? {
    GuestArchitecture.allCases.first { Self.machine($0) == machine }
  }
}
