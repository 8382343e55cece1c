import Architecture
import CPUEngine
import GDBRemote
import X86

/// The commands of `monitor` for x86-64 guests.
enum X86Monitor {
  static func commands(_ cpuid: [CPUIDTable]) -> [MonitorCommand] {
    [
      MonitorCommand("msr", "NUMBER|NAME [VALUE]", "read or write a model-specific register") {
        context throws(TargetError) in
        try accessMSR(context)
      },
      MonitorCommand("cpuid", "[LEAF]", "the CPUID leaves that the guest sees") { context throws(TargetError) in
        try showCPUID(context, cpuid)
      },
      MonitorCommand("gdt", "", "the global descriptor table, decoded") { context throws(TargetError) in
        let bytes = try table("gdtr", context)
        let lines = SegmentDescriptor.table(bytes, isLongMode: try isLongMode(context)).map {
          "0x\(padded(hex(UInt64($0.selector)), to: 4)) \($0.descriptor.summary)\n"
        }
        return MonitorReply(lines.joined())
      },
      MonitorCommand("idt", "", "the interrupt descriptor table, decoded") { context throws(TargetError) in
        let bytes = try table("idtr", context)
        let lines = InterruptGate.table(bytes, isLongMode: try isLongMode(context)).enumerated().map { vector, gate in
          let name = UInt8(exactly: vector).flatMap { X86Exception(rawValue: $0)?.mnemonic } ?? ""
          return "\(padded("\(vector)", to: 3)) \(padded(name, to: 4)) \(gate.summary)\n"
        }
        return MonitorReply(lines.joined())
      },
    ]
  }

  /// The bytes of the table that GDTR or IDTR locates.
  private static func table(_ register: String, _ context: MonitorContext) throws(TargetError) -> [UInt8] {
    let base = try context.register("\(register)_base")
    let limit = try context.register("\(register)_limit")
    return try context.bytes(at: base, count: Int(limit & 0xFFFF) + 1)
  }

  private static func accessMSR(_ context: MonitorContext) throws(TargetError) -> MonitorReply {
    guard let argument = context.arguments.first else { throw context.usageError("which one") }
    let named = MSR.allCases.first { $0.name == argument }
    let number = if let named { UInt64(named.rawValue) } else { try context.number(0) }
    guard let number = UInt32(exactly: number) else { throw context.usageError("an MSR's number has 32 bits") }
    guard let registers = try context.debugger.existingCPU(context.thread) as? any ModelSpecificRegisters else {
      throw .failed("this engine does not reach model-specific registers")
    }
    let value = context.arguments.count > 1 ? try context.number(1) : nil
    do throws(EngineError) {
      if let value {
        try registers.writeMSR(number, value)
        context.debugger.invalidateTranslations()
      }
      return MonitorReply("msr 0x\(hex(UInt64(number))) = 0x\(hex(try registers.readMSR(number)))\n")
    } catch { throw .failed(error.description) }
  }

  private static func isLongMode(_ context: MonitorContext) throws(TargetError) -> Bool {
    EFER(rawValue: try context.register("efer")).contains(.longModeActive)
  }

  private static func showCPUID(_ context: MonitorContext, _ cpuid: [CPUIDTable]) throws(TargetError) -> MonitorReply {
    let index = context.thread.rawValue - 1
    guard cpuid.indices.contains(index) else { throw .failed("the CPUID leaves of this CPU are not known") }
    let wanted = context.arguments.isEmpty ? nil : try context.number(0)
    let lines = cpuid[index].entries.filter { wanted == nil || UInt64($0.function) == wanted }.map { entry in
      let words = [("eax", entry.eax), ("ebx", entry.ebx), ("ecx", entry.ecx), ("edx", entry.edx)]
      return "0x\(padded(hex(UInt64(entry.function)), to: 8)) \(entry.index): "
        + words.map { "\($0.0) 0x\(padded(hex(UInt64($0.1)), to: 8))" }.joined(separator: " ") + "\n"
    }
    guard !lines.isEmpty else { throw .invalid("the guest's CPUID has no such leaf") }
    return MonitorReply(lines.joined())
  }
}
