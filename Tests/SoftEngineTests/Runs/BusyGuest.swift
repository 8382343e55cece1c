import ARM64
import Bits
import CPUEngine
import GuestMemory
import Host
import Testing

@testable import SoftEngine

/// A guest that does a bit of everything whose order a run depends on.
///
/// Its CPUs are turned on by PSCI; each goes through a random sequence, stores it, adds to what all share by LDADD and by
/// exclusives, is interrupted by its timer, waits (WFI, WFE) and sends events. CPU 0 rings half-way and at the end.
final class BusyGuest {
  static let doorbell: UInt64 = 0x1000_0000
  private static let ram = GuestPhysical(0x4000_0000)
  private static let byteCount: UInt64 = 1 << 20
  private static let vectors: UInt64 = 0x8000
  /// What all share: a sum, a value that exclusives change, how many CPUs have ended, the rounds and the count of CPUs.
  private static let shared: UInt64 = 0x2_0000

  let machine: SoftMachine
  private let everyCPU: [Bool]

  /// Makes one that stands at its first instruction.
  ///
  /// - Parameters:
  ///   - cpuCount: how many CPUs.
  ///   - rounds: how often each goes through its loop.
  /// - Throws: what the engine refused.
  init(cpuCount: Int, rounds: UInt64 = 3000) throws {
    // The calling thread will run the CPUs.
    HostThread.blockSignals()
    let gic = GICPlacement(
      distributor: GuestPhysical(0x800_0000), redistributors: GuestPhysical(0x80A_0000),
      cpuInterface: GuestPhysical(0x801_0000))
    var options = SoftMachine.Options(cpuCount: cpuCount, gic: gic)
    options.tracesRun = true
    machine = try SoftMachine(memory: GuestRAM([(start: Self.ram, count: Self.byteCount)]), options: options)
    everyCPU = Array(repeating: true, count: cpuCount)
    try start(rounds: rounds)
  }

  /// Puts the program into memory, which is cleared, and CPU 0 at its first instruction.
  func start(rounds: UInt64 = 3000) throws {
    let bytes = try #require(machine.memory.bytes(at: Self.ram))
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
    store(Self.program, at: 0)
    store(Self.interruptHandler, at: Self.vectors + 0x280)
    machine.memory.store(rounds, at: Self.ram.wrapping(by: Self.shared + 24))
    machine.memory.store(UInt64(everyCPU.count), at: Self.ram.wrapping(by: Self.shared + 32))
    machine.synchronizeMemory(at: Self.ram, count: Int(Self.byteCount))
    machine.cores[0].context.pointee.state.pc = Self.ram.rawValue
  }

  private func store(_ words: [UInt32], at offset: UInt64) {
    for (number, word) in words.enumerated() {
      machine.memory.store(word, at: Self.ram.wrapping(by: offset + 4 * UInt64(number)))
    }
  }

  /// Runs until CPU 0 rings, and returns the count of rounds that it has made; calls that end the run are passed over.
  func runToRing() throws -> UInt64 {
    let (cpu, exit) = try machine.runToExit(everyCPU)
    guard case .mmio(let access) = exit, access.isWrite, access.address == Self.doorbell else {
      throw EngineError("CPU \(cpu) came back by \(exit)")
    }
    return UnsafeRawBufferPointer(access.data).loadUnaligned(as: UInt64.self)
  }

  /// Completes the access that the run came back by.
  func settle() throws { _ = try machine.softCPUs[0].settle() }

  /// The digest of the run up to now.
  var digest: UInt64 { get throws { try #require(machine.trace).digest } }

  /// Runs to the end.
  func runToEnd() throws -> UInt64 {
    _ = try runToRing()
    _ = try runToRing()
    return try digest
  }

  /// The guest's memory.
  var memory: [UInt8] {
    get { machine.memory.bytes(at: Self.ram).map(Array.init) ?? [] }
    set { newValue.withUnsafeBytes { machine.patchMemory(at: Self.ram, from: $0) } }
  }

  /// What all CPUs have added by LDADD.
  var sum: UInt64? { machine.memory.load(at: Self.ram.wrapping(by: Self.shared)) }

  private static let program: [UInt32] = [
    0xD538_00B4,  // start: mrs x20, mpidr_el1
    0x9240_1E94,  // and x20, x20, #0xff
    0xD2A8_0013,  // mov x19, #0x40000000
    0x9140_2269,  // add x9, x19, #0x8000
    0xD518_C009,  // msr vbar_el1, x9
    0x9140_8276,  // add x22, x19, #0x20000
    0xA941_EEDA,  // ldp x26, x27, [x22, #24]
    0xB500_01D4,  // cbnz x20, setup
    0xD2A1_0009,  // mov x9, #0x8000000
    0x5280_024A,  // mov w10, #0x12
    0xB900_012A,  // str w10, [x9]
    0xD280_0035,  // mov x21, #1
    0xEB1B_02BF,  // 1: cmp x21, x27
    0x5400_0102,  // b.hs setup
    0xD280_0060,  // mov x0, #3
    0xF2B8_8000,  // movk x0, #0xc400, lsl #16
    0xAA15_03E1,  // mov x1, x21
    0x10FF_FDE2,  // adr x2, start
    0xD400_0002,  // hvc #0
    0x9100_06B5,  // add x21, x21, #1
    0x17FF_FFF8,  // b 1b
    0xD2A1_0169,  // setup: mov x9, #0x80b0000
    0x8B14_4529,  // add x9, x9, x20, lsl #17
    0x52A1_000A,  // mov w10, #0x8000000
    0xB900_812A,  // str w10, [x9, #0x80]
    0xB901_012A,  // str w10, [x9, #0x100]
    0xD280_1FEA,  // mov x10, #0xff
    0xD518_460A,  // msr icc_pmr_el1, x10
    0xD280_002A,  // mov x10, #1
    0xD518_CCEA,  // msr icc_igrpen1_el1, x10
    0xD503_3FDF,  // isb
    0xD280_3E89,  // mov x9, #500
    0xD51B_E309,  // msr cntv_tval_el0, x9
    0xD51B_E32A,  // msr cntv_ctl_el0, x10
    0xD503_42FF,  // msr daifclr, #2
    0x9140_C277,  // add x23, x19, #0x30000
    0x8B14_32F7,  // add x23, x23, x20, lsl #12
    0x9100_0698,  // add x24, x20, #1
    0xD341_FF51,  // lsr x17, x26, #1
    0xCA18_3718,  // loop: eor x24, x24, x24, lsl #13
    0xCA58_1F18,  // eor x24, x24, x24, lsr #7
    0xCA18_4718,  // eor x24, x24, x24, lsl #17
    0x927D_2309,  // and x9, x24, #0xff8
    0xF829_6AF8,  // str x24, [x23, x9]
    0xD280_002A,  // mov x10, #1
    0xF82A_02CB,  // ldadd x10, x11, [x22]
    0x9100_22CD,  // add x13, x22, #8
    0xC85F_7DAC,  // 2: ldxr x12, [x13]
    0xCA18_018C,  // eor x12, x12, x24
    0xC80E_7DAC,  // stxr w14, x12, [x13]
    0x35FF_FFAE,  // cbnz w14, 2b
    0x9100_0739,  // add x25, x25, #1
    0xF240_173F,  // tst x25, #0x3f
    0x5400_0061,  // b.ne 3f
    0xD503_209F,  // sev
    0xD503_207F,  // wfi
    0xEB11_033F,  // 3: cmp x25, x17
    0xFA40_0A80,  // ccmp x20, #0, #0, eq
    0x5400_0061,  // b.ne 4f
    0xD2A2_0009,  // mov x9, #0x10000000
    0xF900_0139,  // str x25, [x9]
    0xEB1A_033F,  // 4: cmp x25, x26
    0x54FF_FD23,  // b.lo loop
    0x9100_42CD,  // add x13, x22, #16
    0xF82A_01AB,  // ldadd x10, x11, [x13]
    0xB500_00D4,  // cbnz x20, 6f
    0xF940_01AB,  // 5: ldr x11, [x13]
    0xEB1B_017F,  // cmp x11, x27
    0x5400_00A2,  // b.hs 7f
    0xD503_205F,  // wfe
    0x17FF_FFFC,  // b 5b
    0xD503_207F,  // 6: wfi
    0x17FF_FFFF,  // b 6b
    0xD2A2_0009,  // 7: mov x9, #0x10000000
    0xF900_0139,  // str x25, [x9]
    0x17FF_FFFE,  // b 7b
  ]

  /// Counts in X18, sets the timer again and returns.
  private static let interruptHandler: [UInt32] = [
    0xD538_CC0F,  // mrs x15, icc_iar1_el1
    0x9100_0652,  // add x18, x18, #1
    0xD280_3E90,  // mov x16, #500
    0xD51B_E310,  // msr cntv_tval_el0, x16
    0xD518_CC2F,  // msr icc_eoir1_el1, x15
    0xD69F_03E0,  // eret
  ]
}

extension SoftMachine {
  /// Runs until an exit of the guest's own.
  ///
  /// Threads have one signal, so that a call may be another test's, whose machine this thread ran before.
  func runToExit(_ isRunning: [Bool]) throws -> (cpu: Int, exit: Exit) {
    while true {
      let (cpu, exit) = try run(isRunning)
      if case .interrupted = exit { continue }
      return (cpu, exit)
    }
  }
}
