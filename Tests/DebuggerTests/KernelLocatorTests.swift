import Bits
import Testing

@testable import Debugger

/// A kernel of 64 KiB at 0x10_0000.
@Suite("Where the kernel is")
struct KernelLocatorTests {
  private static let place = GuestPhysical(0x10_0000)..<GuestPhysical(0x11_0000)
  private var locator = KernelLocator(place: place)

  /// Looks at a CPU whose tables map the pages given, by their first addresses.
  private mutating func follow(
    _ counter: UInt64, entries: [UInt64] = [], mapping pages: [UInt64: UInt64]
  ) -> Bool {
    locator.follow(GuestVirtual(counter)) {
      entries.map { GuestVirtual($0) }
    } translate: { address in
      pages[address.rawValue & ~0xFFF].map { GuestPhysical($0 | address.rawValue & 0xFFF) }
    }
  }

  @Test("a kernel starts at its physical addresses")
  mutating func start() {
    #expect(locator.isPhysical)
    #expect(locator.contains(GuestVirtual(0x10_0000)) && locator.contains(GuestVirtual(0x10_FFFF)))
    #expect(!locator.contains(GuestVirtual(0x11_0000)) && !locator.contains(GuestVirtual(0xF_FFFF)))
    #expect(!follow(0x10_0040, mapping: [:]))
  }

  @Test("the program counter tells where it is, whatever page it stands in")
  mutating func virtual() {
    let base: UInt64 = 0xFFFF_8000_1234_0000
    #expect(follow(base + 0x3004, mapping: [base: 0x10_0000, base + 0x3000: 0x10_3000]))
    #expect(locator.base == GuestVirtual(base) && !locator.isPhysical && locator.hasBeenVirtual)
    #expect(!follow(base + 0x4000, mapping: [:]))
  }

  @Test("a program's code tells nothing, the kernel's entries do")
  mutating func program() {
    let base: UInt64 = 0xFFFF_8000_0000_0000
    #expect(!follow(0x40_0000, mapping: [0x40_0000: 0x30_0000]))
    #expect(follow(0x40_0000, entries: [0, base + 0x1800], mapping: [base: 0x10_0000, base + 0x1000: 0x10_1000]))
    #expect(locator.base == GuestVirtual(base))
    #expect(!follow(0x40_0000, mapping: [0x40_0000: 0x30_0000]))
  }

  @Test("a page of the image that is mapped elsewhere too is no base")
  mutating func alias() {
    #expect(!follow(0xFFFF_FF00_0000_0010, mapping: [0xFFFF_FF00_0000_0000: 0x10_2000]))
    #expect(locator.isPhysical)
  }

  @Test("a CPU that starts later is seen at physical addresses, the next stop of another at virtual ones")
  mutating func secondCPU() {
    let base: UInt64 = 0xFFFF_8000_0000_0000
    #expect(follow(base, mapping: [base: 0x10_0000]))
    #expect(follow(0x10_0040, mapping: [0x10_0000: 0x10_0000]))
    #expect(locator.isPhysical && locator.hasBeenVirtual)
    #expect(follow(base, mapping: [base: 0x10_0000]))
  }

  @Test("addresses at the edges of the address space do not trap")
  mutating func edges() {
    for counter in [0, 1, .max, 0x8000_0000_0000_0000] as [UInt64] {
      _ = follow(counter, entries: [.max], mapping: [counter & ~0xFFF: 0x10_F000])
    }
    let high = KernelLocator(place: GuestPhysical(.max - 0xFFFF)..<GuestPhysical(.max))
    #expect(high.contains(GuestVirtual(.max - 1)) && !high.contains(GuestVirtual(0)))
  }
}
