import Bits
import CPUEngine
import Devices
import Glibc
import Host
import Synchronization
import Testing

@testable import Machine

/// The interrupt lines as the board drives them, each change in its order.
final class LineRecorder: Sendable {
  struct Change: Equatable, Sendable {
    let line: UInt32
    let isHigh: Bool
  }

  private let state = Mutex<[Change]>([])
  var changes: [Change] { state.withLock { $0 } }

  func record(_ line: UInt32, _ isHigh: Bool) { state.withLock { $0.append(Change(line: line, isHigh: isHigh)) } }

  /// The levels that one line took.
  func levels(of line: UInt32) -> [Bool] { changes.filter { $0.line == line }.map(\.isHigh) }
}

extension PCBoard {
  /// Reads a port as the guest does, `count` times.
  func read(_ port: UInt64, size: Int = 1, count: Int = 1) -> [UInt8] {
    var bytes = [UInt8](repeating: 0x5A, count: size * count)
    bytes.withUnsafeMutableBytes { data in
      _ = self.port(BusAccess(address: port, size: size, count: count, isWrite: false, data: data))
    }
    return bytes
  }

  /// Writes to a port as the guest does.
  @discardableResult
  func write(_ port: UInt64, _ bytes: [UInt8], size: Int? = nil) -> StopReport.Cause? {
    var bytes = bytes
    let size = size ?? bytes.count
    return bytes.withUnsafeMutableBytes { data in
      self.port(BusAccess(address: port, size: size, count: data.count / size, isWrite: true, data: data))
    }
  }
}

@Suite("The pc board") struct PCBoardTests {
  private static let uart: UInt64 = 0x3F8
  private static let lineStatus: UInt64 = 0x3FD

  private let lines = LineRecorder()
  private let console = Console()
  private let board: PCBoard

  init() throws {
    board = try PCBoard(
      memorySize: PCBoard.MemorySize(below4GiB: 64 << 20, above4GiB: 0), console: console,
      driveLine: { [lines] in lines.record($0, $1) })
  }

  // MARK: Dispatch

  @Test(
    "a port where nothing answers reads all ones, at every width",
    arguments: [0x80, 0x2F8, 0xF8, 0xFFFF, 0x1_0000, .max] as [UInt64], [1, 2, 4])
  func unmapped(port: UInt64, size: Int) {
    #expect(board.read(port, size: size, count: 3) == [UInt8](repeating: 0xFF, count: size * 3))
    #expect(board.write(port, [UInt8](repeating: 0, count: size * 3), size: size) == nil)
  }

  @Test("an address without memory reads all ones")
  func memoryMapped() {
    var bytes: [UInt8] = [1, 2, 3, 4]
    bytes.withUnsafeMutableBytes { data in
      #expect(board.mmio(BusAccess(address: 0xFED0_0000, size: 4, count: 1, isWrite: false, data: data)) == nil)
    }
    #expect(bytes == [0xFF, 0xFF, 0xFF, 0xFF])
  }

  @Test("an access wider than a byte goes on to the ports after it")
  func wideAccess() {
    board.write(0x70, [0x50, 0xAB])
    #expect(board.read(0x71) == [0xAB])
    #expect(board.read(0x70, size: 2) == [0xFF, 0xAB])
    // Scratch is the last register; nothing answers behind it.
    board.write(0x3FF, [0x77])
    #expect(board.read(0x3FF, size: 4) == [0x77, 0xFF, 0xFF, 0xFF])
    #expect(board.read(0x3FE, size: 2) == [0xB0, 0x77])
  }

  @Test("string output prints every unit")
  func stringOutput() {
    board.write(Self.uart, Array("hello\n".utf8), size: 1)
    #expect(console.history == Array("hello\n".utf8))
  }

  @Test("string input takes a byte with each unit")
  func stringInput() {
    board.write(0x3FA, [1])
    board.type([1, 2, 3, 4])
    #expect(board.read(Self.uart, count: 4) == [1, 2, 3, 4])
  }

  @Test("what the guest asks of its machine")
  func requests() {
    #expect(board.write(0xF4, [1]) == .request(.exit(status: 3)))
    #expect(board.write(0xF4, [2, 0, 0, 0]) == .request(.exit(status: 5)))
    #expect(board.write(0xF5, [1]) == nil)
    #expect(board.read(0xF4) == [0xFF])
    #expect(board.write(0x64, [0xFE]) == .request(.reset))
    #expect(board.write(0xCF9, [2]) == nil)
    #expect(board.write(0xCF9, [6]) == .request(.reset))
    #expect(board.write(0x604, [0x00, 0x34]) == .request(.powerOff))
    #expect(board.write(0x604, [0x00, 0x14]) == nil)
  }

  // MARK: Typing

  @Test("an edge-triggered line is low between two bytes")
  func edges() {
    board.write(0x3FC, [8])
    board.write(0x3F9, [1])
    board.type([7, 8])
    #expect(lines.levels(of: 4) == [true])
    #expect(board.read(Self.uart) == [7])
    #expect(lines.levels(of: 4) == [true, false, true])
    #expect(board.read(Self.uart) == [8])
    #expect(lines.levels(of: 4) == [true, false, true, false])
    #expect(board.read(Self.uart, count: 3) == [0, 0, 0])
    #expect(lines.levels(of: 4) == [true, false, true, false])
  }

  @Test("a megabyte that is typed arrives complete and in order")
  func megabyte() {
    let text = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8 ^ $0 >> 16) }
    board.write(0x3FA, [1])
    board.type(text)
    var received: [UInt8] = []
    received.reserveCapacity(text.count)
    while board.read(Self.lineStatus) == [0x61], received.count < text.count {
      received += board.read(Self.uart, count: 16)
    }
    #expect(received == text)
    #expect(board.read(Self.lineStatus) == [0x60])
  }

  @Test("what is typed while the guest reads arrives in order")
  func typingMeanwhile() {
    let text = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 / 3) }
    HostThread.start("typing") { [board] in
      for start in stride(from: 0, to: text.count, by: 100) { board.type(Array(text[start..<start + 100])) }
    }
    var received: [UInt8] = []
    let deadline = HostClock.monotonic.now + 30_000_000_000
    while received.count < text.count, HostClock.monotonic.now < deadline {
      if board.read(Self.lineStatus)[0] & 1 != 0 { received += board.read(Self.uart) }
    }
    #expect(received == text)
  }

  @Test("who types waits for the guest to read, or for a reset", arguments: [false, true])
  func backlog(isReset: Bool) {
    board.write(0x3FA, [1])
    board.type([UInt8](repeating: 1, count: 10_000))
    let changes = WaitQueue()
    let hasWaited = Atomic(false)
    HostThread.start("typing") { [board] in
      board.waitForTyping(leaving: 4_096)
      changes.update { hasWaited.store(true, ordering: .sequentiallyConsistent) }
    }
    if isReset {
      board.reset()
    } else {
      // The FIFO's 16 bytes do not count.
      for _ in 0..<10_000 - 4_096 - 16 {
        let isEarly = hasWaited.load(ordering: .sequentiallyConsistent)
        #expect(!isEarly)
        _ = board.read(Self.uart)
      }
    }
    changes.wait { hasWaited.load(ordering: .sequentiallyConsistent) ? () : nil }
  }

  // MARK: State

  @Test("state put back is the same board, and the lines follow")
  func state() {
    board.write(0x3FF, [0x12])
    board.write(0x3FC, [8])
    board.write(0x3F9, [1])
    let quiet = board.state
    board.type(Array("typed ahead".utf8))
    let waiting = board.state
    #expect(quiet != waiting)
    #expect(lines.levels(of: 4) == [true])

    board.state = quiet
    #expect(board.state == quiet)
    #expect(lines.levels(of: 4) == [true, false])
    #expect(board.read(Self.lineStatus) == [0x60])

    board.state = waiting
    #expect(lines.levels(of: 4) == [true, false, true])
    var received: [UInt8] = []
    while board.read(Self.lineStatus)[0] & 1 != 0, received.count < 100 { received += board.read(Self.uart) }
    #expect(received == Array("typed ahead".utf8))
    #expect(board.read(0x3FF) == [0x12])
  }

  @Test("a reset puts the registers back and drives the lines low")
  func reset() {
    board.write(0x3FF, [0x12])
    board.write(0x3FC, [8])
    board.write(0x3F9, [1])
    board.type([1, 2])
    board.reset()
    #expect(lines.levels(of: 4) == [true, false])
    #expect(board.read(0x3FF) == [0])
    #expect(board.read(Self.lineStatus) == [0x60])
    #expect(board.read(0x3F9) == [0])
  }

  // MARK: The clock

  /// Waits for something that another thread does, 10 seconds at most.
  private func eventually(_ condition: () -> Bool) -> Bool {
    for _ in 0..<10_000 {
      if condition() { return true }
      usleep(1_000)
    }
    return false
  }

  @Test("the clock's interrupt comes by itself, once until it is taken")
  func clockInterrupt() {
    board.write(0x70, [0x0B, 0x42])
    #expect(eventually { lines.levels(of: 8) == [true] })
    usleep(10_000)
    #expect(lines.levels(of: 8) == [true])
    // Reading register C takes it back, and the next one comes.
    board.write(0x70, [0x0C])
    #expect(board.read(0x71)[0] & 0xC0 == 0xC0)
    #expect(eventually { lines.levels(of: 8).count >= 3 })
    #expect(lines.levels(of: 8).prefix(3) == [true, false, true])
  }

  @Test("a clock whose interrupts are switched off is quiet")
  func quietClock() {
    board.write(0x70, [0x0B, 0x42])
    board.write(0x70, [0x0B, 0x02])
    board.write(0x70, [0x0C])
    _ = board.read(0x71)
    let count = lines.levels(of: 8).count
    usleep(20_000)
    #expect(lines.levels(of: 8).count == count)
    #expect(lines.levels(of: 8).last != true)
  }

  @Test("a clock that is put back has its interrupts come")
  func restoredClock() {
    let quiet = board.state
    board.write(0x70, [0x0B, 0x42])
    let ticking = board.state
    board.state = quiet
    let count = lines.levels(of: 8).count
    usleep(20_000)
    #expect(lines.levels(of: 8).count == count)
    board.state = ticking
    #expect(eventually { lines.levels(of: 8).count > count })
    #expect(lines.levels(of: 8).last == true)
  }

  @Test("a reset takes the clock's next interrupt back")
  func resetClock() {
    board.write(0x70, [0x0B, 0x42])
    board.reset()
    let count = lines.levels(of: 8).count
    usleep(20_000)
    #expect(lines.levels(of: 8).count == count)
  }

  @Test("a board that nobody holds is gone, its alarm with it")
  func release() throws {
    weak var released: PCBoard?
    do {
      let board = try PCBoard(
        memorySize: PCBoard.MemorySize(below4GiB: 64 << 20, above4GiB: 0), console: Console(), driveLine: { _, _ in })
      board.write(0x70, [0x0B, 0x42])
      released = board
    }
    // The alarm's thread may hold it for the moment in which it rings.
    #expect(eventually { released == nil })
  }
}
