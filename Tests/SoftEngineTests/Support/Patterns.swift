import Bits
import GuestMemory
import Testing

@testable import SoftEngine

extension TestMachine {
  /// A machine whose memory is full of bytes that tell their place, and whose vector unit is not trapped.
  ///
  /// With `translates` stage 1 is on, without which all memory is for devices and accesses are to be aligned.
  static func withPattern(translates: Bool = true) throws -> TestMachine {
    let machine = try TestMachine()
    if translates { machine.translate(user: [data]) }
    machine.allowVectors()
    for start in [code - 0x1000, data] {
      for address in stride(from: start, to: start + 0x2000, by: 8) {
        machine.machine.memory.store(address &* 0x9e37_79b9_7f4a_7c15, at: GuestPhysical(address))
      }
    }
    return machine
  }

  /// Sets CPACR_EL1.FPEN.
  func allowVectors() {
    core.context.pointee.state.system.cpacr = 3 << 20
    core.noteTranslationChange()
  }

  /// Puts values into memory, one behind the other.
  func store<Value: FixedWidthInteger & BitwiseCopyable>(_ values: Value..., at address: UInt64 = TestMachine.data) {
    for (index, value) in values.enumerated() {
      machine.memory.store(value, at: GuestPhysical(address + UInt64(index * MemoryLayout<Value>.size)))
    }
  }

  /// A value in memory.
  func load<Value: FixedWidthInteger & BitwiseCopyable>(at address: UInt64 = TestMachine.data) throws -> Value {
    let value: Value? = machine.memory.load(at: GuestPhysical(address))
    return try #require(value)
  }

  /// Bytes of memory.
  func bytes(at address: UInt64, _ count: Int) throws -> [UInt8] {
    try (0..<UInt64(count)).map { offset in
      let byte: UInt8? = machine.memory.load(at: GuestPhysical(address + offset))
      return try #require(byte)
    }
  }
}
