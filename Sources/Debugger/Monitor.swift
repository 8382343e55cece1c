import Architecture
import Bits
import CPUEngine
public import GDBRemote
import Machine

/// One command of `monitor`.
struct MonitorCommand: Sendable {
  /// The word that is typed.
  let name: String
  /// Its arguments as `help` shows them; optional ones in brackets.
  let arguments: String
  /// One line of what it does.
  let summary: String
  let run: @Sendable (MonitorContext) throws(TargetError) -> MonitorReply

  init(
    _ name: String, _ arguments: String = "", _ summary: String,
    _ run: @escaping @Sendable (MonitorContext) throws(TargetError) -> MonitorReply
  ) {
    self.name = name
    self.arguments = arguments
    self.summary = summary
    self.run = run
  }

  var usage: String { arguments.isEmpty ? name : "\(name) \(arguments)" }
}

/// What a command works on.
struct MonitorContext {
  let debugger: Debugger
  let thread: ThreadID
  let command: MonitorCommand
  let arguments: [String]
  /// All that stands behind the command's name, as it was typed.
  let text: Substring

  /// The argument at a position as a number: decimal, `0x…`, or a register's name behind `$`.
  func number(_ position: Int) throws(TargetError) -> UInt64 {
    guard arguments.indices.contains(position) else { throw usageError("an argument is missing") }
    return try number(arguments[position][...])
  }

  private func number(_ text: Substring) throws(TargetError) -> UInt64 {
    if text == "$pc" { return try register(debugger.registers.programCounter) }
    if text.hasPrefix("$"), let index = debugger.registers.index(named: String(text.dropFirst())) {
      return try register(index)
    }
    guard let value = parsedNumber(text) else { throw usageError("`\(text)` is not a number") }
    return value
  }

  /// The argument at a position as a virtual address: a number, or a segment and an offset with a colon between them.
  func address(_ position: Int) throws(TargetError) -> GuestVirtual {
    guard arguments.indices.contains(position), let colon = arguments[position].firstIndex(of: ":") else {
      return GuestVirtual(try number(position))
    }
    let text = arguments[position]
    let offset = try number(text[text.index(after: colon)...])
    let cpu = try debugger.existingCPU(thread)
    do throws(EngineError) {
      guard let address = try debugger.support.address(segment: String(text[..<colon]), offset: offset, of: cpu) else {
        throw EngineError("`\(text[..<colon])` is no segment of this CPU now")
      }
      return address
    } catch { throw .failed(error.description) }
  }

  func usageError(_ problem: String) -> TargetError {
    .invalid("\(problem): monitor \(command.usage)")
  }

  /// The value of a register of at most 64 bits.
  func register(_ name: String) throws(TargetError) -> UInt64 {
    guard let index = debugger.registers.index(named: name) else { throw .invalid("there is no register \(name)") }
    return try register(index)
  }

  private func register(_ index: RegisterIndex) throws(TargetError) -> UInt64 {
    let cpu = try debugger.existingCPU(thread)
    do throws(EngineError) { return try cpu.value(of: index) } catch { throw .failed(error.description) }
  }

  /// Reads memory at a virtual address; what cannot be read is cut off.
  func bytes(at address: UInt64, count: Int) throws(TargetError) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: count)
    var failure: TargetError?
    let read = buffer.withUnsafeMutableBytes { bytes in
      do throws(TargetError) { return try debugger.readMemory(at: address, of: thread, into: bytes) } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    return Array(buffer.prefix(read))
  }
}

extension Debugger: MonitorTarget {
  /// Runs a command of `monitor`; an empty line stands for `help`.
  public func monitor(_ command: String, of thread: ThreadID) throws(TargetError) -> MonitorReply {
    let words = command.split(whereSeparator: \.isWhitespace).map(String.init)
    let name = words.first ?? "help"
    guard let found = monitorCommands.first(where: { $0.name == name }) else {
      throw .invalid("there is no monitor command `\(name)`; `monitor help` lists them")
    }
    if found.arguments.isEmpty, words.count > 1 {
      throw .invalid("`\(name)` takes no arguments: monitor \(found.usage)")
    }
    let text = command.drop(while: \.isWhitespace).dropFirst(name.count).drop(while: \.isWhitespace)
    return try found.run(
      MonitorContext(debugger: self, thread: thread, command: found, arguments: Array(words.dropFirst()), text: text))
  }

  var monitorCommands: [MonitorCommand] {
    Self.commonCommands + ConsoleMonitor.commands + KernelMonitor.commands + support.monitorCommands
  }

  private static let commonCommands: [MonitorCommand] = [
    MonitorCommand("help", "", "list the monitor commands") { context throws(TargetError) in
      let commands = context.debugger.monitorCommands
      let width = commands.map(\.usage.count).max() ?? 0
      return MonitorReply(
        commands.map { "\(padded($0.usage, to: width))  \($0.summary)\n" }.joined())
    },
    MonitorCommand("reset", "", "start the kernel again; breakpoints are kept") { context throws(TargetError) in
      do throws(MachineError) { try context.debugger.resetMachine() } catch { throw .failed(error.description) }
      return MonitorReply(
        "the guest is at its first instruction again; `maintenance flush register-cache` shows it to gdb\n")
    },
    MonitorCommand("translate", "VA|SEG:OFFSET", "the physical address that a virtual one means") {
      context throws(TargetError) in
      let address = try context.address(0)
      let (_, place) = try context.walk(address)
      return MonitorReply("\(address) \(words(place))\n\(try context.linkAddressLine(address))")
    },
    MonitorCommand("walk", "VA|SEG:OFFSET", "every page-table entry on the way to a virtual address") {
      context throws(TargetError) in
      let (steps, place) = try context.walk(try context.address(0))
      let lines = steps.map { step in
        "\(padded(step.table, to: 5)) [\(step.index)] at \(step.address): 0x\(hex(step.entry)) \(step.meaning)\n"
      }
      return MonitorReply(lines.joined() + "\(words(place))\n")
    },
    MonitorCommand("regs", "", "the selected CPU's registers, those that gdb does not show by itself too") {
      context throws(TargetError) in
      MonitorReply(context.registerLines())
    },
    MonitorCommand("limit", "ADDRESS [any|current|TABLE]", "have the breakpoint there stop in one address space only") {
      context throws(TargetError) in
      try context.limitBreakpoints()
    },
    MonitorCommand("quit", "", "end the guest and hvgdb") { _ throws(TargetError) in
      MonitorReply("", endsSession: true)
    },
  ]
}

extension MonitorContext {
  fileprivate func walk(
    _ address: GuestVirtual
  ) throws(TargetError) -> (steps: [TranslationStep], place: Result<String, TranslationFault>) {
    do throws(MachineError) { try debugger.machine.finishLoading() } catch { throw .failed(error.description) }
    let cpu = try debugger.existingCPU(thread)
    do throws(EngineError) { return try debugger.translator(of: cpu).walk(address) } catch {
      throw .failed(error.description)
    }
  }

  /// What an address means that the CPU's tables give no memory to: a line, or nothing.
  fileprivate func linkAddressLine(_ address: GuestVirtual) throws(TargetError) -> String {
    let cpu = try debugger.existingCPU(thread)
    guard let translator = try? debugger.translator(of: cpu),
      case (let translation, .linkAddress)? = try? debugger.locate(address, by: translator)
    else { return "" }
    return "the kernel is linked for it and will have physical \(translation.physical) there\n"
  }

  /// Limits the breakpoints at an address to an address space: the current one, or that of a first table.
  fileprivate func limitBreakpoints() throws(TargetError) -> MonitorReply {
    let address = try address(0)
    let space: GuestPhysical?
    switch arguments.count > 1 ? arguments[1] : "current" {
    case "any": space = nil
    case "current":
      let cpu = try debugger.existingCPU(thread)
      do throws(EngineError) { space = try debugger.support.addressSpace(of: cpu, debugger.memory) } catch {
        throw .failed(error.description)
      }
    default: space = GuestPhysical(try number(1))
    }
    debugger.placements.limit(address, to: space)
    return MonitorReply(
      space.map { "a breakpoint at \(address) stops only where the first table is at \($0)\n" }
        ?? "a breakpoint at \(address) stops in any address space\n")
  }

  /// Every register of the table that holds an integer, three to a line.
  fileprivate func registerLines() -> String {
    var cells: [String] = []
    for (number, register) in debugger.registers.registers.enumerated() where register.bitWidth <= 64 {
      let cpu = debugger.cpu(of: thread)
      let value = try? cpu?.value(of: RegisterIndex(number))
      cells.append("\(padded(register.name, to: 18)) \(value.map { "0x" + hex($0) } ?? "unavailable")")
    }
    return stride(from: 0, to: cells.count, by: 3).map { start in
      cells[start..<min(start + 3, cells.count)].map { padded($0, to: 40) }.joined(separator: " ") + "\n"
    }.joined()
  }
}

/// A translation's outcome in words.
private func words(_ place: Result<String, TranslationFault>) -> String {
  switch place {
  case .success(let place): "is \(place)"
  case .failure(let fault): "has no place: \(fault)"
  }
}

/// A page's size as it is spoken of.
func sizeInWords(_ bytes: UInt64) -> String {
  bytes >= 1 << 30 ? "\(bytes >> 30) GiB" : bytes >= 1 << 20 ? "\(bytes >> 20) MiB" : "\(bytes >> 10) KiB"
}

/// A number as it is typed: decimal, or hexadecimal behind `0x`; nil where it is none.
func parsedNumber(_ text: some StringProtocol) -> UInt64? {
  text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
}

func hex(_ value: UInt64) -> String { String(value, radix: 16) }

func padded(_ text: String, to width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - text.count))
}
