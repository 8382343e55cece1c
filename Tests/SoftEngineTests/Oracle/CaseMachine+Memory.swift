import Bits
import GuestMemory

extension CaseMachine {
  /// The pages of the machine's RAM; physical addresses are the virtual ones.
  enum Page: CaseIterable {
    case code, scratch, vectors, level1, level2, level3

    var address: UInt64 {
      switch self {
      case .code: CaseState.code
      case .scratch: CaseState.scratch
      case .vectors: CaseState.code + 0x2_0000
      case .level1: CaseState.code + 0x3_0000
      case .level2: CaseState.code + 0x3_1000
      case .level3: CaseState.code + 0x3_2000
      }
    }

    /// The descriptor that maps the page (Arm ARM, section D8.3); nil for tables, which are not mapped.
    private var descriptor: UInt64? {
      // Bits 1:0 a page, AttrIndx 0, SH inner, AF.
      let page = address | 0b11 | 0b11 << 8 | 1 << 10
      let (el0, readOnly): (UInt64, UInt64) = (1 << 6, 1 << 7)
      let (privilegedExecuteNever, executeNever): (UInt64, UInt64) = (1 << 53, 1 << 54)
      return switch self {
      case .code: page | el0 | readOnly | privilegedExecuteNever
      case .scratch: page | el0 | executeNever | privilegedExecuteNever
      case .vectors: page | readOnly | executeNever
      case .level1, .level2, .level3: nil
      }
    }

    /// Writes the translation tables, for addresses of 39 bits in pages of 4 KiB.
    static func store(in memory: GuestRAM) {
      func set(_ table: Page, _ index: UInt64, _ descriptor: UInt64) {
        memory.store(descriptor, at: GuestPhysical(table.address + 8 * index))
      }
      set(.level1, CaseState.code[bits: 30...38], Page.level2.address | 0b11)
      set(.level2, CaseState.code[bits: 21...29], Page.level3.address | 0b11)
      for page in allCases {
        if let descriptor = page.descriptor { set(.level3, page.address[bits: 12...20], descriptor) }
      }
    }
  }

  /// What the control registers hold, beside what is reserved.
  enum Control {
    /// T0SZ: 39 bits; write-back and inner-shareable walks; EPD1: no upper range; IPS: 40 bits; TBI0.
    static let tcr: UInt64 = 0x22_0080_3519
    /// RES1, M, C, I; DZE, UCT and UCI: EL0 may maintain caches; nTWI, nTWE; neither A nor SA0: nothing need be aligned.
    static let sctlr: UInt64 = 0x34d5_d805
  }
}
