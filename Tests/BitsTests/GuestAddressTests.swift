import Bits
import Testing

@Suite struct GuestAddressTests {
  @Test func advancingStopsAtTheEndOfTheAddressSpace() {
    #expect(GuestPhysical(.max - 1).advanced(by: 1) == GuestPhysical(.max))
    #expect(GuestPhysical(.max).advanced(by: 1) == nil)
    #expect(GuestPhysical(1).advanced(by: .max) == nil)
  }

  @Test func wrappingGoesRound() {
    #expect(GuestVirtual(.max).wrapping(by: 1) == GuestVirtual(0))
    #expect(GuestVirtual(5).wrapping(by: .max) == GuestVirtual(4))
  }

  @Test(arguments: [1, 8, 4096, 1 << 30] as [UInt64]) func alignment(_ alignment: UInt64) {
    for raw in [0, 1, alignment - 1, alignment, alignment + 1, .max] as [UInt64] {
      let address = GuestVirtual(raw)
      #expect(address.alignedDown(to: alignment).rawValue + address.offset(in: alignment) == raw)
      #expect(address.alignedDown(to: alignment).rawValue % alignment == 0)
      #expect(address.offset(in: alignment) < alignment)
    }
  }

  @Test func orderAndWords() {
    #expect(GuestVirtual(1) < GuestVirtual(.max))
    #expect("\(GuestPhysical(0xfee0_0000))" == "0xfee00000")
    #expect(GuestPhysical(rawValue: 7) == GuestPhysical(7))
  }
}
