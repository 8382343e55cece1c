import ARM64
import Architecture
import Bits
import CPUEngine
import GuestMemory
import KVMEngine
import SoftEngine
import Testing

@testable import HVGDBCommand

/// A machine with arm64 CPUs, whose registers go by their own names.
protocol ARM64Machine: VirtualMachine {
  var registerFile: ARM64RegisterFile { get }
  /// The affinity of each CPU.
  var affinities: [UInt64] { get }
}

extension SoftMachine: ARM64Machine {}

#if arch(arm64)
  extension KVMARM64Machine: ARM64Machine {}
#endif

/// A guest whose registers go by arm64's own names, and whose code a test writes itself.
final class ARM64Guest {
  let machine: any ARM64Machine
  let session: GuestSession
  var cpu: any VirtualCPU { session.cpu }

  /// Makes one that stands at its first instruction, with the MMU off.
  ///
  /// - Parameters:
  ///   - engine: the engine that runs it.
  ///   - code: the instructions; without any, those of the program.
  ///   - role: the program, whose registers the guest has.
  ///   - cpuCount: how many CPUs the machine has.
  ///   - privilege: the exception level.
  /// - Throws: what the engine refused.
  init(
    on engine: any EngineFixture, _ code: [UInt32] = [], role: GuestProgram.Role = .counting, cpuCount: Int = 1,
    privilege: GuestPrivilege = .kernel
  ) throws {
    session = try engine.session(role, cpuCount: cpuCount, privilege: privilege)
    machine = try #require(session.machine as? any ARM64Machine)
    for (number, instruction) in code.enumerated() {
      machine.memory.store(
        instruction, at: GuestPhysical(session.kit.entry.rawValue).wrapping(by: 4 * UInt64(number)))
    }
  }

  /// Where an instruction of the test's own stands.
  func address(_ number: Int) -> GuestVirtual { session.kit.address(4 * UInt64(number)) }

  func index(_ register: ARM64Register) throws -> RegisterIndex {
    try #require(machine.registerFile.index(of: register), "no register \(register)")
  }

  subscript(register: ARM64Register) -> UInt64 {
    get throws { try cpu.value(of: index(register)) }
  }

  func set(_ register: ARM64Register, _ value: UInt64) throws { try cpu.setValue(value, of: index(register)) }
}
