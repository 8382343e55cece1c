import Bits
import CPUEngine
import Devices
import Host
import Synchronization
import Testing

@testable import Machine

/// What a board did on the outside.
private final class Outside: Sendable {
  private let printed = Mutex<[UInt8]>([])
  private let changes = Mutex<[String]>([])
  private let reported = Mutex<[String]>([])

  var text: [UInt8] { printed.withLock { $0 } }
  /// Each change of a line since the last time this was read, such as `1 high`.
  var lineChanges: [String] {
    changes.withLock { changes in
      defer { changes = [] }
      return changes
    }
  }
  var reports: [String] { reported.withLock { $0 } }

  func board(strictMMIO: Bool = false) throws -> VirtBoard {
    let console = Console()
    console.connect { bytes in self.printed.withLock { $0.append(contentsOf: bytes) } }
    return try VirtBoard(console: console, strictMMIO: strictMMIO) { line in
      self.reported.withLock { $0.append(line) }
    } driveLine: { line, isHigh in
      self.changes.withLock { $0.append("\(line) \(isHigh ? "high" : "low")") }
    }
  }
}

extension VirtBoard {
  /// Reads `count` bytes at an address as one access, from a buffer that held something else.
  fileprivate func read(_ address: UInt64, _ count: Int = 4) -> UInt64 {
    var value: UInt64 = 0x5555_5555_5555_5555
    withUnsafeMutableBytes(of: &value) {
      let data = UnsafeMutableRawBufferPointer(rebasing: $0[..<count])
      _ = mmio(BusAccess(address: address, size: count, count: 1, isWrite: false, data: data))
    }
    return value & UInt64.lowMask(8 * count)
  }

  /// Writes the low `count` bytes of a value as one access.
  fileprivate func write(_ value: UInt64, _ address: UInt64, _ count: Int = 4) {
    var value = value
    withUnsafeMutableBytes(of: &value) {
      let data = UnsafeMutableRawBufferPointer(rebasing: $0[..<count])
      _ = mmio(BusAccess(address: address, size: count, count: 1, isWrite: true, data: data))
    }
  }
}

/// Addresses as the design's table has them, and registers of DDI 0183G and DDI 0224C.
private enum UART {
  static let data: UInt64 = 0x0900_0000, flag: UInt64 = 0x0900_0018, lineControl: UInt64 = 0x0900_002C
  static let control: UInt64 = 0x0900_0030, mask: UInt64 = 0x0900_0038, status: UInt64 = 0x0900_0040
  static let clear: UInt64 = 0x0900_0044, cellID: UInt64 = 0x0900_0FF0
}

private enum Clock {
  static let data: UInt64 = 0x0901_0000, match: UInt64 = 0x0901_0004, load: UInt64 = 0x0901_0008
  static let mask: UInt64 = 0x0901_0010, clear: UInt64 = 0x0901_001C
}

@Suite struct VirtBoardTests {
  private let outside = Outside()

  // MARK: UART

  @Test func printsBeforeAnythingIsSetUp() throws {
    let board = try outside.board()
    for byte in "early\n".utf8 {
      board.write(UInt64(byte), UART.data, 1)
      #expect(board.read(UART.flag, 2) & 0x28 == 0)
    }
    #expect(outside.text == Array("early\n".utf8))
    #expect(outside.lineChanges == [])
    #expect(outside.reports == [])
  }

  @Test func inputInterruptsUntilItIsRead() throws {
    let board = try outside.board()
    board.write(0x70, UART.lineControl)
    board.write(0x50, UART.mask)
    board.type(Array("ls\n".utf8))
    #expect(outside.lineChanges == ["1 high"])
    #expect(board.read(UART.status) == 0x40)
    var line: [UInt8] = []
    while board.read(UART.flag) & 0x10 == 0 { line.append(UInt8(truncatingIfNeeded: board.read(UART.data))) }
    #expect(line == Array("ls\n".utf8))
    #expect(outside.lineChanges == ["1 low"])
  }

  @Test func transmitInterrupt() throws {
    let board = try outside.board()
    board.write(0x20, UART.mask)
    #expect(outside.lineChanges == [])
    board.write(0x41, UART.data)
    #expect(outside.lineChanges == ["1 high"])
    board.write(0x20, UART.clear)
    #expect(outside.lineChanges == ["1 low"])
  }

  /// All of a long paste comes through, whichever way the guest reads: until the FIFO is empty, one byte for each interrupt
  /// that it then clears, or having cleared it first.
  @Test(arguments: ["drains", "reads and clears", "clears and reads"])
  func nothingPastedIsLost(guest: String) throws {
    let board = try outside.board()
    let count = guest == "drains" ? 1 << 20 : 1 << 12
    let pasted = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
    if guest == "drains" { board.write(0x70, UART.lineControl) }
    board.write(0x50, UART.mask)
    board.type(Array(pasted[..<100]))
    board.type(Array(pasted[100...]))
    var seen: [UInt8] = []
    seen.reserveCapacity(count)
    while board.state.lines[VirtInterrupt.uart] {
      if guest == "clears and reads" { board.write(0x50, UART.clear) }
      repeat {
        seen.append(UInt8(truncatingIfNeeded: board.read(UART.data)))
      } while guest == "drains" && board.read(UART.flag) & 0x10 == 0
      if guest == "reads and clears" { board.write(0x50, UART.clear) }
    }
    #expect(seen == pasted)
  }

  @Test func whatIsTypedWaitsForTheReceiver() throws {
    let board = try outside.board()
    board.write(0x101, UART.control)
    board.type([0x41, 0x42])
    #expect(board.read(UART.flag) & 0x10 != 0)
    board.write(0x301, UART.control)
    #expect(board.read(UART.data) == 0x41)
    #expect(board.read(UART.data) == 0x42)
  }

  @Test(.timeLimit(.minutes(1))) func tellsHowMuchOfWhatWasTypedStillWaits() throws {
    let board = try outside.board()
    board.write(0x70, UART.lineControl)
    board.type(Array(repeating: 0x41, count: 40))
    // 32 are in the FIFO.
    board.waitForTyping(leaving: 8)
    for _ in 0..<4 { _ = board.read(UART.data) }
    board.waitForTyping(leaving: 4)
    #expect(board.state.typed.count == 4)
    board.reset()
    board.waitForTyping(leaving: 0)
  }

  // MARK: Clock

  @Test func clockShowsTheTime() throws {
    let board = try outside.board()
    let now = HostClock.realTime.now / 1_000_000_000
    #expect((now...now + 60).contains(board.read(Clock.data)))
  }

  @Test func clockInterruptsByItself() async throws {
    let board = try outside.board()
    board.write(1, Clock.mask)
    board.write(100, Clock.load)
    board.write(101, Clock.match)
    #expect(outside.lineChanges == [])
    let deadline = ContinuousClock.now + .seconds(60)
    while !board.state.lines[VirtInterrupt.clock], .now < deadline { try await Task.sleep(for: .milliseconds(20)) }
    #expect(outside.lineChanges == ["2 high"])
    board.write(1, Clock.clear)
    #expect(outside.lineChanges == ["2 low"])
  }

  // MARK: Widths

  @Test(arguments: [(0x0900_0FF0, 0x0D), (0x0900_0FF4, 0xF0), (0x0900_0FF8, 0x05), (0x0900_0FFC, 0xB1)])
  func narrowReads(address: UInt64, byte: UInt64) throws {
    let board = try outside.board()
    for count in [1, 2, 4] { #expect(board.read(address, count) == byte) }
    #expect(board.read(address + 1, 1) == 0)
    #expect(board.read(address + 2, 2) == 0)
  }

  @Test func wideReadsTakeTwoRegisters() throws {
    let board = try outside.board()
    #expect(board.read(UART.cellID, 8) == 0x0000_00F0_0000_000D)
    #expect(board.read(UART.cellID + 8, 8) == 0x0000_00B1_0000_0005)
    // The status register behind the data register is read after it.
    board.type([0x41])
    #expect(board.read(UART.data, 8) == 0x41)
    #expect(outside.reports == [])
  }

  @Test func writesOfEveryWidth() throws {
    let board = try outside.board()
    board.write(0x12, 0x0900_0024, 1)
    #expect(board.read(0x0900_0024) == 0x12)
    board.write(0x3456, 0x0900_0024, 2)
    #expect(board.read(0x0900_0024) == 0x3456)
    board.write(0xAB, 0x0900_0025, 1)
    #expect(board.read(0x0900_0024) == 0xAB00)
    board.write(0x0000_0007_0000_0009, 0x0900_0020, 8)
    #expect(board.read(0x0900_0020, 8) == 0x0000_0007_0000_0009)
    // Two registers, each with what there is of it.
    board.write(0x0005_0000_1234_0000, 0x0900_0022, 8)
    #expect(board.read(0x0900_0024) == 0x1234)
    #expect(board.read(0x0900_0028) == 0x05)
  }

  // MARK: Where nothing is

  @Test func unmappedReadsZeroAndIsReportedOncePerPage() throws {
    let board = try outside.board()
    for count in [1, 2, 4, 8] {
      #expect(board.read(0x0A00_0000, count) == 0)
      board.write(.max, 0x0A00_0010, count)
      #expect(board.read(0x0A00_0FF8, count) == 0)
    }
    #expect(outside.reports.count == 1)
    #expect(outside.reports.first?.contains("read 1 byte at 0xa000000") == true)
    board.write(0, 0x0A00_1000, 2)
    #expect(outside.reports.count == 2)
    #expect(outside.reports.last?.contains("wrote 2 bytes at 0xa001000") == true)
    #expect(board.read(.max, 8) == 0)
    #expect(outside.reports.count == 3)
  }

  @Test func unknownRegistersAreReportedOnce() throws {
    let board = try outside.board()
    #expect(board.read(0x0900_0080) == 0)
    #expect(board.read(0x0900_0082, 1) == 0)
    board.write(1, 0x0900_0080)
    #expect(board.read(0x0901_0080) == 0)
    #expect(
      outside.reports == [
        "the guest read the PL011 at offset 0x80, where it has no register",
        "the guest read the PL031 at offset 0x80, where it has no register",
      ])
  }

  @Test("a guest that goes through an area page by page is told of at its start", arguments: [true, false])
  func rowOfPages(goesUp: Bool) throws {
    let board = try outside.board()
    for page in 0..<2000 as Range<UInt64> { _ = board.read(0x1000_0000 + (goesUp ? page : 1999 - page) << 12) }
    #expect(outside.reports.count == 4)
    #expect(outside.reports.last?.hasSuffix("other accesses to this page and those beside it are not reported") == true)
    // Elsewhere is something new, up to the last page there is.
    _ = board.read(0x2000_0000)
    _ = board.read(.max)
    _ = board.read(.max - 4096)
    #expect(outside.reports.count == 7)
  }

  @Test func reportsComeToAnEnd() throws {
    let board = try outside.board()
    for page in 0..<2000 as Range<UInt64> { _ = board.read(0x1000_0000 + page << 13) }
    #expect(outside.reports.count == 257)
    #expect(outside.reports.last == "further accesses to what the board does not have are not reported")
  }

  @Test func strictBoardStops() throws {
    let board = try outside.board(strictMMIO: true)
    let data = UnsafeMutableRawBufferPointer.allocate(byteCount: 4, alignment: 4)
    defer { data.deallocate() }
    func perform(_ address: UInt64, isWrite: Bool) -> StopReport.Cause? {
      data.initializeMemory(as: UInt8.self, repeating: 0xFF)
      return board.mmio(BusAccess(address: address, size: 4, count: 1, isWrite: isWrite, data: data))
    }
    for isWrite in [false, true] {
      #expect(perform(UART.flag, isWrite: isWrite) == nil)
      #expect(perform(0x0900_0080, isWrite: isWrite) == nil)
      #expect(
        perform(0x0902_0000, isWrite: isWrite)
          == .unmapped(UnmappedAccess(address: GuestPhysical(0x0902_0000), size: 4, isWrite: isWrite)))
      #expect(data.allSatisfy { $0 == (isWrite ? 0xFF : 0) })
    }
  }

  @Test func portsReadZero() throws {
    let board = try outside.board()
    var value: UInt32 = .max
    withUnsafeMutableBytes(of: &value) {
      #expect(board.port(BusAccess(address: 0x3F8, size: 4, count: 1, isWrite: false, data: $0)) == nil)
    }
    #expect(value == 0)
  }

  // MARK: State

  @Test func stateIsTheWholeBoard() throws {
    let board = try outside.board()
    board.write(0x50, UART.mask)
    board.type(Array("abc".utf8))
    board.write(77, Clock.load)
    #expect(outside.lineChanges == ["1 high"])
    let state = board.state
    for byte in "abc".utf8 { #expect(board.read(UART.data) == UInt64(byte)) }
    #expect(outside.lineChanges.last == "1 low")
    #expect(board.state != state)

    board.state = state
    #expect(board.state == state)
    #expect(outside.lineChanges == ["1 high"])

    let other = try Outside().board()
    other.state = state
    for byte in "abc".utf8 { #expect(other.read(UART.data) == UInt64(byte)) }
    #expect((77...137).contains(other.read(Clock.data)))
  }

  @Test func resetIsAsPowerOn() throws {
    let board = try outside.board()
    let fresh = board.state
    board.write(0x50, UART.mask)
    board.write(0x70, UART.lineControl)
    board.type(Array(repeating: 0x41, count: 100))
    board.write(77, Clock.load)
    board.reset()
    #expect(outside.lineChanges == ["1 high", "1 low"])
    #expect(board.state.uart == fresh.uart)
    #expect(board.state.typed == [])
    #expect(board.read(Clock.load) == 0)
  }
}
