import ARM64
import Bits
import CPUEngine
import Testing

@testable import SoftEngine

/// A debugger's watchpoints stop instructions with several accesses before the first of them.
@Suite struct WatchpointTests {
  /// Executes a word with the base X1, and watches the doubleword at `offset` behind that.
  private func execute(_ word: UInt32, base: UInt64 = TestMachine.data, watching offset: UInt64) throws -> TestMachine {
    let machine = try TestMachine.withPattern()
    machine[x: 1] = base
    machine[x: 6] = 0x30
    var control = DebugControl()
    control.watchpoints = [HardwareWatchpoint(address: GuestVirtual(base + offset), length: 8, access: .readWrite)]
    machine.core.debug.control = control
    let before = machine.core.state
    #expect(machine.execute(word) == .watchpoint)
    #expect(machine.core.debug.hit?.address == base + offset)
    #expect(machine.core.state == before)
    return machine
  }

  @Test(
    arguments: [
      // STP X0, X3, [X1], #16; STP Q0, Q1, [X1]; ST1 {V0.16B-V3.16B}, [X1], #64; ST4 {V0.8H-V3.8H}, [X1], X6; DC ZVA, X1
      (0xa881_0c20, 8), (0xad00_0420, 24), (0x4c9f_2020, 56), (0x4c86_0420, 40), (0xd50b_7421, 48),
      // LDP X0, X3, [X1], #16; LD2 {V0.4S, V1.4S}, [X1], #32
      (0xa8c1_0c20, 8), (0x4cdf_8820, 16),
    ] as [(UInt32, UInt64)])
  func nothingIsDoneBefore(_ word: UInt32, _ offset: UInt64) throws {
    let machine = try execute(word, watching: offset)
    #expect(try machine.bytes(at: TestMachine.data, 64) == TestMachine.withPattern().bytes(at: TestMachine.data, 64))
  }

  @Test("a tag in the watchpoint's own address does not count") func taggedWatchpoint() throws {
    let machine = try TestMachine()
    machine.core.context.pointee.state.system.tcr |= 1 << 37
    machine.core.noteStateChange()
    var control = DebugControl()
    control.watchpoints = [
      HardwareWatchpoint(address: GuestVirtual(TestMachine.data | 0x5a << 56), length: 8, access: .readWrite)
    ]
    machine.core.debug.control = control
    machine[x: 1] = TestMachine.data | 0x3c << 56
    #expect(machine.execute(SystemWord.ldr(0, 1)) == .watchpoint)
  }

  @Test("an atomic does not read the device that it may not write") func atomic() throws {
    let machine = try TestMachine()
    machine[x: 1] = 0x900_0000
    var control = DebugControl()
    control.watchpoints = [HardwareWatchpoint(address: GuestVirtual(0x900_0000), length: 8, access: .write)]
    machine.core.debug.control = control
    // SWP X2, X0, [X1]; CAS X2, X0, [X1]; CASP X2, X3, X4, X5, [X1]
    for word in [0xf822_8020, 0xc8a2_7c20, 0x4822_7c24] as [UInt32] {
      machine.pc = TestMachine.code
      #expect(machine.execute(word) == .watchpoint)
      #expect(machine.core.access == BoardAccess())
    }
  }

  @Test("a device is not read", arguments: [0xa940_0c20, 0x4c40_2020] as [UInt32])
  func deviceIsNotRead(_ word: UInt32) throws {
    let machine = try TestMachine()
    machine.allowVectors()
    machine[x: 1] = 0x900_0000
    var control = DebugControl()
    control.watchpoints = [HardwareWatchpoint(address: GuestVirtual(0x900_0008), length: 8, access: .read)]
    machine.core.debug.control = control
    // LDP X0, X3, [X1]; LD1 {V0.16B-V3.16B}, [X1]
    #expect(machine.execute(word) == .watchpoint)
    #expect(machine.core.access == BoardAccess())
    // Without it the first register is asked for.
    machine.core.debug.control = .none
    #expect(machine.core.run(1) == .access)
    #expect(machine.core.access.pending?.address == 0x900_0000)
  }
}
