import Bits

/// The addresses that a stretch of arm64 code makes, of data that it uses.
///
/// Compilers make them with ADRP, which gives the page, and additions and loads with offsets in them (Arm Architecture
/// Reference Manual, C6.2). Neither branches nor other instructions are followed: some of the addresses may be wrong.
struct CodeReferences {
  /// The addresses, in the order of the code.
  private(set) var addresses: [GuestVirtual] = []
  /// What was last put into each register.
  private var registers: [UInt32: GuestVirtual] = [:]

  /// Collects the addresses.
  ///
  /// - Parameters:
  ///   - code: the code.
  ///   - start: the address at which it runs.
  init(in code: [UInt8], at start: GuestVirtual) {
    for offset in stride(from: 0, to: code.count, by: 4) {
      guard let word: UInt32 = code.littleEndian(at: offset) else { break }
      follow(word, at: start.wrapping(by: UInt64(offset)))
    }
  }

  private mutating func follow(_ word: UInt32, at address: GuestVirtual) {
    let (target, source) = (word[bits: 0...4], word[bits: 5...9])
    if word & 0x9f00_0000 == 0x9000_0000 {
      registers[target] = address.alignedDown(to: 4096).wrapping(by: Self.pageDistance(word))
    } else if word & 0xffc0_0000 == 0x9100_0000, let base = registers[source] {
      // ADD (immediate), 64-bit.
      let sum = base.wrapping(by: UInt64(word[bits: 10...21]))
      registers[target] = sum
      addresses.append(sum)
    } else if word & 0xffc0_0000 == 0xf940_0000, let base = registers[source] {
      // LDR (immediate), 64-bit: the offset counts words of 8 bytes.
      addresses.append(base.wrapping(by: UInt64(word[bits: 10...21]) * 8))
    } else if word & 0xffe0_0c00 == 0xf840_0c00, let base = registers[source] {
      // LDR (immediate), 64-bit, with the address written back: the offset has a sign.
      let sum = base.wrapping(by: UInt64(bitPattern: Int64(bitPattern: UInt64(word[bits: 12...20]) << 55) >> 55))
      registers[source] = sum
      addresses.append(sum)
    }
  }

  /// The distance in bytes of an ADRP: 21 bits with a sign, in pages.
  private static func pageDistance(_ word: UInt32) -> UInt64 {
    let pages = UInt64(word[bits: 5...23]) << 2 | UInt64(word[bits: 29...30])
    return UInt64(bitPattern: Int64(bitPattern: pages << 43) >> 31)
  }
}
