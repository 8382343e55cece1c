@testable import SoftEngine

/// A machine whose vector unit is not trapped, with vector registers as numbers of 128 bits.
final class VectorMachine {
  let machine: TestMachine

  init() throws {
    machine = try TestMachine()
    // CPACR_EL1.FPEN
    machine.core.context.pointee.state.system.cpacr = 3 << 20
    machine.core.needsAttention = true
  }

  func execute(_ word: UInt32) { machine.execute(word) }

  subscript(number: Int) -> UInt128 {
    get { UInt128(machine[v: number][1]) << 64 | UInt128(machine[v: number][0]) }
    set { machine[v: number] = SIMD2(UInt64(truncatingIfNeeded: newValue), UInt64(truncatingIfNeeded: newValue >> 64)) }
  }

  /// FPSR.QC is set.
  var isSaturated: Bool { machine.core.context.pointee.state.fpsr & 1 << 27 != 0 }
}
