import Architecture
import Bits
import CPUEngine
public import GDBRemote
import GuestMemory
import Machine

/// The tables of `info os`.
extension Debugger: OSDataTarget {
  /// The tables that there are.
  public var osDataTypes: [OSDataType] { Table.allCases.map(\.type) }

  /// A table as it is now; nil where there is none of that name.
  public func osDataTable(_ name: String) throws(TargetError) -> OSDataTable? {
    switch Table(rawValue: name) {
    case .cpus: cpuTable
    case .memory: memoryTable
    case .devices: deviceTable
    case .interrupts: interruptTable
    case .exits: exitTable
    case nil: nil
    }
  }

  private enum Table: String, CaseIterable {
    case cpus
    case memory
    case devices
    case interrupts
    case exits

    var type: OSDataType {
      switch self {
      case .cpus: OSDataType(name: rawValue, description: "The CPUs and what each does", title: "CPUs")
      case .memory: OSDataType(name: rawValue, description: "The guest's RAM", title: "Memory")
      case .devices: OSDataType(name: rawValue, description: "The board's devices", title: "Devices")
      case .interrupts:
        OSDataType(name: rawValue, description: "The devices' interrupt lines", title: "Interrupts")
      case .exits: OSDataType(name: rawValue, description: "Why each CPU left the guest, and how often", title: "Exits")
      }
    }
  }

  private var cpuTable: OSDataTable {
    OSDataTable(
      columns: ["CPU", "Thread", "Address", "State"],
      rows: zip(cpus, threads).map { cpu, thread in
        let address = instructionAddress(of: cpu)?.description ?? "unavailable"
        return ["\(cpu.index)", "\(thread.rawValue)", address, describe(thread)]
      })
  }

  private var memoryTable: OSDataTable {
    OSDataTable(
      columns: ["Slot", "First byte", "Last byte", "KiB"],
      rows: memory.regions.enumerated().map { slot, region in
        ["\(slot)", "\(region.start)", "\(region.start.wrapping(by: region.count &- 1))", "\(region.count >> 10)"]
      })
  }

  private var deviceTable: OSDataTable {
    OSDataTable(
      columns: ["Device", "Bus", "First", "Last", "Interrupt"],
      rows: machine.board.deviceFacts.map { device in
        [
          device.name, device.isOnPorts ? "port" : "memory", "0x\(hex(device.addresses.lowerBound))",
          "0x\(hex(device.addresses.upperBound))", device.interrupt.map { lineName($0) } ?? "",
        ]
      })
  }

  private var interruptTable: OSDataTable {
    OSDataTable(
      columns: ["Interrupt", "Device", "Line"],
      rows: machine.board.deviceFacts.compactMap { device in
        device.interrupt.map { [lineName($0), device.name, device.isAsserted ? "high" : "low"] }
      })
  }

  private var exitTable: OSDataTable {
    OSDataTable(
      columns: ["CPU"] + ExitCounts.Cause.allCases.map { "\($0)" },
      rows: machine.runControl.exitCounts.enumerated().map { index, counts in
        ["\(index)"] + ExitCounts.Cause.allCases.map { "\(counts[$0])" }
      })
  }

  private func lineName(_ line: UInt32) -> String {
    switch machine.virtualMachine.architecture {
    case .arm64: "SPI \(line)"
    case .x86_64: "IRQ \(line)"
    }
  }
}
