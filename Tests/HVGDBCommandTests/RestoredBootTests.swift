import ArgumentParser
import Bits
import CPUEngine
import Foundation
import GuestMemory
import Host
import Logging
import Machine
import SoftEngine
import Synchronization
import Testing

@testable import HVGDBCommand

/// A Linux kernel that boots on the software CPU, run from one moment of its own time to another.
private final class Boot {
  static let kernel = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../.cache/kernels/arm64/trixie").standardizedFileURL.path()

  let machine: Machine
  private let software: SoftMachine
  private let board: VirtBoard
  private let clock: any GuestClock
  private let powerOn: UInt64

  init(cpuCount: Int) throws {
    let command = try RunCommand.parse([
      "--accel", "soft", "--kernel", Self.kernel, "--memory", "192M", "--cpus", "\(cpuCount)", "--no-wait",
      "--console", "none", "--append", "console=ttyAMA0 earlycon=pl011,0x9000000", "--trace-hash",
    ])
    machine = try MachineBuilder(command: command, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      .machine()
    software = try #require(machine.virtualMachine as? SoftMachine)
    board = try #require(machine.board as? VirtBoard)
    clock = software.makeClock()
    powerOn = clock.now
    try machine.finishLoading()
  }

  /// Runs to a time in milliseconds since power-on.
  func run(to time: UInt64) throws {
    let hasCome = Flag()
    let cpu = software.cpus[0]
    clock.setAlarm(powerOn + time * 1_000_000) {
      hasCome.set()
      cpu.kick()
    }
    let report = try machine.runControl.run(software.cpus.map { _ in .run }) { hasCome.isSet }
    #expect(report.cause == .requested)
  }

  /// All of the machine.
  struct Moment {
    let software: SoftMachine.State
    let board: VirtBoard.State
    let memory: [UInt8]
  }

  var moment: Moment {
    get throws {
      let memory = try #require(software.memory.bytes(at: software.memory.regions[0].start))
      return Moment(software: software.state, board: board.state, memory: Array(memory))
    }
  }

  func goBack(to moment: Moment) throws {
    moment.memory.withUnsafeBytes { _ = software.memory.write(at: software.memory.regions[0].start, from: $0) }
    software.state = moment.software
    board.state = moment.board
  }

  var digest: UInt64 { get throws { try #require(software.trace).digest } }
  var printed: [UInt8] { machine.console.history }
}

private final class Flag: Sendable {
  private let value = Atomic<Bool>(false)
  var isSet: Bool { value.load(ordering: .acquiring) }
  func set() { value.store(true, ordering: .releasing) }
}

@Suite(
  "A boot of Linux on the software CPU",
  .enabled(
    if: FileManager.default.fileExists(atPath: Boot.kernel),
    "no Debian kernel is here: have one fetched by `make kernels`"))
struct RestoredBootTests {
  @Test("saved and put back in the middle, it leads to the same digest", arguments: [1, 2])
  func restored(cpuCount: Int) throws {
    HostThread.blockSignals()
    let boot = try Boot(cpuCount: cpuCount)
    try boot.run(to: 30)
    #expect(String(decoding: boot.printed, as: UTF8.self).contains("Linux version"))
    let middle = try boot.moment
    try boot.run(to: 40)
    let end = try boot.digest
    #expect(try boot.moment.software != middle.software)

    try boot.goBack(to: middle)
    try boot.run(to: 40)
    #expect(try boot.digest == end)

    let other = try Boot(cpuCount: cpuCount)
    try other.goBack(to: middle)
    try other.run(to: 40)
    #expect(try other.digest == end)
  }
}
