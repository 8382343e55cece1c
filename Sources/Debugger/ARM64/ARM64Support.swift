import ARM64
import Architecture
import Bits
import CPUEngine
import GDBRemote
import GuestMemory

/// What the debugger needs to know of arm64.
struct ARM64Support: ArchitectureSupport {
  let registers: RegisterTable

  /// BRK #0: Linux has other immediates for its own.
  let breakpointInstruction = ExceptionInstruction.brk(0).bytes
  /// Every A64 instruction has 4 bytes.
  let instructionAlignment: UInt64 = 4
  /// The exception is taken in place of the access (Arm ARM, section D2.10).
  let watchpointsStopBeforeAccess = true

  let monitorCommands = ARM64Monitor.commands

  let kernelTableSymbol = "swapper_pg_dir"

  func translator(
    of cpu: any VirtualCPU, _ memory: GuestRAM, kernelTable: GuestPhysical?
  ) throws(EngineError) -> any AddressTranslator {
    // Older CPUs, or older kernels under the engine, do not have it.
    let mmfr3 = registers.index(of: .idAA64MMFR3EL1) == nil ? 0 : try value(.idAA64MMFR3EL1, of: cpu)
    let features = TranslationFeatures(
      mmfr0: try value(.idAA64MMFR0EL1, of: cpu), mmfr1: try value(.idAA64MMFR1EL1, of: cpu),
      mmfr2: try value(.idAA64MMFR2EL1, of: cpu), mmfr3: mmfr3)
    return ARM64Translator(
      context: try ARM64TranslationContext(features: features) { register throws(EngineError) in
        if register == .ttbr1EL1, let kernelTable { return kernelTable.rawValue }
        return try value(register, of: cpu)
      },
      level: try processState(of: cpu).exceptionLevel, memory: memory)
  }

  func instructionAddress(of cpu: any VirtualCPU) throws(EngineError) -> GuestVirtual {
    GuestVirtual(try cpu.value(of: registers.programCounter))
  }

  func kernelEntries(of cpu: any VirtualCPU) -> [GuestVirtual] {
    (try? value(.vbarEL1, of: cpu)).map { [GuestVirtual($0)] } ?? []
  }

  func addressSpace(of cpu: any VirtualCPU, _ memory: GuestRAM) throws(EngineError) -> GuestPhysical {
    GuestPhysical(TTBR(rawValue: try value(.ttbr0EL1, of: cpu)).rawValue & 0xFFFF_FFFF_FFFE)
  }

  /// There are no segments.
  func address(segment: String, offset: UInt64, of cpu: any VirtualCPU) throws(EngineError) -> GuestVirtual? { nil }

  func describe(_ cpu: any VirtualCPU) -> String {
    (try? processState(of: cpu))?.description ?? "unknown state"
  }

  func pieces(watching address: GuestVirtual, count: UInt64, for kind: WatchKind) -> [HardwareWatchpoint]? {
    let access = HardwareWatchpoint.Access(kind)
    return ARM64DebugRegisters.pieces(at: address, count: count, limit: ARM64DebugRegisters.maxCount)?.map {
      HardwareWatchpoint(address: $0.address, length: $0.length, access: access)
    }
  }

  private func processState(of cpu: any VirtualCPU) throws(EngineError) -> PSTATE {
    guard let index = registers.index(named: "cpsr") else { throw EngineError("the CPU has no register cpsr") }
    return PSTATE(rawValue: try cpu.value(of: index))
  }

  private func value(_ register: SystemRegister, of cpu: any VirtualCPU) throws(EngineError) -> UInt64 {
    guard let index = registers.index(of: register) else { throw EngineError("the CPU has no register \(register)") }
    return try cpu.value(of: index)
  }
}

extension RegisterTable {
  /// The number of a system register; nil where the engine does not give it.
  func index(of register: SystemRegister) -> RegisterIndex? { index(named: register.name) }
}

/// Stage 1 of a CPU at one moment.
private struct ARM64Translator: AddressTranslator {
  let context: ARM64TranslationContext
  /// Where the CPU is.
  let level: ExceptionLevel
  let memory: GuestRAM

  /// Translates as EL1: what keeps EL0 out keeps no debugger out.
  func translate(_ address: GuestVirtual) throws(TranslationFault) -> Translation {
    try context.translate(address, readPhysical: memory.loadInteger(at:_:))
  }

  /// Walks as the CPU's exception level does.
  func walk(_ address: GuestVirtual) -> (steps: [TranslationStep], place: Result<String, TranslationFault>) {
    let (steps, result) = context.pageWalk(address, at: level, readPhysical: memory.loadInteger(at:_:))
    return (steps, result.map(\.words))
  }
}

extension StageOneMapping {
  /// The place with what it is like, as `monitor` tells it.
  fileprivate var words: String {
    guard let level else { return "physical \(physical): the MMU is off" }
    let kind = level == 3 ? "page" : "block"
    return "physical \(physical), in a \(kind) of \(sizeInWords(blockSize)): "
      + "EL1 \(el1), EL0 \(el0), \(shareability), \(attributes)"
  }
}
