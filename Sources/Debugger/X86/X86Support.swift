import Architecture
import Bits
import CPUEngine
import GDBRemote
import GuestMemory
import X86

/// What the debugger needs to know of x86-64.
struct X86Support: ArchitectureSupport {
  let registers: RegisterTable
  let cpuid: [CPUIDTable]

  /// INT3.
  let breakpointInstruction: [UInt8] = [0xCC]
  let instructionAlignment: UInt64 = 1
  /// Data breakpoints are traps (SDM volume 3, section 18.3.1.2).
  let watchpointsStopBeforeAccess = false

  var monitorCommands: [MonitorCommand] { X86Monitor.commands(cpuid) }

  let kernelTableSymbol = "init_top_pgt"

  func translator(
    of cpu: any VirtualCPU, _ memory: GuestRAM, kernelTable: GuestPhysical?
  ) throws(EngineError) -> any AddressTranslator {
    let features = cpuid.indices.contains(cpu.index) ? cpuid[cpu.index] : CPUIDTable([])
    let table = if let kernelTable { kernelTable.rawValue } else { try value("cr3", of: cpu) }
    return X86Translator(
      context: X86TranslationContext(
        cr0: try value("cr0", of: cpu), cr3: table, cr4: try value("cr4", of: cpu),
        efer: try value("efer", of: cpu), maxPhysicalAddressBits: features.maxPhysicalAddressBits,
        hasGigabytePages: features.hasGigabytePages),
      memory: memory)
  }

  /// No engine for x86-64 guests catches exceptions.
  func words(for exception: CaughtException) -> String { "an exception" }
  func signal(for exception: CaughtException) -> StopSignal { .emulation }
  func breakpointException(at place: GuestPhysical, _ memory: GuestRAM) -> CaughtException? { nil }
  func catches(_ exception: CaughtException, _ filter: ExceptionFilter) -> Bool { false }

  func instructionAddress(of cpu: any VirtualCPU) throws(EngineError) -> GuestVirtual {
    try mode(of: cpu).linearAddress(try value("rip", of: cpu), in: .cs, base: try value("cs_base", of: cpu))
  }

  func kernelEntries(of cpu: any VirtualCPU) -> [GuestVirtual] {
    guard let entry = try? (cpu as? any ModelSpecificRegisters)?.readMSR(MSR.lstar.rawValue) else { return [] }
    return [GuestVirtual(entry)]
  }

  /// A kernel that isolates its page tables from programs (PTI) has a second table for each, one page up, of which the
  /// lower half maps the same: both are one space.
  func addressSpace(of cpu: any VirtualCPU, _ memory: GuestRAM) throws(EngineError) -> GuestPhysical {
    let table = GuestPhysical(try value("cr3", of: cpu) & 0xF_FFFF_FFFF_F000)
    guard table.offset(in: 0x2000) != 0 else { return table }
    let twin = table.alignedDown(to: 0x2000)
    let isTwin = (0..<256 as Range<UInt64>).allSatisfy { index in
      let entries = [table, twin].map { memory.load(at: $0.wrapping(by: index * 8), as: UInt64.self) ?? 0 }
      return (entries[0] ^ entries[1]) & 0xF_FFFF_FFFF_F000 == 0
    }
    return isTwin ? twin : table
  }

  func address(segment: String, offset: UInt64, of cpu: any VirtualCPU) throws(EngineError) -> GuestVirtual? {
    let mode = try mode(of: cpu)
    if let register = X86Register.Segment(rawValue: segment) {
      return mode.linearAddress(offset, in: register, base: try value("\(segment)_base", of: cpu))
    }
    // A number names a paragraph only where segments are paragraphs.
    guard mode == .real || mode == .virtual8086, let selector = parsedNumber(segment), selector <= 0xFFFF else {
      return nil
    }
    return mode.linearAddress(offset, in: .ds, base: selector << 4)
  }

  func describe(_ cpu: any VirtualCPU) -> String {
    guard let mode = try? mode(of: cpu), let stack = try? value("ss_attr", of: cpu) else { return "unknown state" }
    return mode.description(stackSegment: X86SegmentAttributes(rawValue: stack))
  }

  /// x86 watches writes, or reads and writes together: a watchpoint for reads takes those.
  func pieces(watching address: GuestVirtual, count: UInt64, for kind: WatchKind) -> [HardwareWatchpoint]? {
    X86DebugRegisters.pieces(at: address, count: count)?.map {
      HardwareWatchpoint(address: $0.address, length: $0.length, access: kind == .write ? .write : .readWrite)
    }
  }

  private func mode(of cpu: any VirtualCPU) throws(EngineError) -> X86Mode {
    X86Mode(
      cr0: CR0(rawValue: try value("cr0", of: cpu)), efer: EFER(rawValue: try value("efer", of: cpu)),
      rflags: RFLAGS(rawValue: try value("eflags", of: cpu)),
      codeSegment: X86SegmentAttributes(rawValue: try value("cs_attr", of: cpu)))
  }

  private func value(_ name: String, of cpu: any VirtualCPU) throws(EngineError) -> UInt64 {
    guard let index = registers.index(named: name) else { throw EngineError("the CPU has no register \(name)") }
    return try cpu.value(of: index)
  }
}

/// A CPU's page tables at one moment.
private struct X86Translator: AddressTranslator {
  let context: X86TranslationContext
  let memory: GuestRAM

  func translate(_ address: GuestVirtual) throws(TranslationFault) -> Translation {
    try context.translate(address, readPhysical: memory.loadInteger(at:_:))
  }

  func walk(_ address: GuestVirtual) -> (steps: [TranslationStep], place: Result<String, TranslationFault>) {
    let (steps, result) = context.pageWalk(address, readPhysical: memory.loadInteger(at:_:))
    return (steps, result.map(\.words))
  }
}

extension Translation {
  /// The place with its rights, as `monitor` tells it.
  fileprivate var words: String {
    guard pageSize != .max else { return "physical \(physical): paging is off" }
    let rights = [
      isWritable ? "writable" : "read-only", isExecutable ? "executable" : "not executable", isUser ? "user" : "kernel",
    ]
    return "physical \(physical), in a page of \(sizeInWords(pageSize)): \(rights.joined(separator: ", "))"
  }
}
