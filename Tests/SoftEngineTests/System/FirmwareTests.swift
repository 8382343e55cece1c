import ARM64
import Bits
import CPUEngine
import Testing

@testable import SoftEngine

/// PSCI as a guest calls it.
@Suite struct FirmwareTests {
  /// Calls by HVC, and gives what X0 is then.
  private func call(_ machine: TestMachine, _ function: UInt32, _ arguments: UInt64...) -> UInt64 {
    machine[x: 0] = UInt64(function)
    for (index, argument) in arguments.enumerated() { machine[x: index + 1] = argument }
    #expect(machine.execute(SystemWord.hvc(0)) == .firmware)
    #expect(machine.machine.performFirmwareCall(of: machine.core) == nil)
    return machine[x: 0]
  }

  private static let notSupported = PSCI.Status.notSupported.registerValue

  @Test func tellsWhatItIs() throws {
    let machine = try TestMachine()
    #expect(call(machine, 0x8400_0000) == 0x1_0001)
    #expect(call(machine, 0x8000_0000) == 0x1_0001)
    #expect(call(machine, 0x8400_000a, 0xc400_0003) == 0)
    #expect(call(machine, 0x8400_000a, 0x8400_000c) == Self.notSupported)
    #expect(call(machine, 0x8000_0001, 0x8000_0001) == 0)
    #expect(call(machine, 0x8400_0006) == 2)
    // TRNG_VERSION, and what nobody knows.
    #expect(call(machine, 0x8400_0050) == Self.notSupported)
    #expect(call(machine, 0xdead_beef) == Self.notSupported)
    #expect(machine.pc == TestMachine.code + 8 * 4)
  }

  @Test func asksForTheEnd() throws {
    for (function, event) in [(UInt64(0x8400_0008), SystemEvent.powerOff), (0x8400_0009, .reset)] {
      let machine = try TestMachine()
      machine[x: 0] = function
      machine.execute(SystemWord.hvc(0))
      #expect(machine.machine.performFirmwareCall(of: machine.core) == event)
    }
  }

  @Test func turnsOtherCPUsOn() throws {
    let machine = try TestMachine(cpuCount: 3)
    let other = machine.machine.cores[2]
    other.context.pointee.state.time = 5000
    #expect(call(machine, 0xc400_0004, 2, 0) == 1)
    #expect(call(machine, 0xc400_0003, 7, TestMachine.data, 1) == PSCI.Status.invalidParameters.registerValue)
    #expect(call(machine, 0xc400_0003, 2, TestMachine.data, 77) == 0)
    #expect(call(machine, 0xc400_0003, 2, TestMachine.data, 77) == PSCI.Status.alreadyOn.registerValue)
    #expect(call(machine, 0xc400_0004, 2, 0) == 0)
    #expect(other.context.pointee.state.isOn)
    #expect(other.context.pointee.state.pc == TestMachine.data)
    #expect(other.context.pointee.state.x[0] == 77)
    #expect(other.context.pointee.state.time == 5000)
    #expect(other.context.pointee.state.mode == 0x3c5)
    // It turns itself off.
    machine.put([SystemWord.hvc(0)], at: TestMachine.data)
    other.context.pointee.state.x[0] = 0x8400_0002
    #expect(other.run(1) == .firmware)
    #expect(machine.machine.performFirmwareCall(of: other) == nil)
    #expect(!other.context.pointee.state.isOn)
  }
}
