import Bits
import Foundation
import Testing

@testable import ARM64

@Suite("Debug registers") struct ARM64DebugRegistersTests {
  typealias Watchpoint = ARM64DebugRegisters.Watchpoint

  private let counts = DebugRegisterCounts(breakpoints: 6, watchpoints: 4)

  @Test("breakpoints and watchpoints as KVM takes them")
  func encoding() throws {
    let watchpoints = try [
      #require(Watchpoint(GuestVirtual(0x1004), length: 4, access: .store)),
      #require(Watchpoint(GuestVirtual(0x2001), length: 5, access: .load)),
      #require(Watchpoint(GuestVirtual(0x3000), length: 8, access: .loadStore)),
      #require(Watchpoint(GuestVirtual(0x8000_0000), length: 1 << 31, access: .store)),
    ]
    let breakpoints = [GuestVirtual(0xffff_8000_0801_0004), GuestVirtual(0x40_0000)]
    let registers = try #require(
      ARM64DebugRegisters(breakpoints: breakpoints, watchpoints: watchpoints, counts: counts))
    #expect(registers.breakpointValues == [0xffff_8000_0801_0004, 0x40_0000] + [UInt64](repeating: 0, count: 14))
    // PMC 0b11 is EL1 and EL0, BAS 0b1111; a value that was seen to hit on real KVM.
    #expect(registers.breakpointControls.prefix(3) == [0x1e7, 0x1e7, 0])
    #expect(registers.watchpointValues.prefix(5) == [0x1000, 0x2000, 0x3000, 0x8000_0000, 0])
    // MASK at bit 24, BAS at bit 5, LSC at bit 3, PAC 0b11, E.
    #expect(registers.watchpointControls.prefix(5) == [0x1e17, 0x07cf, 0x1fff, 0x1f00_1ff7, 0])
    #expect(registers.watchpointControls.count == 16)
  }

  @Test("more than the CPU has, or a breakpoint between instructions, is nil")
  func limits() throws {
    let breakpoints = (0..<7).map { GuestVirtual(UInt64($0) * 4) }
    let watchpoint = try #require(Watchpoint(GuestVirtual(0), length: 1, access: .load))
    func registers(_ breakpoints: [GuestVirtual], _ watchpoints: Int, _ counts: DebugRegisterCounts) -> Bool {
      ARM64DebugRegisters(
        breakpoints: breakpoints, watchpoints: [Watchpoint](repeating: watchpoint, count: watchpoints), counts: counts)
        != nil
    }
    #expect(registers(breakpoints.dropLast(), 4, counts))
    #expect(!registers(breakpoints, 4, counts))
    #expect(!registers([], 5, counts))
    #expect(!registers([], 17, DebugRegisterCounts(breakpoints: 99, watchpoints: 99)))
    #expect(!registers([], 1, DebugRegisterCounts(breakpoints: 99, watchpoints: -1)))
    for address in UInt64(1)...3 { #expect(!registers([GuestVirtual(address)], 0, counts)) }
  }

  @Test("every watchpoint that can be encoded is decoded")
  func roundTrip() throws {
    var count = 0
    for access in Watchpoint.Access.allCases {
      for address in UInt64(0x1000)..<0x1010 {
        for length in -1...20 {
          let last = address + UInt64(max(length, 1)) - 1
          let fits = (1...8).contains(length) && address / 8 == last / 8 || length == 16 && address == 0x1000
          let watchpoint = Watchpoint(GuestVirtual(address), length: length, access: access)
          #expect((watchpoint != nil) == fits, "\(address) \(length)")
          guard let watchpoint else { continue }
          #expect(Watchpoint(value: watchpoint.value, control: watchpoint.control) == watchpoint)
          count += 1
        }
      }
    }
    // 36 in each of two doublewords, and one of 16 bytes.
    #expect(count == 3 * 73)
    for exponent in 4...31 {
      let watchpoint = try #require(Watchpoint(GuestVirtual(0xf_8000_0000), length: 1 << exponent, access: .store))
      #expect(watchpoint.control.mask == exponent)
      #expect(Watchpoint(value: watchpoint.value, control: watchpoint.control) == watchpoint)
    }
    #expect(Watchpoint(GuestVirtual(0), length: 1 << 32, access: .store) == nil)
    #expect(Watchpoint(GuestVirtual(0), length: 24, access: .store) == nil)
    #expect(Watchpoint(GuestVirtual(8), length: 16, access: .store) == nil)
    #expect(Watchpoint(GuestVirtual(0), length: .max, access: .store) == nil)
    #expect(Watchpoint(GuestVirtual(0), length: .min, access: .store) == nil)
  }

  @Test("no pair of registers traps, and what makes no sense is nil")
  func anyControl() {
    for bytes in UInt64(0)..<256 {
      let control = DBGWCR(rawValue: bytes << 5 | 0x1f)
      let watchpoint = Watchpoint(value: 0x1000, control: control)
      let isRun = String(bytes, radix: 2).split(separator: "0").count == 1
      #expect((watchpoint != nil) == isRun)
      #expect(watchpoint.map { $0.length == bytes.nonzeroBitCount } != false)
    }
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let value = generator.next()
      guard let watchpoint = Watchpoint(value: value, control: DBGWCR(rawValue: generator.next())) else { continue }
      #expect(watchpoint.address.rawValue & ~7 == GuestVirtual(value).withoutTag.rawValue & ~7)
    }
    // From the upper word on the upper four bits have no say.
    let upper = Watchpoint(value: 0x1004, control: DBGWCR(rawValue: 0xf6 << 5 | 0x1f))
    #expect(upper?.address == GuestVirtual(0x1005) && upper?.length == 2)
    for mask in [1, 2] as [UInt64] {
      #expect(Watchpoint(value: 3, control: DBGWCR(rawValue: mask << 24 | 0xff << 5 | 0x1f)) == nil)
    }
    #expect(Watchpoint(value: 0, control: DBGWCR(rawValue: 0xff << 5 | 0x1e)) == nil)
    #expect(Watchpoint(value: 0, control: DBGWCR(rawValue: 0xff << 5 | 7 & ~0x18)) == nil)
  }

  @Test("a range splits into the fewest pieces that cover exactly it")
  func splitting() throws {
    for start in UInt64(0x1000)..<0x1040 {
      for count in UInt64(1)...80 {
        let pieces = try #require(ARM64DebugRegisters.pieces(at: GuestVirtual(start), count: count, limit: 80))
        var next = start
        for piece in pieces {
          #expect(piece.address.rawValue == next)
          #expect(Watchpoint(piece.address, length: piece.length, access: .store) != nil)
          next += UInt64(piece.length)
        }
        #expect(next == start + count)
        #expect(pieces.count == fewest(start, start + count), "\(start) \(count)")
      }
    }
  }

  /// The fewest pieces by trying all: the check on the greedy choice.
  private func fewest(_ start: UInt64, _ end: UInt64) -> Int {
    var best = [end: 0]
    for address in (start..<end).reversed() {
      let lengths = (1...8).filter { address % 8 + $0 <= 8 } + [16, 32, 64].filter { address % $0 == 0 }
      best[address] = lengths.compactMap { best[address + $0] }.min().map { $0 + 1 }
    }
    return best[start] ?? 0
  }

  @Test("ranges at the ends of the address space, and ranges that need too many pieces")
  func extremes() {
    func count(_ address: UInt64, _ count: UInt64, limit: Int = 4) -> Int? {
      ARM64DebugRegisters.pieces(at: GuestVirtual(address), count: count, limit: limit)?.count
    }
    #expect(count(0x1000, 4096) == 1)
    #expect(count(0x1001, 4096, limit: 20) == 11)
    #expect(count(0x1001, 4096, limit: 10) == nil)
    #expect(count(0, 1 << 31) == 1)
    #expect(count(0, 1 << 33) == 4)
    #expect(count(0, 1 << 33 + 1) == nil)
    #expect(count(0, .max) == nil)
    #expect(count(8, 0) == nil)
    #expect(count(8, 8, limit: 0) == nil)
    #expect(count(.max, 1) == 1)
    #expect(count(.max, 2) == nil)
    #expect(count(.max - 7, 8) == 1)
    #expect(count(.max - 8, 9) == 2)
  }

  @Test("the watchpoint that was hit is the one nearest to the address reported")
  func hit() throws {
    let watchpoints = [
      try #require(Watchpoint(GuestVirtual(0x1004), length: 4, access: .store)),
      try #require(Watchpoint(GuestVirtual(0x2000), length: 4096, access: .store)),
      try #require(Watchpoint(GuestVirtual(.max - 7), length: 8, access: .store)),
    ]
    func hit(_ address: UInt64) -> Int? {
      ARM64DebugRegisters.hit(store, at: GuestVirtual(address), among: watchpoints)
    }
    #expect(hit(0x1004) == 0 && hit(0x1007) == 0)
    // A load of 16 bytes that starts before the watched ones.
    #expect(hit(0x1000) == 0 && hit(0xff8) == 0)
    #expect(hit(0x2000) == 1 && hit(0x2fff) == 1 && hit(0x1ff0) == 1)
    #expect(hit(.max) == 2 && hit(.max - 8) == 2)
    #expect(hit(0) == 0)
    #expect(ARM64DebugRegisters.hit(store, at: GuestVirtual(0), among: []) == nil)
  }

  /// WnR.
  private let store = WatchpointSyndrome(1 << 6)
  private let load = WatchpointSyndrome(0)

  @Test("of two watchpoints on the same bytes the one that watches such accesses was hit")
  func hitByAccess() throws {
    let address = GuestVirtual(0x1000)
    let watchpoints = [
      try #require(Watchpoint(address, length: 8, access: .load)),
      try #require(Watchpoint(address, length: 8, access: .store)),
    ]
    #expect(ARM64DebugRegisters.hit(load, at: address, among: watchpoints) == 0)
    #expect(ARM64DebugRegisters.hit(store, at: address, among: watchpoints) == 1)
    // WPTV and WPT.
    let named = WatchpointSyndrome(1 << 17 | 1 << 18)
    #expect(ARM64DebugRegisters.hit(named, at: address, among: watchpoints) == 1)
    // FnV: the address is of no meaning.
    let far = try #require(Watchpoint(GuestVirtual(0x9000), length: 8, access: .store))
    let placeless = WatchpointSyndrome(1 << 6 | 1 << 10)
    #expect(ARM64DebugRegisters.hit(placeless, at: address, among: [far] + watchpoints) == 0)
  }

  @Test("a tag is neither in the register nor in the comparison")
  func tags() throws {
    let kernel = try #require(Watchpoint(GuestVirtual(0xf4ff_0000_1234_5678), length: 8, access: .store))
    let user = try #require(Watchpoint(GuestVirtual(0x2a00_0000_1234_5678), length: 8, access: .store))
    let registers = try #require(
      ARM64DebugRegisters(
        breakpoints: [], watchpoints: [kernel, user], counts: DebugRegisterCounts(breakpoints: 0, watchpoints: 2)))
    #expect(registers.watchpointValues.prefix(2) == [0xffff_0000_1234_5678, 0x1234_5678])
    for (address, position) in [(0x17ff_0000_1234_5678, 0), (0xff00_0000_1234_567f, 1)] as [(UInt64, Int)] {
      #expect(ARM64DebugRegisters.hit(store, at: GuestVirtual(address), among: [kernel, user]) == position)
    }
  }

  @Test("ID_AA64DFR0_EL1 of a Cortex-A57 and of the widest CPU")
  func identification() {
    #expect(
      IDAA64DFR0(rawValue: 0x1030_5106).debugRegisterCounts
        == DebugRegisterCounts(breakpoints: 6, watchpoints: 4, contextAware: 2))
    #expect(
      IDAA64DFR0(rawValue: 0xf0f0_f000).debugRegisterCounts
        == DebugRegisterCounts(breakpoints: 16, watchpoints: 16, contextAware: 16))
    #expect(IDAA64DFR0(rawValue: 0x1030_5106).hasPerformanceMonitors)
    #expect(!IDAA64DFR0(rawValue: 0x1030_5006).hasPerformanceMonitors)
    #expect(!IDAA64DFR0(rawValue: 0x1030_5f06).hasPerformanceMonitors)
  }

  @Test("instructions that raise exceptions")
  func instructions() {
    let expected: [(ExceptionInstruction, UInt32)] = [
      (.svc(0), 0xd400_0001), (.hvc(0), 0xd400_0002), (.smc(0), 0xd400_0003), (.brk(0), 0xd420_0000),
      (.brk(0x800), 0xd421_0000), (.brk(0xffff), 0xd43f_ffe0), (.hlt(0xf000), 0xd45e_0000), (.svc(1), 0xd400_0021),
    ]
    for (instruction, word) in expected {
      #expect(instruction.encoding == word)
      #expect(ExceptionInstruction(encoding: word) == instruction)
    }
    #expect(ExceptionInstruction.brk(1).bytes == [0x20, 0x00, 0x20, 0xd4])
    // NOP, UDF, DCPS1, and a BRK with a bit that must be clear.
    for word: UInt32 in [0xd503_201f, 0, 0xd4a0_0001, 0xd420_0001] {
      #expect(ExceptionInstruction(encoding: word) == nil)
    }
  }
}
