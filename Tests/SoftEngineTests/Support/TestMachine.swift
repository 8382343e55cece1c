import ARM64
import Bits
import CPUEngine
import GuestMemory

@testable import SoftEngine

/// A machine with a megabyte of RAM at `TestMachine.ram`, to execute a few words with a state of the test's own.
final class TestMachine {
  static let ram: UInt64 = 0x4000_0000
  static let byteCount: UInt64 = 1 << 20
  /// Where code goes, and data.
  static let code: UInt64 = ram + 0x1_0000
  static let data: UInt64 = ram + 0x8_0000

  let machine: SoftMachine
  var core: SoftCore { machine.cores[0] }

  init(cpuCount: Int = 1) throws {
    let memory = try GuestRAM([(start: GuestPhysical(Self.ram), count: Self.byteCount)])
    machine = try SoftMachine(memory: memory, options: SoftMachine.Options(cpuCount: cpuCount))
    core.context.pointee.state.pc = Self.code
  }

  /// Puts instructions at an address.
  func put(_ words: [UInt32], at address: UInt64 = TestMachine.code) {
    for (index, word) in words.enumerated() {
      machine.memory.store(word, at: GuestPhysical(address + 4 * UInt64(index)))
    }
    machine.synchronizeMemory(at: GuestPhysical(address), count: words.count * 4)
  }

  /// Executes as many instructions as there are words, put at PC.
  @discardableResult
  func execute(_ words: UInt32...) -> RunExit {
    put(words, at: core.context.pointee.state.pc)
    return core.run(words.count)
  }

  subscript(x number: Int) -> UInt64 {
    get { core.context.pointee.state.x[number] }
    set { core.context.pointee.state.x[number] = newValue }
  }

  subscript(v number: Int) -> SIMD2<UInt64> {
    get { core.context.pointee.state.v[number] }
    set { core.context.pointee.state.v[number] = newValue }
  }

  var pc: UInt64 {
    get { core.context.pointee.state.pc }
    set { core.context.pointee.state.pc = newValue }
  }

  /// N, Z, C and V, N the highest bit.
  var nzcv: UInt8 { UInt8(truncatingIfNeeded: core.context.pointee.state.pstate >> 28) }
}
