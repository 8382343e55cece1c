import ARM64
import Architecture
import Bits
import CPUEngine
import DeviceTree
import GDBRemote
import GuestMemory
import Machine

/// The commands of `monitor` for arm64 guests.
enum ARM64Monitor {
  static let commands: [MonitorCommand] = [
    ExceptionCatch.command,
    MonitorCommand("sysreg", "[NAME [VALUE]]", "read or write a system register, or show them all") {
      context throws(TargetError) in
      try accessSystemRegister(context)
    },
    MonitorCommand("esr", "[VALUE]", "an exception syndrome in words: ESR_EL1's, or that of a value") {
      context throws(TargetError) in
      MonitorReply(
        context.arguments.isEmpty
          ? try lastException(context) : "\(words(ExceptionSyndrome(rawValue: try context.number(0))))\n")
    },
    MonitorCommand("el", "", "the exception level, its stack pointer and the process state") {
      context throws(TargetError) in
      try describeLevel(context)
    },
    MonitorCommand("fdt", "[PATH]", "the device tree in guest memory as source text, or one node of it") {
      context throws(TargetError) in
      try showDeviceTree(context)
    },
  ]

  // MARK: System registers

  private static func accessSystemRegister(_ context: MonitorContext) throws(TargetError) -> MonitorReply {
    guard let name = context.arguments.first else { return MonitorReply(systemRegisterLines(context)) }
    guard let register = SystemRegister(named: name) else {
      throw .invalid("`\(name)` is no system register's name, neither an architectural one nor one like S3_0_C1_C0_0")
    }
    guard let index = context.debugger.registers.index(of: register) else {
      throw .failed("this engine does not give \(register)")
    }
    if context.arguments.count > 1 {
      let value = try context.number(1)
      let cpu = try context.debugger.existingCPU(context.thread)
      do throws(EngineError) { try cpu.setValue(value, of: index) } catch { throw .failed(error.description) }
      context.debugger.invalidateTranslations()
    }
    return MonitorReply("\(register) = 0x\(hex(try context.register(register.name)))\n")
  }

  /// Every system register that the engine gives, by its name.
  private static func systemRegisterLines(_ context: MonitorContext) -> String {
    let names = context.debugger.registers.registers.map(\.name).filter { SystemRegister(named: $0) != nil }
    let width = names.map(\.count).max() ?? 0
    return names.map { name in
      "\(padded(name, to: width)) \((try? context.register(name)).map { "0x" + hex($0) } ?? "unavailable")\n"
    }.joined()
  }

  // MARK: Exceptions

  private static func words(_ syndrome: ExceptionSyndrome) -> String {
    "0x\(hex(syndrome.rawValue)) (\(syndrome.summary)): \(syndrome)"
  }

  /// The exception that EL1 took last: what it was, where from, and the address that it was about.
  private static func lastException(_ context: MonitorContext) throws(TargetError) -> String {
    let syndrome = ExceptionSyndrome(rawValue: try value(.esrEL1, context))
    let state = PSTATE(rawValue: try value(.spsrEL1, context))
    let fault = syndrome.hasFaultAddress ? "FAR_EL1 0x\(hex(try value(.farEL1, context)))\n" : ""
    return """
      ESR_EL1 \(words(syndrome))
      ELR_EL1 0x\(hex(try value(.elrEL1, context))), SPSR_EL1 0x\(hex(state.rawValue)): \(state)

      """ + fault
  }

  private static func value(_ register: SystemRegister, _ context: MonitorContext) throws(TargetError) -> UInt64 {
    try context.register(register.name)
  }

  // MARK: Process state

  private static func describeLevel(_ context: MonitorContext) throws(TargetError) -> MonitorReply {
    let state = PSTATE(rawValue: try context.register("cpsr"))
    let stackPointer = "0x\(hex(try context.register("sp")))"
    let place =
      if state.isAArch32 {
        "AArch32"
      } else if state.mode?.usesOwnStackPointer == true {
        "SP is SP_\(state.exceptionLevel), \(stackPointer)"
      } else {
        "SP is SP_EL0, \(stackPointer)"
      }
    return MonitorReply(
      "\(state.exceptionLevel): \(place)\nPSTATE 0x\(hex(state.rawValue)) (\(state.summary)): \(state)\n")
  }

  // MARK: Device tree

  private static func showDeviceTree(_ context: MonitorContext) throws(TargetError) -> MonitorReply {
    let machine = context.debugger.machine
    do throws(MachineError) { try machine.finishLoading() } catch { throw .failed(error.description) }
    guard let address = machine.deviceTreeAddress else { throw .failed("the kernel was given no device tree") }
    let tree = try deviceTree(at: address, in: context.debugger.memory)
    guard let path = context.arguments.first else { return MonitorReply(tree.source) }
    guard let node = tree[path] else { throw .invalid("the device tree has no node `\(path)`") }
    return MonitorReply(node.source)
  }

  /// The longest tree that a kernel takes (Linux, Documentation/arch/arm64/booting.rst, "Setup the device tree").
  private static let longestTree = 2 << 20

  private static func deviceTree(
    at address: GuestPhysical, in memory: GuestRAM
  ) throws(TargetError) -> DeviceTree {
    // The length is the header's second word, big-endian; a header has 40 bytes and is judged by the reader.
    guard let room = memory.bytes(at: address), let count = memory.load(at: address.wrapping(by: 4), as: UInt32.self)
    else { throw .unreachable("no RAM at physical \(address)") }
    let blob = room.prefix(min(max(Int(count.byteSwapped), 40), longestTree))
    do throws(DeviceTreeError) { return try DeviceTree(blob: Array(blob)) } catch {
      throw .failed(error.description)
    }
  }
}

extension ExceptionSyndrome {
  /// Whether FAR_EL1 has an address that the exception was about (Arm ARM, D19.2, `FAR_EL1`).
  var hasFaultAddress: Bool {
    switch detail {
    case .dataAbort(let abort): abort.hasAddress
    case .instructionAbort(let abort): abort.hasAddress
    case .watchpoint(let watchpoint): watchpoint.hasAddress
    default: exceptionClass == .pcAlignment
    }
  }
}
