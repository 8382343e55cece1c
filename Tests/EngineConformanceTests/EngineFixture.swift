import Architecture
import Bits
import CPUEngine
import Foundation
import Host
import Machine
import Testing

@testable import HVGDBCommand

/// An engine that works on this host, with what the tests need to try it.
///
/// The tests know an engine by `VirtualMachine` and `VirtualCPU` alone and assert what an architecture promises; what
/// differs between hosts they ask of `EngineCapabilities`. An engine joins them by a line in `Engines.all`.
protocol EngineFixture: Sendable, CustomTestStringConvertible {
  /// The architecture of its guests.
  var architecture: GuestArchitecture { get }
  /// What its machines say of themselves.
  var capabilities: EngineCapabilities { get }
  /// Whether every access to a device comes back as one; arm64's hardware describes those of one register alone.
  var describesEveryAccess: Bool { get }
  /// Registers whose value is not what was last written: those that count by themselves.
  var countingRegisters: Set<String> { get }
  /// Registers that not every host tells.
  var optionalRegisters: Set<String> { get }
  /// How long a guest may take, in seconds: many times what the slowest host needs.
  var patience: Double { get }

  /// Makes a machine, in its state after power-on; its memory is that of the kit.
  func machine(cpuCount: Int) throws -> any VirtualMachine
  /// The programs for a machine.
  func kit(for machine: any VirtualMachine) throws -> any GuestKit
}

enum Engines {
  /// The host's own KVM, where it works.
  static let kvm: (any EngineFixture)? = {
    #if arch(x86_64)
      KVMX86Fixture()
    #elseif arch(arm64)
      KVMARM64Fixture()
    #else
      nil
    #endif
  }()

  /// The engines that work on this host.
  static let all: [any EngineFixture] = [SoftFixture()] + [kvm].compactMap { $0 }

  /// Those whose guests are arm64's.
  static let arm64 = all.filter { $0.architecture == .arm64 }

  /// Whether the host itself is emulated, as whoever starts the tests there says.
  static var hostIsEmulated: Bool { ProcessInfo.processInfo.environment["HVGDB_TEST_EMULATED_HOST"] != nil }

  /// Those with a capability.
  static func with(_ capability: KeyPath<EngineCapabilities, Bool>) -> [any EngineFixture] {
    all.filter { $0.capabilities[keyPath: capability] }
  }
}

extension EngineFixture {
  /// A program in a new machine, with CPU 0 at its first instruction.
  func session(
    _ role: GuestProgram.Role, cpuCount: Int = 1, privilege: GuestPrivilege = .kernel
  ) throws -> GuestSession {
    // The calling thread will run the CPU.
    HostThread.blockSignals()
    let machine = try machine(cpuCount: cpuCount)
    return try GuestSession(role, in: machine, kit(for: machine), privilege: privilege, seconds: patience)
  }
}

extension GuestSession {
  /// Runs until the guest comes back by itself.
  func exit(sourceLocation: SourceLocation = #_sourceLocation) throws -> Exit {
    try #require(try run(), "the guest did not come back in time", sourceLocation: sourceLocation)
  }

  /// Runs until the guest accesses a device; the answer is to be written into the access before the next run.
  func access(sourceLocation: SourceLocation = #_sourceLocation) throws -> BusAccess {
    let exit = try exit(sourceLocation: sourceLocation)
    guard case .mmio(let access) = exit else {
      throw UnexpectedExit(exit)
    }
    return access
  }

  /// Runs until the debug hardware sees something.
  func event(_ control: DebugControl, sourceLocation: SourceLocation = #_sourceLocation) throws -> DebugEvent {
    try #require(try runToDebugEvent(control), "no debug event", sourceLocation: sourceLocation)
  }

  /// Executes one instruction.
  func stepped(
    blockingInterrupts: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> DebugEvent {
    try #require(
      try step(blockingInterrupts: blockingInterrupts), "the step did not end", sourceLocation: sourceLocation)
  }

  /// Runs until the guest rings, and returns what it stored.
  func rung(sourceLocation: SourceLocation = #_sourceLocation) throws -> UInt64 {
    try #require(try runToDoorbell(), "the guest did not ring", sourceLocation: sourceLocation)
  }
}

/// The guest came back for something else than the test waits for.
struct UnexpectedExit: Error, CustomStringConvertible {
  let description: String
  init(_ exit: Exit) { description = "the guest came back by \(exit)" }
}

extension DebugControl {
  static func breakpoints(_ addresses: [GuestVirtual]) -> DebugControl {
    var control = DebugControl()
    control.breakpoints = addresses
    return control
  }

  static var softwareBreakpoints: DebugControl {
    var control = DebugControl()
    control.trapsSoftwareBreakpoints = true
    return control
  }
}
