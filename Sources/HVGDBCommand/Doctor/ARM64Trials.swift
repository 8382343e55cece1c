import ARM64
import Bits
import CPUEngine
import GuestMemory

/// Tries on tiny guests what arm64 alone has.
struct ARM64Trials {
  let trials: Trials
  let kit: ARM64GuestKit

  /// Makes them all.
  ///
  /// - Parameter refusal: why the machine's RNDR could not be hidden; nil where the host took it away.
  /// - Returns: what was found.
  func findings(hidingRandomNumbers refusal: EngineError?) -> [Finding] {
    [psci(), undecodedAccesses(), randomNumbers(refusal)] + granules() + [
      scalableVectors(), pointerAuthentication(), programs32Bit(),
    ]
  }

  /// Runs instructions of the trial's own and takes what they leave in X0.
  ///
  /// - Parameters:
  ///   - instructions: what EL1 runs, before it rings.
  ///   - settings: registers with their values.
  ///   - controls: the bits of SCTLR_EL1 that are set beside those after power-on.
  ///   - finding: what follows from X0.
  /// - Returns: that, or what happened in its place.
  private func result(
    of instructions: [UInt32], settings: [(ARM64Register, UInt64)] = [], controls: UInt64 = 0,
    _ finding: (UInt64) -> Finding.Outcome
  ) -> Finding.Outcome {
    trials.result(of: .counting) { session throws(EngineError) in
      replaceProgram(of: session, by: instructions + [0xF900_02C0])  // str x0, [x22]
      try set(settings, controls: controls, on: session.cpu)
      let answer = try session.runToDoorbell()
      return answer.map(finding) ?? .fails("the guest did not come back with an answer")
    }
  }

  private func replaceProgram(of session: GuestSession, by instructions: [UInt32]) {
    var address = GuestPhysical(kit.entry.rawValue)
    for instruction in instructions {
      session.machine.memory.store(instruction, at: address)
      address = address.wrapping(by: 4)
    }
  }

  private func set(
    _ settings: [(ARM64Register, UInt64)], controls: UInt64, on cpu: any VirtualCPU
  ) throws(EngineError) {
    let control = try value(of: .sctlrEL1, on: cpu)
    for (register, value) in settings + [(.system(.sctlrEL1), control | controls)] {
      try cpu.setValue(value, of: kit.registerFile.place(of: register))
    }
  }

  private func value(of register: SystemRegister, on cpu: any VirtualCPU) throws(EngineError) -> UInt64 {
    try cpu.value(of: kit.registerFile.place(of: .system(register)))
  }
}

// MARK: - The machine

extension ARM64Trials {
  /// Asks PSCI_VERSION, whose answer has the major number in bits 31:16.
  private func psci() -> Finding {
    let outcome = result(
      of: [0xD400_0002],  // hvc #0
      settings: [(.general(0), UInt64(PSCI.version.rawValue))]
    ) { answer in
      answer[bits: 32...63] == 0
        ? .found("\(answer[bits: 16...31]).\(answer[bits: 0...15])") : .fails("the call is not known")
    }
    return Finding(key: .psci, outcome: outcome, meaning: "guests have one CPU and cannot turn themselves off")
  }

  /// Makes an access whose syndrome the CPU does not fill in.
  private func undecodedAccesses() -> Finding {
    let outcome = trials.outcome(.counting) { session throws(EngineError) in
      replaceProgram(of: session, by: [0xA940_06C0])  // ldp x0, x1, [x22]
      guard let exit = try session.run() else { return "the access did not end" }
      guard case .failure(.undecodedAccess(let address, _)) = exit, address == kit.doorbell else {
        return "the access came back as \(exit)"
      }
      return nil
    }
    return Finding(
      key: .undecodedAccesses, outcome: outcome,
      meaning: "a guest that loads or stores a pair in a device's registers ends without its address being told")
  }

  /// Reads ID_AA64ISAR0_EL1, by whose field RNDR a kernel goes.
  private func randomNumbers(_ refusal: EngineError?) -> Finding {
    let outcome =
      refusal.map { .fails($0.description) }
      ?? result(of: [0xD538_0600]) { answer in  // mrs x0, id_aa64isar0_el1
        answer[bits: 60...63] == 0 ? .works : .fails("the guest still finds RNDR")
      }
    return Finding(
      key: .hiddenRandomNumbers, outcome: outcome,
      meaning: "newer kernels move themselves by RNDR unless --append has nokaslr")
  }
}

// MARK: - Translation

extension ARM64Trials {
  private func granules() -> [Finding] {
    [(Finding.Key.granule4K, TranslationGranule.size4K), (.granule16K, .size16K), (.granule64K, .size64K)].map {
      key, granule in
      Finding(
        key: key, outcome: translation(by: granule), meaning: "kernels that are built for such pages do not start")
    }
  }

  /// Stores through an address that only the table of a granule leads to memory.
  private func translation(by granule: TranslationGranule) -> Finding.Outcome {
    trials.outcome(.accessingMemory) { session throws(EngineError) in
      let features = IDAA64MMFR0(rawValue: try value(of: .idAA64MMFR0EL1, on: session.cpu))
      guard features.supports(granule) else { return "ID_AA64MMFR0_EL1 tells of none" }
      let memory = session.machine.memory
      let map = AliasMap(granule)
      map.write(to: memory)
      let mark: UInt64 = 0x5EED
      try set(
        map.registers + [(.general(21), AliasMap.alias(of: kit.data).rawValue), (.general(19), mark)],
        controls: AliasMap.controls, on: session.cpu)
      guard try session.step()?.programCounter == session.address(1) else { return "the store did not end" }
      return memory.load(at: GuestPhysical(kit.data.rawValue), as: UInt64.self) == mark
        ? nil : "the store went elsewhere"
    }
  }
}

/// A stage 1 table whose blocks map the RAM of the tiny guests to itself, and once more from 2 GiB on.
private struct AliasMap {
  /// M, C and I of SCTLR_EL1.
  static let controls: UInt64 = 1 << 0 | 1 << 2 | 1 << 12
  /// It is as long as the longest of the tables, and aligned to that.
  private static let table = GuestPhysical(0x4030_0000)
  private static let ram = ARM64GuestKit.ram[0].start
  private static let aliasStart: UInt64 = 0x8000_0000

  private let granule: TranslationGranule

  init(_ granule: TranslationGranule) { self.granule = granule }

  /// The other address of what stands in RAM.
  static func alias(of address: GuestVirtual) -> GuestVirtual {
    address.wrapping(by: aliasStart &- ram.rawValue)
  }

  /// The power of two of a block: of level 1 with pages of 4 KiB, and of level 2 else (Arm ARM, section D8.2).
  private var blockShift: Int {
    switch granule {
    case .size4K: 30
    case .size16K: 25
    case .size64K: 29
    }
  }

  /// The table is one granule, with descriptors of 8 bytes.
  private var addressBits: Int { blockShift + granule.shift - 3 }

  /// TCR_EL1, TTBR0_EL1 and MAIR_EL1.
  var registers: [(ARM64Register, UInt64)] {
    var tcr: UInt64 = 0
    tcr[bits: 0...5] = UInt64(64 - addressBits)  // T0SZ
    tcr[bits: 8...9] = 1  // IRGN0: walks by cacheable accesses
    tcr[bits: 10...11] = 1  // ORGN0
    tcr[bits: 12...13] = 3  // SH0: inner shareable
    tcr[bits: 14...15] = granule == .size4K ? 0 : granule == .size64K ? 1 : 2  // TG0
    tcr[bit: 23] = true  // EPD1: no upper half
    return [
      (.system(.tcrEL1), tcr), (.system(.ttbr0EL1), Self.table.rawValue),
      (.system(.mairEL1), 0xFF),  // attribute 0: normal memory, cached
    ]
  }

  func write(to memory: GuestRAM) {
    let count = UInt64(1) << UInt64(granule.shift)
    for offset in stride(from: UInt64(0), to: count, by: 8) {
      memory.store(UInt64(0), at: Self.table.wrapping(by: offset))
    }
    let blockSize = UInt64(1) << UInt64(blockShift)
    var descriptor = Self.ram.rawValue & ~(blockSize - 1)
    descriptor[bits: 0...1] = 1  // a block
    descriptor[bits: 8...9] = 3  // inner shareable
    descriptor[bit: 10] = true  // AF
    for address in [Self.ram.rawValue, Self.aliasStart] {
      memory.store(descriptor, at: Self.table.wrapping(by: 8 * (address / blockSize)))
    }
  }
}

// MARK: - Optional features

extension ARM64Trials {
  /// Asks RDVL for the length of a vector.
  private func scalableVectors() -> Finding {
    let accessControl: UInt64 = 3 << 16 | 3 << 20  // ZEN, FPEN
    let longest: UInt64 = 0xF  // LEN: as long as the CPU has them
    let outcome =
      kit.registerFile.index(of: .vg) == nil
      ? .fails("KVM gives guests none")
      : result(
        of: [0x04BF_5020],  // rdvl x0, #1
        settings: [(.system(.cpacrEL1), accessControl), (.system(.zcrEL1), longest)]
      ) { count in .amount(count &* 8, unit: "bits") }
    return Finding(key: .scalableVectors, outcome: outcome, meaning: "guests do without")
  }

  /// Signs an address and takes the signature off again.
  private func pointerAuthentication() -> Finding {
    let isThere = kit.registerFile.index(of: .pointerMask(.code)) != nil
    let outcome =
      !isThere
      ? .fails("KVM gives guests none")
      : result(
        of: [
          0xAA00_03E2,  // mov x2, x0
          0xDAC1_0020,  // pacia x0, x1
          0xAA00_03E3,  // mov x3, x0
          0xDAC1_1020,  // autia x0, x1
          0xEB02_001F,  // cmp x0, x2
          0x9A9F_0060,  // csel x0, x3, xzr, eq
        ], settings: [(.general(0), kit.data.rawValue)], controls: 1 << 31  // EnIA
      ) { signed in
        switch signed {
        case 0: .fails("a signature was not taken for its own")
        case kit.data.rawValue: .fails("an address was not signed")
        default: .works
        }
      }
    return Finding(key: .pointerAuthentication, outcome: outcome, meaning: "guests do without")
  }

  /// Calls EL1 from AArch32 code.
  private func programs32Bit() -> Finding {
    let outcome = trials.outcome(.counting) { session throws(EngineError) in
      let features = IDAA64PFR0(rawValue: try value(of: .idAA64PFR0EL1, on: session.cpu))
      guard features.hasAArch32 else { return "the CPU has no AArch32 state at EL0" }
      replaceProgram(of: session, by: [0xEF00_0000])  // svc #0 of A32
      try set([(.pstate, Self.user32)], controls: 0, on: session.cpu)
      if let words = try trials.reachesHandler(session) { return words }
      let syndrome = ExceptionSyndrome(rawValue: try value(of: .esrEL1, on: session.cpu))
      return syndrome.exceptionClass == .svc32 ? nil : "the call came as another exception"
    }
    return Finding(key: .programs32Bit, outcome: outcome, meaning: "a kernel cannot run 32-bit programs")
  }

  /// PSTATE of AArch32's user mode with all masked.
  private static let user32: UInt64 = 0x1D0
}
