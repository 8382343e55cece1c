#if arch(x86_64)
  import Architecture
  import Bits
  import CPUEngine
  import GuestMemory
  import KVMEngine
  import Testing
  import X86

  @testable import HVGDBCommand

  extension Trait where Self == ConditionTrait {
    /// Skips a test where the host's KVM cannot be used.
    static var needsX86Engine: Self { .enabled(if: KVMX86Fixture.shared != nil, "KVM does not work on this host") }
  }

  extension KVMX86Fixture {
    static let shared = KVMX86Fixture()
  }

  /// A guest whose registers go by x86-64's own names, and whose code a test writes itself.
  final class X86Guest {
    let machine: KVMX86Machine
    let session: GuestSession
    var cpu: any VirtualCPU { session.cpu }

    /// Makes one that stands at its first instruction, in long mode.
    ///
    /// - Parameters:
    ///   - code: the instructions; without any, those of the counting program.
    ///   - cpuCount: how many CPUs the machine has.
    /// - Throws: what the engine refused.
    init(_ code: [UInt8] = [], cpuCount: Int = 1) throws {
      let fixture = try #require(KVMX86Fixture.shared)
      session = try fixture.session(.counting, cpuCount: cpuCount)
      machine = try #require(session.machine as? KVMX86Machine)
      write(code, at: session.kit.entry.rawValue)
    }

    func write(_ bytes: [UInt8], at address: UInt64) {
      bytes.withUnsafeBytes { _ = machine.memory.write(at: GuestPhysical(address), from: $0) }
    }

    func index(_ register: X86Register) throws -> RegisterIndex {
      try #require(machine.registerFile.index(of: register), "no register \(register)")
    }

    subscript(register: X86Register) -> UInt64 {
      get throws { try cpu.value(of: index(register)) }
    }

    func set(_ register: X86Register, _ value: UInt64) throws { try cpu.setValue(value, of: index(register)) }

    /// Sets them as one.
    func set(_ values: [(X86Register, UInt64)]) throws {
      try cpu.setValues(values.map { (try index($0.0), $0.1) })
    }
  }
#endif
