import Architecture
import CPUEngine

@testable import HVGDBCommand

/// The values of a CPU's registers, those that the host does not tell left out.
struct Snapshot: Equatable {
  private var values: [RegisterIndex: [UInt8]] = [:]

  init(of cpu: any VirtualCPU, registers: RegisterTable) {
    for (number, register) in registers.registers.enumerated() {
      var bytes = [UInt8](repeating: 0, count: register.byteCount)
      let index = RegisterIndex(number)
      guard (try? bytes.withUnsafeMutableBytes { try cpu.readRegister(index, into: $0) }) != nil else { continue }
      values[index] = bytes
    }
  }

  subscript(index: RegisterIndex) -> [UInt8]? { values[index] }

  /// Writes them all: what fits an integer as one, for registers that only make sense together, the rest one by one.
  ///
  /// Registers that can be told and not set are passed over by `isOptional`.
  func restore(to cpu: any VirtualCPU, isOptional: (RegisterIndex) -> Bool) throws {
    var integers: [(RegisterIndex, UInt64)] = []
    for (index, bytes) in values.sorted(by: { $0.key < $1.key }) {
      if isOptional(index) {
        _ = try? bytes.withUnsafeBytes { try cpu.writeRegister(index, from: $0) }
      } else if bytes.count <= 8 {
        integers.append((index, bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }))
      } else {
        try bytes.withUnsafeBytes { try cpu.writeRegister(index, from: $0) }
      }
    }
    try cpu.setValues(integers)
  }
}

extension GuestSession {
  /// The registers of the machine with their indexes.
  var registers: [(index: RegisterIndex, register: RegisterDescription)] {
    machine.registers.registers.enumerated().map { (RegisterIndex($0), $1) }
  }

  /// A register's value; nil where the host does not tell it.
  func bytes(of index: RegisterIndex) -> [UInt8]? {
    guard let count = machine.registers[index]?.byteCount else { return nil }
    var bytes = [UInt8](repeating: 0, count: count)
    let isTold: Void? = try? bytes.withUnsafeMutableBytes { try cpu.readRegister(index, into: $0) }
    return isTold == nil ? nil : bytes
  }

  /// Sets a register; false where the host refuses.
  func set(_ index: RegisterIndex, to bytes: [UInt8]) -> Bool {
    (try? bytes.withUnsafeBytes { try cpu.writeRegister(index, from: $0) }) != nil
  }

  func snapshot() -> Snapshot { Snapshot(of: cpu, registers: machine.registers) }
}
