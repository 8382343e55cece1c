import ARM64
import Bits
import GuestMemory

@testable import SoftEngine

/// A machine with its MMU on: RAM is where it is, for EL1, and pages of the tests' own are at `MappedMachine.page`.
final class MappedMachine {
  let bare: TestMachine
  var core: SoftCore { bare.core }

  /// The virtual address of the first of 512 pages, whose descriptors the test sets.
  static let page: UInt64 = 0x8000_0000
  /// Where the pages are that the tests map.
  static let frame: UInt64 = TestMachine.data

  private static let root = TestMachine.ram + 0x4_0000
  private static let level2RAM = root + 0x1000
  private static let level2Page = root + 0x2000
  static let level3 = root + 0x3000

  /// Bits of a page's descriptor.
  enum Bit {
    static let isPage: UInt64 = 0b11
    static let el0: UInt64 = 1 << 6
    static let readOnly: UInt64 = 1 << 7
    static let accessed: UInt64 = 1 << 10
    static let notGlobal: UInt64 = 1 << 11
    static let dirtyModifier: UInt64 = 1 << 51
    static let pxn: UInt64 = 1 << 53
    static let uxn: UInt64 = 1 << 54
    static let plain = isPage | accessed
  }

  /// EPD1, TG1 for 4 KiB, IPS for 40 bits, and AS.
  private static let tcrFlags: UInt64 = 0x12_8080_0000

  init() throws {
    bare = try TestMachine()
    bare.setVectors()
    store(Self.level2RAM | 0b11, at: Self.root + 8)
    store(Self.level2Page | 0b11, at: Self.root + 16)
    // All of RAM, as Normal memory.
    store(TestMachine.ram | 0b01 | Bit.accessed, at: Self.level2RAM)
    store(Self.level3 | 0b11, at: Self.level2Page)
    var system = bare.system
    system.mair = 0xff
    // 39 bits of address in the lower half, 4 KiB, none in the upper one; ASIDs of 16 bits.
    system.tcr = 25 | 25 << 16 | Self.tcrFlags
    system.ttbr0 = Self.root
    system.sctlr |= 1
    bare.system = system
  }

  func store(_ value: UInt64, at address: UInt64) { bare.machine.memory.store(value, at: .init(address)) }
  func load(_ address: UInt64) -> UInt64? { bare.machine.memory.load(at: .init(address)) }

  /// Maps a page to a frame, both by their numbers, without a TLBI.
  func map(_ page: UInt64 = 0, to frame: UInt64 = 0, _ bits: UInt64 = Bit.plain) {
    store(Self.frame + frame << 12 | bits, at: Self.level3 + 8 * page)
  }

  /// The descriptor of a page.
  func descriptor(_ page: UInt64 = 0) -> UInt64? { load(Self.level3 + 8 * page) }

  /// Executes one word where EL1 has its code.
  func execute(_ word: UInt32) {
    bare.pc = TestMachine.code
    bare.core.pstate = bare.core.pstate & 1 << 22 | PSTATE.kernelEntry.rawValue
    bare.execute(word)
  }

  /// What an abort was about; nil where the word that was executed last raised none.
  var abort: (status: FaultStatus, isWrite: Bool, address: UInt64)? {
    guard bare.pc != TestMachine.code + 4 else { return nil }
    let syndrome = ExceptionSyndrome(rawValue: bare.system.esr)
    switch syndrome.detail {
    case .dataAbort(let abort): return (abort.status, abort.isWrite, bare.system.far)
    case .instructionAbort(let abort): return (abort.status, false, bare.system.far)
    default: return nil
    }
  }
}
