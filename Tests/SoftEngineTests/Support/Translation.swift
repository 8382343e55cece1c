import GuestMemory

@testable import SoftEngine

extension TestMachine {
  /// Where `translate` puts its tables: the last pages of RAM.
  private static let tables: UInt64 = ram + byteCount - 0x3000

  /// Turns stage 1 on for EL1: RAM is where it is, but for some pages of it.
  ///
  /// - Parameters:
  ///   - unmapped: pages that are not there.
  ///   - readOnly: pages that are not to be written.
  ///   - user: pages that EL0 may access as well.
  func translate(unmapped: [UInt64] = [], readOnly: [UInt64] = [], user: [UInt64] = []) {
    // Levels 1 to 3 of a space of 39 bits with a granule of 4 KiB.
    let (level1, level2, level3) = (Self.tables, Self.tables + 0x1000, Self.tables + 0x2000)
    store(level2 | 0b11, at: level1 + Self.ram >> 30 * 8)
    store(level3 | 0b11, at: level2)
    for page in stride(from: Self.ram, to: Self.ram + Self.byteCount, by: 0x1000) {
      // A page, AF, AP[2] and AP[1].
      let descriptor: UInt64 =
        page | 0b11 | 1 << 10 | (readOnly.contains(page) ? 1 << 7 : 0) | (user.contains(page) ? 1 << 6 : 0)
      store(unmapped.contains(page) ? 0 : descriptor, at: level3 + (page - Self.ram) >> 12 * 8)
    }
    core.context.pointee.state.system.ttbr0 = level1
    // T0SZ = 25, EPD1, and physical addresses of 48 bits.
    core.context.pointee.state.system.tcr = 25 | 1 << 23 | 0b101 << 32
    // Attribute 0 is normal memory, write-back.
    core.context.pointee.state.system.mair = 0xff
    core.context.pointee.state.system.sctlr |= 1
    core.noteTranslationChange()
  }
}
