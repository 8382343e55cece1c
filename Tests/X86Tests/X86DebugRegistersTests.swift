import Bits
import Testing

@testable import X86

@Suite("Debug registers") struct X86DebugRegistersTests {
  typealias Breakpoint = X86DebugRegisters.Breakpoint

  /// Every breakpoint that the hardware can hold at one address.
  private let all: [Breakpoint] = X86DebugRegisters.Condition.allCases.flatMap { condition in
    [1, 2, 4, 8].compactMap { Breakpoint(GuestVirtual(0xffff_ffff_8100_0008), length: $0, condition: condition) }
  }

  @Test("what is encoded is decoded, for every kind in every register")
  func roundTrip() throws {
    #expect(all.count == 13)
    for first in all {
      for second in all {
        for count in 1...4 {
          let breakpoints = Array([first, second, second, first].prefix(count))
          let registers = try #require(X86DebugRegisters(breakpoints))
          #expect(registers.breakpoints.compactMap { $0 } == breakpoints)
          #expect(
            X86DebugRegisters(addresses: registers.addresses, control: registers.control.rawValue) == registers)
        }
      }
    }
    #expect(X86DebugRegisters([all[0], all[0], all[0], all[0], all[0]]) == nil)
  }

  @Test("DR7 as the manual writes it")
  func control() throws {
    #expect(try #require(X86DebugRegisters([])).control.rawValue == 0x400)
    let execute = try #require(Breakpoint(GuestVirtual(0x1003), length: 1, condition: .execute))
    #expect(try #require(X86DebugRegisters([execute])).control.rawValue == 0x602)
    let write4 = try #require(Breakpoint(GuestVirtual(0x2004), length: 4, condition: .write))
    let access8 = try #require(Breakpoint(GuestVirtual(0x3008), length: 8, condition: .readWrite))
    let registers = try #require(X86DebugRegisters([execute, write4, access8]))
    #expect(registers.control.rawValue == 0x602 | 1 << 3 | 0xd << 20 | 1 << 5 | 0xb << 24)
    #expect(registers.addresses == [0x1003, 0x2004, 0x3008, 0])
  }

  @Test("every DR7 decodes, and only enabled registers count")
  func anyControl() {
    for fields in 0..<UInt64(1 << 16) {
      let registers = X86DebugRegisters(addresses: [1, 2, 3], control: fields << 16 | 0x5)
      #expect(registers.breakpoints[2] == nil && registers.breakpoints[3] == nil)
      // An execute breakpoint of more than a byte is the one that makes no sense.
      let senseless = fields & 3 == 0 && fields & 0xc != 0
      #expect((registers.breakpoints[0] == nil) == senseless)
    }
  }

  @Test("only aligned lengths of 1, 2, 4 and 8 are possible")
  func possible() {
    #expect(Breakpoint(GuestVirtual(1), length: 2, condition: .write) == nil)
    #expect(Breakpoint(GuestVirtual(4), length: 8, condition: .write) == nil)
    #expect(Breakpoint(GuestVirtual(0), length: 3, condition: .write) == nil)
    #expect(Breakpoint(GuestVirtual(0), length: 0, condition: .write) == nil)
    #expect(Breakpoint(GuestVirtual(0), length: -8, condition: .write) == nil)
    #expect(Breakpoint(GuestVirtual(0), length: 4, condition: .execute) == nil)
    #expect(Breakpoint(GuestVirtual(.max), length: 1, condition: .execute) != nil)
  }

  @Test("a range splits into the fewest aligned pieces that cover exactly it")
  func splitting() throws {
    for start in UInt64(0x1000)..<0x1010 {
      for count in UInt64(1)...40 {
        let pieces = try #require(X86DebugRegisters.pieces(at: GuestVirtual(start), count: count, limit: 40))
        var next = start
        for piece in pieces {
          #expect(piece.address.rawValue == next)
          #expect(Breakpoint(piece.address, length: piece.length, condition: .write) != nil)
          next += UInt64(piece.length)
        }
        #expect(next == start + count)
        #expect(pieces.count == fewest(start, start + count), "\(start) \(count)")
      }
    }
    #expect(X86DebugRegisters.pieces(at: GuestVirtual(8), count: 32)?.count == 4)
    #expect(X86DebugRegisters.pieces(at: GuestVirtual(8), count: 33) == nil)
    #expect(X86DebugRegisters.pieces(at: GuestVirtual(8), count: 0) == nil)
    #expect(X86DebugRegisters.pieces(at: GuestVirtual(0), count: .max) == nil)
    #expect(X86DebugRegisters.pieces(at: GuestVirtual(.max), count: 2) == nil)
    #expect(X86DebugRegisters.pieces(at: GuestVirtual(.max), count: 1)?.count == 1)
    #expect(X86DebugRegisters.pieces(at: GuestVirtual(.max - 7), count: 8)?.count == 1)
  }

  /// The fewest aligned pieces by trying all: the check on the greedy choice.
  private func fewest(_ start: UInt64, _ end: UInt64) -> Int {
    var best = [end: 0]
    for address in (start..<end).reversed() {
      best[address] = [1, 2, 4, 8].filter { address % $0 == 0 }.compactMap { best[address + $0] }.min().map { $0 + 1 }
    }
    return best[start] ?? 0
  }

  @Test("DR6 names the breakpoints that were hit")
  func hits() {
    #expect(DR6(rawValue: 0xffff_0ff5).hits == [0, 2])
    #expect(DR6(rawValue: 0xffff_4ff0).contains(.singleStep))
    #expect(DR6(rawValue: 0xffff_4ff0).hits.isEmpty)
  }
}
